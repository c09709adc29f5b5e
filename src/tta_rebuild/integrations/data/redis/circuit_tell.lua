-- What became of a model. KEYS: circuit, probes. ARGV: now, probe or "", "open", "closed" or "",
-- cool_down_s.
redis.call('ZREM', KEYS[2], ARGV[2])
if ARGV[3] == 'closed' then redis.call('DEL', KEYS[1], KEYS[2]) end
if ARGV[3] == 'open' then redis.call('SET', KEYS[1], now + tonumber(ARGV[4]), 'EX', 3600) end
