-- Facts: what was seen, when, and what was answered. Nothing here can be made again from anywhere
-- else, so no upgrade throws any of it away.
--
-- Words
--   *_us        a moment: microseconds since 1970-01-01T00:00:00Z. NULL where there is none.
--   oid         a git object id, 20 bytes.
--   event       what was seen to have changed. Events are only ever added; their numbers grow with
--               time over all repositories or packages, and a *revision* of one repository or
--               package is the number of its newest event.
--   present     beside its events every ref and version has one row that says how it is now: the
--               sum of its events, kept so that a start need not add them up.
--   answer      a distinct document that was given to somebody, kept once however often it was.
--   request     that it was given: narrow, one per reply, numbered in the order of time.
--
-- Requests are what there are millions of. They carry no index but their own number: one over a
-- random key, such as a SHA, costs ten times the insert. Whatever repeats from one request to the
-- next is a number that stands for a row elsewhere.

-- ---- what is mirrored ------------------------------------------------------------------------

CREATE TABLE repositories (
	repository INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE -- as the configuration and `repo=` have it
) STRICT;

CREATE TABLE packages (
	package INTEGER PRIMARY KEY,
	feed TEXT NOT NULL, -- its name in the configuration
	name TEXT NOT NULL, -- the NuGet id
	download TEXT,      -- URL template of the last listing; NULL where the feed has none
	UNIQUE (feed, name)
) STRICT;

-- When a source was last read in full and found to be as it is kept here.
CREATE TABLE synced (
	kind TEXT NOT NULL CHECK (kind IN ('repository', 'package')),
	id INTEGER NOT NULL, -- of repositories or packages
	synced_us INTEGER NOT NULL,
	PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- ---- configuration ---------------------------------------------------------------------------

CREATE TABLE configurations (
	configuration INTEGER PRIMARY KEY,
	digest TEXT NOT NULL UNIQUE, -- as answers state it
	first_us INTEGER NOT NULL,   -- when it was first in force
	text BLOB NOT NULL           -- without secrets
) STRICT;

-- From at_us on, until the next event, this configuration was in force.
CREATE TABLE configuration_events (
	event INTEGER PRIMARY KEY,
	configuration INTEGER NOT NULL REFERENCES configurations,
	at_us INTEGER NOT NULL
) STRICT;

-- ---- refs ------------------------------------------------------------------------------------

-- Every ref that was ever seen. oid and commit_oid are NULL while it is deleted; commit_oid is what
-- oid leads to (a tag object to its commit), NULL where it leads to none.
CREATE TABLE refs (
	ref INTEGER PRIMARY KEY,
	repository INTEGER NOT NULL REFERENCES repositories,
	name TEXT NOT NULL, -- full: refs/heads/main
	oid BLOB CHECK (length(oid) = 20),
	commit_oid BLOB CHECK (length(commit_oid) = 20),
	since_us INTEGER NOT NULL, -- when it was first seen there
	UNIQUE (repository, name)
) STRICT;

-- movement: 1 created, 2 forward, 3 rewritten (a force push), 4 deleted.
CREATE TABLE ref_events (
	event INTEGER PRIMARY KEY,
	repository INTEGER NOT NULL REFERENCES repositories,
	ref INTEGER NOT NULL REFERENCES refs,
	movement INTEGER NOT NULL CHECK (movement BETWEEN 1 AND 4),
	at_us INTEGER NOT NULL,
	old_oid BLOB CHECK (length(old_oid) = 20),
	old_commit_oid BLOB CHECK (length(old_commit_oid) = 20),
	new_oid BLOB CHECK (length(new_oid) = 20),
	new_commit_oid BLOB CHECK (length(new_commit_oid) = 20)
) STRICT;

CREATE INDEX ref_events_of_repository ON ref_events (repository);
CREATE INDEX ref_events_of_ref ON ref_events (ref);

-- ---- versions --------------------------------------------------------------------------------

-- Every version that a feed ever listed. text is the feed's, letter for letter; key is the same
-- text as NuGet compares it: two spellings with one key are one version.
CREATE TABLE versions (
	version INTEGER PRIMARY KEY,
	package INTEGER NOT NULL REFERENCES packages,
	text TEXT NOT NULL,
	key TEXT NOT NULL,
	first_seen_us INTEGER NOT NULL,
	published_us INTEGER,   -- what the feed says
	unlisted_us INTEGER,    -- NULL: it is listed
	vanished_us INTEGER,    -- NULL: it is there
	returned_us INTEGER,    -- when it last came back after it had vanished
	missed INTEGER NOT NULL DEFAULT 0, -- complete listings in a row that lacked it
	unavailable_us INTEGER, -- when its download was found missing; NULL: it was not
	UNIQUE (package, key)
) STRICT;

-- kind: 1 seen for the first time, 2 listed again, 3 unlisted, 4 vanished, 5 returned,
-- 6 found not to be downloadable, 7 downloadable again.
CREATE TABLE version_events (
	event INTEGER PRIMARY KEY,
	package INTEGER NOT NULL REFERENCES packages,
	version INTEGER NOT NULL REFERENCES versions,
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 7),
	at_us INTEGER NOT NULL,
	published_us INTEGER -- what the feed said then
) STRICT;

CREATE INDEX version_events_of_package ON version_events (package);
CREATE INDEX version_events_of_version ON version_events (version);

-- ---- the record of answers -------------------------------------------------------------------

-- hash is XXH3-128 of document, high half first. document has its *holes* blank: the few things in
-- which two answers from one state differ (id, times), filled in again from the request. holes:
-- their offsets in the document, 32 bits each, little-endian, in the order of enum fp_hole,
-- ffffffff where the document has none. An empty document was lost: its requests came through a
-- crash of the machine, it did not.
CREATE TABLE answers (
	answer INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 16),
	repo TEXT NOT NULL,
	branch TEXT NOT NULL,
	sha TEXT NOT NULL,
	version TEXT NOT NULL, -- '' without one
	outcome TEXT NOT NULL, -- 'ok' or the problem's code
	holes BLOB NOT NULL,
	document BLOB NOT NULL
) STRICT;

-- What repeats from request to request.
CREATE TABLE clients (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT; -- addresses
CREATE TABLE agents (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;  -- User-Agent
CREATE TABLE builds (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;  -- `build=` labels
CREATE TABLE forms (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;   -- json, text, and others

-- The references name no parents: each would be looked up again at every insert, and the recorder,
-- which alone writes here, has just done so.
CREATE TABLE requests (
	request INTEGER PRIMARY KEY, -- the id that the reply carries, there in hexadecimal
	at_us INTEGER NOT NULL,
	answer INTEGER NOT NULL,     -- of answers
	status INTEGER NOT NULL,     -- HTTP's
	duration_us INTEGER NOT NULL,
	form INTEGER NOT NULL,       -- of forms
	client INTEGER NOT NULL,     -- of clients
	agent INTEGER NOT NULL,      -- of agents
	build INTEGER,               -- of builds; NULL without a label
	feed_age_us INTEGER,         -- at_us minus the time of the feed's last synchronisation,
	refs_age_us INTEGER          -- and of the refs'; NULL where the document has no such hole
) STRICT;

-- The highest request number that ever was: old requests may be deleted, numbers never come again.
CREATE TABLE last_request (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	request INTEGER NOT NULL
) STRICT;

INSERT INTO last_request VALUES (1, 0);
