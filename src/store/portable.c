/* What is exported row by row. Events are put back in the order of time only: their numbers grow
 * with it. */
#include "portable.h"

#include "forkpoint/base/attr.h"

#define VERSION_OF                                                                                 \
	"FROM packages p JOIN versions v ON v.package = p.package AND v.key = ?4"                  \
	" WHERE p.feed = ?1 AND p.name = ?2"
#define REF_OF                                                                                     \
	"FROM repositories p JOIN refs f ON f.repository = p.repository AND f.name = ?2"           \
	" WHERE p.name = ?1"
#define SAME_OVERRIDE                                                                              \
	"kind = ?1 AND repo = ?2 AND package = ?3 AND branch = ?4 AND version = ?5"                \
	" AND first_stamp IS ?6 AND last_stamp IS ?7 AND set_us = ?11"

/* Revisions are numbers of events, which are others on the other side: how many there were up to
 * it, of that repository or package, is the same. ?1 kind, ?3 to ?7 what is published. */
#define PUBLISHED_ID                                                                               \
	"(CASE WHEN ?1 IN (1, 5) THEN (SELECT repository FROM repositories WHERE name = ?3)"       \
	" WHEN ?1 = 2 THEN (SELECT package FROM packages WHERE feed = ?4 AND name = ?5)"           \
	" ELSE 0 END)"
#define NTH(number, table, column)                                                                 \
	"(SELECT " number " FROM " table " WHERE " column " = " PUBLISHED_ID " ORDER BY " number   \
	" LIMIT 1 OFFSET ?7 - 1)"
#define PUBLISHED_REVISION                                                                         \
	"(CASE WHEN ?1 = 3 THEN (SELECT configuration FROM configurations WHERE digest = ?6)"      \
	" WHEN ?1 IN (4, 6) OR ?7 = 0 THEN ?7 WHEN ?1 = 1 THEN " NTH("event", "ref_events",        \
		"repository") " WHEN ?1 = 2 THEN " NTH("event", "version_events",                  \
		"package") " ELSE " NTH("arrival", "commit_arrivals", "repository") " END)"
#define GAP_KIND "(CASE WHEN ?1 IS NULL THEN 'package' ELSE 'repository' END)"
#define GAP_ID                                                                                     \
	"(CASE WHEN ?1 IS NULL THEN (SELECT package FROM packages WHERE feed = ?2 AND name = ?3)"  \
	" ELSE (SELECT repository FROM repositories WHERE name = ?1) END)"
#define SAME_GAP                                                                                   \
	"kind = " GAP_KIND " AND id = " GAP_ID                                                     \
	" AND since_us = ?4 AND from_us = ?5 AND trouble IS ?7"
/* Of ?1, the ?2nd. */
#define TOLD_EVENT                                                                                 \
	"(CASE WHEN ?2 = 0 THEN 0 WHEN ?1 = 'version_events' THEN (SELECT event FROM"              \
	" version_events ORDER BY event LIMIT 1 OFFSET ?2 - 1) ELSE (SELECT event FROM ref_events" \
	" ORDER BY event LIMIT 1 OFFSET ?2 - 1) END)"

const struct fp_portable fp_portables[] = {
	{
		.kind = "configuration",
		.columns = {{"digest", FP_PORTABLE_TEXT}, {"first_us", FP_PORTABLE_INTEGER},
			{"text", FP_PORTABLE_LONG}},
		/* All of them: events and answers name them by their digests. */
		.export_sql = "SELECT digest, first_us, text FROM configurations"
			      " WHERE ?1 IS NOT NULL ORDER BY configuration",
		.have_sql = "SELECT 1 FROM configurations WHERE digest = ?1",
		.apply_sql = {"INSERT INTO configurations (digest, first_us, text)"
			      " VALUES (?1, ?2, CAST(?3 AS BLOB))"},
	},
	{
		.kind = "configuration-event",
		.columns = {{"digest", FP_PORTABLE_TEXT}, {"at_us", FP_PORTABLE_INTEGER}},
		.export_sql = "SELECT c.digest, e.at_us FROM configuration_events e"
			      " JOIN configurations c USING (configuration) WHERE e.at_us >= ?1"
			      " ORDER BY e.event",
		.have_sql = "SELECT 1 FROM configuration_events e JOIN configurations c"
			    " USING (configuration) WHERE c.digest = ?1 AND e.at_us = ?2",
		.guard_sql = "SELECT 'newer configurations are here already: they are imported in"
			     " the order of time' WHERE (SELECT at_us FROM configuration_events"
			     " ORDER BY event DESC LIMIT 1) > ?2 UNION ALL"
			     " SELECT 'its configuration is not here: import what came before"
			     " first' WHERE NOT EXISTS (SELECT 1 FROM configurations"
			     " WHERE digest = ?1)",
		.apply_sql = {"INSERT INTO configuration_events (configuration, at_us)"
			      " SELECT configuration, ?2 FROM configurations WHERE digest = ?1"},
	},
	{
		.kind = "version-event",
		.columns = {{"feed", FP_PORTABLE_TEXT}, {"package", FP_PORTABLE_TEXT},
			{"version", FP_PORTABLE_TEXT}, {"key", FP_PORTABLE_TEXT},
			{"event", FP_PORTABLE_INTEGER}, {"at_us", FP_PORTABLE_INTEGER},
			{"published_us", FP_PORTABLE_INTEGER}},
		.export_sql = "SELECT p.feed, p.name, v.text, v.key, e.kind, e.at_us,"
			      " e.published_us FROM version_events e"
			      " JOIN versions v ON v.version = e.version"
			      " JOIN packages p ON p.package = e.package WHERE e.at_us >= ?1"
			      " ORDER BY e.event",
		.have_sql = "SELECT 1 FROM version_events e WHERE e.version ="
			    " (SELECT v.version " VERSION_OF ") AND e.kind = ?5 AND e.at_us = ?6"
			    " AND e.published_us IS ?7",
		.guard_sql = "SELECT 'newer events of package ' || ?2 || ' are here already:"
			     " events are imported in the order of time' WHERE (SELECT e.at_us"
			     " FROM packages p JOIN version_events e ON e.package = p.package"
			     " WHERE p.feed = ?1 AND p.name = ?2 ORDER BY e.event DESC LIMIT 1)"
			     " > ?6 UNION ALL SELECT 'version ' || ?3 || ' was never seen here:"
			     " import what came before first' WHERE ?5 <> 1"
			     " AND NOT EXISTS (SELECT 1 " VERSION_OF ")",
		.apply_sql = {"INSERT INTO packages (feed, name) VALUES (?1, ?2)"
			      " ON CONFLICT DO NOTHING",
			"INSERT INTO versions (package, text, key, first_seen_us, published_us)"
			" SELECT package, ?3, ?4, ?6, ?7 FROM packages WHERE feed = ?1 AND name ="
			" ?2 ON CONFLICT DO NOTHING",
			"UPDATE versions SET"
			" unlisted_us = CASE ?5 WHEN 2 THEN NULL WHEN 3 THEN ?6"
			" ELSE unlisted_us END,"
			" vanished_us = CASE ?5 WHEN 4 THEN ?6 WHEN 5 THEN NULL"
			" ELSE vanished_us END,"
			" returned_us = CASE ?5 WHEN 5 THEN ?6 ELSE returned_us END,"
			" unavailable_us = CASE ?5 WHEN 6 THEN ?6 WHEN 7 THEN NULL"
			" ELSE unavailable_us END,"
			" published_us = coalesce(?7, published_us)"
			" WHERE version = (SELECT v.version " VERSION_OF ")",
			"INSERT INTO version_events (package, version, kind, at_us, published_us)"
			" SELECT p.package, v.version, ?5, ?6, ?7 " VERSION_OF},
	},
	{
		.kind = "ref-event",
		.columns = {{"repo", FP_PORTABLE_TEXT}, {"ref", FP_PORTABLE_TEXT},
			{"movement", FP_PORTABLE_INTEGER}, {"at_us", FP_PORTABLE_INTEGER},
			{"old", FP_PORTABLE_HEX}, {"old_commit", FP_PORTABLE_HEX},
			{"new", FP_PORTABLE_HEX}, {"new_commit", FP_PORTABLE_HEX}},
		.export_sql = "SELECT p.name, f.name, e.movement, e.at_us, e.old_oid,"
			      " e.old_commit_oid, e.new_oid, e.new_commit_oid FROM ref_events e"
			      " JOIN refs f ON f.ref = e.ref"
			      " JOIN repositories p ON p.repository = e.repository"
			      " WHERE e.at_us >= ?1 ORDER BY e.event",
		.have_sql = "SELECT 1 FROM ref_events e WHERE e.ref = (SELECT f.ref " REF_OF ")"
			    " AND e.movement = ?3 AND e.at_us = ?4 AND e.old_oid IS ?5"
			    " AND e.old_commit_oid IS ?6 AND e.new_oid IS ?7"
			    " AND e.new_commit_oid IS ?8",
		.guard_sql = "SELECT 'newer events of repository ' || ?1 || ' are here already:"
			     " events are imported in the order of time' WHERE (SELECT e.at_us"
			     " FROM repositories p JOIN ref_events e ON e.repository = p.repository"
			     " WHERE p.name = ?1 ORDER BY e.event DESC LIMIT 1) > ?4",
		.apply_sql = {"INSERT INTO repositories (name) VALUES (?1) ON CONFLICT DO NOTHING",
			"INSERT INTO refs (repository, name, oid, commit_oid, since_us)"
			" SELECT repository, ?2, ?7, ?8, ?4 FROM repositories WHERE name = ?1"
			" ON CONFLICT (repository, name) DO UPDATE SET oid = excluded.oid,"
			" commit_oid = excluded.commit_oid, since_us = excluded.since_us",
			"INSERT INTO ref_events (repository, ref, movement, at_us, old_oid,"
			" old_commit_oid, new_oid, new_commit_oid)"
			" SELECT p.repository, f.ref, ?3, ?4, ?5, ?6, ?7, ?8 " REF_OF},
	},
	{
		.kind = "override",
		.columns = {{"override", FP_PORTABLE_INTEGER}, {"repo", FP_PORTABLE_TEXT},
			{"package", FP_PORTABLE_TEXT}, {"branch", FP_PORTABLE_TEXT},
			{"version", FP_PORTABLE_TEXT}, {"first_stamp", FP_PORTABLE_TEXT},
			{"last_stamp", FP_PORTABLE_TEXT}, {"reason", FP_PORTABLE_TEXT},
			{"owner", FP_PORTABLE_TEXT}, {"expires_us", FP_PORTABLE_INTEGER},
			{"set_us", FP_PORTABLE_INTEGER}, {"set_by", FP_PORTABLE_TEXT},
			{"set_revision", FP_PORTABLE_INTEGER}, {"ended_us", FP_PORTABLE_INTEGER},
			{"ended_by", FP_PORTABLE_TEXT}, {"ended_revision", FP_PORTABLE_INTEGER}},
		.export_sql = "SELECT kind, repo, package, branch, version, first_stamp,"
			      " last_stamp, reason, owner, expires_us, set_us, set_by,"
			      " set_revision, ended_us, ended_by, ended_revision FROM overrides"
			      " WHERE set_us >= ?1 OR ended_us >= ?1 ORDER BY override",
		.have_sql = "SELECT 1 FROM overrides WHERE " SAME_OVERRIDE
			    " AND set_revision = ?13 AND reason = ?8 AND owner = ?9"
			    " AND expires_us IS ?10 AND set_by = ?12 AND (?14 IS NULL OR"
			    " (ended_us IS ?14 AND ended_by IS ?15 AND ended_revision IS ?16))",
		.guard_sql = "SELECT 'another decision has revision ' || ?13 || ' here'"
			     " FROM overrides WHERE set_revision = ?13 AND NOT (" SAME_OVERRIDE
			     ") LIMIT 1",
		/* One that is here already was in force when it was exported before. */
		.apply_sql = {"UPDATE overrides SET ended_us = ?14, ended_by = ?15,"
			      " ended_revision = ?16 WHERE ended_us IS NULL AND " SAME_OVERRIDE,
			"INSERT INTO overrides (kind, repo, package, branch, version, first_stamp,"
			" last_stamp, reason, owner, expires_us, set_us, set_by, set_revision,"
			" ended_us, ended_by, ended_revision) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7,"
			" ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16 WHERE NOT EXISTS"
			" (SELECT 1 FROM overrides WHERE " SAME_OVERRIDE ")"},
	},
	{
		.kind = "audit",
		.columns = {{"at_us", FP_PORTABLE_INTEGER}, {"who", FP_PORTABLE_TEXT},
			{"client", FP_PORTABLE_TEXT}, {"request_id", FP_PORTABLE_TEXT},
			{"action", FP_PORTABLE_TEXT}, {"subject", FP_PORTABLE_TEXT},
			{"detail", FP_PORTABLE_TEXT}},
		.export_sql = "SELECT at_us, who, client, request_id, action, subject, detail"
			      " FROM audit WHERE at_us >= ?1 ORDER BY entry",
		.have_sql = "SELECT 1 FROM audit WHERE at_us = ?1 AND who = ?2 AND client = ?3"
			    " AND request_id = ?4 AND action = ?5 AND subject = ?6 AND detail = ?7",
		.apply_sql = {"INSERT INTO audit (at_us, who, client, request_id, action, subject,"
			      " detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
	},
	{
		.kind = "commit-arrival",
		.columns = {{"repo", FP_PORTABLE_TEXT}, {"commit", FP_PORTABLE_HEX},
			{"at_us", FP_PORTABLE_INTEGER}},
		.export_sql = "SELECT p.name, a.oid, a.at_us FROM commit_arrivals a"
			      " JOIN repositories p USING (repository) WHERE a.at_us >= ?1"
			      " ORDER BY a.arrival",
		.have_sql = "SELECT 1 FROM commit_arrivals WHERE repository = (SELECT repository"
			    " FROM repositories WHERE name = ?1) AND oid = ?2 AND at_us = ?3",
		.guard_sql = "SELECT 'newer commits of repository ' || ?1 || ' have come here"
			     " already: they are imported in the order of time' WHERE (SELECT"
			     " max(a.at_us) FROM commit_arrivals a JOIN repositories p"
			     " USING (repository) WHERE p.name = ?1) > ?3",
		.apply_sql = {"INSERT INTO repositories (name) VALUES (?1) ON CONFLICT DO NOTHING",
			"INSERT INTO commit_arrivals (repository, oid, at_us)"
			" SELECT repository, ?2, ?3 FROM repositories WHERE name = ?1"},
	},
	{
		/* Behind all that it refers to. */
		.kind = "publication",
		.columns = {{"of", FP_PORTABLE_INTEGER}, {"at_us", FP_PORTABLE_INTEGER},
			{"repo", FP_PORTABLE_TEXT}, {"feed", FP_PORTABLE_TEXT},
			{"package", FP_PORTABLE_TEXT}, {"digest", FP_PORTABLE_TEXT},
			{"revision", FP_PORTABLE_INTEGER}, {"text", FP_PORTABLE_TEXT}},
		.export_sql = "SELECT p.kind, p.at_us, r.name, k.feed, k.name, c.digest,"
			      " CASE p.kind WHEN 1 THEN (SELECT count(*) FROM ref_events e"
			      " WHERE e.repository = p.id AND e.event <= p.revision)"
			      " WHEN 2 THEN (SELECT count(*) FROM version_events e"
			      " WHERE e.package = p.id AND e.event <= p.revision)"
			      " WHEN 3 THEN NULL WHEN 5 THEN (SELECT count(*) FROM commit_arrivals"
			      " a WHERE a.repository = p.id AND a.arrival <= p.revision)"
			      " ELSE p.revision END, p.text FROM publications p"
			      " LEFT JOIN repositories r ON p.kind IN (1, 5)"
			      " AND r.repository = p.id"
			      " LEFT JOIN packages k ON p.kind = 2 AND k.package = p.id"
			      " LEFT JOIN configurations c ON p.kind = 3"
			      " AND c.configuration = p.revision"
			      " WHERE p.at_us >= ?1 ORDER BY p.publication",
		.have_sql = "SELECT 1 FROM publications WHERE kind = ?1 AND id = " PUBLISHED_ID
			    " AND at_us = ?2 AND revision = " PUBLISHED_REVISION " AND text IS ?8",
		.guard_sql = "SELECT 'what was published then is not here: import what came before"
			     " first' WHERE " PUBLISHED_REVISION " IS NULL",
		.apply_sql = {"INSERT INTO repositories (name) SELECT ?3 WHERE ?3 IS NOT NULL"
			      " ON CONFLICT DO NOTHING",
			"INSERT INTO packages (feed, name) SELECT ?4, ?5 WHERE ?5 IS NOT NULL"
			" ON CONFLICT DO NOTHING",
			"INSERT INTO publications (at_us, kind, id, revision, text) SELECT ?2, ?1,"
			" " PUBLISHED_ID ", " PUBLISHED_REVISION ", ?8"},
	},
	{
		.kind = "sync-gap",
		.columns = {{"repo", FP_PORTABLE_TEXT}, {"feed", FP_PORTABLE_TEXT},
			{"package", FP_PORTABLE_TEXT}, {"since_us", FP_PORTABLE_INTEGER},
			{"from_us", FP_PORTABLE_INTEGER}, {"until_us", FP_PORTABLE_INTEGER},
			{"trouble", FP_PORTABLE_TEXT}},
		.export_sql = "SELECT r.name, k.feed, k.name, g.since_us, g.from_us, g.until_us,"
			      " g.trouble FROM sync_gaps g LEFT JOIN repositories r"
			      " ON g.kind = 'repository' AND r.repository = g.id"
			      " LEFT JOIN packages k ON g.kind = 'package' AND k.package = g.id"
			      " WHERE g.from_us >= ?1 OR g.until_us >= ?1 ORDER BY g.gap",
		.have_sql = "SELECT 1 FROM sync_gaps WHERE " SAME_GAP
			    " AND (?6 IS NULL OR until_us IS ?6)",
		/* One that is here already went on when it was exported before. */
		.apply_sql = {"INSERT INTO repositories (name) SELECT ?1 WHERE ?1 IS NOT NULL"
			      " ON CONFLICT DO NOTHING",
			"INSERT INTO packages (feed, name) SELECT ?2, ?3 WHERE ?3 IS NOT NULL"
			" ON CONFLICT DO NOTHING",
			"UPDATE sync_gaps SET until_us = ?6 WHERE until_us IS NULL AND " SAME_GAP,
			"INSERT INTO sync_gaps (kind, id, since_us, from_us, until_us, trouble)"
			" SELECT " GAP_KIND ", " GAP_ID ", ?4, ?5, ?6, ?7 WHERE NOT EXISTS"
			" (SELECT 1 FROM sync_gaps WHERE " SAME_GAP ")"},
	},
	{
		.kind = "sticky",
		.columns = {{"key", FP_PORTABLE_HEX}, {"version", FP_PORTABLE_TEXT},
			{"request", FP_PORTABLE_INTEGER}, {"at_us", FP_PORTABLE_INTEGER}},
		.export_sql = "SELECT key, version, request, at_us FROM sticky_answers"
			      " WHERE at_us >= ?1 ORDER BY at_us, key",
		.have_sql = "SELECT 1 FROM sticky_answers WHERE key = ?1 AND at_us >= ?4",
		.apply_sql = {"INSERT OR REPLACE INTO sticky_answers (key, version, request, at_us)"
			      " VALUES (?1, ?2, ?3, ?4)"},
	},
	{
		.kind = "event",
		.columns = {{"event", FP_PORTABLE_INTEGER}, {"at_us", FP_PORTABLE_INTEGER},
			{"what", FP_PORTABLE_TEXT}, {"repo", FP_PORTABLE_TEXT},
			{"data", FP_PORTABLE_LONG}},
		.export_sql = "SELECT event, at_us, kind, repo, document FROM events"
			      " WHERE at_us >= ?1 ORDER BY event",
		.have_sql = "SELECT 1 FROM events WHERE event = ?1 AND at_us = ?2 AND kind = ?3"
			    " AND repo = ?4 AND document = ?5",
		.guard_sql = "SELECT 'event ' || ?1 || ' is another one here' FROM events"
			     " WHERE event = ?1",
		.apply_sql = {"INSERT INTO events (event, at_us, kind, repo, document)"
			      " VALUES (?1, ?2, ?3, ?4, ?5)"},
	},
	{
		.kind = "events-told",
		.columns = {{"source", FP_PORTABLE_TEXT}, {"count", FP_PORTABLE_INTEGER}},
		.export_sql = "SELECT source, CASE source WHEN 'version_events' THEN (SELECT"
			      " count(*) FROM version_events e WHERE e.event <= t.event) ELSE"
			      " (SELECT count(*) FROM ref_events e WHERE e.event <= t.event) END"
			      " FROM events_told t WHERE ?1 IS NOT NULL ORDER BY source",
		.have_sql = "SELECT 1 FROM events_told WHERE source = ?1 AND event >= " TOLD_EVENT,
		.guard_sql = "SELECT 'what was told is not here: import what came before first'"
			     " WHERE " TOLD_EVENT " IS NULL",
		.apply_sql = {"INSERT OR REPLACE INTO events_told (source, event) SELECT"
			      " ?1, " TOLD_EVENT},
	},
	{
		.kind = "tip-answer",
		.columns = {{"repo", FP_PORTABLE_TEXT}, {"branch", FP_PORTABLE_TEXT},
			{"package", FP_PORTABLE_TEXT}, {"sha", FP_PORTABLE_TEXT},
			{"version", FP_PORTABLE_TEXT}, {"outcome", FP_PORTABLE_TEXT}},
		.export_sql = "SELECT repo, branch, package, sha, version, outcome FROM tip_answers"
			      " WHERE ?1 IS NOT NULL ORDER BY repo, branch, package",
		.have_sql = "SELECT 1 FROM tip_answers WHERE repo = ?1 AND branch = ?2"
			    " AND package = ?3 AND sha = ?4 AND version = ?5 AND outcome = ?6",
		.apply_sql = {"INSERT OR REPLACE INTO tip_answers (repo, branch, package, sha,"
			      " version, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
	},
	{
		/* Numbers never come again, also those of requests that were deleted. */
		.kind = "last-request",
		.columns = {{"request", FP_PORTABLE_INTEGER}},
		.export_sql = "SELECT request FROM last_request WHERE ?1 IS NOT NULL",
		.have_sql = "SELECT 1 FROM last_request WHERE request >= ?1",
		.apply_sql = {"UPDATE last_request SET request = ?1"},
	},
};

size_t fp_portable_count(void)
{
	return FP_ARRAY_SIZE(fp_portables);
}

size_t fp_portable_columns(const struct fp_portable *portable)
{
	size_t count = 0;

	while (count < FP_PORTABLE_COLUMNS_MAX && portable->columns[count].type)
		count++;
	return count;
}
