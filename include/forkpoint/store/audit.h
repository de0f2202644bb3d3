#pragma once
/* The audit: who changed, or tried to change, what, and when. Entries are only ever added. */
#include "forkpoint/store/store.h"

struct fp_audit_entry {
	int64_t id, at_us;    /* set by the store */
	struct fp_str who;    /* the token's name; empty when none was known */
	struct fp_str client; /* address */
	struct fp_str request_id;
	struct fp_str
		action; /* quarantine.set, quarantine.end, pin.set, pin.end, sync, hook, refused */
	struct fp_str subject; /* what it was done to */
	struct fp_str detail;  /* a JSON object */
};

int fp_store_add_audit(struct fp_store *store, const struct fp_audit_entry *entry, int64_t now_us,
	struct fp_error *error);
/* Newest first: those before id `before` (0: from the newest on). */
typedef int fp_audit_fn(void *context, const struct fp_audit_entry *entry);
int fp_store_list_audit(struct fp_store *store, int64_t before, unsigned limit, fp_audit_fn *row,
	void *context, struct fp_error *error);

/* Notes a webhook's delivery: 1 when it was taken before. Old ones are forgotten. */
int fp_store_note_delivery(
	struct fp_store *store, struct fp_str delivery, int64_t now_us, struct fp_error *error);
