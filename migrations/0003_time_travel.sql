-- What was in force when: from at_us on, until the next row of the same source, answers were made
-- of that revision. An event is seen a little before the snapshot that holds it is published, and
-- only the latter is what answers knew.
--
-- kind, what id is and what revision is:
--   1 refs of a repository          of repositories   of ref_events
--   2 versions of a package         of packages       of version_events
--   3 the configuration             0                 of configurations
--   4 overrides                     0                 of overrides' changes
--   5 commits asked for by id       of repositories   of commit_arrivals
--   6 `stale_after`                 0                 microseconds
-- text: of a package, the URL template of its downloads.
CREATE TABLE publications (
	publication INTEGER PRIMARY KEY,
	at_us INTEGER NOT NULL,
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 6),
	id INTEGER NOT NULL,
	revision INTEGER NOT NULL,
	text TEXT
) STRICT;

CREATE INDEX publications_of_source ON publications (kind, id, at_us);

-- A time in which answers knew a source as older than usual: from from_us on, until until_us (NULL:
-- it goes on), it counted as last read in full at since_us. trouble is what stood in the way, NULL
-- where nothing is known to have. kind as in synced. Outside all of them a source was as fresh as
-- it should be.
CREATE TABLE sync_gaps (
	gap INTEGER PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('repository', 'package')),
	id INTEGER NOT NULL,
	since_us INTEGER NOT NULL,
	from_us INTEGER NOT NULL,
	until_us INTEGER,
	trouble TEXT
) STRICT;

CREATE INDEX sync_gaps_of_source ON sync_gaps (kind, id, from_us);

-- Commits that came without a ref event: asked for by their id.
CREATE TABLE commit_arrivals (
	arrival INTEGER PRIMARY KEY,
	repository INTEGER NOT NULL REFERENCES repositories,
	oid BLOB NOT NULL CHECK (length(oid) = 20),
	at_us INTEGER NOT NULL
) STRICT;

CREATE INDEX commit_arrivals_of_repository ON commit_arrivals (repository, arrival);

-- What was seen before this was kept is taken as published when it was seen: some milliseconds
-- early.
INSERT INTO publications (at_us, kind, id, revision)
	SELECT at_us, 1, repository, max(event) FROM ref_events GROUP BY repository, at_us;
INSERT INTO publications (at_us, kind, id, revision, text)
	SELECT at_us, 2, version_events.package, max(event), download FROM version_events
	JOIN packages USING (package) GROUP BY version_events.package, at_us;
INSERT INTO publications (at_us, kind, id, revision)
	SELECT at_us, 3, 0, configuration FROM configuration_events ORDER BY event;

-- Sticky builds: the first answer for what a build asked. key is XXH3-128 of the resolved question.
CREATE TABLE sticky_answers (
	key BLOB PRIMARY KEY CHECK (length(key) = 16),
	version TEXT NOT NULL,
	request INTEGER NOT NULL, -- that was answered first
	at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sticky_answers_by_time ON sticky_answers (at_us);
CREATE INDEX sticky_answers_of_request ON sticky_answers (request);
