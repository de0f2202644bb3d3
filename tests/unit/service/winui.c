/* The world that the tests of the service ask. */
#include "winui.h"

#include "forkpoint/base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEXT(text)                                                                                 \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

static struct fp_str tracked[] = {TEXT("main"), TEXT("release/*")};
static struct fp_str former[] = {TEXT("master")};
static struct fp_alias_settings aliases[] = {{TEXT("main"), former, 1}};
static enum fp_grammar stamped[] = {FP_GRAMMAR_PATCH_STAMP, FP_GRAMMAR_PRERELEASE_STAMP};
static enum fp_grammar arcade[] = {FP_GRAMMAR_ARCADE};
static enum fp_grammar newer[] = {FP_GRAMMAR_PRERELEASE_STAMP};

static struct fp_package_settings packages[] = {
	{.id = TEXT("Mux"),
		.feed = TEXT("mux"),
		.grammars = stamped,
		.grammar_count = 2,
		.patch_style = FP_LABEL_UNDERSCORE},
	{.id = TEXT("Mibc"),
		.feed = TEXT("dotnet"),
		.grammars = arcade,
		.grammar_count = 1,
		.branches = tracked,
		.branch_count = 1},
	{.id = TEXT("Late"), .feed = TEXT("late"), .grammars = newer, .grammar_count = 1},
	{.id = TEXT("Newer"), .feed = TEXT("mux"), .grammars = newer, .grammar_count = 1},
};

static struct fp_repository_settings repositories[] = {
	{.name = TEXT("winui"),
		.default_branch = TEXT("main"),
		.tracked = tracked,
		.tracked_count = 2,
		.aliases = aliases,
		.alias_count = 1,
		.packages = packages,
		.package_count = FP_ARRAY_SIZE(packages)},
	{.name = TEXT("empty"), .packages = packages, .package_count = 1},
};

enum { USUAL, NO_RELEASE, TREE_NAMES_GONE, TREE_NAMES_MAIN };

static struct fp_facts_row facts[] = {
	[USUAL] = {.release = (char *)"2.4", .release_source = (char *)"version.props"},
	[NO_RELEASE] = {.release_problem = (char *)"version.props has no MUXVersionMinor"},
	[TREE_NAMES_GONE] = {.release = (char *)"2.4",
		.release_source = (char *)"version.props",
		.branch = (char *)"gone",
		.branch_source = (char *)"config.ps1"},
	[TREE_NAMES_MAIN] = {.release = (char *)"2.4",
		.release_source = (char *)"fixed",
		.branch = (char *)"main",
		.branch_source = (char *)"config.ps1"},
};

static const struct world_commit commits[] = {
	{"a", "", "2001310000"},
	{"b", "a", "2001310100"},
	{"c", "b", "2001310200"},
	{"d", "c", "2001310300"},
	{"e", "d", "2001310400"},
	{"f", "e", "2001310130", .committed = "2001310430"}, /* rebased: an old author time */
	{"g", "f", "2001310200", .committed = "2001310500"}, /* c's minute */
	{"t", "c", "2001310230"},
	{"n", "c", "2001310231", NO_RELEASE},
	{"k", "c", "2001310232", TREE_NAMES_GONE},
	{"w", "c", "2001310233", TREE_NAMES_MAIN},
	{"w2", "w", "2001310234"},
	{"p", "b", "2001310110"},
	{"q", "b", "2001310120"},
	{"x", "p q", "2001310140"},
	{"y", "q p", "2001310150"},
	{"o", "", "2001310000"},
};

static const struct world_ref refs[] = {
	{"refs/heads/cross", "x"},
	{"refs/heads/feature+x", "t"},
	{"refs/heads/main", "g"},
	{"refs/heads/orphan", "o"},
	{"refs/heads/release-1-10", "b"},
	{"refs/heads/release/1.10", "d"},
	{"refs/heads/topic", "t"},
	{"refs/tags/gone", "Z"},
};

static const struct world_version mux[] = {
	{"2.0.0"},							   /* in no grammar */
	{"2.4.2001310100-main"},					   /* b */
	{"2.4.2001310200-main", WORLD_UNLISTED}, {"2.4.2001310230-topic"}, /* t */
	{"2.4.2001310245-main", WORLD_VANISHED}, {"2.4.2001310300-main"},  /* d */
	{"2.5.2001310100-main"},					   /* b */
	{"2.5.2001310130-main"},		/* f, which is newer than its stamp says */
	{"2.6.2001310115-main"},		/* no commit */
	{"2.7.2001310200-main"},		/* c or g */
	{"2.8.0-prerelease-2001310100-MASTER"}, /* b, by a former name */
	{"2.9.2001310400-main"},		/* e */
	{"1.10.2001310100-release_1_10"},	/* b, of one branch or another */
	{"3.0.2001310110-cross"},		/* p */
};

static const struct world_version mibc[] = {
	{"2.4.0-alpha.20080.9"}, /* the day before */
	{"2.4.0-alpha.20081.2"}, /* 2020-01-31 */
	{"2.4.0-alpha.20101.1"}, /* the day after */
};

static struct fp_snapshot *make(void)
{
	struct fp_settings *settings = world_settings(repositories, FP_ARRAY_SIZE(repositories));
	struct fp_facts_rows rows = {facts, FP_ARRAY_SIZE(facts)};
	struct fp_snapshot *made = fp_snapshot_new(settings);
	struct fp_snapshot_repository *winui = &made->repositories[0];
	struct fp_graph *graph = fp_graph_new();

	fp_settings_unref(settings);
	world_append(graph, commits, FP_ARRAY_SIZE(commits));
	winui->refs_synced_us = WORLD_NOW_US;
	fp_snapshot_set_branches(winui,
		world_branches(&repositories[0], graph, refs, FP_ARRAY_SIZE(refs), &rows, NULL));
	fp_graph_unref(graph);
	for (size_t i = 0; i < FP_ARRAY_SIZE(packages); i++)
		winui->packages[i].feed_synced_us = WORLD_NOW_US;
	fp_snapshot_set_state(
		&winui->packages[0], world_state(&packages[0], mux, FP_ARRAY_SIZE(mux)));
	fp_snapshot_set_state(
		&winui->packages[1], world_state(&packages[1], mibc, FP_ARRAY_SIZE(mibc)));
	fp_snapshot_set_state(&winui->packages[3], world_state(&packages[3], NULL, 0));
	assert_int_equal(fp_snapshot_retrain(winui), 0);
	return made;
}

int winui_set_up(void **state)
{
	struct winui *winui = calloc(1, sizeof(*winui));
	struct fp_error error;

	assert_non_null(winui);
	winui->publisher = fp_publisher_new(make());
	winui->service = (struct fp_service){.publisher = winui->publisher};
	assert_int_equal(fp_worker_new(&winui->service, &winui->worker, &error), 0);
	winui->snapshot = fp_worker_enter(winui->worker);
	fp_answer_init(&winui->answer);
	*state = winui;
	return 0;
}

int winui_tear_down(void **state)
{
	struct winui *winui = *state;

	fp_answer_release(&winui->answer);
	fp_worker_leave(winui->worker);
	fp_worker_free(winui->worker);
	fp_publisher_free(winui->publisher);
	free(winui);
	return 0;
}

struct fp_snapshot *winui_change(struct winui *winui)
{
	return fp_snapshot_copy(fp_publisher_lock(winui->publisher));
}

void winui_publish(struct winui *winui, struct fp_snapshot *next)
{
	fp_publisher_unlock(winui->publisher, next);
	fp_worker_leave(winui->worker);
	winui->snapshot = fp_worker_enter(winui->worker);
}
