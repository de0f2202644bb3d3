/* verify: past answers, given again by the state of their moments. */
#include "verify_answers.h"

#include "forkpoint/base/time.h"
#include "forkpoint/http/reproduce.h"
#include "forkpoint/service/as_of.h"
#include "forkpoint/service/standing.h"
#include "forkpoint/sync/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What was published a moment ago may not be written down yet. */
#define TOO_YOUNG_US (2 * FP_US_PER_S)

enum { DIFFERENT_TOLD_MAX = 100 };

/* A service that serves nobody. */
struct asking {
	struct fp_store *store;
	struct fp_settings *settings;
	struct fp_service service;
	struct fp_worker *worker;
	struct fp_answered_again *counts;
};

static void asking_release(struct asking *asking)
{
	fp_worker_free(asking->worker);
	fp_worlds_free(asking->service.worlds);
	fp_publisher_free(asking->service.publisher);
	fp_settings_unref(asking->settings);
	fp_store_close(asking->store);
}

static int begin(const struct fp_config *config, struct asking *asking, struct fp_error *error)
{
	struct fp_snapshot *snapshot = NULL;
	int r = fp_store_open(config->data_dir, true, &asking->store, error);

	if (r < 0)
		return r;
	asking->settings = fp_settings_from_config(config);
	if (!asking->settings)
		return fp_error_memory(error);
	r = fp_service_load_standing(asking->store, asking->settings, &snapshot, error);
	if (r < 0)
		return r;
	asking->service = (struct fp_service){
		.publisher = fp_publisher_new(snapshot),
		.data_dir = config->data_dir,
		.worlds = fp_worlds_new(),
		.settings_from_text = fp_settings_from_text,
	};
	if (asking->service.publisher)
		return fp_worker_new(&asking->service, &asking->worker, error);
	fp_snapshot_free(snapshot);
	return fp_error_memory(error);
}

/* That the commits are there at all: after a restore the next start reads them. */
static bool has_commits(const struct fp_config *config)
{
	FP_CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s/derived.db", config->data_dir) < 0)
		path = NULL;
	return path && access(path, R_OK) == 0;
}

static int cannot(struct asking *asking, uint64_t id, const struct fp_error *error)
{
	if (++asking->counts->different <= DIFFERENT_TOLD_MAX)
		printf("problem: the answer %016llx cannot be given again: %s\n",
			(unsigned long long)id, error->text);
	return 0;
}

static void count(struct asking *asking, enum fp_reproduced result, uint64_t id)
{
	struct fp_answered_again *counts = asking->counts;

	counts->same += result == FP_REPRODUCED_WHOLE;
	counts->other_words += result == FP_REPRODUCED_OTHER_WORDS;
	counts->not_asked += result == FP_REPRODUCED_NOT_ASKED;
	if (result == FP_REPRODUCED_OTHER_ANSWER && ++counts->different <= DIFFERENT_TOLD_MAX)
		printf("problem: the answer %016llx is not what the facts of its moment yield: "
		       "see /history/%016llx/replay\n",
			(unsigned long long)id, (unsigned long long)id);
}

static int ask_one(struct asking *asking, uint64_t id, int64_t before_us, struct fp_error *error)
{
	struct fp_stored_record stored = {0};
	enum fp_reproduced result = FP_REPRODUCED_NOT_ASKED;
	int r = fp_store_read_record(asking->store, id, &stored, error);

	if (r != 0)
		return r < 0 ? r : 0;
	if (stored.record.at_us < before_us)
		r = fp_http_reproduce(&asking->service, asking->worker, &stored, &result, error);
	if (r >= 0)
		count(asking, result, id);
	else if (r != -FP_ERROR_MEMORY)
		r = cannot(asking, id, error);
	fp_stored_record_release(&stored);
	return r;
}

int fp_verify_answers(const struct fp_config *config, uint64_t sample,
	struct fp_answered_again *counts, struct fp_error *error)
{
	FP_CLEANUP(asking_release) struct asking asking = {.counts = counts};
	int64_t before_us = fp_clock_real_us() - TOO_YOUNG_US;
	FP_CLEANUP_FREE uint64_t *ids = NULL;
	size_t count = 0;
	int r;

	*counts = (struct fp_answered_again){0};
	if (!has_commits(config))
		return 0;
	r = begin(config, &asking, error);
	if (r >= 0)
		r = fp_store_sample_records(asking.store, sample, &ids, &count, error);
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = ask_one(&asking, ids[i], before_us, error);
	return r;
}
