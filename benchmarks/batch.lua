-- wrk: posts batches that differ in their first row.
local threads = 0

function setup(thread)
  thread:set("offset", threads)
  threads = threads + 1
end

function init(args)
  local path = args[2]
  local file = io.open(args[1], "rb")
  rest = file:read("*a")
  file:close()
  sent = 0
  head = "POST " .. path .. " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
end

function request()
  sent = sent + 1
  local row = '[{"status":"soft","email":"first' .. offset .. "-" .. sent
    .. '@example.com","list_id":"4711","esp_name":"Amazon SES"},'
  return head .. "Content-Length: " .. (#row + #rest) .. "\r\n\r\n" .. row .. rest
end

function done(summary, latency, requests)
  io.write(string.format("ERRORS %d %d %d %d %d\n", summary.errors.connect, summary.errors.read,
    summary.errors.write, summary.errors.status, summary.errors.timeout))
  io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
