-- wrk: posts one body under message ids that were signed in advance; every thread has its own
-- share of them, so that no id is sent twice.
local threads = 0

function setup(thread)
  thread:set("offset", threads)
  threads = threads + 1
end

function init(args)
  local file, path, timestamp, count = args[1], args[2], args[3], tonumber(args[4])
  local lines = io.open(file, "rb")
  body = lines:read("*l")
  ids, signatures, next_one, ran_out = {}, {}, 0, false
  local index = 0
  for line in lines:lines() do
    if index % count == offset then
      local space = line:find(" ", 1, true)
      ids[#ids + 1] = line:sub(1, space - 1)
      signatures[#signatures + 1] = line:sub(space + 1)
    end
    index = index + 1
  end
  lines:close()
  head = "POST " .. path .. " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    .. "User-Agent: Svix-Webhooks/1.96.0\r\nAccept: */*\r\nsvix-timestamp: " .. timestamp
    .. "\r\nContent-Length: " .. #body .. "\r\nsvix-id: "
end

function request()
  next_one = next_one + 1
  if next_one > #ids then
    next_one, ran_out = 1, true
  end
  return head .. ids[next_one] .. "\r\nsvix-signature: " .. signatures[next_one] .. "\r\n\r\n" .. body
end

function done(summary, latency, requests)
  io.write(string.format("ERRORS %d %d %d %d %d\n", summary.errors.connect, summary.errors.read,
    summary.errors.write, summary.errors.status, summary.errors.timeout))
  io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
