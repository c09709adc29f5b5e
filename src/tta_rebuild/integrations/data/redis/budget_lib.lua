-- One budget of one story, player, day …, in billionths of a dollar: a hash (spent, held, reserved),
-- holds (call -> when it runs out), amounts (call -> held), reserves (worker -> kept back for it
-- alone, for when Redis is away), reservers (worker -> when that runs out) and totals (worker -> what
-- it spent in all).
local function account(at)
  local key = KEYS[at]
  return {key = key, holds = key .. ':holds', amounts = key .. ':amounts',
    reserves = key .. ':reserves', reservers = key .. ':reservers', totals = key .. ':totals'}
end
local function number(of, field) return tonumber(redis.call('HGET', of, field) or '0') end
local function add(of, field, value) redis.call('HINCRBY', of, field, string.format('%.0f', value + 0)) end
local function set_hold(one, call, value, lease_s)
  add(one.key, 'held', value - number(one.amounts, call))
  if value > 0 then
    redis.call('HSET', one.amounts, call, string.format('%.0f', value))
    if lease_s then redis.call('ZADD', one.holds, now + lease_s, call) end
  else
    redis.call('HDEL', one.amounts, call)
    redis.call('ZREM', one.holds, call)
  end
end
local function set_reserve(one, worker, value, lease_s)
  add(one.key, 'reserved', value - number(one.reserves, worker))
  redis.call('HSET', one.reserves, worker, string.format('%.0f', value))
  if lease_s then redis.call('ZADD', one.reservers, now + lease_s, worker) end
end
local function run_out(one)
  for _, call in ipairs(redis.call('ZRANGEBYSCORE', one.holds, '-inf', now)) do set_hold(one, call, 0) end
  for _, worker in ipairs(redis.call('ZRANGEBYSCORE', one.reservers, '-inf', now)) do
    set_reserve(one, worker, 0)
    redis.call('HDEL', one.reserves, worker)
    redis.call('ZREM', one.reservers, worker)
  end
end
local function lives_on(one)
  for _, key in pairs(one) do redis.call('EXPIRE', key, 259200) end
end
