-- wrk's side of a benchmark: sends the targets of a file (arguments: FILE CONNECTION_THREADS), each
-- thread from a place of its own, and prints one line of figures for the driver.
local threads = 0

function setup(thread)
	thread:set("place", threads)
	threads = threads + 1
end

function init(args)
	requests = {}
	for target in io.lines(args[1]) do
		requests[#requests + 1] = wrk.format("GET", target)
	end
	at = math.floor(place * #requests / tonumber(args[2]))
end

function request()
	at = at % #requests + 1
	return requests[at]
end

function done(summary, latency)
	local errors = summary.errors
	io.write(string.format("figures %d %d %d %d %d %d\n", summary.requests, summary.duration,
		latency:percentile(50), latency:percentile(99), errors.status,
		errors.connect + errors.read + errors.write + errors.timeout))
end
