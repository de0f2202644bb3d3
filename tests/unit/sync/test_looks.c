/* Who waits for what, and what need not be looked for. */
#include "sources.h"

#include "forkpoint/base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S FP_US_PER_S
#define NOW (1000000 * S)

enum { BURST = 64 }; /* different commits at once; then two a second */

static void write_sha(char *sha, unsigned number)
{
	snprintf(sha, FP_OID_HEX + 1, "%040x", number + 0xabc000);
}

static enum fp_look_refusal judge(
	struct fp_vain_looks *vain, unsigned number, int64_t now_us, int64_t *retry_after_us)
{
	char sha[FP_OID_HEX + 1];

	write_sha(sha, number);
	return fp_vain_looks_judge(vain, fp_str(sha), now_us, retry_after_us);
}

static void note(struct fp_vain_looks *vain, unsigned number, int64_t now_us)
{
	char sha[FP_OID_HEX + 1];

	write_sha(sha, number);
	fp_vain_looks_note(vain, sha, now_us);
}

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct fp_vain_looks));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void test_vain_is_remembered_for_a_while(void **state)
{
	struct fp_vain_looks *vain = *state;
	static const struct {
		int64_t after_us;
		enum fp_look_refusal refusal;
		int64_t retry_after_us;
	} rows[] = {
		{0, FP_LOOK_IN_VAIN, 5 * S},	 /* at once: no use */
		{2 * S, FP_LOOK_IN_VAIN, 3 * S}, /* the rest of the time is told */
		{5 * S - 1, FP_LOOK_IN_VAIN, 1}, /* to the last moment */
		{5 * S, FP_LOOK_ACCEPTED, -1},	 /* forgotten */
		{500 * S, FP_LOOK_ACCEPTED, -1}, /* and stays so */
	};

	note(vain, 1, NOW);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		int64_t retry = -1;

		assert_int_equal(judge(vain, 1, NOW + rows[i].after_us, &retry), rows[i].refusal);
		assert_int_equal(retry, rows[i].retry_after_us);
	}
}

static void test_vain_is_per_commit(void **state)
{
	struct fp_vain_looks *vain = *state;
	int64_t retry;

	note(vain, 1, NOW);
	assert_int_equal(judge(vain, 2, NOW, &retry), FP_LOOK_ACCEPTED);
	/* letters in either case are one commit */
	assert_int_equal(
		fp_vain_looks_judge(vain,
			FP_STR_LITERAL("0000000000000000000000000000000000ABC001"), NOW, &retry),
		FP_LOOK_IN_VAIN);
	/* an abbreviation is another question */
	assert_int_equal(
		fp_vain_looks_judge(vain, FP_STR_LITERAL("0000"), NOW, &retry), FP_LOOK_ACCEPTED);
}

/* Asking for what was just looked for in vain costs none of the rate. */
static void test_vain_costs_no_token(void **state)
{
	struct fp_vain_looks *vain = *state;
	int64_t retry;

	note(vain, 1, NOW);
	for (unsigned i = 0; i < 10 * BURST; i++)
		assert_int_equal(judge(vain, 1, NOW, &retry), FP_LOOK_IN_VAIN);
	assert_int_equal(judge(vain, 2, NOW, &retry), FP_LOOK_ACCEPTED);
}

static void test_memory_is_bounded(void **state)
{
	struct fp_vain_looks *vain = *state;
	int64_t retry;

	for (unsigned i = 0; i <= FP_VAIN_MAX; i++)
		note(vain, i, NOW);
	assert_int_equal(judge(vain, FP_VAIN_MAX, NOW, &retry), FP_LOOK_IN_VAIN); /* the newest */
	assert_int_equal(judge(vain, 1, NOW, &retry), FP_LOOK_IN_VAIN);
	assert_int_equal(judge(vain, 0, NOW, &retry), FP_LOOK_ACCEPTED); /* the oldest made room */
}

/* Steps over one bucket: after so long, so many are let through of those that ask. */
static void test_rate(void **state)
{
	struct fp_vain_looks *vain = *state;
	static const struct {
		int64_t at_us;
		unsigned accepted;
	} rows[] = {
		{0, BURST},	      /* a burst */
		{0, 0},		      /* then none */
		{S / 2 - 1, 0},	      /* a token takes half a second */
		{S / 2, 1},	      /* there it is */
		{10 * S + S / 2, 20}, /* two a second */
		{5 * S, 0},	      /* a clock that is set back gives nothing … */
		{6 * S, 2},	      /* … and takes nothing away for long */
		{100000 * S, BURST},  /* no more than a burst is saved up */
	};
	unsigned number = 0;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		unsigned accepted = 0;

		for (unsigned k = 0; k < 2 * BURST; k++) {
			int64_t retry = -1;
			enum fp_look_refusal refusal =
				judge(vain, number++, NOW + rows[i].at_us, &retry);

			if (refusal == FP_LOOK_ACCEPTED)
				accepted++;
			else
				assert_true(refusal == FP_LOOK_TOO_MANY && retry > 0 && retry <= S);
		}
		if (accepted != rows[i].accepted)
			fail_msg("row %zu: %u were let through", i, accepted);
	}
}

/* ---- waiting ---- */

static void test_waiting_is_settled_once(void **state)
{
	struct fp_waiting_looks looks = {0};
	struct fp_ticket *tickets[100];

	for (size_t i = 0; i < FP_ARRAY_SIZE(tickets); i++) {
		tickets[i] = fp_ticket_new();
		assert_int_equal(
			fp_waiting_looks_add(&looks, FP_STR_LITERAL("abcd"), tickets[i]), 0);
		assert_string_equal(looks.items[i].sha, "abcd");
	}
	for (size_t i = 0; i < FP_ARRAY_SIZE(tickets); i++)
		assert_int_equal(fp_ticket_result(tickets[i]), FP_LOOK_PENDING);
	fp_waiting_looks_settle(&looks, FP_LOOK_DONE);
	assert_int_equal(looks.count, 0);
	for (size_t i = 0; i < FP_ARRAY_SIZE(tickets); i++) {
		assert_int_equal(fp_ticket_result(tickets[i]), FP_LOOK_DONE);
		fp_ticket_unref(tickets[i]); /* the last reference: nothing leaks */
	}
}

/* What was put off waits together with what came meanwhile. */
static void test_waiting_moves(void **state)
{
	struct fp_waiting_looks put_off = {0}, next = {0};
	struct fp_ticket *old = fp_ticket_new(), *new = fp_ticket_new();

	assert_int_equal(fp_waiting_looks_add(&put_off, FP_STR_LITERAL("aaaa"), old), 0);
	assert_int_equal(fp_waiting_looks_add(&next, (struct fp_str){0}, new), 0);
	fp_waiting_looks_move(&put_off, &next);
	assert_int_equal(put_off.count, 0);
	assert_int_equal(next.count, 2);
	assert_string_equal(next.items[0].sha, "");
	assert_string_equal(next.items[1].sha, "aaaa");
	assert_int_equal(fp_ticket_result(old), FP_LOOK_PENDING);
	fp_waiting_looks_move(&put_off, &next); /* nothing: no change */
	assert_int_equal(next.count, 2);
	fp_waiting_looks_settle(&next, FP_LOOK_FAILED);
	assert_int_equal(fp_ticket_result(old), FP_LOOK_FAILED);
	assert_int_equal(fp_ticket_result(new), FP_LOOK_FAILED);
	fp_ticket_unref(old);
	fp_ticket_unref(new);
}

/* What is asked for by many who do not wait, while one look takes its time. */
static void test_who_does_not_wait_leaves_one(void **state)
{
	struct fp_waiting_looks looks = {0}, others = {0};
	struct fp_ticket *held = fp_ticket_new();

	assert_int_equal(fp_waiting_looks_add(&looks, (struct fp_str){0}, held), 0);
	for (unsigned i = 0; i < 1000; i++) {
		struct fp_ticket *ticket = fp_ticket_new();

		fp_ticket_expect(ticket, 2);
		assert_int_equal(fp_waiting_looks_add(&looks, (struct fp_str){0}, ticket), 0);
		assert_int_equal(fp_waiting_looks_add(&others, (struct fp_str){0}, ticket), 0);
		fp_ticket_unref(ticket);
	}
	assert_int_equal(looks.count, 2);
	assert_int_equal(others.count, 1);
	assert_int_equal(fp_ticket_result(held), FP_LOOK_PENDING);
	fp_waiting_looks_settle(&others, FP_LOOK_DONE);
	fp_waiting_looks_settle(&looks, FP_LOOK_DONE);
	assert_int_equal(fp_ticket_result(held), FP_LOOK_DONE);
	fp_ticket_unref(held);
}

static void test_commits_that_are_waited_for(void **state)
{
	struct fp_waiting_looks looks = {0};
	struct fp_ticket *first = fp_ticket_new(), *joined;
	char sha[FP_OID_HEX + 1];

	assert_null(fp_waiting_looks_join(&looks, FP_STR_LITERAL("abcd")));
	assert_int_equal(fp_waiting_looks_add(&looks, FP_STR_LITERAL("abcd"), first), 0);
	joined = fp_waiting_looks_join(&looks, FP_STR_LITERAL("ABCD"));
	assert_ptr_equal(joined, first);
	fp_ticket_unref(joined);
	assert_null(fp_waiting_looks_join(&looks, FP_STR_LITERAL("abc")));
	for (unsigned i = 1; i < FP_WAITING_COMMITS_MAX; i++) {
		assert_false(fp_waiting_looks_are_full(&looks));
		snprintf(sha, sizeof(sha), "%040x", i);
		assert_int_equal(fp_waiting_looks_add(&looks, fp_str(sha), first), 0);
		/* looks at whatever there is do not count */
		assert_int_equal(fp_waiting_looks_add(&looks, (struct fp_str){0}, first), 0);
	}
	assert_true(fp_waiting_looks_are_full(&looks));
	fp_waiting_looks_settle(&looks, FP_LOOK_DONE);
	fp_ticket_unref(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_vain_is_remembered_for_a_while, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_vain_is_per_commit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_vain_costs_no_token, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_memory_is_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rate, set_up, tear_down),
		cmocka_unit_test(test_waiting_is_settled_once),
		cmocka_unit_test(test_waiting_moves),
		cmocka_unit_test(test_who_does_not_wait_leaves_one),
		cmocka_unit_test(test_commits_that_are_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
