#pragma once
/*
 * The world that the tests of the service ask. Releases keep its stories apart: a question names
 * the release whose packages it is about.
 *
 *     a 00:00 - b 01:00 - c 02:00 - d 03:00 - e 04:00 - f 01:30 - g 02:00     main
 *                 \        \  \
 *                  \        t 02:30, n, k, w                                   topics
 *                   p 01:10, q 01:20; x = p+q (cross), y = q+p
 *     o                                                                        orphan
 */
#include "world.h"

struct winui {
	struct fp_publisher *publisher;
	struct fp_service service;
	struct fp_worker *worker;
	const struct fp_snapshot *snapshot; /* being read */
	struct fp_answer answer;
};

int winui_set_up(void **state);
int winui_tear_down(void **state);
/* Lets the test change a copy of the snapshot, and reads that from then on. */
struct fp_snapshot *winui_change(struct winui *winui);
void winui_publish(struct winui *winui, struct fp_snapshot *next);
