/* What appending, draining and loading cost; prints figures, checks nothing. */
#include "records.h"

#include "forkpoint/base/hash.h"
#include "forkpoint/base/time.h"
#include "forkpoint/store/commits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { DOCUMENT_BYTES = 3000, APPENDS = 200000, COMMITS = 1000000 };

static double since(int64_t start_us)
{
	return (double)(fp_clock_monotonic_us() - start_us);
}

/* Of this thread alone: others may be busy on the machine. */
static int64_t cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * FP_US_PER_S + now.tv_nsec / 1000;
}

/* ---- the journal ---- */

struct appender {
	struct fp_journal *journal;
	unsigned documents, versions, appends;
	int64_t full;
	double us;
};

static void *append(void *context)
{
	struct appender *appender = context;
	struct made_record *made = malloc(sizeof(*made));
	char version[32];
	int64_t start;

	record_make(made, 1, 0, DOCUMENT_BYTES);
	made->record.agent = FP_STR_LITERAL("MSBuild/17.4.1 (Windows NT 10.0; x64) restore");
	start = cpu_us();
	for (unsigned i = 0; i < appender->appends; i++) {
		unsigned document = i % appender->documents;

		memcpy(made->document + 70, &document, sizeof(document));
		snprintf(version, sizeof(version), "2.4.%u", document % appender->versions);
		made->record.version = fp_str(version);
		made->record.id = fp_journal_next_id(appender->journal);
		appender->full +=
			fp_journal_append(appender->journal, &made->record, NULL, NULL) < 0;
	}
	appender->us = (double)(cpu_us() - start);
	free(made);
	return NULL;
}

static void bench_appends(struct fixture *fixture, const char *label, unsigned documents,
	unsigned versions, unsigned appends, unsigned threads)
{
	struct appender appenders[8];
	pthread_t handles[8];
	struct fp_journal *journal;
	uint64_t waiting, room;
	double us = 0;
	int64_t full = 0, start, drained, more;

	assert_ok(fixture,
		fp_journal_open(fixture->dir, UINT64_C(256) << 20, 0, &journal, &fixture->error));
	for (unsigned i = 0; i < threads; i++) {
		appenders[i] = (struct appender){journal, documents, versions, appends, 0, 0};
		pthread_create(&handles[i], NULL, append, &appenders[i]);
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(handles[i], NULL);
		us += appenders[i].us;
		full += appenders[i].full;
	}
	fp_journal_measure(journal, &waiting, &room);
	start = cpu_us();
	drained = 0;
	while ((more = fp_journal_drain(journal, fixture->store, &fixture->error)) > 0)
		drained += more;
	printf("%-34s %6.0f ns each, %4.0f bytes; drain %5.2f us a record%s\n", label,
		us * 1000 / appends / threads, (double)waiting / appends / threads,
		(double)(cpu_us() - start) / (double)drained, full ? " (FULL)" : "");
	fp_journal_close(journal);
	fixture_sql(fixture, "facts.db",
		"DELETE FROM requests; DELETE FROM answers; UPDATE last_request SET request = 0;"
		" VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
	fixture_close(fixture);
	fixture_prepare(fixture);
}

/* ---- the database ---- */

static void bench_row_bytes(struct fixture *fixture)
{
	enum { ROWS = 500000 };
	struct made_record *made = malloc(sizeof(*made));
	struct fp_record *records = calloc(4096, sizeof(*records));
	int64_t start = fp_clock_monotonic_us(), before, after;

	record_make(made, 1, 0, 200);
	before = fixture_sql_number(fixture, "facts.db", "PRAGMA page_count");
	for (uint64_t id = 1; id <= ROWS;) {
		size_t count = 0;

		for (; count < 4096 && id <= ROWS; id++) {
			made->record.id = id;
			made->record.at_us = 1790000000000000 + (int64_t)id * 10;
			made->record.feed_synced_us = made->record.at_us - 30000000;
			made->record.refs_synced_us = made->record.at_us - 20000000;
			records[count++] = made->record;
		}
		assert_ok(fixture,
			fp_store_write_records(fixture->store, records, count, &fixture->error));
	}
	printf("%-34s %6.2f us a row\n", "requests, written directly", since(start) / ROWS);
	assert_ok(fixture, fp_store_checkpoint(fixture->store, NULL, &fixture->error));
	after = fixture_sql_number(fixture, "facts.db", "PRAGMA page_count");
	printf("%-34s %6.1f bytes\n", "a request in the database",
		(double)(after - before) * 8192 / ROWS);
	free(records);
	free(made);
}

/* ---- commits ---- */

static void grow(struct fp_graph *graph)
{
	struct fp_error error;

	for (uint32_t i = 0; i < COMMITS; i++) {
		struct fp_hash128 hash = fp_hash128(&i, sizeof(i));
		uint32_t parents[2] = {i - 1, i / 2}, count = i == 0 ? 0 : i % 5 ? 1 : 2;
		struct fp_oid oid;

		memcpy(oid.bytes, &hash, 16);
		memcpy(oid.bytes + 16, &i, 4);
		fp_graph_append_indexed(
			graph, &oid, 1000000000 + i, 1000000000 + i, parents, count, 0, &error);
	}
}

static void bench_commits(struct fixture *fixture)
{
	struct fp_graph *graph = fp_graph_new();
	struct fp_graph_view view;
	struct fp_facts_row fact = {0};
	int64_t start;

	start = fp_clock_monotonic_us();
	grow(graph);
	printf("%-34s %6.3f s\n", "a million commits, in memory", since(start) / 1e6);
	view = fp_graph_view(graph);
	start = fp_clock_monotonic_us();
	assert_ok(fixture, fp_store_append_commits(fixture->store, 1, &view,
				   &(struct fp_commits_append){.source_digest = "d",
					   .facts = &fact,
					   .facts_count = 1,
					   .whole = true},
				   &fixture->error));
	printf("%-34s %6.3f s\n", "written", since(start) / 1e6);
	for (int i = 0; i < 3; i++) {
		struct fp_graph *loaded = fp_graph_new();
		struct fp_facts_rows facts = {0};
		const struct fp_newest_refs newest = {0};
		struct fp_commits_state state;

		start = fp_clock_monotonic_us();
		assert_ok(fixture, fp_store_load_commits(fixture->store, 1, "d", &newest, loaded,
					   &facts, &state, &fixture->error));
		printf("%-34s %6.3f s\n", "loaded", since(start) / 1e6);
		fp_facts_rows_release(&facts);
		fp_graph_unref(loaded);
	}
	fp_graph_view_release(&view);
	fp_graph_unref(graph);
}

int main(void)
{
	struct fixture *fixture;

	fixture_setup((void **)&fixture);
	bench_appends(fixture, "append with a 3,000-byte document", APPENDS, 1, 30000, 1);
	bench_appends(fixture, "append, document known", 1, 1, APPENDS, 1);
	bench_appends(fixture, "append, 25,000 documents in turn", 25000, 1, 100000, 1);
	bench_appends(fixture, "append, 2,000 versions in turn", 2000, 2000, APPENDS, 1);
	bench_appends(fixture, "append, document known, 2 threads", 1, 1, APPENDS, 2);
	bench_row_bytes(fixture);
	bench_commits(fixture);
	fixture_teardown((void **)&fixture);
	return 0;
}
