-- Start a verification with a code of our choice, then check it: wrk -s otp.lua URL -- NAME VALUE ...
-- Any connection may check what another one started.
-- With OTP_STARTS_ONLY in the environment nothing is checked, and starts are counted; its value is a
-- file that gets their ids, a line each.
-- At the end a line for bench.py: "figures PAIRS DURATION_US P50_US P99_US FAILED".
local threads = {}
local starts_only = os.getenv("OTP_STARTS_ONLY")

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function init(args)
    waiting, pairs_done, failed = {}, 0, 0
    -- what the last run left unchecked must not be asked for again
    started = os.time() % 90 * 100000
    ids = starts_only and io.open(starts_only, "w")
    headers = {["Content-Type"] = "application/json"}
    for i = 1, #args - 1, 2 do
        headers[args[i]] = args[i + 1]
    end
end

function request()
    local id = table.remove(waiting)
    if id then
        return wrk.format("POST", "/otp/v1/verifications/" .. id .. "/check", headers,
                          '{"code":"482913","purpose":"login"}')
    end
    started = started + 1
    local to = string.format("+49%s%d%07d", starts_only and "160" or "151", number, started)
    return wrk.format("POST", "/otp/v1/verifications", headers,
                      '{"to":"' .. to .. '","purpose":"login","code":"482913"}')
end

function response(status, _, body)
    if status == 201 and starts_only then
        pairs_done = pairs_done + 1
        ids:write(body:match('"id":"([^"]+)"'), "\n")
    elseif status == 201 then
        table.insert(waiting, body:match('"id":"([^"]+)"'))
    elseif status == 200 and body:find('"approved"', 1, true) then
        pairs_done = pairs_done + 1
    else
        failed = failed + 1
    end
end

function done(summary, latency)
    local pairs_sum, failed_sum = 0, 0
    for _, thread in ipairs(threads) do
        pairs_sum = pairs_sum + thread:get("pairs_done")
        failed_sum = failed_sum + thread:get("failed")
    end
    print(string.format("figures %d %d %d %d %d", pairs_sum, summary.duration,
                        latency:percentile(50), latency:percentile(99), failed_sum))
end
