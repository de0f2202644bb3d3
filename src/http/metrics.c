/*
 * /metrics: what is to be watched, in Prometheus's text format. One metric after the other, each
 * with all its series, as the format wants it.
 */
#include "forkpoint/http/request.h"

#include "forkpoint/service/freshness.h"

/* What all metrics are read from. */
struct reading {
	struct fp_http_context *context;
	const struct fp_snapshot *snapshot;
	struct fp_freshness freshness;
	int64_t now_us;
	struct fp_buf *buf;
};

/* ---- lines ---- */

static void head(struct fp_buf *buf, const char *name, const char *type, const char *help)
{
	fp_buf_addf(buf, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* `name{key="value",`: the label's value escaped. */
static void label(struct fp_buf *buf, bool first, const char *key, struct fp_str value)
{
	fp_buf_addf(buf, "%c%s=\"", first ? '{' : ',', key);
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '\\' || value.ptr[i] == '"')
			fp_buf_add_char(buf, '\\');
		if (value.ptr[i] == '\n')
			fp_buf_add_text(buf, "\\n");
		else
			fp_buf_add_char(buf, value.ptr[i]);
	}
	fp_buf_add_char(buf, '"');
}

static void value(struct fp_buf *buf, int64_t number)
{
	fp_buf_add_text(buf, "} ");
	fp_buf_add_i64(buf, number);
	fp_buf_add_char(buf, '\n');
}

static void single(
	struct fp_buf *buf, const char *name, const char *type, const char *help, int64_t number)
{
	head(buf, name, type, help);
	fp_buf_addf(buf, "%s %lld\n", name, (long long)number);
}

/* ---- requests ---- */

static void add_route(struct fp_buf *buf, size_t route)
{
	label(buf, true, "route",
		fp_str(route < fp_route_count() ? fp_routes[route].path : "other"));
}

static void write_replies(const struct reading *reading, const struct fp_http_counts *counts)
{
	const char *name = "forkpoint_http_replies_total";

	head(reading->buf, name, "counter", "Replies by route and class of status.");
	for (size_t route = 0; counts && route <= fp_route_count(); route++)
		for (unsigned class = 1; class <= 5; class ++) {
			uint64_t count = atomic_load_explicit(
				&counts->replies[route][class - 1], memory_order_relaxed);
			char word[4] = {(char)('0' + class), 'x', 'x', '\0'};

			if (count == 0)
				continue;
			fp_buf_add_text(reading->buf, name);
			add_route(reading->buf, route);
			label(reading->buf, false, "status", fp_str(word));
			value(reading->buf, (int64_t)count);
		}
}

static void write_problems(const struct reading *reading, const struct fp_http_counts *counts)
{
	const char *name = "forkpoint_http_problems_total";
	const struct fp_problem_row *row;

	head(reading->buf, name, "counter", "Replies that are problems, by route and code.");
	for (size_t route = 0; counts && route <= fp_route_count(); route++)
		for (size_t i = 0; i < FP_COUNTED_PROBLEMS_MAX && (row = fp_problem_at(i)); i++) {
			uint64_t count = atomic_load_explicit(
				&counts->problems[route][i], memory_order_relaxed);

			if (count == 0)
				continue;
			fp_buf_add_text(reading->buf, name);
			add_route(reading->buf, route);
			label(reading->buf, false, "code", fp_str(row->code));
			value(reading->buf, (int64_t)count);
		}
}

static void write_answers_of(const struct reading *reading, const char *name, struct fp_str repo,
	const struct fp_counted_repository *counted)
{
	for (int outcome = 0; outcome < FP_OUTCOME_COUNT; outcome++) {
		uint64_t count =
			atomic_load_explicit(&counted->answers[outcome], memory_order_relaxed);

		if (count == 0)
			continue;
		fp_buf_add_text(reading->buf, name);
		label(reading->buf, true, "repo", repo);
		label(reading->buf, false, "outcome",
			fp_str(fp_outcome_code((enum fp_outcome)outcome)));
		value(reading->buf, (int64_t)count);
	}
}

static void write_answers(const struct reading *reading, const struct fp_http_counts *counts)
{
	const char *name = "forkpoint_answers_total";

	head(reading->buf, name, "counter",
		"Recorded answers to /resolve, by repository and outcome; those of a batch each.");
	for (size_t i = 0; counts && i < FP_COUNTED_REPOSITORIES_MAX; i++) {
		const char *repo = atomic_load(&counts->repositories[i].name);

		if (repo)
			write_answers_of(reading, name, fp_str(repo), &counts->repositories[i]);
	}
}

static void write_requests(const struct reading *reading)
{
	const struct fp_http_counts *counts = reading->context->counts;

	write_replies(reading, counts);
	write_problems(reading, counts);
	write_answers(reading, counts);
}

/* ---- the process ---- */

static void write_process(const struct reading *reading)
{
	const struct fp_service *service = reading->context->service;
	struct fp_readiness readiness;

	fp_service_readiness(reading->context->worker, reading->snapshot, &readiness);
	single(reading->buf, "forkpoint_ready", "gauge",
		"1 when every repository and feed has been read and answers can be recorded.",
		readiness.ready);
	single(reading->buf, "forkpoint_start_time_seconds", "gauge",
		"When the process began to serve, in seconds since 1970.",
		service->started_us / FP_US_PER_S);
	single(reading->buf, "forkpoint_snapshots_total", "counter",
		"Snapshots published since the start.", (int64_t)reading->snapshot->number);
	single(reading->buf, "forkpoint_journal_waiting_bytes", "gauge",
		"Bytes of recorded answers on their way to the database.",
		(int64_t)readiness.journal_waiting);
	single(reading->buf, "forkpoint_journal_room_bytes", "gauge",
		"Bytes that the journal of answers still takes.", (int64_t)readiness.journal_room);
}

/* ---- repositories ---- */

enum repository_metric { REFS_AGE, REFS_FAILURES, COMMITS, REFS, MIRROR_BYTES, GRAPH_BYTES };

static const struct {
	const char *name, *help;
} repository_metrics[] = {
	[REFS_AGE] = {"forkpoint_refs_age_seconds",
		"Seconds since the upstream's refs were last read in full."},
	[REFS_FAILURES] = {"forkpoint_refs_failures",
		"Failed looks at the upstream in a row; 0 when the last one succeeded."},
	[COMMITS] = {"forkpoint_commits", "Commits in the graph."},
	[REFS] = {"forkpoint_refs", "Refs of the mirror."},
	[MIRROR_BYTES] = {"forkpoint_mirror_bytes", "Bytes of the mirror on disk."},
	[GRAPH_BYTES] = {"forkpoint_graph_bytes", "Bytes of the graph in memory."},
};

/* Below 0: not known. */
static int64_t repository_value(const struct reading *reading, enum repository_metric metric,
	const struct fp_snapshot_repository *repository)
{
	const struct fp_outside *outside = &reading->context->service->outside;
	const struct fp_branches *branches = repository->branches;
	struct fp_repository_status status;

	if (metric == REFS_AGE)
		return repository->refs_synced_us < 0
			       ? -1
			       : (reading->now_us - repository->refs_synced_us) / FP_US_PER_S;
	if (metric == COMMITS)
		return branches ? (int64_t)branches->view.count : -1;
	if (metric == REFS)
		return branches ? (int64_t)branches->refs.count : -1;
	if (!outside->repository_status(outside->context, repository->settings->name, &status))
		return -1;
	if (metric == REFS_FAILURES)
		return status.failures;
	return (int64_t)(metric == MIRROR_BYTES ? status.mirror_bytes : status.graph_bytes);
}

static void write_repositories(const struct reading *reading)
{
	for (size_t m = 0; m < FP_ARRAY_SIZE(repository_metrics); m++) {
		head(reading->buf, repository_metrics[m].name, "gauge", repository_metrics[m].help);
		for (size_t i = 0; i < reading->snapshot->settings->repository_count; i++) {
			const struct fp_snapshot_repository *repository =
				&reading->snapshot->repositories[i];
			int64_t number =
				repository_value(reading, (enum repository_metric)m, repository);

			if (number < 0)
				continue;
			fp_buf_add_text(reading->buf, repository_metrics[m].name);
			label(reading->buf, true, "repo", repository->settings->name);
			value(reading->buf, number);
		}
	}
}

/* ---- packages ---- */

enum package_metric { FEED_AGE, FEED_FAILURES, VERSIONS_LISTED, VERSIONS_GONE, VERSIONS_STRANGE };

static const struct {
	const char *name, *help;
} package_metrics[] = {
	[FEED_AGE] = {"forkpoint_feed_age_seconds",
		"Seconds since the package's list was last read in full."},
	[FEED_FAILURES] = {"forkpoint_feed_failures",
		"Failed looks at the feed in a row; 0 when the last one succeeded."},
	[VERSIONS_LISTED] = {"forkpoint_versions_listed", "Versions that the feed lists."},
	[VERSIONS_GONE] = {"forkpoint_versions_vanished",
		"Versions that the feed listed once and does not list any more."},
	[VERSIONS_STRANGE] = {"forkpoint_versions_unrecognised",
		"Listed versions that no grammar takes."},
};

static int64_t package_value(const struct reading *reading, enum package_metric metric,
	const struct fp_snapshot_package *package)
{
	const struct fp_outside *outside = &reading->context->service->outside;
	const struct fp_catalog *catalog = package->state ? package->state->catalog : NULL;
	struct fp_feed_status status;

	switch (metric) {
	case FEED_AGE:
		return package->feed_synced_us < 0
			       ? -1
			       : (reading->now_us - package->feed_synced_us) / FP_US_PER_S;
	case FEED_FAILURES:
		return outside->feed_status(outside->context, package->settings->feed,
			       package->settings->id, &status)
			       ? (int64_t)status.failures
			       : -1;
	case VERSIONS_LISTED: return catalog ? (int64_t)catalog->listed_count : -1;
	case VERSIONS_GONE:
		return catalog ? (int64_t)catalog->version_count - catalog->listed_count : -1;
	default: return catalog ? (int64_t)catalog->unrecognised_count : -1;
	}
}

static void write_packages_of(const struct reading *reading, enum package_metric metric,
	const struct fp_snapshot_repository *repository)
{
	for (size_t i = 0; i < repository->settings->package_count; i++) {
		const struct fp_snapshot_package *package = &repository->packages[i];
		int64_t number = package_value(reading, metric, package);

		if (number < 0)
			continue;
		fp_buf_add_text(reading->buf, package_metrics[metric].name);
		label(reading->buf, true, "repo", repository->settings->name);
		label(reading->buf, false, "feed", package->settings->feed);
		label(reading->buf, false, "package", package->settings->id);
		value(reading->buf, number);
	}
}

static void write_packages(const struct reading *reading)
{
	for (size_t m = 0; m < FP_ARRAY_SIZE(package_metrics); m++) {
		head(reading->buf, package_metrics[m].name, "gauge", package_metrics[m].help);
		for (size_t i = 0; i < reading->snapshot->settings->repository_count; i++)
			write_packages_of(reading, (enum package_metric)m,
				&reading->snapshot->repositories[i]);
	}
}

/* ---- freshness ---- */

enum freshness_metric { AGE, AGE_COMMITS, HOLE, HOLE_AGE, HOLE_COMMITS, SILENT, SILENCE, USUAL };

static const struct {
	const char *name, *help;
} freshness_metrics[] = {
	[AGE] = {"forkpoint_database_age_seconds",
		"Seconds since the stamp of a tracked branch's newest database of its release."},
	[AGE_COMMITS] = {"forkpoint_database_age_commits",
		"Commits between that database's training commit and the tip."},
	[HOLE] = {"forkpoint_hole_open", "1 while builds of the tip get no database."},
	[HOLE_AGE] = {"forkpoint_hole_age_seconds", "Seconds since the hole opened."},
	[HOLE_COMMITS] = {"forkpoint_hole_commits", "Commits of the branch in the hole."},
	[SILENT] = {"forkpoint_training_silent",
		"1 while no training came for longer than 95 of 100 gaps of the branch, although "
		"there are commits to train on."},
	[SILENCE] = {"forkpoint_training_silence_seconds",
		"Seconds since the stamp of the branch's newest training."},
	[USUAL] = {"forkpoint_training_usual_gap_seconds",
		"The gap that 95 of 100 of the branch's trainings did not exceed."},
};

static int64_t freshness_value(const struct reading *reading, enum freshness_metric metric,
	const struct fp_freshness_row *row)
{
	switch (metric) {
	case AGE: return row->age_us < 0 ? -1 : row->age_us / FP_US_PER_S;
	case AGE_COMMITS: return row->age_commits;
	case HOLE: return row->hole;
	case HOLE_AGE:
		return row->hole_since_us < 0
			       ? -1
			       : (reading->now_us - row->hole_since_us) / FP_US_PER_S;
	case HOLE_COMMITS: return row->hole ? (int64_t)row->hole_commits : -1;
	case SILENT: return row->silent;
	case SILENCE: return row->silent_minutes < 0 ? -1 : row->silent_minutes * 60;
	default: return row->rhythm.usual_minutes < 0 ? -1 : row->rhythm.usual_minutes * 60;
	}
}

static void write_freshness_of(const struct reading *reading, enum freshness_metric metric)
{
	struct fp_buf FP_CLEANUP_BUF release = {0};

	fp_buf_init(&release, 1024);
	for (size_t i = 0; i < reading->freshness.count; i++) {
		const struct fp_freshness_row *row = &reading->freshness.rows[i];
		int64_t number = freshness_value(reading, metric, row);

		if (!row->is_current || number < 0)
			continue;
		fp_buf_clear(&release);
		if (row->has_release)
			fp_release_write(&row->release, &release);
		fp_buf_add_text(reading->buf, freshness_metrics[metric].name);
		label(reading->buf, true, "repo", row->repository->settings->name);
		label(reading->buf, false, "branch", row->branch->name);
		label(reading->buf, false, "package", row->package->settings->id);
		label(reading->buf, false, "release", fp_buf_str(&release));
		value(reading->buf, number);
	}
}

/* ---- the route ---- */

static int read_freshness(struct reading *reading)
{
	const struct fp_snapshot *snapshot = reading->snapshot;
	const struct fp_str any = {NULL, 0};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < snapshot->settings->repository_count; i++)
		r = fp_service_freshness(reading->context->worker, snapshot,
			&snapshot->repositories[i], any, any, reading->now_us, &reading->freshness);
	return r;
}

enum fp_handled fp_handle_metrics(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_worker *worker = request->context->worker;
	struct reading reading = {.context = request->context, .buf = &reply->body};
	int r;

	reading.snapshot = fp_worker_enter_at(worker, &reading.now_us);
	r = read_freshness(&reading);
	if (r >= 0) {
		write_process(&reading);
		write_requests(&reading);
		write_repositories(&reading);
		write_packages(&reading);
		for (size_t m = 0; m < FP_ARRAY_SIZE(freshness_metrics); m++) {
			head(reading.buf, freshness_metrics[m].name, "gauge",
				freshness_metrics[m].help);
			write_freshness_of(&reading, (enum freshness_metric)m);
		}
	}
	fp_worker_leave(worker);
	fp_freshness_release(&reading.freshness);
	if (r < 0)
		return fp_reply_problem(request, reply, "internal", NULL, 0, "out of memory");
	reply->content_type = request->route->content_type;
	reply->cache_control = "no-store";
	return FP_HANDLED;
}
