/* Decisions on their way into the database and into the snapshot. */
#include "forkpoint/service/overrides.h"

#include "forkpoint/base/time.h"
#include "forkpoint/service/watch.h"
#include "forkpoint/store/publications.h"

#include "locate.h"
#include "worker.h"

static int note_publication(
	struct fp_store *store, int64_t revision, int64_t at_us, struct fp_error *error)
{
	const struct fp_publication publication = {
		.kind = FP_PUBLISHED_OVERRIDES, .revision = revision, .at_us = at_us};

	return fp_store_note_publication(store, &publication, error);
}

bool fp_service_find_branch(const struct fp_snapshot *snapshot, struct fp_str repo,
	struct fp_str branch, struct fp_answer *answer)
{
	const struct fp_question question = {.repo = repo, .branch = branch};

	fp_answer_clear(answer);
	return fp_locate_repository(answer, snapshot, &question) &&
	       fp_locate_branch(answer, &question);
}

/* The last ones may still be on their way into the database, by another thread. Once others are
 * published only the database tells of them. */
static int note_last(struct fp_store *store, const struct fp_snapshot *last, struct fp_error *error)
{
	return last->overrides ? note_publication(store, last->overrides->revision,
					 fp_snapshot_since(last, last->overrides_since_us), error)
			       : 0;
}

/* The next snapshot, under those overrides, of which it takes over one reference. */
static int make_next(struct fp_store *store, const struct fp_snapshot *last,
	struct fp_overrides *overrides, struct fp_snapshot **next, struct fp_error *error)
{
	int r = note_last(store, last, error);
	struct fp_snapshot *made = r < 0 ? NULL : fp_snapshot_copy(last);

	if (!made) {
		fp_overrides_unref(overrides);
		return r < 0 ? r : fp_error_memory(error);
	}
	if (fp_snapshot_set_overrides(made, overrides) < 0) {
		fp_snapshot_free(made);
		return fp_error_memory(error);
	}
	*next = made;
	return 0;
}

int fp_service_publish_overrides(
	const struct fp_service *service, struct fp_store *store, struct fp_error *error)
{
	struct fp_overrides *overrides;
	const struct fp_snapshot *last;
	struct fp_snapshot *next = NULL;
	int64_t revision, at_us;
	int r = fp_store_load_overrides(store, -1, &overrides, error);

	if (r < 0)
		return r;
	revision = overrides->revision;
	last = fp_publisher_lock(service->publisher);
	if (last->overrides && last->overrides->revision >= revision)
		fp_overrides_unref(overrides);
	else
		r = make_next(store, last, overrides, &next, error);
	at_us = fp_publisher_unlock(service->publisher, next);
	if (!next)
		return r;
	if (service->watch)
		fp_watch_look(service->watch);
	return note_publication(store, revision, at_us, error);
}

int fp_service_set_override(const struct fp_service *service, const struct fp_override *override,
	const struct fp_audit_entry *entry, int64_t *id, struct fp_error *error)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	int r = fp_store_open(service->data_dir, false, &store, error);

	if (r >= 0)
		r = fp_store_set_override(store, override, entry, fp_clock_real_us(), id, error);
	return r < 0 ? r : fp_service_publish_overrides(service, store, error);
}

int fp_service_end_override(const struct fp_service *service, const struct fp_override *like,
	const struct fp_audit_entry *entry, enum fp_override_result *result, struct fp_error *error)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	int r = fp_store_open(service->data_dir, false, &store, error);

	if (r >= 0)
		r = fp_store_end_override(store, like, entry, fp_clock_real_us(), error);
	if (r < 0)
		return r;
	*result = r == 1 ? FP_OVERRIDE_NONE : FP_OVERRIDE_DONE;
	return r == 1 ? 0 : fp_service_publish_overrides(service, store, error);
}

int fp_service_expire_overrides(
	const struct fp_service *service, struct fp_store *store, struct fp_error *error)
{
	int r = fp_store_expire_overrides(store, fp_clock_real_us(), error);

	return r <= 0 ? r : fp_service_publish_overrides(service, store, error);
}

int fp_service_list_overrides(struct fp_worker *worker, enum fp_override_kind kind,
	struct fp_str repo, bool in_force_only, int64_t before, unsigned limit, fp_override_fn *row,
	void *context, struct fp_error *error)
{
	int r = fp_worker_open_store(worker, error);

	return r < 0 ? r
		     : fp_store_list_overrides(worker->store, kind, repo, in_force_only, before,
			       limit, row, context, error);
}

int fp_service_list_audit(struct fp_worker *worker, int64_t before, unsigned limit,
	fp_audit_fn *row, void *context, struct fp_error *error)
{
	int r = fp_worker_open_store(worker, error);

	return r < 0 ? r : fp_store_list_audit(worker->store, before, limit, row, context, error);
}

int fp_service_add_audit(const struct fp_service *service, const struct fp_audit_entry *entry,
	struct fp_error *error)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	int r = fp_store_open(service->data_dir, false, &store, error);

	return r < 0 ? r : fp_store_add_audit(store, entry, fp_clock_real_us(), error);
}

int fp_service_note_delivery(
	const struct fp_service *service, struct fp_str delivery, struct fp_error *error)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	int r = fp_store_open(service->data_dir, false, &store, error);

	return r < 0 ? r : fp_store_note_delivery(store, delivery, fp_clock_real_us(), error);
}

/* ---- what they are about ---- */

static bool is_stamp(struct fp_str text)
{
	fp_minute minute;

	return text.len == FP_STAMP_TEXT_MAX - 1 && fp_stamp_parse(text, &minute);
}

bool fp_override_take_versions(struct fp_override *override, struct fp_str text)
{
	const struct fp_str prefix = FP_STR_LITERAL("stamps:");
	const size_t digits = FP_STAMP_TEXT_MAX - 1;

	if (!fp_str_starts_with(text, prefix.ptr)) {
		override->version = text;
		return true;
	}
	text = fp_str_n(text.ptr + prefix.len, text.len - prefix.len);
	if (text.len != 2 * digits + 1 || text.ptr[digits] != '-')
		return false;
	override->first_stamp = fp_str_n(text.ptr, digits);
	override->last_stamp = fp_str_n(text.ptr + digits + 1, digits);
	return is_stamp(override->first_stamp) && is_stamp(override->last_stamp) &&
	       fp_str_compare(override->first_stamp, override->last_stamp) <= 0;
}
