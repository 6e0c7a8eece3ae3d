-- wrk: posts one and the same request: each is an event of its own.
function init(args)
  local file = io.open(args[1], "rb")
  body = file:read("*a")
  file:close()
  request_text = "POST " .. args[2] .. " HTTP/1.1\r\nHost: localhost\r\n"
    .. "Content-Type: application/json\r\nAuthorization: " .. args[3]
    .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function request()
  return request_text
end

function done(summary, latency, requests)
  io.write(string.format("ERRORS %d %d %d %d %d\n", summary.errors.connect, summary.errors.read,
    summary.errors.write, summary.errors.status, summary.errors.timeout))
  io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
