-- An attempt is over. KEYS: log, tokens, state. ARGV: now, grant, tokens.
if redis.call('ZSCORE', KEYS[1], ARGV[2]) then
  local had = tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or '0')
  redis.call('HINCRBY', KEYS[3], 'tokens', tonumber(ARGV[3]) - had)
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
end
