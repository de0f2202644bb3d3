/*
 * Fills a data folder's history with months of answers, through the store's own writer.
 *
 * usage: fill-history DATA_DIR REQUESTS DAYS [VERSIONS]
 * VERSIONS: that a branch has a day, 1 without it. Prints how long it took, what of that its thread
 * was busy, and what a request needs in the database.
 */
#include "forkpoint/base/time.h"
#include "forkpoint/store/history.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

enum {
	BATCH = 4096,
	REPOS = 2,
	BRANCHES = 12,
	CLIENTS = 60,
	LEGS = 8, /* requests of a build */
	COMMITS = 60000,
	RECENT_COMMITS = 1500, /* that are built at a time */
	DOCUMENT_BYTES = 1000,
};

struct texts {
	char repo[16], branch[32], version[40], sha[41], client[24], build[24];
	char document[DOCUMENT_BYTES + 1];
};

struct plan {
	uint64_t requests, random;
	int64_t first_us, span_us;
	unsigned versions;
};

static uint64_t next_random(struct plan *plan)
{
	plan->random ^= plan->random << 13;
	plan->random ^= plan->random >> 7;
	plan->random ^= plan->random << 17;
	return plan->random >> 11;
}

static unsigned below(struct plan *plan, unsigned limit)
{
	return (unsigned)(next_random(plan) % limit);
}

/* Few are frequent. */
static unsigned skewed(struct plan *plan, unsigned limit)
{
	return below(plan, below(plan, limit) + 1);
}

static const char *outcome_of(struct plan *plan)
{
	unsigned share = below(plan, 1000);

	return share < 930   ? "ok"
	       : share < 985 ? "no-database"
	       : share < 999 ? "unknown-commit"
			     : "internal";
}

static void make_texts(struct plan *plan, uint64_t number, struct texts *texts)
{
	double progress = (double)number / (double)plan->requests;
	unsigned commit =
		(unsigned)(progress * (COMMITS - RECENT_COMMITS)) + skewed(plan, RECENT_COMMITS);
	/* most builds of a commit ask about the branch that it stands on */
	unsigned branch = below(plan, 10) ? commit % 97 % BRANCHES : skewed(plan, BRANCHES);
	unsigned repo = commit % 3 ? 0 : 1;
	unsigned day = (unsigned)(progress * (double)plan->span_us / 86400e6);

	snprintf(texts->repo, sizeof(texts->repo), "product-%u", repo);
	snprintf(texts->branch, sizeof(texts->branch), branch ? "release/1.%u" : "main", branch);
	snprintf(texts->version, sizeof(texts->version), "1.%u.0-26%08u-main", branch,
		day * 10000 + (plan->versions > 1 ? below(plan, plan->versions) : branch));
	snprintf(texts->sha, sizeof(texts->sha), "%08x%032x", commit * 2654435761u, commit);
	snprintf(texts->client, sizeof(texts->client), "10.20.0.%u", skewed(plan, CLIENTS));
	snprintf(texts->build, sizeof(texts->build), "ci-%llu",
		(unsigned long long)(number / 3 / LEGS + 100000));
}

static void make_record(
	struct plan *plan, uint64_t number, struct texts *texts, struct fp_record *record)
{
	const char *outcome = outcome_of(plan);
	bool ok = strcmp(outcome, "ok") == 0;
	int length;

	make_texts(plan, number, texts);
	length = snprintf(texts->document, sizeof(texts->document), "%s %s %s %s %s", texts->repo,
		texts->branch, texts->sha, ok ? texts->version : "", outcome);
	memset(texts->document + length, ' ', sizeof(texts->document) - (size_t)length - 1);
	*record = (struct fp_record){
		.id = number + 1,
		.at_us = plan->first_us +
			 (int64_t)((double)plan->span_us * (double)number / (double)plan->requests),
		.duration_us = 30 + below(plan, 1u << below(plan, 16)),
		.status = ok ? 200 : 404,
		.form = "json",
		.client = fp_str(texts->client),
		.agent = FP_STR_LITERAL("MSBuild/17.4.1"),
		.repo = fp_str(texts->repo),
		.branch = fp_str(texts->branch),
		.version = fp_str(ok ? texts->version : ""),
		.sha = fp_str(texts->sha),
		.outcome = fp_str(outcome),
		.document = fp_str_n(texts->document, DOCUMENT_BYTES),
	};
	record->feed_synced_us = record->at_us - below(plan, 60000000);
	record->refs_synced_us = record->at_us - below(plan, 60000000);
	if (number % 3 == 0)
		record->build = fp_str(texts->build);
	for (size_t i = 0; i < FP_HOLE_COUNT; i++)
		record->holes[i] = FP_NO_HOLE;
}

static int fill(struct fp_store *store, struct plan *plan, struct fp_error *error)
{
	struct fp_record *records = calloc(BATCH, sizeof(*records));
	struct texts *texts = calloc(BATCH, sizeof(*texts));
	int r = records && texts ? 0 : fp_error_memory(error);

	for (uint64_t number = 0; r >= 0 && number < plan->requests;) {
		size_t count = 0;

		for (; count < BATCH && number < plan->requests; count++, number++)
			make_record(plan, number, &texts[count], &records[count]);
		r = fp_store_write_records(store, records, count, error);
		if (r >= 0 && number / BATCH % 64 == 0)
			r = fp_store_checkpoint(store, NULL, error);
	}
	free(records);
	free(texts);
	return r < 0 ? r : fp_store_checkpoint(store, NULL, error);
}

static double bytes_of(const char *folder)
{
	char path[4096];
	struct stat info;

	snprintf(path, sizeof(path), "%s/facts.db", folder);
	return stat(path, &info) == 0 ? (double)info.st_size : 0;
}

int main(int count, char **arguments)
{
	struct fp_store_lock *lock = NULL;
	struct fp_store *store = NULL;
	struct fp_error error;
	struct plan plan = {.random = 88172645463325252u};
	int64_t started_us = fp_clock_monotonic_us();
	int r;

	if (count < 4 || count > 5) {
		fputs("usage: fill-history DATA_DIR REQUESTS DAYS [VERSIONS]\n", stderr);
		return 2;
	}
	plan.requests = strtoull(arguments[2], NULL, 10);
	plan.span_us = (int64_t)(strtod(arguments[3], NULL) * 86400 * FP_US_PER_S);
	plan.versions = count > 4 ? (unsigned)strtoul(arguments[4], NULL, 10) : 1;
	plan.first_us = fp_clock_real_us() - plan.span_us;
	r = fp_store_prepare(arguments[1], &lock, NULL, &error);
	if (r >= 0)
		r = fp_store_open(arguments[1], false, &store, &error);
	if (r >= 0)
		r = fill(store, &plan, &error);
	fp_store_close(store);
	fp_store_unlock(lock);
	if (r < 0) {
		fprintf(stderr, "fill-history: %s\n", error.text);
		return 1;
	}
	printf("%llu requests in %.1f s, %.2f us of processor time each; the database has %.0f"
	       " MiB\n",
		(unsigned long long)plan.requests,
		(double)(fp_clock_monotonic_us() - started_us) / 1e6,
		(double)clock() / CLOCKS_PER_SEC * 1e6 / (double)plan.requests,
		bytes_of(arguments[1]) / 1048576);
	return 0;
}
