-- Keep one more question. KEYS: questions of its key (newest first), keys of all questions in the
-- order in which they came. ARGV: now, entry, most of a key, most in all, milliseconds to live.
local per_key, in_all, lives_ms = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
redis.call('LPUSH', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], lives_ms)
redis.call('LPUSH', KEYS[2], KEYS[1])
redis.call('PEXPIRE', KEYS[2], lives_ms)
while redis.call('LLEN', KEYS[1]) > per_key do
  redis.call('RPOP', KEYS[1])
  redis.call('LREM', KEYS[2], -1, KEYS[1])
end
while redis.call('LLEN', KEYS[2]) > in_all do
  -- its oldest question; none where that ran out by itself
  redis.call('RPOP', redis.call('RPOP', KEYS[2]))
end
