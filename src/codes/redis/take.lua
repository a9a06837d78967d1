-- Take a place of each count or of none, by this server's clock.
-- KEYS: the mark, then a hash for each count: how much there was in each step of its window.
-- ARGV: our mark, take in any case (0 or 1), then for each count: step in ms, amount, limit
-- Answers: {-1} when gateways with another mark count here, else
-- taken (0 or 1), the time in ms, then for each count: its sum so far and the wait in ms for room
local STEPS, MARK_LIFE = 30, 60000
local mark = redis.call('GET', KEYS[1])
if mark and mark ~= ARGV[1] then
    return {-1}
end
-- The first write: a server without memory left refuses it; after a first write it would not.
redis.call('SET', KEYS[1], ARGV[1], 'PX', MARK_LIFE)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {1, now}

-- What the window of base/window.c does: the steps that count, their sum, what has become too old.
local function look(key, step_ms)
    local flat, steps, old, sum = redis.call('HGETALL', key), {}, {}, 0
    local latest = math.floor(now / step_ms)
    for i = 1, #flat, 2 do
        latest = math.max(latest, tonumber(flat[i]))
    end
    for i = 1, #flat, 2 do
        local step = tonumber(flat[i])
        if step < latest - STEPS then
            old[#old + 1] = flat[i]
        else
            steps[#steps + 1] = {step, tonumber(flat[i + 1])}
            sum = sum + tonumber(flat[i + 1])
        end
    end
    table.sort(steps, function(a, b) return a[1] < b[1] end)
    return steps, sum, old
end

local function wait(steps, over, step_ms)
    for _, step in ipairs(steps) do
        over = over - step[2]
        if over <= 0 then
            return (step[1] + STEPS + 1) * step_ms - now
        end
    end
    return STEPS * step_ms
end

for i = 2, #KEYS do
    local at = 3 + 3 * (i - 2)
    local step_ms, amount, limit = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local steps, sum, old = look(KEYS[i], step_ms)
    local over = sum + amount - limit
    local wait_ms = over > 0 and wait(steps, over, step_ms) or 0
    if #old > 0 then
        redis.call('HDEL', KEYS[i], unpack(old))
    end
    if wait_ms > 0 and ARGV[2] == '0' then
        answer[1] = 0
    end
    answer[#answer + 1] = sum
    answer[#answer + 1] = wait_ms
end
if answer[1] == 1 then
    for i = 2, #KEYS do
        local at = 3 + 3 * (i - 2)
        local step_ms = tonumber(ARGV[at])
        redis.call('HINCRBY', KEYS[i], string.format('%.0f', math.floor(now / step_ms)), ARGV[at + 1])
        redis.call('PEXPIRE', KEYS[i], string.format('%.0f', (STEPS + 1) * step_ms))
    end
end
return answer
