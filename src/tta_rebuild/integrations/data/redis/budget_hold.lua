-- Hold so much in all of a call's budgets, or in none.
-- KEYS: reported, then the budgets. ARGV: now, call, worker, target (held in all afterwards), lease_s,
-- reserve_lease_s, then for each budget its limit and how much is kept back for this worker.
-- Gives a word; "held" with spent, held and reserve of each budget, or the place of the one that is
-- "full" or "unknown" with spent, held and what is kept back for others.
local reported = redis.call('GET', KEYS[1])
if not reported then return {'fresh'} end
if tonumber(reported) > now then return {'unsettled', tostring(tonumber(reported) - now)} end
local call, worker, target = ARGV[2], ARGV[3], tonumber(ARGV[4])
for at = 2, #KEYS do
  local one, limit = account(at), tonumber(ARGV[3 + 2 * at])
  run_out(one)
  if redis.call('HEXISTS', one.key, 'spent') == 0 then return {'unknown', at - 2} end
  local spent, held = number(one.key, 'spent'), number(one.key, 'held')
  local others = number(one.key, 'reserved') - number(one.reserves, worker)
  if spent + held + others + target - number(one.amounts, call) > limit then
    return {'full', at - 2, string.format('%.0f', spent), string.format('%.0f', held), string.format('%.0f', others)}
  end
end
local told = {'held'}
for at = 2, #KEYS do
  local one, limit, keep = account(at), tonumber(ARGV[3 + 2 * at]), tonumber(ARGV[4 + 2 * at])
  set_hold(one, call, target, tonumber(ARGV[5]))
  local spent, held = number(one.key, 'spent'), number(one.key, 'held')
  local others = number(one.key, 'reserved') - number(one.reserves, worker)
  local reserve = math.max(0, math.min(keep, limit - spent - held - others))
  set_reserve(one, worker, reserve, tonumber(ARGV[6]))
  lives_on(one)
  told[#told + 1] = string.format('%.0f', spent)
  told[#told + 1] = string.format('%.0f', held)
  told[#told + 1] = string.format('%.0f', reserve)
end
return told
