-- Others may have more to report. KEYS: settled. ARGV: now, seconds.
local settled = tonumber(redis.call('GET', KEYS[1]) or '0')
redis.call('SET', KEYS[1], math.max(settled, now + tonumber(ARGV[2])))
