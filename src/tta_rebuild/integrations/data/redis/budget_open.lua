-- What the ledger knows, for a budget that Redis does not. KEYS: the budget. ARGV: now, spent.
local one = account(1)
if redis.call('HEXISTS', one.key, 'spent') == 0 then
  local early = tonumber(redis.call('GET', KEYS[1] .. ':early') or '0')
  add(one.key, 'spent', tonumber(ARGV[2]) + early)
  lives_on(one)
end
