/*
 * A catalog that was changed again and again against one built anew from the same rows, over random
 * sequences of changes. The seed is printed; FP_SEED=N repeats a run, FP_SEQUENCES=N sets how many
 * sequences it makes.
 */
#include "forkpoint/core/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { SEQUENCES = 400, STEPS = 12, ROWS_MAX = 512, TEXT_MAX = 64, AT_ONCE_MAX = 12 };

static uint64_t random_state;

static uint32_t pick(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

/* Few releases, labels and minutes, so that they meet; every grammar, and none. */
static void make_text(char *text)
{
	static const char *const labels[] = {"main", "MAIN", "release_2_4", "release-2-4", "dev"};
	static const char *const stages[] = {"rc", "rtm", "RC", "alpha"};
	const char *label = labels[pick(5)];
	unsigned minute = pick(60);

	switch (pick(6)) {
	case 0: snprintf(text, TEXT_MAX, "2.%u.20013122%02u-%s", pick(3), minute, label); break;
	case 1:
	case 2: snprintf(text, TEXT_MAX, "2.%u.0-20013122%02u-%s", pick(3), minute, label); break;
	case 3:
		snprintf(text, TEXT_MAX, "1.%u.0-%s.244%02u.%u", pick(2), stages[pick(4)],
			1 + pick(20), pick(3));
		break;
	case 4:
		snprintf(text, TEXT_MAX, "2.8.0-pre%u-20013122%02u-%s", pick(2), minute, label);
		break;
	default:
		snprintf(text, TEXT_MAX, "%u.%u%s", pick(9), pick(9), pick(2) ? "-x" : " none");
		break;
	}
}

struct table {
	char texts[ROWS_MAX][TEXT_MAX];
	struct fp_catalog_row rows[ROWS_MAX];
	size_t count;
};

static size_t find(const struct table *table, const char *text)
{
	size_t at = 0;

	while (at < table->count && strcmp(table->texts[at], text) != 0)
		at++;
	return at;
}

static void make_row(struct table *table, size_t at)
{
	static const char *const missing[] = {"", "", "", "A.One", "A.One, A.Two"};

	table->rows[at] = (struct fp_catalog_row){
		.text = fp_str(table->texts[at]),
		.first_seen_us = pick(1000),
		.published_us = pick(2) ? -1 : (int64_t)pick(1000),
		.unlisted_us = pick(4) ? -1 : (int64_t)pick(1000),
		.vanished_us = pick(5) ? -1 : (int64_t)pick(1000),
		.missing_ids = fp_str(missing[pick(5)]),
		.unavailable = pick(6) == 0,
		.quarantined = pick(8) == 0,
		.not_yet_seen = pick(9) == 0,
	};
}

/* Changes a row, or adds one; its place. A text that is there already is changed. */
static size_t touch_row(struct table *table)
{
	char text[TEXT_MAX];
	size_t at;

	if (table->count && pick(2)) {
		at = pick((uint32_t)table->count);
	} else {
		make_text(text);
		at = find(table, text);
		if (at == table->count && table->count < ROWS_MAX)
			memcpy(table->texts[table->count++], text, sizeof(text));
		else if (at == table->count)
			at--;
	}
	make_row(table, at);
	return at;
}

static void assert_same_text(struct fp_str a, struct fp_str b)
{
	assert_int_equal(a.len, b.len);
	if (a.len)
		assert_memory_equal(a.ptr, b.ptr, a.len);
}

static void assert_same_release(const struct fp_release *a, const struct fp_release *b)
{
	assert_int_equal(a->major, b->major);
	assert_int_equal(a->minor, b->minor);
	assert_int_equal(a->patch, b->patch);
	assert_same_text(a->prerelease, b->prerelease);
}

static void assert_same_version(
	const struct fp_catalog_version *a, const struct fp_catalog_version *b)
{
	assert_same_text(a->row.text, b->row.text);
	assert_same_text(a->row.missing_ids, b->row.missing_ids);
	assert_int_equal(a->row.first_seen_us, b->row.first_seen_us);
	assert_int_equal(a->row.published_us, b->row.published_us);
	assert_int_equal(a->row.unlisted_us, b->row.unlisted_us);
	assert_int_equal(a->row.vanished_us, b->row.vanished_us);
	assert_int_equal(a->row.unavailable, b->row.unavailable);
	assert_int_equal(a->row.quarantined, b->row.quarantined);
	assert_int_equal(a->row.not_yet_seen, b->row.not_yet_seen);
	assert_int_equal(a->standing, b->standing);
	assert_int_equal(a->group, b->group);
	assert_int_equal(a->decoded.grammar, b->decoded.grammar);
	if (a->decoded.grammar == FP_GRAMMAR_NONE)
		return;
	assert_same_release(&a->decoded.release, &b->decoded.release);
	assert_same_text(a->decoded.label, b->decoded.label);
	assert_int_equal(a->decoded.minute, b->decoded.minute);
	assert_int_equal(a->decoded.revision, b->decoded.revision);
}

static uint32_t assert_same_groups(const struct fp_catalog *a, const struct fp_catalog *b)
{
	uint32_t members = 0;

	assert_int_equal(a->group_count, b->group_count);
	for (uint32_t i = 0; i < a->group_count; i++) {
		assert_int_equal(a->groups[i].grammar, b->groups[i].grammar);
		assert_same_release(&a->groups[i].release, &b->groups[i].release);
		assert_same_text(a->groups[i].label, b->groups[i].label);
		assert_memory_equal(
			a->groups[i].first, b->groups[i].first, sizeof(a->groups[i].first));
		members = a->groups[i].first[FP_CATALOG_PARTS];
	}
	return members;
}

static void assert_same(const struct fp_catalog *a, const struct fp_catalog *b)
{
	uint32_t members;

	assert_int_equal(a->version_count, b->version_count);
	assert_int_equal(a->listed_count, b->listed_count);
	assert_int_equal(a->unrecognised_count, b->unrecognised_count);
	assert_int_equal(a->unlisted_count, b->unlisted_count);
	assert_int_equal(a->not_yet_seen_count, b->not_yet_seen_count);
	for (uint32_t i = 0; i < a->version_count; i++)
		assert_same_version(&a->versions[i], &b->versions[i]);
	members = assert_same_groups(a, b);
	assert_memory_equal(a->grammar_first, b->grammar_first, sizeof(a->grammar_first));
	for (uint32_t i = 0; i < a->grammar_first[FP_GRAMMAR_COUNT]; i++) {
		assert_same_release(&a->releases[i].release, &b->releases[i].release);
		assert_int_equal(a->releases[i].first_group, b->releases[i].first_group);
		assert_int_equal(a->releases[i].end_group, b->releases[i].end_group);
	}
	if (members) {
		assert_memory_equal(a->order, b->order, members * sizeof(*a->order));
		assert_memory_equal(a->minutes, b->minutes, members * sizeof(*a->minutes));
	}
}

/* Touches some rows and returns the catalog that fp_catalog_change makes of last. */
static struct fp_catalog *change(struct table *table, const struct fp_catalog *last,
	const struct fp_catalog_options *options)
{
	bool touched[ROWS_MAX] = {false};
	struct fp_catalog_row rows[AT_ONCE_MAX];
	size_t count = 0, steps = pick(AT_ONCE_MAX + 1);
	struct fp_catalog *changed = NULL;

	for (size_t i = 0; i < steps; i++)
		touched[touch_row(table)] = true;
	for (size_t i = 0; i < table->count; i++)
		if (touched[i])
			rows[count++] = table->rows[i];
	assert_int_equal(fp_catalog_change(last, rows, count, options, &changed, NULL), 0);
	return changed;
}

static void run_sequence(void)
{
	static const enum fp_grammar grammars[] = {
		FP_GRAMMAR_PRERELEASE_STAMP, FP_GRAMMAR_PATCH_STAMP, FP_GRAMMAR_ARCADE};
	const struct fp_catalog_options options = {grammars, 1 + pick(3), pick(4) == 0};
	static struct table table;
	struct fp_catalog *last = NULL;

	table.count = 0;
	for (uint32_t rows = pick(ROWS_MAX / 2); rows > 0; rows--)
		touch_row(&table);
	assert_int_equal(fp_catalog_build(table.rows, table.count, &options, &last, NULL), 0);
	for (int step = 0; step < STEPS; step++) {
		struct fp_catalog *changed = change(&table, last, &options), *built = NULL;

		assert_int_equal(
			fp_catalog_build(table.rows, table.count, &options, &built, NULL), 0);
		fp_catalog_free(last); /* what was shared must stay */
		assert_same(changed, built);
		fp_catalog_free(built);
		last = changed;
	}
	fp_catalog_free(last);
}

static void test_changed_is_built(void **state)
{
	const char *seed = getenv("FP_SEED"), *sequences = getenv("FP_SEQUENCES");
	long count = sequences ? strtol(sequences, NULL, 10) : SEQUENCES;

	random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL) * 2654435761U | 1;
	print_message("FP_SEED=%llu\n", (unsigned long long)random_state);
	for (long i = 0; i < count; i++)
		run_sequence();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_changed_is_built)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
