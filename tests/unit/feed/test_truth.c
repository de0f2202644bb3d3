/* From listings to truth: stories of looks, and the events that they make. */
#include "forkpoint/feed/truth.h"

#include "forkpoint/core/nuget_version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { VERSIONS_MAX = 16, LOOKS_MAX = 8 };

/*
 * A listing: words `1.0` (listed), `-1.0` (unlisted), `?1.0` (not said); a leading `!` makes it
 * incomplete. Expected: `seen 1.0, unlisted 1.0`; `~` when the listing is suspicious.
 */
struct step {
	const char *listing, *expected;
};

struct story {
	const char *what;
	struct step steps[LOOKS_MAX];
};

static const struct story stories[] = {
	{"seen once, then nothing new",
		{{"1.0 -1.1", "seen 1.0, seen 1.1, unlisted 1.1"}, {"1.0 -1.1", ""}}},
	{"unlisted and listed again", {{"1.0", "seen 1.0"}, {"-1.0", "unlisted 1.0"}, {"-1.0", ""},
					      {"1.0", "listed 1.0"}}},
	{"a listing that does not say leaves it as it was",
		{{"-1.0", "seen 1.0, unlisted 1.0"}, {"?1.0", ""}, {"1.0", "listed 1.0"}}},
	{"gone after the second complete listing without it",
		{{"1.0 2.0", "seen 1.0, seen 2.0"}, {"1.0", ""}, {"1.0", "vanished 2.0"},
			{"1.0", ""}, {"1.0 2.0", "returned 2.0"}, {"1.0 2.0", ""}}},
	{"one miss between two sights is nothing",
		{{"1.0 2.0", "seen 1.0, seen 2.0"}, {"1.0", ""}, {"1.0 2.0", ""}, {"1.0", ""},
			{"1.0 2.0", ""}}},
	{"a flapping version vanishes only by two in a row",
		{{"1.0 2.0", "seen 1.0, seen 2.0"}, {"1.0", ""}, {"1.0 2.0", ""}, {"1.0", ""},
			{"1.0", "vanished 2.0"}}},
	{"an empty list after a full one deletes nothing, however often",
		{{"1.0", "seen 1.0"}, {"", "~"}, {"", "~"}, {"", "~"}, {"1.0", ""}}},
	{"an incomplete list deletes nothing, and adds what it has",
		{{"1.0 2.0", "seen 1.0, seen 2.0"}, {"!1.0 3.0", "~seen 3.0"}, {"!1.0 3.0", "~"},
			{"!1.0 2.0 3.0", ""}}},
	{"an incomplete list is not one of two in a row",
		{{"1.0 2.0", "seen 1.0, seen 2.0"}, {"1.0", ""}, {"!1.0", "~"}, {"!1.0", "~"},
			{"1.0", "vanished 2.0"}}},
	{"another spelling is no event",
		{{"1.0.0-rc", "seen 1.0.0-rc"}, {"1.0-RC+x", ""}, {"1.0.0.0-rc", ""}}},
	{"it comes back unlisted",
		{{"1.0 2.0", "seen 1.0, seen 2.0"}, {"1.0", ""}, {"1.0", "vanished 2.0"},
			{"1.0 -2.0", "returned 2.0, unlisted 2.0"}}},
	{"strings that are no versions live the same life",
		{{"B a 1.0", "seen B, seen a, seen 1.0"}, {"1.0 A b", ""}, {"1.0 b", ""},
			{"1.0 b", "vanished a"}}},
	{"labels that order as equal are two versions",
		{{"1.0.0-01 1.0.0-1", "seen 1.0.0-01, seen 1.0.0-1"}, {"1.0.0-1", ""},
			{"1.0.0-1", "vanished 1.0.0-01"}}},
	{"nothing is known and nothing is listed", {{"", ""}, {"!", ""}}},
	{"all but one gone at once, twice, is a feed's right",
		{{"1.0 2.0 3.0", "seen 1.0, seen 2.0, seen 3.0"}, {"2.0", ""},
			{"2.0", "vanished 1.0, vanished 3.0"}}},
};

struct world {
	struct fp_known_version known[VERSIONS_MAX];
	size_t count;
};

static int compare_listed(const void *a, const void *b)
{
	const struct fp_listed_version *x = a, *y = b;
	return fp_version_text_compare(x->text, y->text);
}

static int compare_known(const void *a, const void *b)
{
	const struct fp_known_version *x = a, *y = b;
	return fp_version_text_compare(x->text, y->text);
}

static void read_listing(
	const char *words, struct fp_listed_version *versions, struct fp_listing *listing)
{
	*listing = (struct fp_listing){.versions = versions, .complete = *words != '!'};
	words += *words == '!';
	while (*words) {
		size_t len = strcspn(words, " "), sign = *words == '-' || *words == '?';
		enum fp_listed state = *words == '-' ? FP_LISTED_NO : FP_LISTED_YES;
		if (*words == '?')
			state = FP_LISTED_UNKNOWN;
		versions[listing->count++] = (struct fp_listed_version){
			.text = fp_str_n(words + sign, len - sign), .listed = state};
		words += len + (words[len] == ' ');
	}
	qsort(versions, listing->count, sizeof(*versions), compare_listed);
}

/* What the store does with the events. */
static void live(
	struct world *world, const struct fp_listing *listing, const struct fp_truth *truth)
{
	size_t before = world->count;
	for (size_t i = 0; i < before; i++)
		world->known[i].missed = truth->missed[i];
	for (size_t i = 0; i < truth->change_count; i++) {
		const struct fp_version_change *change = &truth->changes[i];
		struct fp_known_version *known = &world->known[change->known % VERSIONS_MAX];
		if (change->kind == FP_VERSION_SEEN)
			world->known[world->count++] = (struct fp_known_version){
				.text = listing->versions[change->listed].text};
		else if (change->known == UINT32_MAX)
			known = &world->known[world->count - 1];
		if (change->kind == FP_VERSION_LISTED)
			known->unlisted = false;
		if (change->kind == FP_VERSION_UNLISTED)
			known->unlisted = true;
		if (change->kind == FP_VERSION_VANISHED)
			known->vanished = true;
		if (change->kind == FP_VERSION_RETURNED)
			known->vanished = false;
	}
	qsort(world->known, world->count, sizeof(*world->known), compare_known);
}

static void render(const struct world *world, const struct fp_listing *listing,
	const struct fp_truth *truth, struct fp_buf *buf)
{
	if (truth->suspicious)
		fp_buf_add_char(buf, '~');
	assert_int_equal(truth->suspicious, truth->reason[0] != '\0');
	for (size_t i = 0; i < truth->change_count; i++) {
		const struct fp_version_change *change = &truth->changes[i];
		struct fp_str text = change->known == UINT32_MAX
					     ? listing->versions[change->listed].text
					     : world->known[change->known].text;
		fp_buf_addf(buf, "%s%s %.*s", i ? ", " : "", fp_version_event_name(change->kind),
			FP_STR_ARG(text));
	}
}

static void play(const struct story *story)
{
	struct world world = {0};
	print_message("%s\n", story->what);
	for (size_t i = 0; i < LOOKS_MAX && story->steps[i].listing; i++) {
		struct fp_listed_version versions[VERSIONS_MAX];
		struct fp_listing listing;
		FP_CLEANUP(fp_truth_release) struct fp_truth truth = {0};
		FP_CLEANUP_BUF struct fp_buf found;
		struct fp_error error;
		fp_buf_init(&found, 10000);
		read_listing(story->steps[i].listing, versions, &listing);
		assert_int_equal(
			fp_truth_apply(world.known, world.count, &listing, &truth, &error), 0);
		render(&world, &listing, &truth, &found);
		assert_string_equal(found.data ? found.data : "", story->steps[i].expected);
		live(&world, &listing, &truth);
	}
}

static void test_stories(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(stories); i++)
		play(&stories[i]);
}

static void test_names(void **state)
{
	static const char *const names[] = {"seen", "listed", "unlisted", "vanished", "returned"};
	for (size_t i = 0; i < FP_ARRAY_SIZE(names); i++)
		assert_string_equal(
			fp_version_event_name((enum fp_version_event_kind)(i + 1)), names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
