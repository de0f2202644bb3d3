/* Refs: events in, present refs and events out. */
#include "fixture.h"

#include "forkpoint/store/refs.h"

#include <stdio.h>

static struct fp_oid oid(unsigned n)
{
	struct fp_oid oid = {0};

	for (size_t i = 0; n && i < FP_OID_BYTES; i++)
		oid.bytes[i] = (uint8_t)(n + i);
	return oid;
}

/* old and new: numbers of oids, 0 = none; a tag leads to the commit of the next number. */
struct step {
	const char *name;
	enum fp_ref_movement movement;
	unsigned old, new;
};

static void apply(struct fixture *fixture, int64_t repository, const struct step *step, int64_t now,
	int64_t *revision)
{
	bool tag = strstr(step->name, "tags") != NULL;
	struct fp_ref_event event = {
		.name = step->name,
		.movement = step->movement,
		.old_oid = oid(step->old),
		.new_oid = oid(step->new),
		.old_commit = oid(step->old && tag ? step->old + 1 : step->old),
		.new_commit = oid(step->new &&tag ? step->new + 1 : step->new),
	};

	assert_ok(fixture, fp_store_apply_ref_events(fixture->store, repository, &event, 1, now,
				   revision, &fixture->error));
}

static const struct step history[] = {
	{"refs/heads/main", FP_REF_CREATED, 0, 1}, {"refs/heads/b", FP_REF_CREATED, 0, 2},
	{"refs/tags/v1", FP_REF_CREATED, 0, 30}, {"refs/heads/main", FP_REF_FORWARD, 1, 3},
	{"refs/heads/b", FP_REF_DELETED, 2, 0}, {"refs/heads/a", FP_REF_CREATED, 0, 4},
	{"refs/heads/main", FP_REF_REWRITTEN, 3, 5},
	{"refs/heads/b", FP_REF_CREATED, 0, 6}, /* deleted before, back again */
};

static void test_present(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *name;
		unsigned oid, commit;
		int64_t since;
	} expected[] = {
		{"refs/heads/a", 4, 4, 106},
		{"refs/heads/b", 6, 6, 108},
		{"refs/heads/main", 5, 5, 107},
		{"refs/tags/v1", 30, 31, 103},
	};
	struct fp_ref_rows rows;
	int64_t revision = -1, loaded;

	for (size_t i = 0; i < FP_ARRAY_SIZE(history); i++)
		apply(fixture, 1, &history[i], 101 + (int64_t)i, &revision);
	assert_ok(fixture, fp_store_load_refs(fixture->store, 1, &rows, &loaded, &fixture->error));
	assert_int_equal(loaded, revision);
	assert_int_equal(rows.count, FP_ARRAY_SIZE(expected));
	for (size_t i = 0; i < rows.count; i++) {
		struct fp_oid id = oid(expected[i].oid), commit = oid(expected[i].commit);

		assert_string_equal(rows.items[i].name, expected[i].name);
		assert_true(fp_oid_equal(&rows.items[i].oid, &id));
		assert_true(fp_oid_equal(&rows.items[i].commit, &commit));
		assert_int_equal(rows.items[i].since_us, expected[i].since);
	}
	fp_ref_rows_release(&rows);
	assert_null(rows.items);
}

/* Another repository's refs and revisions are its own. */
static void test_repositories_apart(void **state)
{
	struct fixture *fixture = *state;
	const struct step step = {"refs/heads/main", FP_REF_CREATED, 0, 9};
	int64_t first, second, loaded;
	struct fp_ref_rows rows;

	assert_ok(fixture, fp_store_load_refs(fixture->store, 2, &rows, &loaded, &fixture->error));
	assert_int_equal(rows.count, 0);
	assert_int_equal(loaded, 0);
	fp_ref_rows_release(&rows);
	apply(fixture, 1, &step, 1, &first);
	apply(fixture, 2, &step, 2, &second);
	assert_true(second > first);
	assert_ok(fixture, fp_store_load_refs(fixture->store, 1, &rows, &loaded, &fixture->error));
	assert_int_equal(loaded, first);
	assert_int_equal(rows.count, 1);
	fp_ref_rows_release(&rows);
}

/* Where one event cannot be written none is. */
static void test_all_or_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct fp_ref_event events[] = {
		{.name = "refs/heads/good", .movement = FP_REF_CREATED, .new_oid = oid(1)},
		{.name = "refs/heads/bad", .movement = (enum fp_ref_movement)9, .new_oid = oid(2)},
	};
	struct fp_ref_rows rows;
	int64_t revision = 77, loaded;

	assert_true(fp_store_apply_ref_events(
			    fixture->store, 1, events, 2, 5, &revision, &fixture->error) < 0);
	assert_int_equal(revision, 77);
	assert_ok(fixture, fp_store_load_refs(fixture->store, 1, &rows, &loaded, &fixture->error));
	assert_int_equal(rows.count, 0);
	assert_int_equal(loaded, 0);
	fp_ref_rows_release(&rows);
}

struct listed {
	int64_t events[16];
	size_t count, stop_after;
};

static int collect(void *context, int64_t event, int64_t at_us, const struct fp_ref_event *row)
{
	struct listed *listed = context;
	const struct step *step = &history[event - 1];
	struct fp_oid old = oid(step->old), new = oid(step->new);

	assert_int_equal(at_us, 100 + event);
	assert_string_equal(row->name, step->name);
	assert_int_equal(row->movement, step->movement);
	assert_true(fp_oid_equal(&row->old_oid, &old));
	assert_true(fp_oid_equal(&row->new_oid, &new));
	listed->events[listed->count++] = event;
	return listed->count == listed->stop_after;
}

static void test_list(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		int64_t before;
		unsigned limit;
		size_t stop_after, count;
		int64_t first;
	} rows[] = {
		{INT64_MAX, 100, 0, 8, 8},		      /* all, newest first */
		{INT64_MAX, 3, 0, 3, 8}, {4, 100, 0, 3, 3},   /* a page further down */
		{1, 100, 0, 0, 0}, {INT64_MAX, 100, 2, 2, 8}, /* the caller has enough */
	};
	int64_t revision;

	/* a repository number is all they have in common with one that is unknown: 1 is the first
	 */
	for (size_t i = 0; i < FP_ARRAY_SIZE(history); i++)
		apply(fixture, 1, &history[i], 101 + (int64_t)i, &revision);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct listed listed = {.stop_after = rows[i].stop_after};

		assert_ok(fixture, fp_store_list_ref_events(fixture->store, 1, rows[i].before,
					   rows[i].limit, collect, &listed, &fixture->error));
		assert_int_equal(listed.count, rows[i].count);
		for (size_t k = 0; k < listed.count; k++)
			assert_int_equal(listed.events[k], rows[i].first - (int64_t)k);
	}
}

static int setup(void **state)
{
	struct fixture *fixture;
	int64_t id;

	fixture_setup(state);
	fixture = *state;
	assert_ok(fixture, fp_store_repository_id(fixture->store, "one", &id, &fixture->error));
	assert_int_equal(id, 1);
	assert_ok(fixture, fp_store_repository_id(fixture->store, "two", &id, &fixture->error));
	assert_int_equal(id, 2);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_present, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_repositories_apart, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_all_or_nothing, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_list, setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
