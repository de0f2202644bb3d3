#pragma once
/*
 * Errors are values of the caller's: a code, one impersonal line of text, and where they arose.
 *
 * Every function that can fail returns an int: 0 is success, a negative value is an unexpected
 * failure (-enum fp_error_code; the details stand in the struct fp_error that the caller passed,
 * which it hands up untouched), and a positive value is an outcome that the function's header
 * names and that the caller deals with. Library code neither logs nor exits.
 */
#include "forkpoint/base/attr.h"

#include <stdarg.h>

enum fp_error_code {
	FP_ERROR_NONE = 0,
	FP_ERROR_MEMORY,      /* an allocation failed */
	FP_ERROR_IO,	      /* the operating system refused a read or a write */
	FP_ERROR_FULL,	      /* no space left where we write */
	FP_ERROR_INVALID,     /* something from outside is not what it must be */
	FP_ERROR_LIMIT,	      /* something from outside is larger than a stated limit */
	FP_ERROR_TIMEOUT,     /* a deadline passed */
	FP_ERROR_DENIED,      /* credentials or permissions were refused */
	FP_ERROR_UNAVAILABLE, /* a peer cannot be reached or says that it cannot answer now */
	FP_ERROR_CORRUPT,     /* our own data on disk is damaged */
	FP_ERROR_FOREIGN,     /* a file is not ours, or was written by a newer Forkpoint */
	FP_ERROR_BUSY,	      /* somebody else holds what we need */
	FP_ERROR_CANCELLED,   /* we were asked to stop */
	FP_ERROR_INTERNAL,    /* a bug of ours that was noticed before it did harm */
};

enum { FP_ERROR_TEXT_MAX = 512 };

struct fp_error {
	enum fp_error_code code;
	const char *file; /* where it arose, static string, NULL when code is FP_ERROR_NONE */
	int line;
	char text[FP_ERROR_TEXT_MAX]; /* one line, no full stop, UTF-8, cut when too long */
};

/*
 * Fills *error and returns -code, so that a failing function ends in
 * `return fp_error_set(error, FP_ERROR_IO, "cannot open %s: %s", path, strerror(errno));`.
 * error may be NULL when the caller only wants the code.
 */
#define fp_error_set(error, code, ...) fp_error_set_at(error, code, __FILE__, __LINE__, __VA_ARGS__)

int fp_error_set_at(struct fp_error *error, enum fp_error_code code, const char *file, int line,
	const char *format, ...) FP_PRINTF(5, 6);

/* The same for the commonest failure of all. */
#define fp_error_memory(error) fp_error_set(error, FP_ERROR_MEMORY, "out of memory")

/* Puts "PREFIX: " before the text of an error that is handed up; keeps code and position. */
void fp_error_prefix(struct fp_error *error, const char *format, ...) FP_PRINTF(2, 3);

/* "timeout", "denied", …: a stable word for logs and metrics. */
const char *fp_error_code_name(enum fp_error_code code);
