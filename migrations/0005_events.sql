-- What /events tells, in the order in which it is told. document is the event's data as JSON.
CREATE TABLE events (
	event INTEGER PRIMARY KEY,
	at_us INTEGER NOT NULL,
	kind TEXT NOT NULL, -- version-appeared, version-vanished, branch-moved, answer-changed and others
	repo TEXT NOT NULL,
	document TEXT NOT NULL
) STRICT;

-- Up to which facts events were told: a restart goes on from there.
CREATE TABLE events_told (
	source TEXT PRIMARY KEY, -- 'version_events', 'ref_events'
	event INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
