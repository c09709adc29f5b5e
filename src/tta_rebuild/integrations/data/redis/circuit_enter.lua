-- May a model be asked? KEYS: circuit (when it is asked again), probes (probe -> when it runs out).
-- ARGV: now, probe, probes, probe_s. Gives "closed", "probe", or "open" with seconds.
local again = tonumber(redis.call('GET', KEYS[1]) or '0')
if again == 0 then return {'closed', '0'} end
if again > now then return {'open', tostring(again - now)} end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3]) then return {'open', '0'} end
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[4]), ARGV[2])
redis.call('EXPIRE', KEYS[2], 3600)
return {'probe', '0'}
