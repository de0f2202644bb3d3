/* What the service asks of sync: looks, and how the sources are. */
#include "sources.h"

#include "forkpoint/base/time.h"

#include <stdio.h>

/* With the lock held. */
static struct fp_source *find_repository(struct fp_sync *sync, struct fp_str name)
{
	for (size_t i = 0; i < sync->source_count; i++) {
		struct fp_source *source = &sync->sources[i];

		if (source->repository &&
			fp_str_equal(fp_str(source->repository->config->name), name))
			return source;
	}
	return NULL;
}

/* With the lock held: the next look of this source settles the ticket. */
static int wait_for(struct fp_source *source, struct fp_str sha, struct fp_ticket *ticket)
{
	int r = fp_waiting_looks_add(&source->waiting, sha, ticket);

	if (r < 0)
		return r;
	source->schedule.hinted = true;
	pthread_cond_broadcast(&source->sync->changed);
	return 0;
}

/* With the lock held. Who asks for what is waited for already waits for the same: that costs
 * nothing. */
static struct fp_ticket *wait_for_commit(struct fp_source *source, struct fp_str sha,
	enum fp_look_refusal *refusal, int64_t *retry_after_us)
{
	struct fp_ticket *ticket = fp_waiting_looks_join(&source->waiting, sha);

	*refusal = FP_LOOK_ACCEPTED;
	if (ticket)
		return ticket;
	*refusal = fp_vain_looks_judge(
		&source->repository->vain, sha, fp_clock_real_us(), retry_after_us);
	if (*refusal != FP_LOOK_ACCEPTED)
		return NULL;
	ticket = fp_waiting_looks_are_full(&source->waiting) ? NULL : fp_ticket_new();
	if (ticket && wait_for(source, sha, ticket) >= 0)
		return ticket;
	fp_ticket_unref(ticket);
	*refusal = FP_LOOK_TOO_MANY;
	return NULL;
}

static struct fp_ticket *look_for_commit(void *context, struct fp_str repo, struct fp_str sha,
	enum fp_look_refusal *refusal, int64_t *retry_after_us)
{
	struct fp_sync *sync = context;
	struct fp_ticket *ticket = NULL;
	struct fp_source *source;

	*refusal = FP_LOOK_TOO_MANY;
	*retry_after_us = FP_US_PER_S;
	pthread_mutex_lock(&sync->lock);
	source = find_repository(sync, repo);
	if (source)
		ticket = wait_for_commit(source, sha, refusal, retry_after_us);
	pthread_mutex_unlock(&sync->lock);
	return ticket;
}

static bool feeds_repository(const struct fp_source *source, const struct fp_source *repository)
{
	const struct fp_config_repository *config = repository->repository->config;

	for (size_t i = 0; source->feed && i < config->package_count; i++)
		if (config->packages[i].feed_index == source->feed->index)
			return true;
	return false;
}

static struct fp_ticket *look_again(
	void *context, struct fp_str repo, enum fp_look_refusal *refusal)
{
	struct fp_sync *sync = context;
	struct fp_ticket *ticket = fp_ticket_new();
	struct fp_source *repository;
	unsigned looks = 0;

	*refusal = FP_LOOK_TOO_MANY;
	if (!ticket)
		return NULL;
	pthread_mutex_lock(&sync->lock);
	repository = find_repository(sync, repo);
	for (size_t i = 0; repository && i < sync->source_count; i++)
		looks += &sync->sources[i] == repository ||
			 feeds_repository(&sync->sources[i], repository);
	if (looks) {
		*refusal = FP_LOOK_ACCEPTED;
		fp_ticket_expect(ticket, looks);
	}
	for (size_t i = 0; repository && i < sync->source_count; i++) {
		struct fp_source *source = &sync->sources[i];

		if (source != repository && !feeds_repository(source, repository))
			continue;
		source->anew = true;
		if (wait_for(source, (struct fp_str){0}, ticket) < 0)
			fp_ticket_settle(ticket, FP_LOOK_FAILED);
	}
	pthread_mutex_unlock(&sync->lock);
	if (looks)
		return ticket;
	fp_ticket_unref(ticket);
	return NULL;
}

static bool repository_status(
	void *context, struct fp_str repo, struct fp_repository_status *status)
{
	struct fp_sync *sync = context;
	struct fp_source *source;

	pthread_mutex_lock(&sync->lock);
	source = find_repository(sync, repo);
	if (source)
		*status = source->repository->status;
	pthread_mutex_unlock(&sync->lock);
	return source != NULL;
}

static bool feed_status(
	void *context, struct fp_str feed, struct fp_str package, struct fp_feed_status *status)
{
	struct fp_sync *sync = context;
	struct fp_feed_package *found = NULL;

	pthread_mutex_lock(&sync->lock);
	for (size_t i = 0; i < sync->source_count && !found; i++) {
		struct fp_source *source = &sync->sources[i];

		if (!source->feed || !fp_str_equal(fp_str(source->feed->config->name), feed))
			continue;
		found = fp_feed_source_find(source->feed, package);
		if (found)
			*status = found->status;
	}
	pthread_mutex_unlock(&sync->lock);
	return found != NULL;
}

static int read_one(struct fp_mirror *mirror, const struct fp_oid *commit,
	const struct fp_outside_files *files, size_t index, struct fp_buf *content)
{
	FP_CLEANUP_FREE char *path = fp_str_dup(files->paths[index]);
	struct fp_error error = {0};
	int r;

	if (!path)
		return -FP_ERROR_MEMORY;
	fp_buf_clear(content);
	r = fp_mirror_read_file(mirror, commit, path, content, &error);
	return files->take(files->context, index, r, fp_buf_str(content), &error);
}

/* A mirror of its own for each call: they are rare, and sync's belong to its threads. */
static int read_files(void *context, struct fp_str repo, const struct fp_oid *commit,
	const struct fp_outside_files *files, struct fp_error *error)
{
	struct fp_sync *sync = context;
	FP_CLEANUP(fp_mirror_close_cleanup) struct fp_mirror *mirror = NULL;
	struct fp_buf FP_CLEANUP_BUF content = {0};
	FP_CLEANUP_FREE char *folder = NULL;
	int r;

	if (asprintf(&folder, "%s/mirrors/%.*s.git", sync->options.data_dir, FP_STR_ARG(repo)) <
		0) {
		folder = NULL;
		return fp_error_memory(error);
	}
	r = fp_mirror_open(folder, &mirror, error);
	if (r > 0)
		return fp_error_set(error, FP_ERROR_BUSY, "the mirror is being made anew");
	if (r < 0)
		return r;
	fp_buf_init(&content, files->max_bytes);
	for (size_t i = 0; r >= 0 && i < files->count; i++)
		r = read_one(mirror, commit, files, i, &content);
	return r < 0 ? r : 0;
}

struct fp_outside fp_sync_outside(struct fp_sync *sync)
{
	return (struct fp_outside){
		.context = sync,
		.look_for_commit = look_for_commit,
		.look_again = look_again,
		.ticket_result = fp_ticket_result,
		.ticket_unref = fp_ticket_unref,
		.repository_status = repository_status,
		.feed_status = feed_status,
		.read_files = read_files,
	};
}
