-- What was in force when: from at_us on, until the next row of the same source, answers were made
-- of that revision. An event is seen a little before the snapshot that holds it is published, and
-- only the latter is what answers knew.
--
-- kind: 1 refs of a repository (revision: of ref_events), 2 versions of a package (of
-- version_events), 3 configuration (revision: of configurations), 4 overrides (of overrides'
-- changes). id: of repositories or packages; 0 for the other kinds.
CREATE TABLE publications (
	publication INTEGER PRIMARY KEY,
	at_us INTEGER NOT NULL,
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
	id INTEGER NOT NULL,
	revision INTEGER NOT NULL
) STRICT;

CREATE INDEX publications_of_source ON publications (kind, id, at_us);

-- A time during which a source was not read though it was tried, or not tried at all: between two
-- complete looks that lie far apart. until_us NULL: it goes on. kind as in synced.
CREATE TABLE sync_gaps (
	gap INTEGER PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('repository', 'package')),
	id INTEGER NOT NULL,
	since_us INTEGER NOT NULL, -- the last complete look before it
	until_us INTEGER,
	trouble TEXT               -- why, where it is known
) STRICT;

CREATE INDEX sync_gaps_of_source ON sync_gaps (kind, id, since_us);

-- Commits that came without a ref event: asked for by their id.
CREATE TABLE commit_arrivals (
	arrival INTEGER PRIMARY KEY,
	repository INTEGER NOT NULL REFERENCES repositories,
	oid BLOB NOT NULL CHECK (length(oid) = 20),
	at_us INTEGER NOT NULL
) STRICT;

CREATE INDEX commit_arrivals_of_repository ON commit_arrivals (repository, at_us);

-- Sticky builds: the first answer for what a build asked. key is XXH3-128 of the resolved question.
CREATE TABLE sticky_answers (
	key BLOB PRIMARY KEY CHECK (length(key) = 16),
	version TEXT NOT NULL,
	request INTEGER NOT NULL, -- that was answered first
	at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sticky_answers_by_time ON sticky_answers (at_us);
