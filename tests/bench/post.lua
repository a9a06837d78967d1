-- POST one body over and over: wrk -s post.lua URL -- FILE [HEADER VALUE]...
-- At the end a line for bench.py: "figures REQUESTS DURATION_US P50_US P99_US FAILED".
function init(args)
    local file = assert(io.open(args[1]))
    wrk.method = "POST"
    wrk.body = file:read("*a")
    file:close()
    wrk.headers["Content-Type"] = "application/json"
    for i = 2, #args - 1, 2 do
        wrk.headers[args[i]] = args[i + 1]
    end
end

function done(summary, latency)
    local e = summary.errors
    local failed = e.connect + e.read + e.write + e.status + e.timeout
    print(string.format("figures %d %d %d %d %d", summary.requests, summary.duration,
                        latency:percentile(50), latency:percentile(99), failed))
end
