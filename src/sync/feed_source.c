/*
 * A feed as a source: look at each of its packages, work out what happened to which version, write
 * it down, publish.
 */
#include "availability.h"
#include "sources.h"

#include "forkpoint/base/log.h"
#include "forkpoint/base/time.h"
#include "forkpoint/config/secret.h"
#include "forkpoint/feed/truth.h"

#include <stdio.h>
#include <stdlib.h>

struct fp_feed_package *fp_feed_source_find(struct fp_feed_source *source, struct fp_str id)
{
	for (size_t i = 0; i < source->package_count; i++)
		if (fp_str_equal_nocase(fp_str(source->packages[i].id), id))
			return &source->packages[i];
	return NULL;
}

/* ---- one package ---- */

static void note_pending(struct fp_feed_package *package)
{
	package->pending_misses = false;
	for (size_t i = 0; !package->pending_misses && i < package->rows.count; i++)
		package->pending_misses =
			package->rows.items[i].missed > 0 && package->rows.items[i].vanished_us < 0;
}

/* Rows are read once; from then on they change with what is written
 * (fp_store_apply_version_events), and are read again only after that failed, because the database
 * may then know more than they. */
static int load_versions(
	struct fp_feed_source *source, struct fp_feed_package *package, struct fp_error *error)
{
	struct fp_version_rows rows;
	int r;

	if (package->is_loaded)
		return 0;
	r = fp_store_load_versions(source->store, package->row, &rows, &package->revision, error);
	if (r < 0)
		return r;
	fp_version_rows_release(&package->rows);
	package->rows = rows;
	package->is_loaded = true;
	note_pending(package);
	return 0;
}

int fp_feed_package_write(struct fp_feed_source *source, struct fp_feed_package *package,
	const struct fp_version_event *events, size_t count, const struct fp_version_missed *missed,
	size_t missed_count, const char *download, struct fp_error *error)
{
	int r = fp_store_apply_version_events(source->store, package->row, &package->rows, events,
		count, missed, missed_count, download, fp_clock_real_us(), &package->revision,
		error);

	package->is_loaded = r >= 0;
	if (r >= 0)
		note_pending(package);
	return r;
}

static int list_known(const struct fp_version_rows *rows, struct fp_known_version **known)
{
	*known = calloc(rows->count + 1, sizeof(**known));
	if (!*known)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < rows->count; i++)
		(*known)[i] = (struct fp_known_version){
			.text = fp_str(rows->items[i].text),
			.unlisted = rows->items[i].unlisted_us >= 0,
			.vanished = rows->items[i].vanished_us >= 0,
			.missed = rows->items[i].missed,
			.published_us = rows->items[i].published_us,
		};
	return 0;
}

/* What a look changes, as the store takes it. */
struct changes {
	struct fp_version_event *events;
	size_t event_count;
	struct fp_version_missed *missed;
	size_t missed_count;
};

static void changes_release(struct changes *changes)
{
	free(changes->events);
	free(changes->missed);
}

static int list_changes(const struct fp_version_rows *rows, const struct fp_listing *listing,
	const struct fp_truth *truth, struct changes *changes)
{
	changes->events = calloc(truth->change_count + 1, sizeof(*changes->events));
	changes->missed = calloc(rows->count + 1, sizeof(*changes->missed));
	if (!changes->events || !changes->missed)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < truth->change_count; i++) {
		const struct fp_version_change *change = &truth->changes[i];
		bool is_new = change->known == UINT32_MAX;

		changes->events[changes->event_count++] = (struct fp_version_event){
			.kind = (int)change->kind,
			.text = is_new ? listing->versions[change->listed].text
				       : fp_str(rows->items[change->known].text),
			.published_us = change->listed == UINT32_MAX
						? -1
						: listing->versions[change->listed].published_us,
		};
	}
	for (size_t i = 0; i < rows->count; i++)
		if (truth->missed[i] != rows->items[i].missed)
			changes->missed[changes->missed_count++] = (struct fp_version_missed){
				.version = rows->items[i].id, .missed = truth->missed[i]};
	return 0;
}

static bool has_new_download(const struct fp_feed_package *package, const char *download)
{
	return download &&
	       (!package->rows.download || strcmp(download, package->rows.download) != 0);
}

/* Writes what a listing says; 1 when anything changed. */
static int take_listing(struct fp_feed_source *source, struct fp_feed_package *package,
	const struct fp_listing *listing, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_known_version *known = NULL;
	FP_CLEANUP(changes_release) struct changes changes = {0};
	FP_CLEANUP(fp_truth_release) struct fp_truth truth = {0};
	int r;

	if (list_known(&package->rows, &known) < 0)
		return fp_error_memory(error);
	r = fp_truth_apply(known, package->rows.count, listing, &truth, error);
	if (r < 0)
		return r;
	snprintf(
		package->doubt, sizeof(package->doubt), "%s", truth.suspicious ? truth.reason : "");
	if (list_changes(&package->rows, listing, &truth, &changes) < 0)
		return fp_error_memory(error);
	if (changes.event_count == 0 && changes.missed_count == 0 &&
		!has_new_download(package, listing->download))
		return 0;
	r = fp_feed_package_write(source, package, changes.events, changes.event_count,
		changes.missed, changes.missed_count, listing->download, error);
	if (r < 0)
		return r;
	if (changes.event_count)
		fp_log(FP_LOG_INFO, "feed.changed", "feed=%s package=%s events=%zu versions=%zu",
			source->config->name, package->id, changes.event_count,
			package->rows.count);
	return 1;
}

/* The list is as it was at the last look: what was missing then is missing for the second time. */
static int take_unchanged(
	struct fp_feed_source *source, struct fp_feed_package *package, struct fp_error *error)
{
	FP_CLEANUP(changes_release) struct changes changes = {0};
	int r;

	if (!package->pending_misses)
		return 0;
	changes.events = calloc(package->rows.count + 1, sizeof(*changes.events));
	if (!changes.events)
		return fp_error_memory(error);
	for (size_t i = 0; i < package->rows.count; i++) {
		const struct fp_version_row *row = &package->rows.items[i];

		if (row->missed > 0 && row->vanished_us < 0)
			changes.events[changes.event_count++] = (struct fp_version_event){
				.kind = FP_VERSION_VANISHED,
				.text = fp_str(row->text),
				.published_us = -1,
			};
	}
	r = fp_feed_package_write(source, package, changes.events, changes.event_count, NULL, 0,
		package->rows.download, error);
	return r < 0 ? r : 1;
}

/* 1 when anything changed. */
static int take_look(struct fp_feed_source *source, struct fp_feed_package *package,
	struct fp_feed_report *report, struct fp_error *error)
{
	FP_CLEANUP(fp_listing_release) struct fp_listing listing = {0};
	int r = load_versions(source, package, error);

	if (r >= 0)
		r = fp_feed_look(source->feed, package->id, &listing, report, error);
	if (r == FP_FEED_UNCHANGED)
		return take_unchanged(source, package, error);
	if (r == FP_FEED_NO_PACKAGE)
		listing = (struct fp_listing){.complete = true, .source = "none"};
	else if (r < 0)
		return r;
	return take_listing(source, package, &listing, error);
}

static void note_status(struct fp_sync *sync, const struct fp_feed_source *source,
	struct fp_feed_package *package, const struct fp_feed_report *report,
	const struct fp_error *failure)
{
	struct fp_feed_status *status = &package->status;

	pthread_mutex_lock(&sync->lock);
	status->last_attempt_us = fp_clock_real_us();
	status->requests = report->requests;
	status->bytes = report->bytes;
	if (report->protocol[0])
		memcpy(status->protocol, report->protocol, sizeof(status->protocol));
	memcpy(status->note, report->note, sizeof(status->note));
	if (failure) {
		status->failures++;
		snprintf(status->last_error, sizeof(status->last_error), "%.255s", failure->text);
	} else {
		status->failures = 0;
		status->last_error[0] = '\0';
		status->last_success_us = package->synced_us;
		if (package->doubt[0])
			snprintf(status->last_error, sizeof(status->last_error), "%s",
				package->doubt);
	}
	pthread_mutex_unlock(&sync->lock);
}

/* A doubtful list counts as read, but not as synced: what is served stays as old as it was. */
static int note_synced(
	struct fp_feed_source *source, struct fp_feed_package *package, struct fp_error *error)
{
	int64_t now_us = fp_clock_real_us();
	int r;

	if (package->doubt[0])
		return 0;
	r = fp_store_set_synced(source->store, "package", package->row, now_us, error);
	if (r >= 0)
		package->synced_us = now_us;
	return r;
}

/* A document that makes no sense is one package's trouble, where the feed as such was understood;
 * everything else is likely to meet the next package too. */
static bool is_its_own(int r, const struct fp_feed_report *report)
{
	return (r == -FP_ERROR_INVALID || r == -FP_ERROR_LIMIT) && report->protocol[0];
}

/* 1 when anything changed, LOOK_FAILED when it failed and the next package's may not. */
enum { LOOK_FAILED = 2 };

static int look_at_package(struct fp_sync *sync, struct fp_feed_source *source,
	struct fp_feed_package *package, int64_t *retry_after_us, struct fp_error *error)
{
	struct fp_feed_report report = {0};
	int changed = take_look(source, package, &report, error);
	int r = changed;

	if (report.retry_after_us > *retry_after_us)
		*retry_after_us = report.retry_after_us;
	if (r >= 0)
		r = note_synced(source, package, error);
	if (r >= 0)
		r = fp_feed_package_verify(sync, source, package, package->verify, error);
	note_status(sync, source, package, &report, r < 0 ? error : NULL);
	package->failure[0] = '\0';
	if (r >= 0)
		return changed == 1 || r == 1;
	if (!is_its_own(r, &report))
		return r;
	snprintf(package->failure, sizeof(package->failure), "%.255s", error->text);
	return LOOK_FAILED;
}

/* ---- the feed ---- */

static void fill_options(struct fp_sync *sync, struct fp_feed_source *source)
{
	static const enum fp_feed_kind kinds[] = {
		[FP_FEED_PROTOCOL_AUTO] = FP_FEED_AUTO,
		[FP_FEED_PROTOCOL_V3] = FP_FEED_V3,
		[FP_FEED_PROTOCOL_V2] = FP_FEED_V2,
		[FP_FEED_PROTOCOL_FOLDER] = FP_FEED_FOLDER,
	};
	const struct fp_config_feed *config = source->config;

	source->options = (struct fp_feed_options){
		.name = config->name,
		.url = source->nuget.url ? source->nuget.url : config->url,
		.kind = kinds[config->protocol],
		.username = source->nuget.url ? source->nuget.username : config->username,
		.password = source->nuget.url	   ? source->nuget.password
			    : source->password.len ? source->password.data
						   : NULL,
		.ca_file = config->ca_file,
		.proxy = config->proxy,
		.connect_timeout_us = config->connect_timeout_us,
		.first_byte_timeout_us = config->first_byte_timeout_us,
		.stall_timeout_us = config->stall_timeout_us,
		.total_timeout_us = config->total_timeout_us,
		.max_document_bytes = config->max_document_bytes,
		.max_versions = config->max_versions,
		.max_pages = config->max_pages,
		.cancelled = &sync->cancelled,
	};
}

/* Secrets are read when the feed is first looked at, and again after it refused them. */
static int open_feed(struct fp_sync *sync, struct fp_feed_source *source, struct fp_error *error)
{
	int r = 0;

	if (source->feed)
		return 0;
	fp_buf_clear(&source->password);
	fp_nuget_source_release(&source->nuget);
	if (source->config->nuget_config_file)
		r = fp_nuget_config_read(source->config->nuget_config_file,
			source->config->nuget_config_source, &source->nuget, error);
	else if (source->config->password.env || source->config->password.file)
		r = fp_config_secret_read(&source->config->password, &source->password, error);
	if (r < 0)
		return r;
	fill_options(sync, source);
	return fp_feed_new(&source->options, &source->feed, error);
}

static void close_feed(struct fp_feed_source *source)
{
	fp_feed_free(source->feed);
	source->feed = NULL;
}

/* Looks at all packages. 1 when anything changed; an error when none could be read. */
static int look_at_packages(struct fp_sync *sync, struct fp_feed_source *source,
	int64_t *retry_after_us, bool *changed, struct fp_error *error)
{
	size_t failed = 0;

	for (size_t i = 0; i < source->package_count; i++) {
		struct fp_feed_package *package = &source->packages[i];
		struct fp_error own;
		int r = look_at_package(sync, source, package, retry_after_us, &own);

		*changed |= r == 1;
		if (r != LOOK_FAILED && r >= 0)
			continue;
		*error = own;
		if (r < 0)
			return r;
		failed++;
		if (source->package_count > 1 && package->status.failures == 1)
			fp_log_error(FP_LOG_WARNING, "feed.package_failed", &own,
				"feed=%s package=%s", source->config->name, package->id);
	}
	return failed > 0 && failed == source->package_count ? -(int)error->code : 0;
}

int fp_feed_source_look(struct fp_sync *sync, struct fp_feed_source *source, bool anew,
	int64_t *retry_after_us, struct fp_error *error)
{
	struct fp_error publishing;
	bool changed = false;
	int r = open_feed(sync, source, error);

	if (r >= 0)
		fp_feed_ask_anew(source->feed, anew);
	if (r >= 0)
		r = look_at_packages(sync, source, retry_after_us, &changed, error);
	/* What was learned of a feed that refuses us, or is not what it should be, may be at fault.
	 */
	if (r == -FP_ERROR_DENIED || r == -FP_ERROR_INVALID)
		close_feed(source);
	if (r == -FP_ERROR_CANCELLED)
		return r;
	if (fp_publish_feed(sync, source, changed, r < 0 ? error->text : NULL, &publishing) < 0 &&
		r >= 0) {
		*error = publishing;
		return -(int)publishing.code;
	}
	return r < 0 ? r : 0;
}

/* ---- life ---- */

static int add_package(const struct fp_config *config, struct fp_feed_source *source,
	const char *id, struct fp_error *error)
{
	struct fp_feed_package *package;
	int r;

	if (fp_feed_source_find(source, fp_str(id)))
		return 0;
	package = &source->packages[source->package_count];
	package->status.next_attempt_us = package->status.last_attempt_us = -1;
	package->id = fp_str_dup(fp_str(id));
	if (!package->id)
		return fp_error_memory(error);
	source->package_count++;
	package->verify = fp_feed_package_verify_mode(config, source, id);
	r = fp_store_package_id(source->store, source->config->name, id, &package->row, error);
	if (r >= 0)
		r = fp_store_get_synced(
			source->store, "package", package->row, &package->synced_us, error);
	if (r >= 0)
		r = load_versions(source, package, error);
	package->status.last_success_us = package->synced_us;
	return r;
}

static bool is_of_feed(const struct fp_config_package *package, const struct fp_feed_source *source)
{
	return package->feed_index == source->index;
}

/* Every id that any repository takes from this feed, sets included. */
static int add_packages(
	const struct fp_config *config, struct fp_feed_source *source, struct fp_error *error)
{
	size_t most = 1;
	int r = 0;

	for (size_t i = 0; i < config->repository_count; i++)
		for (size_t k = 0; k < config->repositories[i].package_count; k++)
			most += 1 + config->repositories[i].packages[k].set_count;
	source->packages = calloc(most, sizeof(*source->packages));
	if (!source->packages)
		return fp_error_memory(error);
	for (size_t i = 0; r >= 0 && i < config->repository_count; i++) {
		for (size_t k = 0; r >= 0 && k < config->repositories[i].package_count; k++) {
			const struct fp_config_package *package =
				&config->repositories[i].packages[k];

			if (!is_of_feed(package, source))
				continue;
			r = add_package(config, source, package->id, error);
			for (size_t j = 0; r >= 0 && j < package->set_count; j++)
				r = add_package(config, source, package->set[j], error);
		}
	}
	return r;
}

int fp_feed_source_new(
	struct fp_sync *sync, size_t index, struct fp_feed_source **source, struct fp_error *error)
{
	struct fp_feed_source *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return fp_error_memory(error);
	made->config = &sync->config->feeds[index];
	made->index = index;
	fp_buf_init(&made->password, 64 * 1024);
	r = fp_store_open(sync->options.data_dir, false, &made->store, error);
	if (r >= 0)
		r = add_packages(sync->config, made, error);
	if (r < 0) {
		fp_feed_source_free(made);
		return r;
	}
	*source = made;
	return 0;
}

void fp_feed_source_free(struct fp_feed_source *source)
{
	if (!source)
		return;
	close_feed(source);
	for (size_t i = 0; i < source->package_count; i++) {
		free(source->packages[i].id);
		fp_version_rows_release(&source->packages[i].rows);
		fp_map_release(&source->packages[i].found);
		fp_noted_release(&source->packages[i].noted);
	}
	free(source->packages);
	if (source->password.data)
		explicit_bzero(source->password.data, source->password.capacity);
	fp_buf_release(&source->password);
	fp_nuget_source_release(&source->nuget);
	fp_store_close(source->store);
	free(source);
}
