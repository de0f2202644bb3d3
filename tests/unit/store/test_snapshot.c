/* Snapshots under many readers and a writer: none is freed before its last reader leaves, and every
 * one is freed then. Branches and packages as parts of them. */
#include "../service/world.h"

#include "forkpoint/base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <pthread.h>

#include <cmocka.h>

/* ---- a life that can be watched ---- */

/* The settings of a snapshot, whose end tells when the snapshot went. */
struct watched {
	struct fp_settings settings;
	atomic_uint *freed;
	uint64_t canary;
};

enum { ALIVE = 0x600d };

static void free_watched(struct fp_settings *settings)
{
	struct watched *watched = (struct watched *)settings;

	watched->canary = 0;
	atomic_fetch_add(watched->freed, 1);
	free(watched);
}

static struct fp_snapshot *new_watched(atomic_uint *freed)
{
	struct watched *watched = calloc(1, sizeof(*watched));
	struct fp_snapshot *snapshot;

	assert_non_null(watched);
	atomic_init(&watched->settings.references, 1);
	watched->settings.free = free_watched;
	watched->freed = freed;
	watched->canary = ALIVE;
	snapshot = fp_snapshot_new(&watched->settings);
	assert_non_null(snapshot);
	fp_settings_unref(&watched->settings); /* the snapshot's alone from here on */
	return snapshot;
}

static bool is_alive(const struct fp_snapshot *snapshot)
{
	return ((const struct watched *)snapshot->settings)->canary == ALIVE;
}

static void publish(struct fp_publisher *publisher, atomic_uint *freed)
{
	fp_publisher_lock(publisher);
	fp_publisher_unlock(publisher, new_watched(freed));
}

static void test_freed_when_the_last_reader_leaves(void **state)
{
	atomic_uint freed = 0;
	struct fp_publisher *publisher = fp_publisher_new(new_watched(&freed));
	struct fp_reader *first = fp_reader_new(publisher), *second = fp_reader_new(publisher);
	const struct fp_snapshot *old = fp_reader_enter(first);

	assert_ptr_equal(fp_reader_enter(second), old);
	assert_int_equal(old->number, 1);
	publish(publisher, &freed);
	assert_int_equal(freed, 0); /* two read it */
	assert_true(is_alive(old));
	fp_reader_leave(first);
	fp_publisher_collect(publisher);
	assert_int_equal(freed, 0); /* one still does */
	assert_true(is_alive(old));
	assert_int_equal(fp_reader_enter(first)->number, 2); /* who comes now gets the new one */
	fp_reader_leave(second);
	fp_publisher_collect(publisher);
	assert_int_equal(freed, 1);
	publish(publisher, &freed);
	assert_int_equal(freed, 1); /* the second is read */
	fp_reader_leave(first);
	publish(publisher, &freed); /* publishing collects, too: the second and the third go */
	assert_int_equal(freed, 3);
	fp_reader_free(first);
	fp_reader_free(second);
	fp_publisher_free(publisher);
	assert_int_equal(freed, 4);
}

static void test_a_change_that_is_dropped(void **state)
{
	atomic_uint freed = 0;
	struct fp_publisher *publisher = fp_publisher_new(new_watched(&freed));
	struct fp_reader *reader = fp_reader_new(publisher);

	fp_publisher_lock(publisher);
	fp_publisher_unlock(publisher, NULL);
	assert_int_equal(fp_reader_enter(reader)->number, 1);
	fp_reader_leave(reader);
	assert_int_equal(freed, 0);
	fp_publisher_free(publisher);
}

static void test_slots_are_limited(void **state)
{
	atomic_uint freed = 0;
	struct fp_publisher *publisher = fp_publisher_new(new_watched(&freed));
	struct fp_reader *readers[FP_READERS_MAX];

	for (size_t i = 0; i < FP_READERS_MAX; i++) {
		readers[i] = fp_reader_new(publisher);
		assert_non_null(readers[i]);
	}
	assert_null(fp_reader_new(publisher));
	fp_reader_free(readers[17]);
	assert_ptr_equal(fp_reader_new(publisher), readers[17]);
	fp_publisher_free(publisher);
}

/* ---- many readers and a writer ---- */

enum { READERS = 6, PUBLICATIONS = 3000 };

struct race {
	struct fp_publisher *publisher;
	atomic_uint freed, bad, reads;
	atomic_bool stop;
};

static void *read_on(void *context)
{
	struct race *race = context;
	struct fp_reader *reader = fp_reader_new(race->publisher);
	uint64_t last = 0;

	while (!atomic_load(&race->stop)) {
		const struct fp_snapshot *snapshot = fp_reader_enter(reader);
		bool good = is_alive(snapshot) && snapshot->number >= last;

		last = snapshot->number;
		if (last % 7 == 0)
			sched_yield(); /* linger in some */
		good &= is_alive(snapshot) && snapshot->number == last;
		fp_reader_leave(reader);
		if (!good)
			atomic_fetch_add(&race->bad, 1);
		atomic_fetch_add(&race->reads, 1);
	}
	fp_reader_free(reader);
	return NULL;
}

static void test_race(void **state)
{
	struct race race = {0};
	pthread_t readers[READERS];

	race.publisher = fp_publisher_new(new_watched(&race.freed));
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &race), 0);
	for (unsigned i = 0; i < PUBLICATIONS; i++) {
		publish(race.publisher, &race.freed);
		/* what is kept is what is read, at most one by each reader */
		assert_true(atomic_load(&race.freed) + READERS >= i);
	}
	while (atomic_load(&race.reads) < READERS * 100)
		sched_yield();
	atomic_store(&race.stop, true);
	for (size_t i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	fp_publisher_collect(race.publisher);
	assert_int_equal(race.bad, 0);
	assert_int_equal(race.freed, PUBLICATIONS); /* all but the current one */
	fp_publisher_free(race.publisher);
	assert_int_equal(race.freed, PUBLICATIONS + 1);
}

/* ---- branches ---- */

static struct fp_str tracked[] = {
	{"main", 4},
	{"release/*", 9},
};

static struct fp_str former[] = {
	{"master", 6},
	{"Main", 4},
};

static struct fp_alias_settings aliases[] = {
	{{"main", 4}, former, 2},
};

static enum fp_grammar both[] = {FP_GRAMMAR_PRERELEASE_STAMP, FP_GRAMMAR_PATCH_STAMP};

static struct fp_package_settings package = {
	.id = {"Mux", 3},
	.feed = {"mux", 3},
	.grammars = both,
	.grammar_count = 2,
};

static struct fp_repository_settings repository = {
	.name = {"winui", 5},
	.default_branch = {"trunk", 5},
	.tracked = tracked,
	.tracked_count = 2,
	.aliases = aliases,
	.alias_count = 1,
	.packages = &package,
	.package_count = 1,
};

static const struct world_commit commits[] = {
	{"a", "", "2001310000"},
	{"b", "a", "2001310100"},
	{"c", "b", "2001310200"},
};

static const struct world_ref refs[] = {
	{"refs/heads/Release-1-10", "a"}, /* labels fold case */
	{"refs/heads/mAster", "a"},	  /* a former name of main's, in another case */
	{"refs/heads/main", "b"},
	{"refs/heads/rel.x", "a"},
	{"refs/heads/rel_x", "a"}, /* rel.x's twin where labels are written with underscores */
	{"refs/heads/release-1-10", "a"},
	{"refs/heads/release/1.10", "b"},
	{"refs/heads/release/1/10", "z"}, /* leads to no commit of the graph */
	{"refs/heads/topic", "c"},
	{"refs/heads/trunk", "a"},
	{"refs/pull/1/head", "c"},
	{"refs/tags/v1", "a"},
};

static struct fp_branches *build(struct fp_graph **graph)
{
	struct fp_facts_rows facts = {0};

	*graph = fp_graph_new();
	world_append(*graph, commits, FP_ARRAY_SIZE(commits));
	return world_branches(&repository, *graph, refs, FP_ARRAY_SIZE(refs), &facts, NULL);
}

static void test_branches(void **state)
{
	static const struct {
		const char *name;
		uint32_t tip;
		bool tracked;
		size_t twins, aliases;
	} rows[] = {
		{"main", 1, true, 1, 2},	  /* named; once master */
		{"mAster", 0, false, 1, 0},	  /* which another branch is called now */
		{"trunk", 0, true, 0, 0},	  /* the default branch is tracked, too */
		{"topic", 2, false, 0, 0},	  /* no glob takes it */
		{"release/1.10", 1, true, 3, 0},  /* by glob; three others share its label */
		{"release-1-10", 0, false, 3, 0}, /* no glob */
		{"Release-1-10", 0, false, 3, 0}, /* another case is another branch */
		{"release/1/10", FP_NO_COMMIT, true, 3, 0},
		{"rel.x", 0, false, 1, 0}, /* rel-x by hyphen, rel_x by underscore: as … */
		{"rel_x", 0, false, 1, 0}, /* … this one's */
	};
	struct fp_graph *graph;
	struct fp_branches *branches = build(&graph);

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		const struct fp_branch *branch = fp_branches_find(branches, fp_str(rows[i].name));

		if (!branch || branch->tip != rows[i].tip || branch->tracked != rows[i].tracked ||
			branch->twin_count != rows[i].twins ||
			branch->alias_count != rows[i].aliases ||
			!branch->reach != !(rows[i].tracked && rows[i].tip != FP_NO_COMMIT))
			fail_msg("%s: tip %u, tracked %d, %zu twins", rows[i].name,
				branch ? branch->tip : 0, branch ? branch->tracked : 0,
				branch ? branch->twin_count : 0);
		for (size_t k = 0; k < branch->twin_count; k++)
			assert_ptr_not_equal(&branches->items[branch->twins[k]], branch);
	}
	assert_int_equal(branches->count, FP_ARRAY_SIZE(rows)); /* tags and pulls are no branches */
	assert_null(fp_branches_find(branches, FP_STR_LITERAL("pull/1/head")));
	assert_int_equal(branches->ref_commits[fp_branches_find_ref(
				 branches, FP_STR_LITERAL("refs/pull/1/head"))],
		2);
	assert_true(fp_branches_find_ref(branches, FP_STR_LITERAL("refs/heads/mai")) == SIZE_MAX);
	fp_branches_unref(branches);
	fp_graph_unref(graph);
}

/* Underscores count only where some package is read in the grammar that writes them. */
static void test_branches_of_one_style(void **state)
{
	struct fp_graph *graph;
	struct fp_branches *branches;

	package.grammar_count = 1; /* prerelease-stamp */
	branches = build(&graph);
	package.grammar_count = 2;
	assert_int_equal(fp_branches_find(branches, FP_STR_LITERAL("rel.x"))->twin_count, 0);
	assert_int_equal(fp_branches_find(branches, FP_STR_LITERAL("release/1.10"))->twin_count, 3);
	fp_branches_unref(branches);
	fp_graph_unref(graph);
}

/* The next branches see what was appended; the last ones do not, and outlive their graph's owner.
 */
static void test_branches_grow(void **state)
{
	static const struct world_commit more[] = {{"d", "b", "2001310300"}};
	static const struct world_ref moved[] = {{"refs/heads/main", "d"}};
	struct fp_facts_rows facts = {0};
	struct fp_graph *graph;
	struct fp_branches *last = build(&graph), *next;
	struct fp_oid oid = world_oid("d");

	world_append(graph, more, 1);
	next = world_branches(&repository, graph, moved, 1, &facts, last);
	fp_graph_unref(graph);
	assert_int_equal(last->view.count, 3);
	assert_int_equal(fp_graph_find(&last->view, &oid), FP_NO_COMMIT);
	assert_int_equal(fp_graph_find(&next->view, &oid), 3);
	assert_int_equal(fp_branches_find(next, FP_STR_LITERAL("main"))->tip, 3);
	assert_null(fp_branches_find(next, FP_STR_LITERAL("topic"))); /* deleted */
	fp_branches_unref(last);
	assert_true(fp_reach_has(fp_branches_find(next, FP_STR_LITERAL("main"))->reach, 0));
	assert_false(fp_reach_has(fp_branches_find(next, FP_STR_LITERAL("main"))->reach, 2));
	fp_branches_unref(next);
}

/* ---- packages with a set ---- */

static void test_sets(void **state)
{
	static const struct world_version own[] = {{"1.0.0-2001310000-main"},
		{"1.0.0-2001310100-main"}, {"1.0.0-2001310200-main"}, {"1.0.0-2001310300-main"},
		{"1.0.0-2001310400-main"}};
	static const struct world_version first[] = {{"1.0.0-2001310000-main"},
		{"1.0.0-2001310100-MAIN"}, /* the same version to NuGet */
		{"1.0.0-2001310200-main", WORLD_UNLISTED},
		{"1.0.0-2001310300-main", WORLD_VANISHED}};
	static const struct world_version second[] = {{"1.0.0-2001310000-main"},
		{"1.0.0-2001310100-main"}, {"1.0.0-2001310200-main"}, {"1.0.0-2001310300-main"}};
	static const struct {
		const char *version, *missing;
	} rows[] = {
		{"1.0.0-2001310000-main", ""}, {"1.0.0-2001310100-main", ""},
		{"1.0.0-2001310200-main", "Linux"},	 /* unlisted there */
		{"1.0.0-2001310300-main", "Linux"},	 /* vanished there */
		{"1.0.0-2001310400-main", "Linux, Arm"}, /* never was there */
	};
	struct fp_str set[] = {FP_STR_LITERAL("Linux"), FP_STR_LITERAL("Arm")};
	struct fp_package_settings settings = package;
	struct fp_version_rows main_rows = world_rows(own, FP_ARRAY_SIZE(own));
	struct fp_version_rows others[] = {
		world_rows(first, FP_ARRAY_SIZE(first)), world_rows(second, FP_ARRAY_SIZE(second))};
	const struct fp_version_rows *sets[] = {&others[0], &others[1]};
	struct fp_package_state *made;

	settings.set = set;
	settings.set_count = 2;
	made = fp_package_state_new(&settings, &main_rows, sets, 3, NULL);
	assert_non_null(made);
	assert_int_equal(main_rows.count, 0); /* taken over */
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		const struct fp_catalog_version *version =
			fp_catalog_find(made->catalog, fp_str(rows[i].version));

		assert_non_null(version);
		assert_true(fp_str_equal(version->row.missing_ids, fp_str(rows[i].missing)));
		assert_int_equal(version->standing,
			rows[i].missing[0] ? FP_REJECTION_INCOMPLETE_SET : FP_REJECTION_NONE);
	}
	fp_package_state_unref(made);
	fp_version_rows_release(&others[0]);
	fp_version_rows_release(&others[1]);
}

/* ---- copies ---- */

static void test_a_copy_shares_and_changes_alone(void **state)
{
	static const struct world_version versions[] = {{"1.0.0-2001310100-main"}};
	struct fp_settings *settings = world_settings(&repository, 1);
	struct fp_snapshot *first = fp_snapshot_new(settings), *second;
	struct fp_snapshot_repository *here = &first->repositories[0], *there;
	struct fp_graph *graph;
	const uint32_t *trained;

	assert_null(here->branches);
	assert_int_equal(here->refs_synced_us, -1);
	assert_int_equal(fp_snapshot_retrain(here), 0); /* nothing yet: fine */
	fp_snapshot_set_branches(here, build(&graph));
	fp_snapshot_set_state(&here->packages[0], world_state(&package, versions, 1));
	assert_int_equal(fp_snapshot_retrain(here), 0);
	assert_int_equal(fp_snapshot_set_trouble(&here->refs_trouble, "no route"), 0);
	second = fp_snapshot_copy(first);
	there = &second->repositories[0];
	assert_ptr_equal(there->branches, here->branches);
	assert_ptr_equal(there->packages[0].state, here->packages[0].state);
	assert_string_equal(there->refs_trouble, "no route");
	assert_int_equal(fp_snapshot_set_trouble(&there->refs_trouble, NULL), 0);
	assert_string_equal(here->refs_trouble, "no route");
	fp_snapshot_free(first); /* the parts stay, for the copy */
	assert_non_null(fp_snapshot_find(second, FP_STR_LITERAL("winui")));
	assert_null(fp_snapshot_find(second, FP_STR_LITERAL("WinUI")));
	assert_int_equal(
		fp_trained_commits(there->trained,
			there->packages[0].state->catalog->versions[0].decoded.minute, &trained),
		1);
	assert_int_equal(trained[0], 1);
	fp_snapshot_free(second);
	fp_graph_unref(graph);
	fp_settings_unref(settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_freed_when_the_last_reader_leaves),
		cmocka_unit_test(test_a_change_that_is_dropped),
		cmocka_unit_test(test_slots_are_limited),
		cmocka_unit_test(test_race),
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_branches_of_one_style),
		cmocka_unit_test(test_branches_grow),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_a_copy_shares_and_changes_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
