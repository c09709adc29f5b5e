-- What is known of grants. KEYS: log, tokens, state. ARGV: now, unit_s (moments are whole multiples
-- of it), then for each grant: its name, seconds until it leaves, its tokens ("" if unchanged),
-- and what to do: "keep" (also one that is not known), "change" (one that is).
local unit = tonumber(ARGV[2])
for at = 3, #ARGV, 4 do
  local grant, leaves, tokens, how = ARGV[at], now + tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
  local known = redis.call('ZSCORE', KEYS[1], grant)
  if known or how == 'keep' then
    if leaves <= now then
      redis.call('ZREM', KEYS[1], grant)
      tokens = '0'
    else
      redis.call('ZADD', KEYS[1], math.ceil(leaves / unit) * unit, grant)
    end
    if tokens ~= '' then
      local had = tonumber(redis.call('HGET', KEYS[2], grant) or '0')
      redis.call('HINCRBY', KEYS[3], 'tokens', tonumber(tokens) - had)
      if leaves <= now then redis.call('HDEL', KEYS[2], grant) else redis.call('HSET', KEYS[2], grant, tokens) end
    end
  end
end
