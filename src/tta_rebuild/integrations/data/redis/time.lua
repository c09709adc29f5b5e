-- Put before every script. Redis' own clock, in seconds; a test may give another time as ARGV[1].
local function clock_now()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1e6
end
local now = clock_now()
