-- Others may have more to report. KEYS: settled, reported. ARGV: now, seconds.
for _, key in ipairs(KEYS) do
  local known = tonumber(redis.call('GET', key) or '0')
  redis.call('SET', key, math.max(known, now + tonumber(ARGV[2])))
end
