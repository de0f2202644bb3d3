/* Events: numbered for ever, told once, pruned from the old end. */
#include "fixture.h"

#include "forkpoint/store/events.h"

#include <stdio.h>

struct seen {
	int64_t ids[64];
	char kinds[64][32];
	size_t count;
};

static int note(void *context, const struct fp_event *event)
{
	struct seen *seen = context;

	seen->ids[seen->count] = event->id;
	snprintf(seen->kinds[seen->count], sizeof(seen->kinds[0]), "%.*s", FP_STR_ARG(event->kind));
	seen->count++;
	return 0;
}

static void tell(struct fixture *fixture, const char *kind, unsigned count)
{
	struct fp_event events[64];
	struct fp_telling telling = {.events = events, .event_count = count};

	for (unsigned i = 0; i < count; i++)
		events[i] = (struct fp_event){.at_us = i,
			.kind = fp_str(kind),
			.repo = FP_STR_LITERAL("r"),
			.document = FP_STR_LITERAL("{}")};
	assert_ok(fixture, fp_store_tell(fixture->store, &telling, &fixture->error));
}

static void test_numbers_never_come_again(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = {0};
	int64_t last;

	assert_ok(fixture, fp_store_last_event(fixture->store, &last, &fixture->error));
	assert_int_equal(last, 0);
	tell(fixture, "a", 10);
	assert_ok(fixture, fp_store_prune_events(fixture->store, 3, 4, &fixture->error));
	assert_ok(fixture,
		fp_store_list_events(fixture->store, 0, 100, note, &seen, &fixture->error));
	/* four at most were taken, though seven may go */
	assert_int_equal(seen.count, 6);
	assert_int_equal(seen.ids[0], 5);
	assert_ok(fixture, fp_store_prune_events(fixture->store, 0, 100, &fixture->error));
	assert_ok(fixture, fp_store_last_event(fixture->store, &last, &fixture->error));
	assert_int_equal(last, 10);
	tell(fixture, "b", 1);
	seen.count = 0;
	assert_ok(fixture,
		fp_store_list_events(fixture->store, 10, 100, note, &seen, &fixture->error));
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.ids[0], 11);
	assert_string_equal(seen.kinds[0], "b");
}

static int count_tip(void *context, const struct fp_tip_answer *tip)
{
	char *text = context;

	snprintf(text + strlen(text), 200 - strlen(text), "%.*s/%.*s=%.*s;", FP_STR_ARG(tip->repo),
		FP_STR_ARG(tip->branch), FP_STR_ARG(tip->version));
	return 0;
}

static void test_tips_are_replaced(void **state)
{
	struct fixture *fixture = *state;
	struct fp_tip_answer tips[] = {
		{FP_STR_LITERAL("r"), FP_STR_LITERAL("main"), FP_STR_LITERAL("p"),
			FP_STR_LITERAL("s"), FP_STR_LITERAL("1"), FP_STR_LITERAL("ok")},
		{FP_STR_LITERAL("r"), FP_STR_LITERAL("main"), FP_STR_LITERAL("p"),
			FP_STR_LITERAL("s"), FP_STR_LITERAL("2"), FP_STR_LITERAL("ok")},
	};
	struct fp_telling telling = {.tips = tips, .tip_count = 2, .ref_facts = 7};
	int64_t version_facts, ref_facts;
	char text[200] = "";

	assert_ok(fixture, fp_store_tell(fixture->store, &telling, &fixture->error));
	assert_ok(fixture,
		fp_store_list_tip_answers(fixture->store, count_tip, text, &fixture->error));
	assert_string_equal(text, "r/main=2;");
	assert_ok(fixture,
		fp_store_get_told(fixture->store, &version_facts, &ref_facts, &fixture->error));
	assert_int_equal(version_facts, 0);
	assert_int_equal(ref_facts, 7);
}

struct facts {
	unsigned first, later;
};

static int count_version(void *context, const struct fp_version_fact *fact)
{
	struct facts *facts = context;

	facts->first += fact->first_look;
	facts->later += !fact->first_look;
	return 0;
}

static void publish(struct fixture *fixture, int64_t package, const char *text, int64_t now_us)
{
	const struct fp_version_event event = {1, fp_str(text), -1};
	int64_t revision;

	assert_ok(fixture, fp_store_apply_version_events(fixture->store, package, NULL, &event, 1,
				   NULL, 0, NULL, now_us, &revision, &fixture->error));
}

static void test_first_look_is_told_apart(void **state)
{
	struct fixture *fixture = *state;
	struct facts facts = {0};
	int64_t package;

	assert_ok(
		fixture, fp_store_package_id(fixture->store, "f", "p", &package, &fixture->error));
	publish(fixture, package, "1.0.0", 100);
	publish(fixture, package, "1.0.1", 100);
	publish(fixture, package, "1.0.2", 200);
	assert_ok(fixture, fp_store_list_version_facts(
				   fixture->store, 0, 10, count_version, &facts, &fixture->error));
	assert_int_equal(facts.first, 2);
	assert_int_equal(facts.later, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_numbers_never_come_again, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_tips_are_replaced, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_first_look_is_told_apart, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
