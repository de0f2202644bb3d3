-- What people decided: versions never to be selected, versions to be answered instead. A row is one
-- decision; it is ended, never changed or deleted, so that any moment's overrides can be told.
--
-- revision: numbers set and ended changes in one sequence; a decision is in force for a snapshot of
-- revision R when set_revision <= R and (ended_revision IS NULL or > R).
CREATE TABLE overrides (
	override INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL CHECK (kind IN (1, 2)), -- 1 quarantine, 2 pin
	repo TEXT NOT NULL,
	package TEXT NOT NULL,  -- the NuGet id
	branch TEXT NOT NULL,   -- of a pin; '' in a quarantine
	version TEXT NOT NULL,  -- exact, as asked; '' in a quarantine by stamps
	first_stamp TEXT,       -- of a quarantine by stamps, both ends included
	last_stamp TEXT,
	reason TEXT NOT NULL,
	owner TEXT NOT NULL,
	expires_us INTEGER,     -- NULL: it does not
	set_us INTEGER NOT NULL,
	set_by TEXT NOT NULL,   -- the token's name
	set_revision INTEGER NOT NULL,
	ended_us INTEGER,       -- NULL: in force
	ended_by TEXT,          -- the token's name; 'expiry'
	ended_revision INTEGER
) STRICT;

CREATE INDEX overrides_in_force ON overrides (repo) WHERE ended_us IS NULL;

-- Who changed or tried to change what. Never deleted.
CREATE TABLE audit (
	entry INTEGER PRIMARY KEY,
	at_us INTEGER NOT NULL,
	who TEXT NOT NULL,      -- the token's name; '' when no token was known
	client TEXT NOT NULL,   -- address
	request_id TEXT NOT NULL,
	action TEXT NOT NULL,   -- 'quarantine.set', 'quarantine.end', 'pin.set', 'sync', 'refused' and others
	subject TEXT NOT NULL,  -- what it was done to
	detail TEXT NOT NULL    -- JSON
) STRICT;

-- Deliveries of webhooks that were taken, so that a repeated one is not taken twice. Pruned.
CREATE TABLE deliveries (
	delivery TEXT PRIMARY KEY, -- SENDER:ID
	at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
