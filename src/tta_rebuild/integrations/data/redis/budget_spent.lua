-- What a worker has spent in all, so that nothing counts twice or is lost. KEYS: the budgets.
-- ARGV: now, worker, early_s, then for each budget the worker's total, what of it was told before
-- (which counts where this Redis has forgotten it), and what the ledger may not know yet.
for at = 1, #KEYS do
  local one, total = account(at), tonumber(ARGV[1 + 3 * at])
  local told = tonumber(redis.call('HGET', one.totals, ARGV[2]) or ARGV[2 + 3 * at])
  local more = math.max(0, total - told)
  redis.call('HSET', one.totals, ARGV[2], string.format('%.0f', math.max(total, told)))
  if redis.call('HEXISTS', one.key, 'spent') == 1 then
    add(one.key, 'spent', more)
  elseif more > 0 then -- its budget will be opened with what the ledger says
    redis.call('INCRBY', KEYS[at] .. ':early', string.format('%.0f', math.min(more, tonumber(ARGV[3 + 3 * at]))))
    redis.call('PEXPIRE', KEYS[at] .. ':early', string.format('%.0f', 1000 * ARGV[3]))
  end
  lives_on(one)
end
