/* The small world that the server is tested over. */
#include "fixture.h"

#include "forkpoint/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOURNAL_BYTES = 8 * 1024 * 1024 };

/* 2020-01-31 22:05 and 22:17, UTC */
enum { BASE_S = 1580508300, TIP_S = 1580509020 };

/* ---- the outside ---- */

static struct fp_ticket *ticket_from(struct outside *outside, enum fp_look_refusal *refusal)
{
	atomic_fetch_add(&outside->looks, 1);
	*refusal = (enum fp_look_refusal)atomic_load(&outside->refusal);
	if (*refusal != FP_LOOK_ACCEPTED)
		return NULL;
	atomic_fetch_add(&outside->tickets, 1);
	return (struct fp_ticket *)outside; /* one state for all tickets */
}

static struct fp_ticket *look_for_commit(void *context, struct fp_str repo, struct fp_str sha,
	enum fp_look_refusal *refusal, int64_t *retry_after_us)
{
	*retry_after_us = 3 * FP_US_PER_S;
	return ticket_from(context, refusal);
}

static struct fp_ticket *look_again(
	void *context, struct fp_str repo, enum fp_look_refusal *refusal)
{
	return ticket_from(context, refusal);
}

static enum fp_look_result ticket_result(struct fp_ticket *ticket)
{
	return (enum fp_look_result)atomic_load(&((struct outside *)ticket)->result);
}

static void ticket_unref(struct fp_ticket *ticket)
{
	atomic_fetch_sub(&((struct outside *)ticket)->tickets, 1);
}

static bool no_repository_status(
	void *context, struct fp_str repo, struct fp_repository_status *status)
{
	return false;
}

static bool no_feed_status(
	void *context, struct fp_str feed, struct fp_str package, struct fp_feed_status *status)
{
	return false;
}

/* ---- the world ---- */

static void keep_settings(struct fp_settings *settings)
{
	(void)settings; /* the fixture's */
}

static void fill_settings(struct fixture *fixture)
{
	static enum fp_grammar grammars[] = {FP_GRAMMAR_PATCH_STAMP, FP_GRAMMAR_PRERELEASE_STAMP};

	fixture->package = (struct fp_package_settings){
		.id = FP_STR_LITERAL("Demo.PGO"),
		.feed = FP_STR_LITERAL("demo"),
		.grammars = grammars,
		.grammar_count = FP_ARRAY_SIZE(grammars),
		.patch_style = FP_LABEL_UNDERSCORE,
	};
	fixture->repository = (struct fp_repository_settings){
		.name = FP_STR_LITERAL("demo"),
		.url = FP_STR_LITERAL("https://git.example/demo.git"),
		.default_branch = FP_STR_LITERAL("main"),
		.packages = &fixture->package,
		.package_count = 1,
	};
	atomic_init(&fixture->settings.references, 1);
	fixture->settings.digest = FP_STR_LITERAL("d19e57");
	fixture->settings.stale_after_us = INT64_MAX;
	fixture->settings.repositories = &fixture->repository;
	fixture->settings.repository_count = 1;
	fixture->settings.free = keep_settings;
}

static void append(struct fixture *fixture, struct fp_graph *graph, const char *hex,
	const struct fp_oid *parent, int64_t at_s)
{
	struct fp_commit_row row = {.author_s = at_s,
		.committer_s = at_s,
		.parents = parent,
		.parent_count = parent ? 1 : 0};

	assert_true(fp_oid_parse(fp_str(hex), &row.oid));
	assert_ok(fixture, fp_graph_append(graph, &row, 0, NULL, &fixture->error));
}

static struct fp_branches *make_branches(struct fixture *fixture)
{
	static char release[] = "2.4", file[] = "version.props";
	struct fp_facts_row facts_row = {.release = release, .release_source = file};
	const struct fp_facts_rows facts = {.items = &facts_row, .count = 1};
	struct fp_ref_rows refs = {.items = calloc(1, sizeof(*refs.items)), .count = 1};
	struct fp_graph *graph = fp_graph_new();
	struct fp_scratch scratch = {0};
	struct fp_branches *branches;
	struct fp_graph_view view;
	struct fp_oid base;

	assert_true(fp_oid_parse(FP_STR_LITERAL(FIXTURE_BASE), &base));
	append(fixture, graph, FIXTURE_BASE, NULL, BASE_S);
	append(fixture, graph, FIXTURE_TIP, &base, TIP_S);
	refs.items[0].name = strdup("refs/heads/main");
	assert_true(fp_oid_parse(FP_STR_LITERAL(FIXTURE_TIP), &refs.items[0].oid));
	refs.items[0].commit = refs.items[0].oid;
	view = fp_graph_view(graph);
	branches = fp_branches_build(
		&fixture->repository, &view, &refs, 1, &facts, NULL, NULL, &scratch);
	assert_non_null(branches);
	fp_graph_view_release(&view);
	fp_graph_unref(graph);
	fp_scratch_release(&scratch);
	return branches;
}

static struct fp_package_state *make_state(struct fixture *fixture)
{
	/* in NuGet's order */
	static const char *const versions[] = {
		"1.0.0", FIXTURE_VERSION, "2.4.2001312227-main", "2.4.2001312228-main"};
	struct fp_version_rows rows = {
		.items = calloc(FP_ARRAY_SIZE(versions), sizeof(*rows.items)),
		.count = FP_ARRAY_SIZE(versions)};
	struct fp_package_state *state;

	for (size_t i = 0; i < rows.count; i++)
		rows.items[i] = (struct fp_version_row){.id = (int64_t)i + 1,
			.text = strdup(versions[i]),
			.first_seen_us = BASE_S * FP_US_PER_S,
			.published_us = -1,
			.unlisted_us = i == 3 ? BASE_S * FP_US_PER_S : -1,
			.vanished_us = -1,
			.returned_us = -1,
			.unavailable_us = -1};
	state = fp_package_state_new(&fixture->package, &rows, NULL, 1, NULL);
	assert_non_null(state);
	return state;
}

static void publish(struct fixture *fixture)
{
	struct fp_snapshot *snapshot = fp_snapshot_new(&fixture->settings);
	struct fp_snapshot_repository *repository;

	assert_non_null(snapshot);
	repository = &snapshot->repositories[0];
	fp_snapshot_set_branches(repository, make_branches(fixture));
	fp_snapshot_set_state(&repository->packages[0], make_state(fixture));
	repository->refs_synced_us = repository->packages[0].feed_synced_us = TIP_S * FP_US_PER_S;
	assert_int_equal(fp_snapshot_retrain(repository), 0);
	fixture->service.publisher = fp_publisher_new(snapshot);
	assert_non_null(fixture->service.publisher);
}

/* ---- life ---- */

static void open_journal(struct fixture *fixture, uint64_t bytes)
{
	assert_ok(fixture, fp_store_prepare(fixture->dir, &fixture->lock, NULL, &fixture->error));
	assert_ok(fixture, fp_journal_open(fixture->dir, bytes, 0, &fixture->service.journal,
				   &fixture->error));
}

void fixture_record(struct fixture *fixture)
{
	const struct fp_recorder_listener nobody = {0};

	assert_ok(fixture, fp_recorder_start(fixture->service.journal, fixture->dir, &nobody,
				   &fixture->service.recorder, &fixture->error));
}

static int setup_with_journal(void **state, uint64_t journal_bytes)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	static const struct fp_http_listen listen = {"127.0.0.1", 0};

	assert_non_null(fixture);
	snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/fp-http-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	open_journal(fixture, journal_bytes);
	fill_settings(fixture);
	publish(fixture);
	fixture->service.data_dir = fixture->dir;
	fixture->service.outside = (struct fp_outside){&fixture->outside, look_for_commit,
		look_again, ticket_result, ticket_unref, no_repository_status, no_feed_status};
	fixture->options = (struct fp_http_options){
		.listen = &listen, .listen_count = 1, .threads = 2, .max_connections = 2000};
	*state = fixture;
	return 0;
}

int fixture_setup(void **state)
{
	setup_with_journal(state, JOURNAL_BYTES);
	fixture_record(*state);
	return 0;
}

int fixture_setup_unrecorded(void **state)
{
	return setup_with_journal(state, 1); /* as small as it gets */
}

void fixture_serve(struct fixture *fixture)
{
	assert_ok(fixture, fp_http_server_start(&fixture->options, &fixture->service,
				   &fixture->server, &fixture->error));
	fixture->port = fp_http_server_port(fixture->server);
	assert_true(fixture->port > 0);
}

int fixture_setup_serving(void **state)
{
	fixture_setup(state);
	fixture_serve(*state);
	return 0;
}

void fixture_settle(struct fixture *fixture, enum fp_look_result result)
{
	atomic_store(&fixture->outside.result, (int)result);
	fp_http_server_wake(fixture->server);
}

int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	fp_http_server_free(fixture->server);
	assert_int_equal(atomic_load(&fixture->outside.tickets), 0);
	fp_recorder_stop(fixture->service.recorder);
	fp_journal_close(fixture->service.journal);
	fp_publisher_free(fixture->service.publisher);
	fp_store_unlock(fixture->lock);
	assert_ok(fixture, fp_folder_remove(fixture->dir, &fixture->error));
	free(fixture);
	return 0;
}
