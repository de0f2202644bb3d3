/* A feed as a source: look at each of its packages, whatever becomes of the others, and publish. */
#include "availability.h"
#include "sources.h"

#include "forkpoint/base/log.h"
#include "forkpoint/base/time.h"

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
static int note_read(
	struct fp_feed_source *source, struct fp_feed_package *package, struct fp_error *error)
{
	int64_t now_us = fp_clock_real_us();
	int r;

	if (package->doubt[0])
		return 0;
	r = fp_note_first_reading(
		source->store, &package->noted, "package", package->row, now_us, error);
	if (r >= 0)
		package->synced_us = now_us;
	return r;
}

/* What a failed look says of the others. */
enum failure {
	FAILURE_OF_ALL,	    /* credentials, throttling, a feed that was not understood; ourselves */
	FAILURE_OF_PACKAGE, /* a document that makes no sense */
	FAILURE_OF_EITHER,  /* the server, or just what it does for this package */
};

static enum failure failure_of(int r, const struct fp_feed_report *report)
{
	if (!report->protocol[0] || report->retry_after_us > 0)
		return FAILURE_OF_ALL;
	if (r == -FP_ERROR_INVALID || r == -FP_ERROR_LIMIT)
		return FAILURE_OF_PACKAGE;
	if (r == -FP_ERROR_UNAVAILABLE || r == -FP_ERROR_TIMEOUT)
		return FAILURE_OF_EITHER;
	return FAILURE_OF_ALL;
}

/* After so many failures of either kind no further package is looked at. */
enum { OUTAGES_MAX = 2 };

/* 1 when anything changed, LOOK_FAILED or LOOK_OUT when it failed and the next package's may not.
 */
enum { LOOK_FAILED = 2, LOOK_OUT = 3 };

static int look_at_package(struct fp_sync *sync, struct fp_feed_source *source,
	struct fp_feed_package *package, int64_t *retry_after_us, struct fp_error *error)
{
	struct fp_feed_report report = {0};
	int changed = fp_feed_package_look(source, package, &report, error);
	int r = changed;

	if (report.retry_after_us > *retry_after_us)
		*retry_after_us = report.retry_after_us;
	if (r >= 0)
		r = note_read(source, package, error);
	if (r >= 0)
		r = fp_feed_package_verify(sync, source, package, package->verify, error);
	note_status(sync, source, package, &report, r < 0 ? error : NULL);
	package->failure[0] = '\0';
	if (r >= 0)
		return changed == 1 || r == 1;
	enum failure failure = failure_of(r, &report);
	if (failure == FAILURE_OF_ALL)
		return r;
	snprintf(package->failure, sizeof(package->failure), "%.255s", error->text);
	return failure == FAILURE_OF_PACKAGE ? LOOK_FAILED : LOOK_OUT;
}

/* ---- the feed ---- */

static void log_failure(const struct fp_feed_source *source, const struct fp_feed_package *package,
	const struct fp_error *error)
{
	if (source->package_count > 1 && package->status.failures == 1)
		fp_log_error(FP_LOG_WARNING, "feed.package_failed", error, "feed=%s package=%s",
			source->config->name, package->id);
}

/*
 * Looks at all packages; an error when none could be read. Where the server fails for package after
 * package the round ends, and the next one begins with those that this one did not come to.
 */
static int look_at_packages(struct fp_sync *sync, struct fp_feed_source *source,
	int64_t *retry_after_us, bool *changed, struct fp_error *error)
{
	size_t looked = 0, failed = 0, outages = 0;

	while (looked < source->package_count && outages < OUTAGES_MAX) {
		struct fp_feed_package *package =
			&source->packages[(source->next + looked) % source->package_count];
		struct fp_error own;
		int r = look_at_package(sync, source, package, retry_after_us, &own);

		looked++;
		*changed |= r == 1;
		if (r == 0 || r == 1)
			continue;
		*error = own;
		if (r < 0)
			return r;
		failed++;
		outages += r == LOOK_OUT;
		log_failure(source, package, &own);
	}
	if (source->package_count)
		source->next = (source->next + looked) % source->package_count;
	return failed > 0 && failed == looked ? -(int)error->code : 0;
}

/* A failure of the whole feed is one of the packages, too, that were not come to because of it. */
static void note_not_looked_at(struct fp_sync *sync, struct fp_feed_source *source,
	int64_t since_us, const struct fp_error *error)
{
	const struct fp_feed_report nothing = {0};

	for (size_t i = 0; i < source->package_count; i++)
		if (source->packages[i].status.last_attempt_us < since_us)
			note_status(sync, source, &source->packages[i], &nothing, error);
}

int fp_feed_source_look(struct fp_sync *sync, struct fp_feed_source *source, bool anew,
	int64_t *retry_after_us, struct fp_error *error)
{
	int64_t started_us = fp_clock_real_us();
	struct fp_error publishing;
	bool changed = false;
	int r = fp_feed_connection_open(
		&source->connection, source->config, &sync->cancelled, error);

	if (r >= 0)
		fp_feed_ask_anew(source->connection.feed, anew);
	if (r >= 0)
		r = look_at_packages(sync, source, retry_after_us, &changed, error);
	/* What was learned of a feed that refuses us, or is not what it should be, may be at fault;
	 * its secrets may have been changed. */
	if (r == -FP_ERROR_DENIED || r == -FP_ERROR_INVALID)
		fp_feed_connection_close(&source->connection);
	if (r == -FP_ERROR_CANCELLED)
		return r;
	if (r < 0)
		note_not_looked_at(sync, source, started_us, error);
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
		r = fp_feed_package_load(source, package, error);
	package->status.last_success_us = package->noted.synced_us = package->synced_us;
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
	fp_feed_connection_close(&source->connection);
	for (size_t i = 0; i < source->package_count; i++) {
		free(source->packages[i].id);
		fp_version_rows_release(&source->packages[i].rows);
		fp_map_release(&source->packages[i].found);
		fp_noted_release(&source->packages[i].noted);
	}
	free(source->packages);
	fp_store_close(source->store);
	free(source);
}
