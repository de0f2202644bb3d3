-- Sums are written where requests come: by topic and hour, told apart by client. All others are made
-- of those some time later, each once: what is written with every request stays little, and sums
-- that tell no versions apart are few however many versions there were.
--
-- Kinds 5 and 6 of rollups, and 6 of rollup_clients: branches and outcomes by the hour and by the
-- day; their topic is the one without version.
--
-- below: a key of rollup_clients of kind 2. What the rows below it count is in the sums of this
-- kind; what the others count is not, and is read there.
CREATE TABLE rollups_made (
	kind INTEGER PRIMARY KEY, -- of rollups: 1 to 6; 2 stands for its rows in rollups alone
	below INTEGER NOT NULL
) STRICT;

INSERT INTO rollups_made WITH kinds (kind) AS (VALUES (1), (2), (3), (4))
	SELECT kind, ifnull((SELECT max(key) + 1 FROM rollup_clients WHERE key >= 2 << 59
		AND key < 3 << 59), 2 << 59) FROM kinds;
INSERT INTO rollups_made VALUES (5, 2 << 59), (6, 2 << 59);
