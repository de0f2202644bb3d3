/* Listings made from what documents name. */
#include "forkpoint/core/nuget_version.h"
#include "forkpoint/feed/listing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Words of a text: `1.0`, `+1.0` listed, `-1.0` unlisted. */
static void fill(struct fp_version_list *list, const char *words)
{
	struct fp_error error;
	fp_version_list_init(list, 100000);
	while (*words) {
		size_t len = strcspn(words, " ");
		enum fp_listed listed = FP_LISTED_UNKNOWN;
		if (*words == '+')
			listed = FP_LISTED_YES;
		if (*words == '-')
			listed = FP_LISTED_NO;
		size_t sign = listed != FP_LISTED_UNKNOWN;
		assert_int_equal(fp_version_list_add(list, fp_str_n(words + sign, len - sign),
					 listed, -1, &error),
			0);
		words += len + (words[len] == ' ');
	}
}

static const struct {
	const char *names, *states, *expected;
	struct fp_listing_counts counts;
} rows[] = {
	{"", "", "", {0}},
	/* the union; the states' spelling wins */
	{"1.0.0 1.1.0-rc 2.0.0", "+1.0.0 -1.1.0-RC+x +3.0", "+1.0.0 -1.1.0-RC+x ?2.0.0 +3.0",
		{.only_names = 1, .only_states = 1}},
	/* names in reverse, with gaps on both sides */
	{"4.0.0-rc 3.0.0 2.0.0 0.9", "+1.0.0 -2.0.0 +3.0.0 +4.0.0-RC",
		"?0.9 +1.0.0 -2.0.0 +3.0.0 +4.0.0-RC", {.only_names = 1, .only_states = 1}},
	/* a name twice, and one spelled in another way */
	{"1.0.0 1.0.0 2.0", "+1.0.0 +2.0.0", "+1.0.0 +2.0.0", {0}},
	/* descending, then in no order */
	{"3.0.0 2.0.0 1.0.0", "", "?1.0.0 ?2.0.0 ?3.0.0", {.only_names = 3}},
	{"2.0.0 3.0.0 1.0.0", "", "?1.0.0 ?2.0.0 ?3.0.0", {.only_names = 3}},
	/* spellings of one version: the first stays; a leaf that says unlisted wins */
	{"", "+1.0 -1.0.0.0 +1.0.0+x", "-1.0", {.only_states = 1, .duplicates = 2}},
	{"1.0.0-a 1.0.0-A", "", "?1.0.0-a", {.only_names = 1, .duplicates = 1}},
	/* one place in the order, two versions (they have two addresses) */
	{"", "+1.0.0-01 +1.0.0-1", "+1.0.0-01 +1.0.0-1", {.only_states = 2}},
	/* what is no version stands first, in byte order, and is one if it differs in case only */
	{"b 1.0.0 B a x_y", "+A", "+A ?b ?x_y ?1.0.0",
		{.only_names = 3, .no_versions = 3, .duplicates = 1}},
	/* `_` in a label is a version that NuGet's client refuses */
	{"1.0.0-a_b 3.0.2201010000-main", "", "?3.0.2201010000-main ?1.0.0-a_b",
		{.only_names = 2, .no_versions = 1, .refused = 1}},
};

static void render(const struct fp_listing *listing, struct fp_buf *buf)
{
	static const char states[] = "?+-";
	for (size_t i = 0; i < listing->count; i++) {
		if (i > 0)
			fp_buf_add_char(buf, ' ');
		fp_buf_add_char(buf, states[listing->versions[i].listed]);
		fp_buf_add_str(buf, listing->versions[i].text);
	}
}

static void test_combine(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		FP_CLEANUP(fp_version_list_release) struct fp_version_list names;
		FP_CLEANUP(fp_version_list_release) struct fp_version_list states;
		FP_CLEANUP(fp_listing_release) struct fp_listing listing = {0};
		FP_CLEANUP_BUF struct fp_buf found;
		struct fp_listing_counts counts;
		struct fp_error error;
		fp_buf_init(&found, 10000);
		fill(&names, rows[i].names);
		fill(&states, rows[i].states);
		const struct fp_version_list *name = &names, *of_states = &states;
		struct fp_listing_parts parts = {&name, 1, &of_states, 1};
		assert_int_equal(fp_listing_combine(&parts, &listing, &counts, &error), 0);
		render(&listing, &found);
		assert_string_equal(found.data ? found.data : "", rows[i].expected);
		assert_memory_equal(&counts, &rows[i].counts, sizeof(counts));
	}
}

/* Whatever the input's order, the listing is in the order that its users rely on. */
static void test_order(void **state)
{
	FP_CLEANUP(fp_version_list_release) struct fp_version_list list;
	struct fp_error error;
	unsigned seed = 4711;
	fp_version_list_init(&list, 100000);
	for (int i = 0; i < 5000; i++) {
		static const char *const forms[] = {
			"%u.%u.0", "%u.%u.0-x.%u", "%u.%u-X%u", "%u.0%u", "v%u.%u", "V%u_%u"};
		char text[64];
		seed = seed * 1103515245 + 12345;
		unsigned at = seed >> 16;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), forms[at % 6], at % 7, at % 11, at % 13);
#pragma GCC diagnostic pop
		fp_version_list_add(&list, fp_str(text), FP_LISTED_YES, -1, &error);
	}
	const struct fp_version_list *one = &list;
	struct fp_listing_parts parts = {.states = &one, .state_count = 1};
	struct fp_listing_counts counts;
	FP_CLEANUP(fp_listing_release) struct fp_listing listing = {0};
	assert_int_equal(fp_listing_combine(&parts, &listing, &counts, &error), 0);
	assert_int_equal(listing.count + counts.duplicates, 5000);
	for (size_t i = 1; i < listing.count; i++)
		assert_true(fp_version_text_compare(
				    listing.versions[i - 1].text, listing.versions[i].text) < 0);
}

static void test_limits(void **state)
{
	FP_CLEANUP(fp_version_list_release) struct fp_version_list list;
	struct fp_error error;
	fp_version_list_init(&list, 2);
	char longest[FP_FEED_VERSION_MAX_BYTES + 1];
	memset(longest, '1', sizeof(longest));
	assert_int_equal(
		fp_version_list_add(&list, fp_str_n(longest, sizeof(longest)), 0, -1, &error), 0);
	assert_int_equal(list.dropped, 1);
	assert_int_equal(
		fp_version_list_add(&list, fp_str_n(longest, sizeof(longest) - 1), 0, -1, &error),
		0);
	assert_int_equal(fp_version_list_add(&list, fp_str("1"), 0, -1, &error), -FP_ERROR_LIMIT);
	assert_int_equal(list.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_combine),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
