/* Finding commits by id and abbreviation, and the columns, against plain arrays. */
#include "dag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

static void append_root(struct fp_graph *graph, const struct fp_oid *oid)
{
	assert_int_equal(fp_graph_append_indexed(graph, oid, 0, 0, NULL, 0, 0, NULL), 0);
}

/* Ids that crowd a few places: many abbreviations match several, and slots are displaced, also past
 * the table's end. */
static struct fp_oid crowded_oid(void)
{
	struct fp_oid oid = pick_oid();

	if (pick(2)) {
		static const uint8_t crowds[] = {0x00, 0x7f, 0xff};

		memset(oid.bytes, crowds[pick(3)], 1 + pick(4));
	}
	if (pick(8) == 0) /* differ in the last digit only */
		memset(oid.bytes, 0xff, FP_OID_BYTES - 1);
	return oid;
}

static size_t matches_by_hand(
	const struct fp_oid *oids, uint32_t count, const char *hex, size_t len, uint32_t *last)
{
	size_t matches = 0;

	for (uint32_t i = 0; i < count; i++) {
		char text[FP_OID_HEX + 1];

		fp_oid_format(&oids[i], text);
		if (strncasecmp(text, hex, len) == 0) {
			matches++;
			*last = i;
		}
	}
	return matches;
}

static void check_prefix(const struct fp_graph_view *view, const struct fp_oid *oids, uint32_t of)
{
	char hex[FP_OID_HEX + 1];
	size_t len = FP_GRAPH_PREFIX_MIN + pick(pick(4) ? 6 : 37);
	uint32_t found[4096], last = 0;
	size_t expected, max;

	fp_oid_format(&oids[of], hex);
	for (size_t i = 0; i < len; i++)
		if (pick(2) && hex[i] >= 'a')
			hex[i] -= 'a' - 'A';
	expected = matches_by_hand(oids, view->count, hex, len, &last);
	assert_int_equal(fp_graph_find_prefix(view, fp_str_n(hex, len), found, 4096), expected);
	for (size_t i = 0; i < expected; i++) {
		assert_true(found[i] < view->count);
		assert_int_equal(matches_by_hand(&oids[found[i]], 1, hex, len, &last), 1);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(found[k], found[i]);
	}
	max = expected > 1 ? 1 + pick((uint32_t)expected - 1) : 1;
	assert_int_equal(fp_graph_find_prefix(view, fp_str_n(hex, len), found, max),
		expected < max ? expected : max);
}

static bool is_known(const struct fp_oid *oids, uint32_t count, const struct fp_oid *oid)
{
	for (uint32_t i = 0; i < count; i++)
		if (fp_oid_equal(&oids[i], oid))
			return true;
	return false;
}

enum { MANY = 3000 };

/* Sizes on both sides of the table's growth (716 of 1024 slots, 1433 of 2048). */
static void finds_every_id_and_abbreviation(void **state)
{
	static const uint32_t sizes[] = {1, 2, 40, 716, 717, 1433, 1434, MANY};
	static struct fp_oid oids[MANY];

	(void)state;
	for (size_t s = 0; s < FP_ARRAY_SIZE(sizes); s++) {
		struct fp_graph *graph = fp_graph_new();
		struct fp_graph_view view;

		for (uint32_t i = 0; i < sizes[s]; i++) {
			do
				oids[i] = crowded_oid();
			while (is_known(oids, i, &oids[i]));
			append_root(graph, &oids[i]);
		}
		view = fp_graph_view(graph);
		assert_int_equal(view.count, sizes[s]);
		for (uint32_t i = 0; i < sizes[s]; i++) {
			struct fp_oid other = crowded_oid();

			assert_int_equal(fp_graph_find(&view, &oids[i]), i);
			if (!is_known(oids, sizes[s], &other))
				assert_int_equal(fp_graph_find(&view, &other), FP_NO_COMMIT);
		}
		for (int i = 0; i < 200; i++)
			check_prefix(&view, oids, pick(sizes[s]));
		fp_graph_view_release(&view);
		fp_graph_unref(graph);
	}
}

static void finds_nothing_in_an_empty_graph(void **state)
{
	struct fp_graph *graph = fp_graph_new();
	struct fp_graph_view view = fp_graph_view(graph);
	struct fp_oid oid = pick_oid();
	uint32_t found[1];

	(void)state;
	assert_int_equal(fp_graph_find(&view, &oid), FP_NO_COMMIT);
	assert_int_equal(fp_graph_find_prefix(&view, FP_STR_LITERAL("0000"), found, 1), 0);
	fp_graph_view_release(&view);
	fp_graph_unref(graph);
}

static void refuses_what_is_no_abbreviation(void **state)
{
	static const char *const bad[] = {
		"",					     /* empty */
		"abc",					     /* too short */
		"abcg",					     /* no digit */
		"abcd ",				     /* a space behind */
		"abcd000000000000000000000000000000000000f", /* 41 digits */
	};
	struct fp_graph *graph = fp_graph_new();
	struct fp_oid oid = {.bytes = {0xab, 0xcd}};
	struct fp_graph_view view;
	uint32_t found[1];

	(void)state;
	append_root(graph, &oid);
	view = fp_graph_view(graph);
	assert_int_equal(fp_graph_find_prefix(&view, FP_STR_LITERAL("ABCD"), found, 1), 1);
	for (size_t i = 0; i < FP_ARRAY_SIZE(bad); i++)
		assert_int_equal(fp_graph_find_prefix(&view, fp_str(bad[i]), found, 1), 0);
	fp_graph_view_release(&view);
	fp_graph_unref(graph);
}

/* A view of every size, all held while the graph grows past several tables. */
static void views_see_what_they_saw(void **state)
{
	enum { VIEWS = 30, STEP = 100 };
	static struct fp_oid oids[VIEWS * STEP];
	struct fp_graph *graph = fp_graph_new();
	struct fp_graph_view views[VIEWS];

	(void)state;
	for (uint32_t v = 0; v < VIEWS; v++) {
		struct fp_graph_view view;

		for (uint32_t i = v * STEP; i < (v + 1) * STEP; i++) {
			do
				oids[i] = crowded_oid();
			while (is_known(oids, i, &oids[i]));
			append_root(graph, &oids[i]);
		}
		view = fp_graph_view(graph);
		views[v] = fp_graph_view_copy(&view);
		fp_graph_view_release(&view);
		assert_null(view.graph);
	}
	fp_graph_unref(graph); /* the views hold it */
	for (uint32_t v = 0; v < VIEWS; v++) {
		for (uint32_t i = 0; i < VIEWS * STEP; i += 1 + pick(5))
			assert_int_equal(fp_graph_find(&views[v], &oids[i]),
				i < views[v].count ? i : FP_NO_COMMIT);
		for (int i = 0; i < 30; i++)
			check_prefix(&views[v], oids, pick(VIEWS * STEP));
		fp_graph_view_release(&views[v]);
	}
}

static void keeps_the_columns(void **state)
{
	static struct dag dag;

	(void)state;
	for (enum dag_shape shape = 0; shape < DAG_SHAPES; shape++) {
		dag_make(&dag, shape, DAG_JUMPING, DAG_MAX);
		dag_load(&dag);
		for (uint32_t i = 0; i < dag.count; i++) {
			const struct dag_commit *commit = &dag.commits[i];
			const uint32_t *parents;
			uint32_t room[2];

			assert_true(fp_oid_equal(fp_graph_oid(&dag.view, i), &commit->oid));
			assert_int_equal(fp_graph_author_s(&dag.view, i), commit->author_s);
			assert_int_equal(fp_graph_committer_s(&dag.view, i), commit->committer_s);
			assert_int_equal(fp_graph_facts(&dag.view, i), i);
			assert_int_equal(fp_graph_parents(&dag.view, i, &parents, room),
				commit->parent_count);
			for (uint32_t k = 0; k < commit->parent_count; k++)
				assert_int_equal(parents[k], commit->parents[k]);
			assert_int_equal(fp_graph_first_parent(&dag.view, i),
				commit->parent_count ? commit->parents[0] : FP_NO_COMMIT);
		}
		dag_release(&dag);
	}
}

static void keeps_times_of_40_bits(void **state)
{
	static const struct {
		int64_t given, kept;
	} rows[] = {
		{0, 0},
		{-1, -1},					  /* before 1970 */
		{4294967296, 4294967296},			  /* 2^32 */
		{-4294967297, -4294967297},			  /* below -2^32 */
		{(INT64_C(1) << 39) - 1, (INT64_C(1) << 39) - 1}, /* the highest */
		{INT64_C(1) << 39, (INT64_C(1) << 39) - 1},	  /* one more */
		{INT64_MAX, (INT64_C(1) << 39) - 1},
		{INT64_MIN, -((INT64_C(1) << 39) - 1)},
	};
	struct fp_graph *graph = fp_graph_new();
	struct fp_graph_view view;

	(void)state;
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_oid oid = pick_oid();

		assert_int_equal(fp_graph_append_indexed(graph, &oid, rows[i].given, -rows[i].kept,
					 NULL, 0, 0, NULL),
			0);
	}
	view = fp_graph_view(graph);
	for (uint32_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		assert_int_equal(fp_graph_author_s(&view, i), rows[i].kept);
		assert_int_equal(fp_graph_committer_s(&view, i), -rows[i].kept);
	}
	fp_graph_view_release(&view);
	fp_graph_unref(graph);
}

static void refuses_children_before_parents(void **state)
{
	struct fp_graph *graph = fp_graph_new();
	struct fp_oid oid = pick_oid(), parent = pick_oid();
	struct fp_commit_row row = {.oid = oid, .parents = &parent, .parent_count = 1};
	uint32_t itself = 0, index = 7;

	(void)state;
	assert_int_equal(fp_graph_append(graph, &row, 0, &index, NULL), -FP_ERROR_CORRUPT);
	assert_int_equal(
		fp_graph_append_indexed(graph, &oid, 0, 0, &itself, 1, 0, NULL), -FP_ERROR_CORRUPT);
	assert_int_equal(index, 7); /* written on success only */
	assert_int_equal(fp_graph_count(graph), 0);
	row.parent_count = 0;
	assert_int_equal(fp_graph_append(graph, &row, 0, &index, NULL), 0);
	assert_int_equal(fp_graph_append(graph, &row, 0, NULL, NULL), 1); /* there already */
	index = 7;
	assert_int_equal(fp_graph_append(graph, &row, 0, &index, NULL), 1);
	assert_int_equal(index, 0);
	assert_int_equal(fp_graph_count(graph), 1);
	fp_graph_unref(graph);
}

/* What is per repository, such as the list of chunks, is not counted. A tracked branch's reach
 * takes 8 bytes and room for a sixteenth more; 64 are to be enough for both. */
static void takes_few_bytes_per_commit(void **state)
{
	enum { COMMITS = 183502, REACH_HALVES = 17 }; /* the table has just grown: its worst */
	struct fp_graph *graph = fp_graph_new();
	uint64_t empty = fp_graph_memory_bytes(graph);

	(void)state;
	for (uint32_t i = 0; i < COMMITS; i++) {
		struct fp_oid oid = pick_oid();
		uint32_t parent = i - 1;

		assert_int_equal(
			fp_graph_append_indexed(graph, &oid, i, i, &parent, i > 0, 0, NULL), 0);
	}
	assert_in_range((fp_graph_memory_bytes(graph) - empty) * 2,
		COMMITS * UINT64_C(2) * 20, /* the ids alone */
		COMMITS * UINT64_C(128) - COMMITS * UINT64_C(1) * REACH_HALVES);
	fp_graph_unref(graph);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_every_id_and_abbreviation),
		cmocka_unit_test(finds_nothing_in_an_empty_graph),
		cmocka_unit_test(refuses_what_is_no_abbreviation),
		cmocka_unit_test(views_see_what_they_saw),
		cmocka_unit_test(keeps_the_columns),
		cmocka_unit_test(keeps_times_of_40_bits),
		cmocka_unit_test(refuses_children_before_parents),
		cmocka_unit_test(takes_few_bytes_per_commit),
	};

	dag_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
