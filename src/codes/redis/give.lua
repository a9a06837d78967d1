-- Give back what was taken.
-- KEYS: the mark, then the counts. ARGV: our mark, the time of the take, then as in take.lua
for i = 2, #KEYS do
    local at = 3 + 3 * (i - 2)
    local step = string.format('%.0f', math.floor(ARGV[2] / ARGV[at]))
    local left = tonumber(redis.call('HGET', KEYS[i], step) or '0') - ARGV[at + 1]
    if left > 0 then
        redis.call('HINCRBY', KEYS[i], step, '-' .. ARGV[at + 1])
    else
        redis.call('HDEL', KEYS[i], step)
    end
end
return {1}
