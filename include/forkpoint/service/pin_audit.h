#pragma once
/*
 * /audit-pins: repositories that commit a database's version themselves, in a file that builds
 * read. Each is compared with what /resolve says for the tip. The files are read from the mirror
 * when asked about, not at ingest: only tips matter, and only to somebody who asks, while ingest
 * would read them in every commit. Reads the disk: not for event loops.
 */
#include "forkpoint/service/service.h"
#include "forkpoint/service/verdict.h"

enum { FP_PIN_FILE_MAX_BYTES = 1024 * 1024, FP_PIN_VALUE_MAX_BYTES = 256 };

enum fp_pin_status {
	FP_PIN_MATCH,
	FP_PIN_DRIFT, /* another one is right: older, newer, quarantined, … */
	FP_PIN_WRONG_BRANCH,
	FP_PIN_VANISHED,
	FP_PIN_UNRECOGNISED,
	FP_PIN_NEVER_SEEN, /* also: the feed has it in another grammar */
	FP_PIN_MISSING,	   /* there is no such file or entry, or it cannot be read */
	FP_PIN_STATUS_COUNT,
};

/* "match", "wrong-branch", …. */
const char *fp_pin_status_name(enum fp_pin_status status);

struct fp_pin_finding {
	const struct fp_pin_settings *settings;
	enum fp_pin_status status;
	struct fp_str version;	       /* empty when missing */
	struct fp_judgement judgement; /* has meaning with a version */
	struct fp_str text;	       /* a sentence */
};

/* A negative value ends the list and is returned. */
typedef int fp_pin_finding_fn(
	void *context, const struct fp_answer *answer, const struct fp_pin_finding *finding);

/* question: repo, and branch, package, release where asked. *answer is of the branch's tip; rows
 * are told when its outcome is ok or no-database. */
int fp_service_audit_pins(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_question *question, int64_t now_us, struct fp_answer *answer,
	fp_pin_finding_fn *row, void *context, struct fp_error *error);

/*
 * Pure: the version that an XML document names, trimmed, into *value: the text of the first element
 * of that local name, or the version beside the id of a package (`<package id= version=>`,
 * `<PackageReference Include= Version=>`, or a Version element inside). 1 when it names none; a
 * macro `$(…)` is none. -FP_ERROR_INVALID or -FP_ERROR_LIMIT for what is no such document.
 */
int fp_pin_read(struct fp_str document, const struct fp_pin_settings *pin, struct fp_buf *value,
	struct fp_error *error);
