/* Records that can be told from their id alone. */
#include "records.h"

#include <stdio.h>

static void clear_holes(uint32_t holes[FP_HOLE_COUNT])
{
	for (size_t i = 0; i < FP_HOLE_COUNT; i++)
		holes[i] = FP_NO_HOLE;
}

static struct fp_str pick(uint64_t id, const char *const *texts, size_t count)
{
	return fp_str(texts[id % count]);
}

void record_make(struct made_record *made, uint64_t id, unsigned document, size_t bytes)
{
	static const char *const clients[] = {"127.0.0.1", "10.0.0.7", "::1"};
	static const char *const agents[] = {"curl/7.88.1", "", "MSBuild/17.4 (some; words)"};
	static const char *const builds[] = {"", "nightly-1", "", "nightly-2", ""};
	static const char *const forms[] = {"json", "text", "version"};
	struct fp_record *record = &made->record;

	assert_true(bytes >= 120 && bytes <= RECORD_DOCUMENT_MAX);
	memset(made->document, 'x', bytes);
	memset(made->document, '0', FP_ANSWER_ID_HEX + 20);
	snprintf(made->document + 60, 40, "document %u", document);
	snprintf(made->sha, sizeof(made->sha), "%040x", document);
	*record = (struct fp_record){
		.id = id,
		.at_us = 1700000000000000 + (int64_t)id * 1000,
		.feed_synced_us = id % 4 ? 1700000000000000 : -1,
		.refs_synced_us = -1,
		.duration_us = (uint32_t)(id % 100000),
		.status = id % 9 ? 200 : 404,
		.client = pick(id, clients, FP_ARRAY_SIZE(clients)),
		.agent = pick(id, agents, FP_ARRAY_SIZE(agents)),
		.build = pick(id, builds, FP_ARRAY_SIZE(builds)),
		.repo = FP_STR_LITERAL("winui"),
		.branch = FP_STR_LITERAL("main"),
		.sha = fp_str(made->sha),
		.version = FP_STR_LITERAL("2.4.2001312227-main"),
		.outcome = FP_STR_LITERAL("ok"),
		.document = fp_str_n(made->document, bytes),
	};
	strcpy(record->form, forms[id % FP_ARRAY_SIZE(forms)]);
	clear_holes(record->holes);
	record->holes[FP_HOLE_ID] = 0;
	record->holes[FP_HOLE_RESOLVED_AT] = FP_ANSWER_ID_HEX;
}

#define assert_str_equal(a, b) assert_true(fp_str_equal(a, b))

void record_assert_stored(struct fixture *fixture, uint64_t id, unsigned document, size_t bytes)
{
	struct fp_stored_record stored;
	struct made_record made;
	const struct fp_record *record = &stored.record;

	record_make(&made, id, document, bytes);
	if (fp_store_read_record(fixture->store, id, &stored, &fixture->error) != 0)
		fail_msg("record %llu is not there", (unsigned long long)id);
	assert_int_equal(record->id, id);
	assert_int_equal(record->at_us, made.record.at_us);
	assert_int_equal(record->feed_synced_us, made.record.feed_synced_us);
	assert_int_equal(record->refs_synced_us, made.record.refs_synced_us);
	assert_int_equal(record->duration_us, made.record.duration_us);
	assert_int_equal(record->status, made.record.status);
	assert_string_equal(record->form, made.record.form);
	assert_str_equal(record->client, made.record.client);
	assert_str_equal(record->agent, made.record.agent);
	assert_str_equal(record->build, made.record.build);
	assert_str_equal(record->repo, made.record.repo);
	assert_str_equal(record->branch, made.record.branch);
	assert_str_equal(record->sha, made.record.sha);
	assert_str_equal(record->version, made.record.version);
	assert_str_equal(record->outcome, made.record.outcome);
	assert_str_equal(record->document, made.record.document);
	assert_memory_equal(record->holes, made.record.holes, sizeof(record->holes));
	fp_stored_record_release(&stored);
}

int64_t record_count(const struct fixture *fixture)
{
	return fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM requests");
}
