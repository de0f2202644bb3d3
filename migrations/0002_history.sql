-- The record as dashboards read it: indexes beside the requests, and sums of them.
--
-- Requests themselves stay without any index but their number. Every FP_SEGMENT_REQUESTS of them
-- are a *segment*; when one is full, what its requests have in common with a question is written
-- down in one go and in order, which is an append to a b-tree, not a walk through it. The requests
-- behind the last segment are few enough to be looked at one by one.

-- kind: 1 answer, 2 client, 3 build; id: of that kind's table.
CREATE TABLE request_index (
	segment INTEGER NOT NULL,
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3),
	id INTEGER NOT NULL,
	request INTEGER NOT NULL,
	PRIMARY KEY (segment, kind, id, request)
) STRICT, WITHOUT ROWID;

CREATE TABLE segments (
	segment INTEGER PRIMARY KEY,
	first_request INTEGER NOT NULL,
	last_request INTEGER NOT NULL,
	first_us INTEGER NOT NULL, -- least and greatest at_us of its requests
	last_us INTEGER NOT NULL
) STRICT;

CREATE INDEX answers_of_sha ON answers (sha);
CREATE INDEX answers_of_version ON answers (version, repo);
CREATE INDEX answers_of_branch ON answers (repo, branch, outcome);

-- A request that asked how an answer was at another time. NULL: now.
ALTER TABLE requests ADD COLUMN as_of_us INTEGER;

-- Sums of requests, kept by the recorder in the transaction that writes the requests, so that they
-- are exact. grain: seconds of a bucket (3600, 86400). latencies: counts by power of two of
-- microseconds, as varints (see src/store/rollups.c).
CREATE TABLE rollups (
	grain INTEGER NOT NULL,
	bucket INTEGER NOT NULL, -- its begin, seconds since 1970
	repo TEXT NOT NULL,
	branch TEXT NOT NULL,
	version TEXT NOT NULL,
	outcome TEXT NOT NULL,
	client INTEGER NOT NULL, -- of clients; 0: all of them together
	requests INTEGER NOT NULL,
	latencies BLOB NOT NULL,
	PRIMARY KEY (grain, bucket, repo, branch, version, outcome, client)
) STRICT, WITHOUT ROWID;
