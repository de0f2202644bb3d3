-- What /events tells, in the order in which it is told. document is the event's data as JSON. Kept
-- so that who was away can go on where he left; the oldest are dropped.
CREATE TABLE events (
	event INTEGER PRIMARY KEY AUTOINCREMENT, -- numbers never come again
	at_us INTEGER NOT NULL,
	kind TEXT NOT NULL, -- version-appeared, version-vanished, branch-moved and others
	repo TEXT NOT NULL,
	document TEXT NOT NULL
) STRICT;

-- Up to which facts events were told: a restart goes on from there. What was seen before there were
-- events is no news.
CREATE TABLE events_told (
	source TEXT PRIMARY KEY, -- 'version_events', 'ref_events'
	event INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO events_told SELECT 'version_events', coalesce(max(event), 0) FROM version_events;
INSERT INTO events_told SELECT 'ref_events', coalesce(max(event), 0) FROM ref_events;

-- What the tip of a tracked branch was last seen to get, so that a change is told though it
-- happened while nobody ran.
CREATE TABLE tip_answers (
	repo TEXT NOT NULL,
	branch TEXT NOT NULL,
	package TEXT NOT NULL,
	sha TEXT NOT NULL,
	version TEXT NOT NULL, -- '' without one
	outcome TEXT NOT NULL,
	PRIMARY KEY (repo, branch, package)
) STRICT, WITHOUT ROWID;
