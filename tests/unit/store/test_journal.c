/* The journal on one thread: what goes in comes out, across restarts, damage and fullness. */
#include "records.h"

#include "journal_state.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALL = 128 << 10, BYTES = 1000 };

static struct fp_journal *open_journal(struct fixture *fixture, uint64_t bytes)
{
	struct fp_journal *journal = NULL;
	uint64_t last;

	assert_ok(fixture, fp_store_last_record_id(fixture->store, &last, &fixture->error));
	assert_ok(fixture, fp_journal_open(fixture->dir, bytes, last, &journal, &fixture->error));
	return journal;
}

/* Closes as kill -9 does: nothing is tidied. */
static void abandon(struct fp_journal *journal)
{
	for (size_t i = 0; i < 2; i++)
		fp_journal_file_close(&journal->files[i]);
	fp_journal_close(journal);
}

static int append(
	struct fixture *fixture, struct fp_journal *journal, unsigned documents, uint64_t *id)
{
	struct made_record made;
	struct fp_hash128 hash = {0};
	int r;

	*id = fp_journal_next_id(journal);
	record_make(&made, *id, (unsigned)(*id % documents), BYTES);
	r = fp_journal_append(journal, &made.record, &hash, &fixture->error);
	if (r == 0) {
		struct fp_hash128 expected = fp_document_hash(made.record.document);

		assert_memory_equal(&hash, &expected, sizeof(hash));
		assert_false(fp_journal_is_drained(journal, *id));
	}
	return r;
}

static void check_all(struct fixture *fixture, uint64_t last, unsigned documents)
{
	assert_int_equal(record_count(fixture), last);
	for (uint64_t id = 1; id <= last; id++)
		record_assert_stored(fixture, id, (unsigned)(id % documents), BYTES);
}

static void test_append_and_drain(void **state)
{
	struct fixture *fixture = *state;
	struct fp_journal *journal = open_journal(fixture, 4 << 20);
	uint64_t id = 0, waiting, room, all;

	fp_journal_measure(journal, &waiting, &all);
	assert_int_equal(waiting, 0);
	assert_code(fixture, 0, fp_journal_drain(journal, fixture->store, &fixture->error));
	for (int i = 0; i < 100; i++) {
		assert_ok(fixture, append(fixture, journal, 5, &id));
		assert_int_equal(id, i + 1);
	}
	fp_journal_measure(journal, &waiting, &room);
	/* five documents, a hundred narrow entries */
	assert_in_range(waiting, 5 * BYTES + 100 * 128, 5 * BYTES + 100 * 300);
	assert_int_equal(room, all - waiting);
	assert_code(fixture, 100, fp_journal_drain(journal, fixture->store, &fixture->error));
	assert_code(fixture, 0, fp_journal_drain(journal, fixture->store, &fixture->error));
	fp_journal_measure(journal, &waiting, &room);
	assert_int_equal(waiting, 0);
	assert_true(fp_journal_is_drained(journal, 1) && fp_journal_is_drained(journal, 100));
	check_all(fixture, 100, 5);
	fp_journal_close(journal);
	/* a clean stop leaves nothing to look through, and ids go on */
	journal = open_journal(fixture, 4 << 20);
	assert_code(fixture, 0, fp_journal_drain(journal, fixture->store, &fixture->error));
	assert_int_equal(fp_journal_next_id(journal), 101);
	fp_journal_close(journal);
}

/* Both files in turn, many times, drained at odd moments, abandoned in between. */
static void test_rounds_and_restarts(void **state)
{
	struct fixture *fixture = *state;
	struct fp_journal *journal = open_journal(fixture, SMALL);
	uint64_t id = 0, full = 0;
	uint32_t dice = 1;

	for (int i = 0; i < 6000; i++) {
		dice = dice * 1664525 + 1013904223;
		if (append(fixture, journal, 37, &id) == -FP_ERROR_FULL) {
			full++;
			assert_true(fp_journal_drain(journal, fixture->store, &fixture->error) > 0);
			/* this id's record was never appended: write it now */
			struct made_record made;

			record_make(&made, id, (unsigned)(id % 37), BYTES);
			assert_ok(fixture,
				fp_journal_append(journal, &made.record, NULL, &fixture->error));
		}
		if (dice >> 20 < 12)
			fp_journal_drain(journal, fixture->store, &fixture->error);
		if (dice >> 20 > 4095 - 24) {
			abandon(journal);
			journal = open_journal(fixture, SMALL);
			assert_int_equal(fp_journal_next_id(journal), id + 1);
			/* that one is skipped: record it so that none is missing */
			struct made_record made;

			record_make(&made, id + 1, (unsigned)((id + 1) % 37), BYTES);
			while (fp_journal_append(journal, &made.record, NULL, &fixture->error) < 0)
				assert_true(fp_journal_drain(
						    journal, fixture->store, &fixture->error) > 0);
			id++;
		}
	}
	assert_true(fp_journal_drain(journal, fixture->store, &fixture->error) >= 0);
	assert_true(full > 2);
	check_all(fixture, id, 37);
	fp_journal_close(journal);
}

/* Full: refused until drained, and nothing of what was refused is in the database. */
static void test_full(void **state)
{
	struct fixture *fixture = *state;
	struct fp_journal *journal = open_journal(fixture, SMALL);
	uint64_t id, accepted = 0, waiting, room;

	for (int round = 0; round < 5; round++) {
		int64_t before = record_count(fixture), appended = 0, refused = 0;

		while (refused < 3) {
			int r = append(fixture, journal, 1000000, &id);

			assert_true(r == 0 || r == -FP_ERROR_FULL);
			appended += r == 0;
			refused += r != 0;
		}
		/* both files are full; after the first time the one that was appended to last has
		 * to be left before it can be emptied */
		fp_journal_measure(journal, &waiting, &room);
		assert_true(
			waiting > (round ? SMALL / 2 : SMALL - 4096) - 4096 - 4 * (BYTES + 400));
		assert_code(fixture, appended,
			fp_journal_drain(journal, fixture->store, &fixture->error));
		assert_int_equal(record_count(fixture), before + appended);
		accepted += (uint64_t)appended;
	}
	assert_true(accepted > 5 * 40);
	fp_journal_close(journal);
}

/* A file that the configuration now wants larger or smaller. */
static void test_another_size(void **state)
{
	struct fixture *fixture = *state;
	static const uint64_t sizes[] = {SMALL, 1 << 20, SMALL, 4 << 20};
	uint64_t id = 0;

	for (size_t i = 0; i < FP_ARRAY_SIZE(sizes); i++) {
		struct fp_journal *journal = open_journal(fixture, sizes[i]);
		struct stat info;

		assert_true(fp_journal_drain(journal, fixture->store, &fixture->error) >= 0);
		for (int k = 0; k < 60; k++)
			assert_ok(fixture, append(fixture, journal, 1000, &id));
		assert_int_equal(stat(fixture_path(fixture, "journal.1"), &info), 0);
		assert_true(info.st_size > 0);
		abandon(journal);
	}
	struct fp_journal *journal = open_journal(fixture, SMALL);

	assert_int_equal(fp_journal_drain(journal, fixture->store, &fixture->error), 60);
	check_all(fixture, id, 1000);
	fp_journal_close(journal);
}

/* Entries that a machine's crash tore: they are passed over, and what stands behind them is found.
 */
static void test_torn(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *label;
		uint64_t offset; /* in the entry */
		size_t bytes;
		uint8_t value;
	} rows[] = {
		{"never sealed", 0, 8, 0},
		{"another seal", 0, 1, 0x55},
		{"length", 8, 4, 0xff},
		{"length of nothing", 8, 4, 0},
		{"length of the document", 12, 2, 1},
		{"an earlier round", 16, 1, 77},
		{"id", 24, 1, 99},
		{"a text's length", 88, 2, 0xff},
		{"a text", 130, 1, '?'},
		{"the document", 800, 1, '?'},
		{"all of it", 0, 1024, 0xaa},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_journal *journal = open_journal(fixture, SMALL);
		int64_t before = record_count(fixture);
		uint64_t first, second, third, at;
		struct fp_stored_record stored;

		at = fp_state_offset(journal->state);
		assert_ok(fixture, append(fixture, journal, 1000000, &first));
		at += fp_journal_file_entry(&journal->files[journal->state >> 40 & 1], at)->bytes;
		assert_ok(fixture, append(fixture, journal, 1000000, &second));
		assert_ok(fixture, append(fixture, journal, 1000000, &third));
		memset(journal->files[journal->state >> 40 & 1].base + at + rows[i].offset,
			rows[i].value, rows[i].bytes);
		abandon(journal);
		journal = open_journal(fixture, SMALL);
		if (fp_journal_drain(journal, fixture->store, &fixture->error) != 2)
			fail_msg("%s: not two records", rows[i].label);
		assert_int_equal(record_count(fixture), before + 2);
		record_assert_stored(fixture, first, (unsigned)first, BYTES);
		assert_code(fixture, 1,
			fp_store_read_record(fixture->store, second, &stored, &fixture->error));
		record_assert_stored(fixture, third, (unsigned)third, BYTES);
		/* the id of the torn one does not come again, as a later one is known */
		assert_true(fp_journal_next_id(journal) > third);
		fp_journal_close(journal);
	}
}

/* A request whose document went with the machine is kept; the document heals when it comes again.
 */
static void test_lost_document(void **state)
{
	struct fixture *fixture = *state;
	struct fp_journal *journal = open_journal(fixture, SMALL);
	struct fp_stored_record stored;
	uint64_t at = fp_state_offset(journal->state), id;
	struct made_record made;

	for (uint64_t i = 1; i <= 2; i++) {
		record_make(&made, fp_journal_next_id(journal), 5, BYTES);
		assert_ok(fixture, fp_journal_append(journal, &made.record, NULL, &fixture->error));
	}
	memset(journal->files[journal->state >> 40 & 1].base + at, 0, 512);
	abandon(journal);
	journal = open_journal(fixture, SMALL);
	assert_code(fixture, 1, fp_journal_drain(journal, fixture->store, &fixture->error));
	assert_ok(fixture, fp_store_read_record(fixture->store, 2, &stored, &fixture->error));
	assert_int_equal(stored.record.document.len, 0);
	assert_int_equal(stored.record.at_us, made.record.at_us);
	fp_stored_record_release(&stored);
	id = fp_journal_next_id(journal);
	record_make(&made, id, 5, BYTES);
	assert_ok(fixture, fp_journal_append(journal, &made.record, NULL, &fixture->error));
	fp_journal_close(journal);
	fixture_close(fixture);
	fixture_prepare(fixture);
	journal = open_journal(fixture, SMALL);
	assert_code(fixture, 1, fp_journal_drain(journal, fixture->store, &fixture->error));
	record_assert_stored(fixture, 2, 5, BYTES);
	record_assert_stored(fixture, id, 5, BYTES);
	fp_journal_close(journal);
}

/* The database has the records, but the process was killed before it could give the file back. */
static void test_killed_before_reuse(void **state)
{
	struct fixture *fixture = *state;
	struct fp_journal *journal = open_journal(fixture, SMALL);
	uint64_t id;

	for (int i = 0; i < 50; i++)
		assert_ok(fixture, append(fixture, journal, 10, &id));
	assert_code(fixture, 50, fp_journal_drain(journal, fixture->store, &fixture->error));
	abandon(journal);
	journal = open_journal(fixture, SMALL);
	assert_false(fp_journal_is_drained(journal, 50)); /* as far as the journal knows */
	assert_code(fixture, 50, fp_journal_drain(journal, fixture->store, &fixture->error));
	assert_true(fp_journal_is_drained(journal, 50));
	check_all(fixture, 50, 10);
	assert_int_equal(fp_journal_next_id(journal), 51);
	fp_journal_close(journal);
}

/* While the database refuses, nothing is taken out; afterwards everything is there. */
static void test_database_refuses(void **state)
{
	struct fixture *fixture = *state;
	struct fp_journal *journal = open_journal(fixture, SMALL);
	uint64_t id, waiting, again, room;

	for (int i = 0; i < 20; i++)
		assert_ok(fixture, append(fixture, journal, 3, &id));
	fixture_sql(fixture, "facts.db",
		"CREATE TRIGGER t BEFORE INSERT ON requests BEGIN SELECT RAISE(ABORT, 'no'); END");
	fp_journal_measure(journal, &waiting, &room);
	assert_true(fp_journal_drain(journal, fixture->store, &fixture->error) < 0);
	fp_journal_measure(journal, &again, &room);
	assert_int_equal(waiting, again);
	assert_false(fp_journal_is_drained(journal, 1));
	fixture_sql(fixture, "facts.db", "DROP TRIGGER t");
	assert_code(fixture, 20, fp_journal_drain(journal, fixture->store, &fixture->error));
	check_all(fixture, 20, 3);
	fp_journal_close(journal);
}

static void test_limits(void **state)
{
	struct fixture *fixture = *state;
	struct fp_journal *journal = open_journal(fixture, SMALL);
	struct fp_journal *none = NULL;
	FP_CLEANUP_FREE char *large = calloc(1, 200 << 10);
	struct made_record made;

	assert_non_null(large);
	record_make(&made, 1, 1, BYTES);
	made.record.document = fp_str_n(large, 200 << 10);
	assert_code(fixture, -FP_ERROR_LIMIT,
		fp_journal_append(journal, &made.record, NULL, &fixture->error));
	record_make(&made, 1, 1, BYTES);
	made.record.agent = fp_str_n(large, 70000);
	assert_code(fixture, -FP_ERROR_LIMIT,
		fp_journal_append(journal, &made.record, NULL, &fixture->error));
	record_make(&made, 1, 1, BYTES);
	assert_ok(fixture, fp_journal_append(journal, &made.record, NULL, &fixture->error));
	fp_journal_close(journal);
	/* more than any disk has: found here, not in a reply */
	assert_code(fixture, -FP_ERROR_LIMIT,
		fp_journal_open(fixture->dir, UINT64_C(1) << 60, 0, &none, &fixture->error));
	assert_null(none);
}

static void test_files_refused(void **state)
{
	struct fixture *fixture = *state;
	struct fp_journal *journal = open_journal(fixture, SMALL);
	struct fp_buf FP_CLEANUP_BUF before;
	struct fp_buf FP_CLEANUP_BUF after;
	char junk[1024];
	uint64_t id;

	fp_buf_init(&before, 1 << 20);
	fp_buf_init(&after, 1 << 20);
	assert_ok(fixture, append(fixture, journal, 3, &id));
	abandon(journal);
	/* both headers' checksums wrong, entries behind them: not ours to throw away */
	memset(junk, 0x11, sizeof(junk));
	fixture_patch(fixture, "journal.0", 20, fp_str_n(junk, 4));
	fixture_patch(fixture, "journal.0", 532, fp_str_n(junk, 4));
	fixture_read(fixture, "journal.0", &before);
	assert_code(fixture, -FP_ERROR_CORRUPT,
		fp_journal_open(fixture->dir, SMALL, 0, &journal, &fixture->error));
	fixture_patch(fixture, "journal.0", 0, fp_str_n(junk, sizeof(junk)));
	assert_code(fixture, -FP_ERROR_FOREIGN,
		fp_journal_open(fixture->dir, SMALL, 0, &journal, &fixture->error));
	fixture_read(fixture, "journal.0", &after);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data + 1024, after.data + 1024, before.len - 1024);
	/* zeros are a file whose making was interrupted */
	memset(junk, 0, sizeof(junk));
	fixture_write(fixture, "journal.0", fp_str_n(junk, 100));
	fixture_write(fixture, "journal.1", FP_STR_LITERAL(""));
	journal = open_journal(fixture, SMALL);
	assert_ok(fixture, append(fixture, journal, 3, &id));
	fp_journal_close(journal);
}

/* A document that holds what looks like an entry, even one copied from this very journal. */
static void test_entry_inside_document(void **state)
{
	struct fixture *fixture = *state;
	struct fp_journal *journal = open_journal(fixture, SMALL);
	uint64_t at = fp_state_offset(journal->state), id;
	const struct fp_journal_file *file = &journal->files[journal->state >> 40 & 1];
	struct made_record made;

	assert_ok(fixture, append(fixture, journal, 3, &id));
	record_make(&made, fp_journal_next_id(journal), 2, 4000);
	for (size_t place = 0; place + 1200 < 4000; place += 1300)
		memcpy(made.document + place, file->base + at, 1200);
	assert_ok(fixture, fp_journal_append(journal, &made.record, NULL, &fixture->error));
	/* its own header is torn, so that start-up looks inside */
	memset(file->base + at + fp_journal_file_entry(file, at)->bytes, 0, 8);
	abandon(journal);
	journal = open_journal(fixture, SMALL);
	assert_code(fixture, 1, fp_journal_drain(journal, fixture->store, &fixture->error));
	fp_journal_close(journal);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_append_and_drain),
		TEST(test_rounds_and_restarts),
		TEST(test_full),
		TEST(test_another_size),
		TEST(test_torn),
		TEST(test_lost_document),
		TEST(test_killed_before_reuse),
		TEST(test_database_refuses),
		TEST(test_limits),
		TEST(test_files_refused),
		TEST(test_entry_inside_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
