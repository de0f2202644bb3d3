/* A writer appends, and extends a reach, while readers ask the older views that they hold. */
#include "dag.h"
#include "forkpoint/graph/reach.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { READERS = 3, COMMITS = 12000, STEP = 150, TIP = STEP - 1, OCTOPUS_EVERY = 7 };

/* The published state, behind a lock as the daemon's snapshots are. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fp_graph_view published;
static struct fp_reach *published_reach;
static atomic_bool done;
static atomic_uint rounds, wrong;

/* A number's id: any thread can tell it, in no order. */
static struct fp_oid oid_of(uint32_t number)
{
	struct fp_oid oid = {0};
	uint64_t mixed = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);

	memcpy(oid.bytes, &mixed, sizeof(mixed));
	memcpy(oid.bytes + sizeof(mixed), &number, sizeof(number));
	return oid;
}

static uint32_t parents_of(uint32_t number, uint32_t parents[3])
{
	parents[0] = number - 1;
	if (number > 10 && number % OCTOPUS_EVERY == 0) {
		parents[1] = number - 3;
		parents[2] = number / 2;
		return 3;
	}
	return number > 0;
}

static void append(struct fp_graph *graph, uint32_t number)
{
	struct fp_oid oid = oid_of(number);
	uint32_t parents[3], count = parents_of(number, parents);

	assert_int_equal(
		fp_graph_append_indexed(graph, &oid, number, number, parents, count, number, NULL),
		0);
}

static bool take_state(struct fp_graph_view *view, struct fp_reach **reach)
{
	bool there;

	pthread_mutex_lock(&lock);
	there = published.graph != NULL;
	if (there) {
		*view = fp_graph_view_copy(&published);
		*reach = fp_reach_ref(published_reach);
	}
	pthread_mutex_unlock(&lock);
	return there;
}

static void publish(struct fp_graph *graph, struct fp_scratch *scratch)
{
	struct fp_graph_view view = fp_graph_view(graph), old_view;
	struct fp_reach *old = published_reach; /* only the writer changes it */
	struct fp_reach *reach = fp_reach_build(&view, TIP, old, scratch);

	pthread_mutex_lock(&lock);
	old_view = published;
	published = view;
	published_reach = reach;
	pthread_mutex_unlock(&lock);
	fp_reach_unref(old);
	if (old_view.graph)
		fp_graph_view_release(&old_view);
}

static bool is_found(const struct fp_graph_view *view, uint32_t number)
{
	struct fp_oid oid = oid_of(number), unknown = oid_of(view->count + number % 64);
	uint32_t found[2];
	char hex[FP_OID_HEX + 1];

	fp_oid_format(&oid, hex);
	return fp_graph_find(view, &oid) == number &&
	       fp_graph_find(view, &unknown) == FP_NO_COMMIT &&
	       fp_graph_find_prefix(view, fp_str_n(hex, 20), found, 2) == 1 && found[0] == number;
}

static bool is_itself(const struct fp_graph_view *view, uint32_t number)
{
	uint32_t expected[3], count = parents_of(number, expected), room[2];
	const uint32_t *parents;

	return fp_graph_facts(view, number) == number &&
	       fp_graph_author_s(view, number) == number &&
	       fp_graph_parents(view, number, &parents, room) == count &&
	       memcmp(parents, expected, count * sizeof(*parents)) == 0;
}

/* All commits hang on one line, so every answer is known. */
static bool is_placed(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t number)
{
	uint32_t fork = number < TIP ? number : TIP, count = 0;
	struct fp_bases bases;

	return fp_reach_merge_bases(view, reach, scratch, number, &bases, NULL) == 0 &&
	       bases.count == 1 && bases.commits[0] == fork &&
	       fp_reach_count_beyond(view, reach, scratch, fork, number, &count, NULL) == 0 &&
	       count == number - fork &&
	       fp_walk_is_ancestor(view, scratch, number, view->count - 1, NULL) == 1;
}

static void *read_on(void *unused)
{
	struct fp_scratch scratch = {0};
	uint32_t state = 12345;

	(void)unused;
	while (!atomic_load(&done)) {
		struct fp_graph_view view;
		struct fp_reach *reach;

		if (!take_state(&view, &reach))
			continue;
		for (int i = 0; i < 20; i++) { /* one of the newest, one of all */
			uint32_t number;

			state = state * 1664525 + 1013904223;
			number = i % 2 ? view.count - 1 - (state >> 8) % 40
				       : (state >> 8) % view.count;
			if (!is_found(&view, number) || !is_itself(&view, number) ||
				!is_placed(&view, reach, &scratch, number))
				atomic_fetch_add(&wrong, 1);
		}
		fp_reach_unref(reach);
		fp_graph_view_release(&view);
		atomic_fetch_add(&rounds, 1);
	}
	fp_scratch_release(&scratch);
	return NULL;
}

static void older_views_are_read_while_the_graph_grows(void **state)
{
	struct fp_graph *graph = fp_graph_new();
	struct fp_scratch scratch = {0};
	pthread_t readers[READERS];

	(void)state;
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, NULL), 0);
	for (uint32_t number = 0; number < COMMITS; number++) {
		append(graph, number);
		if (number % STEP == STEP - 1) {
			uint32_t seen = atomic_load(&rounds);

			publish(graph, &scratch);
			while (atomic_load(&rounds) == seen) /* readers keep up with it */
				sched_yield();
		}
	}
	atomic_store(&done, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_true(atomic_load(&rounds) >= COMMITS / STEP);
	fp_graph_view_release(&published);
	fp_reach_unref(published_reach);
	fp_graph_unref(graph);
	fp_scratch_release(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(older_views_are_read_while_the_graph_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
