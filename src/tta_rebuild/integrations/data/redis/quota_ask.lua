-- Leave for one request, if there is room and it is this worker's turn.
-- KEYS: settled, log (grant -> when it leaves), tokens (grant -> tokens), state, line (worker ->
-- number), asked (worker -> "time tokens"), day.
-- ARGV: now, grant, tokens, rpm, tpm, rpd (0: no limit), worker, lives_s, waits_s, used_today, day_ends.
-- Gives a word, a number of seconds (or a moment, for "exhausted"), the limit that was learnt and
-- the requests of the day.
local settled = redis.call('GET', KEYS[1])
if not settled then return {'fresh', '0', 0, 0} end
if tonumber(settled) > now then return {'unsettled', tostring(tonumber(settled) - now), 0, 0} end
local grant, tokens, worker = ARGV[2], tonumber(ARGV[3]), ARGV[7]
local rpm, tpm, rpd = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)
for _, one in ipairs(gone) do
  local had = redis.call('HGET', KEYS[3], one)
  if had then redis.call('HINCRBY', KEYS[4], 'tokens', 0 - tonumber(had)) end
  redis.call('HDEL', KEYS[3], one)
end
if #gone > 0 then redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now) end

local state = redis.call('HMGET', KEYS[4], 'tokens', 'paused', 'exhausted', 'rpm')
local learnt = tonumber(state[4] or '0')
if learnt > 0 and (rpm == 0 or learnt < rpm) then rpm = learnt end
local today = redis.call('GET', KEYS[7])
if not today then
  today = ARGV[10]
  redis.call('SET', KEYS[7], today, 'EX', 172800)
end
today = tonumber(today)
local function told(word, number)
  return {word, string.format('%.6f', number), learnt, today}
end

if redis.call('ZSCORE', KEYS[2], grant) then return told('granted', 0) end
local exhausted = tonumber(state[3] or '0')
if exhausted > now then return told('exhausted', exhausted) end
if rpd > 0 and today >= rpd then return told('exhausted', tonumber(ARGV[11])) end

-- the line: whoever came before and still asks; only where there is not room enough for all of them
local place = redis.call('ZSCORE', KEYS[5], worker)
if not place then
  place = redis.call('HINCRBY', KEYS[4], 'number', 1)
  redis.call('ZADD', KEYS[5], place, worker)
end
redis.call('HSET', KEYS[6], worker, now .. ' ' .. tokens)
local ahead, tokens_ahead = 0, 0
for _, other in ipairs(redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', '(' .. place)) do
  local at, wants = string.match(redis.call('HGET', KEYS[6], other) or '0 0', '(%S+) (%S+)')
  if tonumber(at) + tonumber(ARGV[9]) < now then
    redis.call('ZREM', KEYS[5], other)
    redis.call('HDEL', KEYS[6], other)
  else
    ahead, tokens_ahead = ahead + 1, tokens_ahead + tonumber(wants)
  end
end

local paused = tonumber(state[2] or '0')
if paused > now then return told('paused', paused - now) end
local used = redis.call('ZCARD', KEYS[2])
local used_tokens = tonumber(state[1] or '0')
if (rpm > 0 and used + ahead >= rpm) or (tpm > 0 and used_tokens + tokens_ahead + tokens > tpm) then
  local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  return told('wait', first[2] and math.max(0, tonumber(first[2]) - now) or 0)
end
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[8]), grant)
redis.call('HSET', KEYS[3], grant, tokens)
redis.call('HINCRBY', KEYS[4], 'tokens', tokens)
today = redis.call('INCR', KEYS[7])
redis.call('ZREM', KEYS[5], worker)
redis.call('HDEL', KEYS[6], worker)
return told('granted', 0)
