-- A worker is alive. KEYS: workers (seen at), settled (from when on all that
-- counts in a window is known), reported (from when on every worker has told what it holds).
-- ARGV: now, worker, alive_s, fresh_s, report_s.
-- Gives the number of workers alive, 1 if this Redis knew nothing of what went before, and the
-- seconds until it has been told everything, and the workers' names.
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[3]))
local fresh = redis.call('EXISTS', KEYS[2]) == 0
if fresh then
  redis.call('SET', KEYS[2], now + tonumber(ARGV[4]))
  redis.call('SET', KEYS[3], now + tonumber(ARGV[5]))
end
local settles_in_s = math.max(0, tonumber(redis.call('GET', KEYS[2])) - now)
return {redis.call('ZCARD', KEYS[1]), fresh and 1 or 0, string.format('%.6f', settles_in_s),
  redis.call('ZRANGE', KEYS[1], 0, -1)}
