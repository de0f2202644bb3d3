/*
 * Rows in memory against rows of the database, and a package's state that was changed against one
 * made anew, over random events. The seed is printed; FP_SEED=N repeats a run.
 */
#include "fixture.h"

#include "forkpoint/core/nuget_version.h"
#include "forkpoint/store/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 60, EVENTS_MAX = 12, VERSIONS = 400, TEXT_MAX = 64 };

static uint64_t random_state;

static uint32_t pick(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

static void seed(void)
{
	const char *given = getenv("FP_SEED");

	random_state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761U | 1;
	print_message("FP_SEED=%llu\n", (unsigned long long)random_state);
}

/* One of VERSIONS versions; now and then in a spelling that is not its row's. */
static void make_text(char *text)
{
	unsigned number = pick(VERSIONS);
	const char *label = pick(8) ? "main" : "MAIN";

	switch (number % 3) {
	case 0: snprintf(text, TEXT_MAX, "2.4.20013%05u-%s", 10000 + number, label); break;
	case 1: snprintf(text, TEXT_MAX, "1.0.0-20013%05u-%s", 10000 + number, label); break;
	default: snprintf(text, TEXT_MAX, "no version %u%s", number, label); break;
	}
}

struct batch {
	char texts[EVENTS_MAX][TEXT_MAX];
	struct fp_version_event events[EVENTS_MAX * 2];
	size_t count;
	struct fp_version_missed missed[EVENTS_MAX];
	size_t missed_count;
};

static bool is_known(const struct fp_version_rows *rows, const char *text)
{
	struct fp_buf wanted, other;
	bool found = false;

	fp_buf_init(&wanted, 4096);
	fp_buf_init(&other, 4096);
	fp_version_key(fp_str(text), &wanted);
	for (size_t i = 0; !found && i < rows->count; i++) {
		fp_buf_clear(&other);
		fp_version_key(fp_str(rows->items[i].text), &other);
		found = fp_str_equal(fp_buf_str(&wanted), fp_buf_str(&other));
	}
	fp_buf_release(&wanted);
	fp_buf_release(&other);
	return found;
}

/* Versions are seen, at times again; those that were can have anything happen to them. */
static void make_batch(const struct fp_version_rows *rows, struct batch *batch)
{
	uint32_t wanted = pick(EVENTS_MAX);

	batch->count = batch->missed_count = 0;
	for (uint32_t i = 0; i < wanted; i++) {
		char *text = batch->texts[i];
		int64_t published = pick(3) ? -1 : (int64_t)pick(1000);
		bool known;

		make_text(text);
		known = is_known(rows, text);
		if (!known || pick(6) == 0)
			batch->events[batch->count++] = (struct fp_version_event){
				FP_VERSION_EVENT_SEEN, fp_str(text), published};
		if (known || pick(3) == 0)
			batch->events[batch->count++] = (struct fp_version_event){
				FP_VERSION_EVENT_LISTED + (int)pick(6), fp_str(text), published};
	}
	for (size_t i = 0; i < rows->count && batch->missed_count < EVENTS_MAX; i++)
		if (pick(40) == 0)
			batch->missed[batch->missed_count++] =
				(struct fp_version_missed){rows->items[i].id, pick(2)};
}

static void assert_same_rows(const struct fp_version_rows *a, const struct fp_version_rows *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct fp_version_row *left = &a->items[i], *right = &b->items[i];

		assert_int_equal(left->id, right->id);
		assert_string_equal(left->text, right->text);
		assert_int_equal(left->first_seen_us, right->first_seen_us);
		assert_int_equal(left->published_us, right->published_us);
		assert_int_equal(left->unlisted_us, right->unlisted_us);
		assert_int_equal(left->vanished_us, right->vanished_us);
		assert_int_equal(left->returned_us, right->returned_us);
		assert_int_equal(left->unavailable_us, right->unavailable_us);
		assert_int_equal(left->missed, right->missed);
		assert_ptr_equal(fp_version_rows_find(a, fp_str(right->text)), left);
	}
	assert_string_equal(a->download, b->download);
}

static int64_t package_id(struct fixture *fixture, const char *id)
{
	int64_t package;

	assert_ok(fixture,
		fp_store_package_id(fixture->store, "feed", id, &package, &fixture->error));
	return package;
}

static void load(struct fixture *fixture, int64_t package, struct fp_version_rows *rows)
{
	int64_t revision;

	assert_ok(fixture,
		fp_store_load_versions(fixture->store, package, rows, &revision, &fixture->error));
}

static void apply_batch(struct fixture *fixture, int64_t package, struct fp_version_rows *rows,
	const struct batch *batch, int64_t now_us)
{
	int64_t revision;

	assert_ok(fixture, fp_store_apply_version_events(fixture->store, package, rows,
				   batch->events, batch->count, batch->missed, batch->missed_count,
				   pick(2) ? "https://a/{id}" : "https://b/{id}", now_us, &revision,
				   &fixture->error));
}

static void test_changed_rows_are_loaded_rows(void **state)
{
	struct fixture *fixture = *state;
	int64_t package = package_id(fixture, "A");
	struct fp_version_rows rows, loaded, kept;
	struct batch batch;

	seed();
	load(fixture, package, &rows);
	for (int round = 0; round < ROUNDS; round++) {
		assert_int_equal(fp_version_rows_share(&rows, &kept), 0);
		make_batch(&rows, &batch);
		apply_batch(fixture, package, &rows, &batch, 1000 + round);
		fp_version_rows_release(&kept);
		load(fixture, package, &loaded);
		assert_same_rows(&rows, &loaded);
		fp_version_rows_release(&loaded);
	}
	assert_true(rows.count > VERSIONS / 4);
	fp_version_rows_release(&rows);
}

static void assert_same_catalogs(const struct fp_catalog *a, const struct fp_catalog *b)
{
	assert_int_equal(a->version_count, b->version_count);
	assert_int_equal(a->group_count, b->group_count);
	assert_int_equal(a->listed_count, b->listed_count);
	for (uint32_t i = 0; i < a->version_count; i++) {
		const struct fp_catalog_version *left = &a->versions[i], *right = &b->versions[i];

		assert_true(fp_str_equal(left->row.text, right->row.text));
		assert_true(fp_str_equal(left->row.missing_ids, right->row.missing_ids));
		assert_int_equal(left->standing, right->standing);
		assert_int_equal(left->group, right->group);
		assert_int_equal(left->row.vanished_us, right->row.vanished_us);
	}
}

static enum fp_grammar grammars[] = {FP_GRAMMAR_PRERELEASE_STAMP, FP_GRAMMAR_PATCH_STAMP};

static struct fp_package_state *make_state(const struct fp_package_settings *settings,
	struct fp_version_rows *rows, const struct fp_version_rows *other,
	const struct fp_package_state *last)
{
	const struct fp_version_rows *sets[] = {other};
	struct fp_version_rows shared;
	struct fp_package_state *made;

	assert_int_equal(fp_version_rows_share(rows, &shared), 0);
	made = fp_package_state_new(settings, &shared, sets, 1, last);
	assert_non_null(made);
	return made;
}

/* With a set, what another id lists changes this one's catalog too. */
static void run_states(struct fixture *fixture, size_t set_count)
{
	struct fp_str set[] = {FP_STR_LITERAL("Other")};
	const struct fp_package_settings settings = {.id = FP_STR_LITERAL("Main"),
		.grammars = grammars,
		.grammar_count = 2,
		.set = set,
		.set_count = set_count};
	int64_t packages[] = {package_id(fixture, "Main"), package_id(fixture, "Other")};
	struct fp_version_rows rows[2];
	struct fp_package_state *last = NULL;
	struct batch batch;

	load(fixture, packages[0], &rows[0]);
	load(fixture, packages[1], &rows[1]);
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t which = pick(2);
		struct fp_package_state *changed, *made;

		make_batch(&rows[which], &batch);
		apply_batch(fixture, packages[which], &rows[which], &batch, 1000 + round);
		changed = make_state(&settings, &rows[0], &rows[1], last);
		made = make_state(&settings, &rows[0], &rows[1], NULL);
		assert_true(made->is_all_fresh);
		assert_int_equal(changed->is_all_fresh, last == NULL);
		if (last)
			assert_int_equal(
				changed->fresh_count, changed->rows.count - last->rows.count);
		assert_same_catalogs(changed->catalog, made->catalog);
		fp_package_state_unref(made);
		fp_package_state_unref(last);
		last = changed;
	}
	fp_package_state_unref(last);
	fp_version_rows_release(&rows[0]);
	fp_version_rows_release(&rows[1]);
}

static void test_changed_states_are_made_states(void **state)
{
	seed();
	run_states(*state, 0);
}

static void test_sets_change_too(void **state)
{
	seed();
	run_states(*state, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_changed_rows_are_loaded_rows,
			fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_changed_states_are_made_states,
			fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_sets_change_too, fixture_setup_in_memory, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
