-- Whoever asks is still alive. KEYS: flight. ARGV: now, who, for how long, milliseconds.
if redis.call('GET', KEYS[1]) == ARGV[2] then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
