/* The ancestry answer over random feeds, held against a look at every eligible version. */
#include "winui.h"

#include "forkpoint/core/nuget_version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 400, VERSIONS_MAX = 48, TEXT_MAX = 64 };

/* The minutes of some of the history's commits, which are few among all minutes of its day. */
static const char *const trained_on[] = {
	"2001310000", "2001310100", "2001310130", "2001310200", "2001310300", "2001310400"};
static const char *const commits[] = {"a", "b", "c", "d", "e", "f", "g", "t", "p"};

static uint32_t pick(uint32_t below)
{
	return (uint32_t)rand() % below;
}

/* One version in `of` is one that a commit of the history was trained for. */
static void write_version(char text[TEXT_MAX], uint32_t of)
{
	char stamp[16];

	snprintf(stamp, sizeof(stamp), "20013%c%02u%02u", pick(4) ? '1' : '0', pick(5), pick(60));
	if (pick(of) == 0)
		snprintf(stamp, sizeof(stamp), "%s", trained_on[pick(FP_ARRAY_SIZE(trained_on))]);
	snprintf(text, TEXT_MAX, pick(3) ? "2.4.%s-main" : "2.4.0-%s-main", stamp);
}

static void change_feed(struct winui *winui)
{
	static char texts[VERSIONS_MAX][TEXT_MAX];
	struct world_version versions[VERSIONS_MAX];
	struct fp_snapshot *next = winui_change(winui);
	struct fp_snapshot_package *package = &next->repositories[0].packages[0];
	uint32_t wanted = pick(VERSIONS_MAX), of = 1 + pick(20);
	size_t count = 0;

	while (wanted-- > 0) {
		size_t same = 0;

		write_version(texts[count], of);
		while (fp_version_text_compare(fp_str(texts[same]), fp_str(texts[count])) != 0)
			same++;
		versions[count] = (struct world_version){
			.text = texts[count], .standing = pick(6) ? WORLD_LISTED : WORLD_UNLISTED};
		count += same == count;
	}
	fp_snapshot_set_state(package, world_state(package->settings, versions, count));
	assert_int_equal(fp_snapshot_retrain(&next->repositories[0]), 0);
	winui_publish(winui, next);
}

/* Whether a commit of this minute is on the branch, and the fork point or an ancestor of it. */
static bool leads_to_fork_point(const struct fp_answer *answer, fp_minute minute)
{
	const struct fp_graph_view *view = &answer->repository->branches->view;
	FP_CLEANUP(fp_scratch_release) struct fp_scratch scratch = {0};
	struct fp_error error;
	bool leads = false;

	for (uint32_t i = 0; i < view->count; i++)
		leads = leads || (fp_minute_from_s(fp_graph_author_s(view, i)) == minute &&
					 fp_walk_is_ancestor(view, &scratch, i, answer->branch->tip,
						 &error) > 0 &&
					 fp_walk_is_ancestor(view, &scratch, i, answer->fork_point,
						 &error) > 0);
	return leads;
}

static uint32_t look_at_all(const struct fp_answer *answer)
{
	const struct fp_catalog *catalog = answer->package->state->catalog;
	struct fp_select_cursor cursor = {0};
	uint32_t version;

	while ((version = fp_select_next(catalog, &answer->query, &cursor)) != FP_SELECT_NO_VERSION)
		if (leads_to_fork_point(answer, catalog->versions[version].decoded.minute))
			return version;
	return FP_SELECT_NO_VERSION;
}

static void test_ancestry_is_what_a_look_at_all_finds(void **state)
{
	struct winui *winui = *state;
	char hex[FP_OID_HEX + 1];
	unsigned none = 0, chosen = 0, another = 0;

	srand(20200131);
	for (int round = 0; round < ROUNDS; round++) {
		change_feed(winui);
		for (size_t i = 0; i < FP_ARRAY_SIZE(commits); i++) {
			struct fp_question question = {.repo = FP_STR_LITERAL("winui"),
				.sha = fp_str(world_sha(commits[i], hex)),
				.branch = FP_STR_LITERAL("main"),
				.release = FP_STR_LITERAL("2.4")};
			const struct fp_answer *answer = &winui->answer;

			fp_service_resolve(winui->worker, winui->snapshot, &question, WORLD_NOW_US,
				&winui->answer);
			if (answer->outcome != FP_OUTCOME_OK)
				continue;
			assert_int_equal(answer->ancestry, look_at_all(answer));
			none += answer->ancestry == FP_SELECT_NO_VERSION;
			chosen += answer->ancestry == answer->selection.chosen;
			another += answer->ancestry != FP_SELECT_NO_VERSION &&
				   answer->ancestry != answer->selection.chosen;
		}
	}
	assert_true(none > ROUNDS && chosen > ROUNDS / 2 && another > ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_ancestry_is_what_a_look_at_all_finds, winui_set_up, winui_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
