-- The record as dashboards read it: indexes beside the requests, and sums of them.
--
-- Requests themselves stay without any index but their number. All those whose numbers are the same
-- but for their lowest FP_SEGMENT_BITS bits are a *segment*; when no more are to come for one, what
-- its requests have in common with a question is written down in one go and in order, which is an
-- append to a b-tree, not a walk through it. The requests behind the last segment are few enough to
-- be looked at one by one.

-- What dashboards ask about in an answer, once for all answers that have it in common. A row
-- without an outcome stands for a repository as a whole.
CREATE TABLE topics (
	topic INTEGER PRIMARY KEY,
	repo TEXT NOT NULL,
	branch TEXT NOT NULL,
	version TEXT NOT NULL,
	outcome TEXT NOT NULL,
	UNIQUE (repo, branch, version, outcome)
) STRICT;

CREATE INDEX topics_of_branch ON topics (branch, outcome);
CREATE INDEX topics_of_version ON topics (version);
CREATE INDEX topics_of_outcome ON topics (outcome);

-- Documents name these moments in whole seconds, and an age of so many needs a byte, not four: the
-- second of at_us minus that of the feed's last synchronisation, and of the refs'.
ALTER TABLE requests RENAME COLUMN feed_age_us TO feed_age_s;
ALTER TABLE requests RENAME COLUMN refs_age_us TO refs_age_s;
UPDATE requests SET feed_age_s = at_us / 1000000 - (at_us - feed_age_s) / 1000000,
	refs_age_s = at_us / 1000000 - (at_us - refs_age_s) / 1000000;

ALTER TABLE answers ADD COLUMN topic INTEGER; -- of topics
ALTER TABLE requests ADD COLUMN topic INTEGER; -- its answer's, so that most questions need no answer
-- A request that asked how an answer was at another time. NULL: now.
ALTER TABLE requests ADD COLUMN as_of_us INTEGER;

INSERT INTO topics (repo, branch, version, outcome)
	SELECT DISTINCT repo, branch, version, outcome FROM answers
	UNION SELECT repo, '', '', '' FROM answers;
UPDATE answers SET topic = (SELECT t.topic FROM topics t WHERE t.repo = answers.repo
	AND t.branch = answers.branch AND t.version = answers.version
	AND t.outcome = answers.outcome);
UPDATE requests SET topic = (SELECT a.topic FROM answers a WHERE a.answer = requests.answer);

CREATE INDEX answers_of_sha ON answers (sha, topic);

CREATE TABLE segments (
	segment INTEGER PRIMARY KEY, -- its requests' numbers without their lowest bits
	requests INTEGER NOT NULL,   -- how many there were
	first_us INTEGER NOT NULL,   -- least and greatest at_us among them
	last_us INTEGER NOT NULL
) STRICT;

-- key: segment, kind and last id in one number, so that rows lie in the order in which they are
-- written and none is spread over pages (see src/store/segments.h). kind: 1 answer, 2 topic,
-- 3 client, 4 build. postings: for some ids of that kind, rising, the last of which is the last id,
-- the requests of the segment that have them (see src/store/postings.h).
CREATE TABLE request_index (
	key INTEGER PRIMARY KEY,
	postings BLOB NOT NULL
) STRICT;

-- Sums of requests, kept by the recorder in the transaction that writes the requests, so that they
-- are exact, and kept when the requests go.
--
-- key: kind, bucket and topic in one number (see src/store/rollups.h). kind: 1 repositories by the
-- hour, 2 topics by the hour, 3 and 4 the same by the day; bucket: hours or days since 1970; for
-- repositories, topic is the one without outcome. latencies: a histogram of durations (see
-- src/store/latency.h).
CREATE TABLE rollups (
	key INTEGER PRIMARY KEY,
	latencies BLOB NOT NULL
) STRICT;

-- The same told apart by client: for each client, rising, as varints: its number minus the one
-- before, the bytes of its own histogram, and that. Apart, for they are many and seldom asked for.
CREATE TABLE rollup_clients (
	key INTEGER PRIMARY KEY,
	clients BLOB NOT NULL
) STRICT;

-- Requests up to this number came before there were sums, and are not in them yet.
CREATE TABLE not_summed (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	request INTEGER NOT NULL
) STRICT;

INSERT INTO not_summed SELECT 1, ifnull(max(request), 0) FROM requests;
