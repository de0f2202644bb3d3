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
		struct fp_listing_parts parts = {&name, 1, &of_states, 1, NULL};
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

/* A document that changes a little from look to look, and sometimes much. */
struct document {
	char texts[300][32];
	size_t count;
};

static unsigned random_state = 1;

static unsigned pick(unsigned below)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 12) % below;
}

static void write_text(char *text, size_t size)
{
	static const char *const forms[][2] = {
		{"1.0.", ""}, {"1.0.", "-a"}, {"1.0.", "-A+x"}, {"v", ""}, {"1.0.0-b_", ""}};
	const char *const *form = forms[pick(5)];
	snprintf(text, size, "%s%u%s", form[0], pick(200), form[1]);
}

static void change_document(struct document *document)
{
	unsigned changes = pick(10) ? pick(4) : 100;
	for (unsigned i = 0; i < changes; i++) {
		size_t at = pick((unsigned)document->count + 1);
		if (document->count > 0 && at < document->count && pick(3) == 0) {
			memmove(document->texts[at], document->texts[at + 1],
				(document->count - at - 1) * sizeof(document->texts[0]));
			document->count--;
		} else if (document->count < FP_ARRAY_SIZE(document->texts)) {
			memmove(document->texts[at + 1], document->texts[at],
				(document->count - at) * sizeof(document->texts[0]));
			write_text(document->texts[at], sizeof(document->texts[at]));
			document->count++;
		}
	}
}

static int compare_words(const void *a, const void *b)
{
	return fp_version_text_compare(fp_str(a), fp_str(b));
}

static void list_document(
	struct document *document, bool sorted, bool reversed, struct fp_version_list *list)
{
	struct fp_error error;
	fp_version_list_init(list, 100000);
	if (sorted && document->count)
		qsort(document->texts, document->count, sizeof(document->texts[0]), compare_words);
	for (size_t i = 0; i < document->count; i++) {
		size_t at = reversed ? document->count - 1 - i : i;
		fp_version_list_add(list, fp_str(document->texts[at]), (enum fp_listed)pick(3),
			(int64_t)pick(5), &error);
	}
}

static void assert_same_listing(const struct fp_listing *a, const struct fp_listing *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_true(fp_str_equal(a->versions[i].text, b->versions[i].text));
		assert_int_equal(a->versions[i].listed, b->versions[i].listed);
		assert_int_equal(a->versions[i].published_us, b->versions[i].published_us);
	}
}

/* A listing with the last one's order at hand is the one without it. */
static void test_last_order_changes_nothing(void **state)
{
	for (int run = 0; run < 60; run++) {
		FP_CLEANUP(fp_listing_order_release) struct fp_listing_order order = {0};
		static struct document names, states;
		bool sorted = pick(4) > 0, reversed = pick(2), has_states = pick(3) > 0;
		names.count = states.count = 0;
		for (int look = 0; look < 20; look++) {
			FP_CLEANUP(fp_version_list_release) struct fp_version_list name_list;
			FP_CLEANUP(fp_version_list_release) struct fp_version_list state_list;
			FP_CLEANUP(fp_listing_release) struct fp_listing with = {0}, without = {0};
			struct fp_listing_counts counts[2];
			struct fp_error error;
			change_document(&names);
			if (pick(3) > 0)
				states = names;
			else
				change_document(&states);
			list_document(&names, sorted, false, &name_list);
			list_document(&states, sorted, reversed, &state_list);
			const struct fp_version_list *name = &name_list, *of_states = &state_list;
			struct fp_listing_parts parts = {&name, 1, &of_states, has_states, &order};
			assert_int_equal(fp_listing_combine(&parts, &with, &counts[0], &error), 0);
			parts.order = NULL;
			assert_int_equal(
				fp_listing_combine(&parts, &without, &counts[1], &error), 0);
			assert_same_listing(&with, &without);
			assert_memory_equal(&counts[0], &counts[1], sizeof(counts[0]));
		}
	}
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
		cmocka_unit_test(test_last_order_changes_nothing),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
