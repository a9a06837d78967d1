-- Check each verification of a file once with its code: wrk -s check.lua URL -- FILE DELAY_MS NAME VALUE ...
-- The file has an id a line, as otp.lua writes it.
-- DELAY_MS between a connection's answer and its next request; 0: none.
-- At the end a line for bench.py: "figures CHECKS DURATION_US P50_US P99_US FAILED".
local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init(args)
    path, delay_ms = args[1], tonumber(args[2])
    ids, approved, failed = {}, 0, 0
    headers = {["Content-Type"] = "application/json"}
    for i = 3, #args - 1, 2 do
        headers[args[i]] = args[i + 1]
    end
    for id in io.lines(path) do
        table.insert(ids, id)
    end
end

function request()
    local id = table.remove(ids) or "none-is-left"
    return wrk.format("POST", "/otp/v1/verifications/" .. id .. "/check", headers,
                      '{"code":"482913","purpose":"login"}')
end

function delay()
    return delay_ms
end

function response(status, _, body)
    if status == 200 and body:find('"approved"', 1, true) then
        approved = approved + 1
    else
        failed = failed + 1
    end
end

function done(summary, latency)
    local thread = threads[1] -- bench.py asks for one
    print(string.format("figures %d %d %d %d %d", thread:get("approved"), summary.duration,
                        latency:percentile(50), latency:percentile(99), thread:get("failed")))
end
