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

-- kind: 1 answer, 2 topic, 3 client, 4 build. postings: for some ids of that kind, rising, the last
-- of which is last_id, the requests of the segment that have them (see src/store/postings.h).
CREATE TABLE request_index (
	segment INTEGER NOT NULL,
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
	last_id INTEGER NOT NULL,
	postings BLOB NOT NULL,
	PRIMARY KEY (segment, kind, last_id)
) STRICT, WITHOUT ROWID;

-- Sums of requests, kept by the recorder in the transaction that writes the requests, so that they
-- are exact, and kept when the requests go.
--
-- kind: what is told apart, by the hour (1 to 4) and by the day (5 to 8): 1 and 5 repositories,
-- 2 and 6 these and clients, 3 and 7 topics, 4 and 8 these and clients. bucket: hours or days since
-- 1970. topic: for repositories, the one without outcome. latencies: a histogram of durations (see
-- src/store/latency.h).
CREATE TABLE rollups (
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 8),
	bucket INTEGER NOT NULL,
	topic INTEGER NOT NULL,  -- of topics
	client INTEGER NOT NULL, -- of clients; 0 where they are not told apart
	requests INTEGER NOT NULL,
	latencies BLOB NOT NULL,
	PRIMARY KEY (kind, bucket, topic, client)
) STRICT, WITHOUT ROWID;

-- Requests up to this number came before there were sums, and are not in them yet.
CREATE TABLE not_summed (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	request INTEGER NOT NULL
) STRICT;

INSERT INTO not_summed SELECT 1, ifnull(max(request), 0) FROM requests;
