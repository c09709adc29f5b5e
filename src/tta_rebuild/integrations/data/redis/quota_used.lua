-- How much of the window is taken. KEYS: log, tokens. ARGV: now. Gives requests and tokens.
local tokens, grants = 0, redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')
for _, grant in ipairs(grants) do
  tokens = tokens + tonumber(redis.call('HGET', KEYS[2], grant) or '0')
end
return {#grants, tokens}
