-- Nobody of this worker waits any more. KEYS: line, asked. ARGV: now, worker.
redis.call('ZREM', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[2])
