-- Whoever asked is done. KEYS: flight. ARGV: now, who.
if redis.call('GET', KEYS[1]) == ARGV[2] then redis.call('DEL', KEYS[1]) end
