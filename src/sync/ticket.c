/* Tickets. */
#include "ticket.h"

#include <stdatomic.h>
#include <stdlib.h>

struct fp_ticket {
	atomic_uint references;
	atomic_uint open; /* looks that are not through */
	atomic_int worst; /* result so far, FP_LOOK_PENDING = none yet */
};

struct fp_ticket *fp_ticket_new(void)
{
	struct fp_ticket *ticket = calloc(1, sizeof(*ticket));

	if (!ticket)
		return NULL;
	atomic_init(&ticket->references, 1);
	atomic_init(&ticket->open, 1);
	atomic_init(&ticket->worst, FP_LOOK_PENDING);
	return ticket;
}

struct fp_ticket *fp_ticket_ref(struct fp_ticket *ticket)
{
	atomic_fetch_add_explicit(&ticket->references, 1, memory_order_relaxed);
	return ticket;
}

void fp_ticket_unref(struct fp_ticket *ticket)
{
	if (ticket && atomic_fetch_sub_explicit(&ticket->references, 1, memory_order_acq_rel) == 1)
		free(ticket);
}

void fp_ticket_expect(struct fp_ticket *ticket, unsigned looks)
{
	atomic_store(&ticket->open, looks);
}

void fp_ticket_settle(struct fp_ticket *ticket, enum fp_look_result result)
{
	int worst = atomic_load(&ticket->worst);

	while ((int)result > worst &&
		!atomic_compare_exchange_weak(&ticket->worst, &worst, (int)result))
		;
	atomic_fetch_sub_explicit(&ticket->open, 1, memory_order_acq_rel);
}

enum fp_look_result fp_ticket_result(struct fp_ticket *ticket)
{
	if (atomic_load_explicit(&ticket->open, memory_order_acquire) > 0)
		return FP_LOOK_PENDING;
	return (enum fp_look_result)atomic_load(&ticket->worst);
}

bool fp_ticket_is_abandoned(struct fp_ticket *ticket)
{
	return atomic_load(&ticket->references) == atomic_load(&ticket->open);
}
