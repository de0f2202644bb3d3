#pragma once
/* Random records, in and out of order, as the history has them, for tests that count them again. */
#include "fixture.h"

#include "forkpoint/store/history.h"

enum {
	RECORDS_MAX = 120000,
	REPOS = 3,
	BRANCHES = 4,
	VERSIONS = 12,
	OUTCOMES = 3,
	SHAS = 400,
	CLIENTS = 7,
	BUILDS = 900,
};

#define HOUR_US (INT64_C(3600) * 1000 * 1000)

/* A row's values as the history has them. */
struct texts {
	char repo[16], branch[16], version[32], sha[41], client[24], build[24], document[160];
};

struct row {
	uint64_t id;
	int64_t at_us, as_of_us;
	unsigned repo, branch, version, outcome, sha, client, build; /* build 0: none */
	uint32_t duration_us;
	bool written;
	struct texts texts;
};

struct model {
	struct row *rows; /* by id */
	size_t count;
	uint64_t random;
};

void model_init(struct model *model, uint64_t seed);
void model_release(struct model *model);
unsigned below(struct model *model, unsigned limit);
void add_rows(struct model *model, size_t count);
/* After the row's values were changed. */
void row_write_texts(struct row *row);
/* The slices are the row's. */
struct fp_record record_of(const struct row *row);
/* Writes some of what is not written yet, in any order within the batch; some is left for later. */
void write_rows(struct fixture *fixture, struct model *model, bool all);
/* The sums are what counting gives. */
void assert_all_sums(struct fixture *fixture);
