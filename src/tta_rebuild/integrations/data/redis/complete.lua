-- A worker has told all that it did. KEYS: settled, reported, told (workers that did), expected
-- (workers whose requests may count). ARGV: now, worker, lives_s, and names that are expected: none
-- from one that does not know them all. Where all of them have told, nothing is waited for but the
-- time that every worker has to tell. Gives the seconds until this Redis decides.
redis.call('SADD', KEYS[3], ARGV[2])
redis.call('EXPIRE', KEYS[3], ARGV[3])
if #ARGV > 3 then
  redis.call('SADD', KEYS[4], unpack(ARGV, 4))
  redis.call('EXPIRE', KEYS[4], ARGV[3])
end
local settled = tonumber(redis.call('GET', KEYS[1]) or '0')
local reported = tonumber(redis.call('GET', KEYS[2]) or '0')
if settled > reported and redis.call('EXISTS', KEYS[4]) == 1
    and #redis.call('SDIFF', KEYS[4], KEYS[3]) == 0 then
  settled = math.max(reported, now)
  redis.call('SET', KEYS[1], settled)
end
return string.format('%.6f', math.max(0, settled - now))
