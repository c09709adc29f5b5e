-- A call is still under way. KEYS: the budgets. ARGV: now, call, held, lease_s: also where unknown.
for at = 1, #KEYS do set_hold(account(at), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])) end
