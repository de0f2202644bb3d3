#pragma once
/* Tickets: what somebody who waits for a look holds. Counted, settled once. */
#include "forkpoint/core/outside.h"

/* One reference, the caller's; NULL when out of memory. */
struct fp_ticket *fp_ticket_new(void);
struct fp_ticket *fp_ticket_ref(struct fp_ticket *ticket);
void fp_ticket_unref(struct fp_ticket *ticket);
void fp_ticket_settle(struct fp_ticket *ticket, enum fp_look_result result);
enum fp_look_result fp_ticket_result(struct fp_ticket *ticket);
/* Whether none but those who are to settle it hold it, a reference for each look: nobody waits for
 * it any more. */
bool fp_ticket_is_abandoned(struct fp_ticket *ticket);

/* A ticket that stands for several looks: it is settled when the last of them is, as failed when
 * any of them failed. Add before any is settled. */
void fp_ticket_expect(struct fp_ticket *ticket, unsigned looks);
