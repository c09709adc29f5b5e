-- Nothing was sent. KEYS: log, tokens, state, day. ARGV: now, grant.
if redis.call('ZREM', KEYS[1], ARGV[2]) == 1 then
  local had = tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or '0')
  redis.call('HINCRBY', KEYS[3], 'tokens', 0 - had)
  redis.call('HDEL', KEYS[2], ARGV[2])
  if tonumber(redis.call('GET', KEYS[4]) or '0') > 0 then redis.call('DECR', KEYS[4]) end
end
