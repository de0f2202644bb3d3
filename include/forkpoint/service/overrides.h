#pragma once
/*
 * What people decide: quarantines and pins. A decision is kept, published, and only then confirmed:
 * the next answer knows it. Everything here writes the database: not for event loops.
 */
#include "forkpoint/service/service.h"
#include "forkpoint/store/audit.h"

/* What a quarantine is about, of "VERSION" or "stamps:FIRST-LAST" (ten digits each, both included).
 * False when stamps are said and are none, or the later one first. */
bool fp_override_take_versions(struct fp_override *override, struct fp_str text);

/* A decision in words, without a full stop: "VERSION is quarantined by OWNER since … until …:
 * REASON", and as a noun: "quarantine of VERSION by OWNER (REASON)". */
void fp_override_write(const struct fp_override *override, struct fp_buf *buf);
void fp_override_write_name(const struct fp_override *override, struct fp_buf *buf);

enum fp_override_result {
	FP_OVERRIDE_DONE,
	FP_OVERRIDE_NONE, /* nothing of that kind is in force */
};

/* The branch that a pin is about, of that name or former name: answer->branch. False with the
 * answer's outcome. Memory only. */
bool fp_service_find_branch(const struct fp_snapshot *snapshot, struct fp_str repo,
	struct fp_str branch, struct fp_answer *answer);

/* Keeps and publishes a decision; *id gets its number. */
int fp_service_set_override(const struct fp_service *service, const struct fp_override *override,
	const struct fp_audit_entry *entry, int64_t *id, struct fp_error *error);
/* Ends the decision about the same thing as `like`. */
int fp_service_end_override(const struct fp_service *service, const struct fp_override *like,
	const struct fp_audit_entry *entry, enum fp_override_result *result,
	struct fp_error *error);
/* Ends those whose time has come, with a store of the caller's. */
int fp_service_expire_overrides(
	const struct fp_service *service, struct fp_store *store, struct fp_error *error);
/* Publishes what the database has, unless what is published is as new. */
int fp_service_publish_overrides(
	const struct fp_service *service, struct fp_store *store, struct fp_error *error);

/* Lists, newest first, from the worker's own connection. */
int fp_service_list_overrides(struct fp_worker *worker, enum fp_override_kind kind,
	struct fp_str repo, bool in_force_only, int64_t before, unsigned limit, fp_override_fn *row,
	void *context, struct fp_error *error);
int fp_service_list_audit(struct fp_worker *worker, int64_t before, unsigned limit,
	fp_audit_fn *row, void *context, struct fp_error *error);
int fp_service_add_audit(const struct fp_service *service, const struct fp_audit_entry *entry,
	struct fp_error *error);
/* 1 when the delivery was taken before. */
int fp_service_note_delivery(
	const struct fp_service *service, struct fp_str delivery, struct fp_error *error);
