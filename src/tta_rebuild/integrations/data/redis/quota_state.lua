-- What the provider said, for all workers. KEYS: state. ARGV: now, field, value, kind.
-- "pause": seconds, the longer one counts; "exhaust": a moment; "learn": a limit, the lower counts.
local had = tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or '0')
local value = tonumber(ARGV[3])
if ARGV[4] == 'pause' then value = math.max(had, now + value) end
if ARGV[4] == 'learn' and had > 0 then value = math.min(had, value) end
redis.call('HSET', KEYS[1], ARGV[2], value)
