-- What was kept back for a worker is spent or held now, and told so. KEYS: the budget. ARGV: now, worker.
local one = account(1)
if number(one.reserves, ARGV[2]) > 0 then set_reserve(one, ARGV[2], 0) end
