-- Derived: what can be read again from the mirrors at any time. There are no migrations here: a
-- database that was made by another text than this one is dropped and begun anew.
--
-- Words
--   page        up to 4,096 commits, or the facts that one append brought, as one blob: columns as
--               they are in memory, so that loading is copying.
--   reach       what is remembered of one branch (include/forkpoint/graph/reach.h), written when the
--               daemon stops so that its next start need not build it.
--   facts       what a commit's tree says: its release and its PGO branch. Many commits share one.
--   source      how trees were read: the settings that say which files to look into. Its digest
--               stands beside what was read, for other settings read something else.

CREATE TABLE commit_sources (
	repository INTEGER PRIMARY KEY, -- of facts.db's repositories
	source_digest TEXT NOT NULL,
	commits INTEGER NOT NULL, -- how many there are in all pages
	facts INTEGER NOT NULL,
	-- 0 while everything is being read for the first time, or anew: what is here is right and has
	-- all its parents here, but does not yet reach up to the refs.
	whole INTEGER NOT NULL,
	-- So many of them, from the first on, can be reached from refs and arrivals that facts.db has.
	-- The others may be what a look left that was cut off: they count for answers only once facts
	-- lead to them, or what was answered could not be told afterwards.
	reachable INTEGER NOT NULL DEFAULT 0,
	-- The newest of those refs' events and arrivals: facts.db may have lost its last ones to a power
	-- failure that spared this file.
	ref_event INTEGER NOT NULL DEFAULT 0,
	arrival INTEGER NOT NULL DEFAULT 0
) STRICT;

-- first: the number of the page's first commit or facts; reaches are numbered from 0. checksum:
-- XXH3-64 of content, as SQLite has none of its own. content: see src/graph/columns.c,
-- src/store/facts_page.c and src/graph/reach_page.c.
CREATE TABLE pages (
	repository INTEGER NOT NULL REFERENCES commit_sources ON DELETE CASCADE,
	kind INTEGER NOT NULL CHECK (kind IN (1, 2, 3)), -- 1 commits, 2 facts, 3 a reach
	first INTEGER NOT NULL,
	count INTEGER NOT NULL,
	checksum INTEGER NOT NULL,
	content BLOB NOT NULL,
	PRIMARY KEY (repository, kind, first)
) STRICT;
