/* Tickets: settled by jobs, read by those who wait. */
#include "ticket.h"

#include "forkpoint/base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <pthread.h>

#include <cmocka.h>

static void test_results(void **state)
{
	static const struct {
		unsigned looks;
		enum fp_look_result results[3];
		enum fp_look_result result;
	} rows[] = {
		{1, {FP_LOOK_DONE}, FP_LOOK_DONE},
		{1, {FP_LOOK_FAILED}, FP_LOOK_FAILED},
		{1, {FP_LOOK_NOT_A_COMMIT}, FP_LOOK_NOT_A_COMMIT},
		{2, {FP_LOOK_DONE, FP_LOOK_DONE}, FP_LOOK_DONE},     /* upstream and feed */
		{2, {FP_LOOK_DONE, FP_LOOK_FAILED}, FP_LOOK_FAILED}, /* one failed: so did all */
		{2, {FP_LOOK_FAILED, FP_LOOK_DONE}, FP_LOOK_FAILED}, /* whichever came first */
		{3, {FP_LOOK_DONE, FP_LOOK_FAILED, FP_LOOK_DONE}, FP_LOOK_FAILED},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_ticket *ticket = fp_ticket_new();

		fp_ticket_expect(ticket, rows[i].looks);
		for (unsigned k = 0; k < rows[i].looks; k++) {
			assert_int_equal(fp_ticket_result(ticket), FP_LOOK_PENDING);
			fp_ticket_settle(ticket, rows[i].results[k]);
		}
		assert_int_equal(fp_ticket_result(ticket), rows[i].result);
		fp_ticket_unref(ticket);
	}
}

static void *settle(void *context)
{
	fp_ticket_settle(context, FP_LOOK_FAILED);
	fp_ticket_unref(context);
	return NULL;
}

/* Two jobs settle, the reader polls and gives up its reference whenever it is through. */
static void test_threads(void **state)
{
	for (int round = 0; round < 200; round++) {
		struct fp_ticket *ticket = fp_ticket_new();
		pthread_t jobs[2];

		fp_ticket_expect(ticket, 2);
		for (size_t i = 0; i < FP_ARRAY_SIZE(jobs); i++)
			assert_int_equal(
				pthread_create(&jobs[i], NULL, settle, fp_ticket_ref(ticket)), 0);
		while (fp_ticket_result(ticket) == FP_LOOK_PENDING)
			sched_yield();
		assert_int_equal(fp_ticket_result(ticket), FP_LOOK_FAILED);
		fp_ticket_unref(ticket);
		for (size_t i = 0; i < FP_ARRAY_SIZE(jobs); i++)
			pthread_join(jobs[i], NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
