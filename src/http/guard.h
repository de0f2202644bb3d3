#pragma once
/*
 * Who tried wrong tokens. Each failure of a client makes its next answer come later: attempts side
 * by side wait one behind the other. The table is of fixed size; who was quiet longest is
 * forgotten.
 */
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct fp_guard;

struct fp_guard *fp_guard_new(void);
void fp_guard_free(struct fp_guard *guard);
/* Counts a failure; how long its answer is to wait, -1 when too many wait already. *tell: whether
 * it is worth a line in the audit, for they are as many as the client likes. Any thread. */
int64_t fp_guard_fail_us(struct fp_guard *guard, struct fp_str client, int64_t now_us, bool *tell);
/* All that there were. */
uint64_t fp_guard_failures(struct fp_guard *guard);
