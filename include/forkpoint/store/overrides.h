#pragma once
/*
 * Overrides: what people decided about versions. A quarantine takes versions out of selection; a
 * pin answers a version instead of what selection finds. Decisions are kept for ever with the times
 * between which they were in force.
 */
#include "forkpoint/store/store.h"

#include <stdatomic.h>

enum fp_override_kind { FP_OVERRIDE_QUARANTINE = 1, FP_OVERRIDE_PIN };

enum { FP_OVERRIDES_MAX = 1000 }; /* in force at one time */

struct fp_override {
	int64_t id; /* 0 before it is kept */
	enum fp_override_kind kind;
	struct fp_str repo, package;
	struct fp_str branch;		       /* of a pin */
	struct fp_str version;		       /* exact; empty in a quarantine by stamps */
	struct fp_str first_stamp, last_stamp; /* ten digits each, both included; or empty */
	struct fp_str reason, owner;
	int64_t expires_us; /* -1 = never */
	int64_t set_us;
	struct fp_str set_by;
	int64_t ended_us; /* -1 = in force */
	struct fp_str ended_by;
	char *memory; /* of a kept one: what the texts point into */
};

/* All that are in force at one revision; immutable and counted, a part of snapshots. */
struct fp_overrides {
	atomic_uint references;
	struct fp_override *items; /* oldest first */
	size_t count;
	int64_t revision;	/* of the newest change, 0 = none ever */
	int64_t next_expiry_us; /* the first among them, -1 = none */
};

struct fp_overrides *fp_overrides_ref(struct fp_overrides *overrides);
void fp_overrides_unref(struct fp_overrides *overrides);

/* The pin of a branch; NULL. */
const struct fp_override *fp_overrides_pin(const struct fp_overrides *overrides, struct fp_str repo,
	struct fp_str package, struct fp_str branch);
/* Those (NULL: none) and one more, of which texts are copied. NULL when out of memory. */
struct fp_overrides *fp_overrides_with(
	const struct fp_overrides *overrides, const struct fp_override *one);
/* Those in force at that revision; -1 = now. */
int fp_store_load_overrides(struct fp_store *store, int64_t revision,
	struct fp_overrides **overrides, struct fp_error *error);

struct fp_audit_entry;

/* Keeps a decision and the audit entry about it in one transaction. A decision about the same thing
 * (a pin of that branch and package, a quarantine of those versions) that is in force is ended by
 * it. *id gets its number. -FP_ERROR_LIMIT when as many as may be are in force. */
int fp_store_set_override(struct fp_store *store, const struct fp_override *override,
	const struct fp_audit_entry *entry, int64_t now_us, int64_t *id, struct fp_error *error);
/* Ends the decision about the same thing as `like`. 1 when none is in force. */
int fp_store_end_override(struct fp_store *store, const struct fp_override *like,
	const struct fp_audit_entry *entry, int64_t now_us, struct fp_error *error);
/* Ends those whose time has come; the number of them. */
int fp_store_expire_overrides(struct fp_store *store, int64_t now_us, struct fp_error *error);

/* All there ever were, newest first: those before id `before` (0: from the newest on). */
typedef int fp_override_fn(void *context, const struct fp_override *override);
int fp_store_list_overrides(struct fp_store *store, enum fp_override_kind kind, struct fp_str repo,
	bool in_force_only, int64_t before, unsigned limit, fp_override_fn *row, void *context,
	struct fp_error *error);
