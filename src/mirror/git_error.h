#pragma once
/* libgit2's failures as ours. */
#include "forkpoint/base/error.h"
#include "forkpoint/base/oid.h"

#include <git2.h>

/* Fills *error with the formatted text and libgit2's own, and returns -code. `fallback` is the code
 * where libgit2's does not decide (a full disk and memory always do). */
int fp_git_error_set_at(struct fp_error *error, enum fp_error_code fallback, const char *file,
	int line, const char *format, ...) FP_PRINTF(5, 6);
#define fp_git_error(error, fallback, ...)                                                         \
	fp_git_error_set_at(error, fallback, __FILE__, __LINE__, __VA_ARGS__)

/* libgit2's last text, on one line, or "no details". */
void fp_git_error_text(char *text, size_t size);

static inline git_oid fp_git_oid(const struct fp_oid *oid)
{
	git_oid out;

	memcpy(out.id, oid->bytes, FP_OID_BYTES);
	return out;
}

static inline struct fp_oid fp_git_oid_back(const git_oid *oid)
{
	struct fp_oid out;

	memcpy(out.bytes, oid->id, FP_OID_BYTES);
	return out;
}
