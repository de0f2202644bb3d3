/* Raw commit objects as git reads them; the expected times are git 2.39's own (%at, and
 * commit->date of newer versions where 2.39 takes the first '>'). */
#include "forkpoint/mirror/commit_object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TREE "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
#define P1 "parent 1111111111111111111111111111111111111111\n"
#define P2 "parent 2222222222222222222222222222222222222222\n"
#define A "author a <a@x> 100 +0000\n"
#define C "committer c <c@x> 200 +0100\n"

static const struct {
	const char *why, *object;
	int rc;
	uint32_t parents;
	int64_t author_s, committer_s;
} rows[] = {
	{"a root", TREE A C "\nm\n", 0, 0, 100, 200},
	{"a merge", TREE P1 P2 A C "\nm\n", 0, 2, 100, 200},
	{"no message", TREE P1 A C, 0, 1, 100, 200},
	{"a zone is only shown, the time is UTC", TREE "author a <a@x> 100 -1130\n" C "\n", 0, 0,
		100, 200},
	{"a > in the name of the mailbox", TREE "author a <a>b@x> 100 +0000\n" C "\n", 0, 0, 100,
		200},
	{"< and > in the name", TREE "author a <b> <c> 7 +0000\ncommitter <x> y> 9 +0000\n\n", 0, 0,
		7, 9},
	{"digits in the name are no time", TREE "author 1234 <5@x> 100 +0000\n" C "\n", 0, 0, 100,
		200},
	{"no time", TREE "author a <a@x>\ncommitter c <c@x>\n\n", 0, 0, 0, 0},
	{"no mailbox", TREE "author a 100 +0000\ncommitter c 200 +0000\n\n", 0, 0, 0, 0},
	{"an author's time without a zone is none", TREE "author a <a@x> 100\n" C "\n", 0, 0, 0,
		200},
	{"a committer's time without a zone is one", TREE A "committer c <c@x> 200\n\n", 0, 0, 100,
		200},
	{"before 1970", TREE "author a <a@x> -100 +0000\ncommitter c <c@x> -5 +0000\n\n", 0, 0, 0,
		0},
	{"past 64 bits",
		TREE "author a <a@x> 99999999999999999999999 +0000\n"
		     "committer c <c@x> 99999999999999999999999 +0000\n\n",
		0, 0, INT64_MAX, INT64_MAX},
	{"the largest", TREE "author a <a@x> 9223372036854775807 +0000\n" C "\n", 0, 0, INT64_MAX,
		200},
	{"the year 2106 and after", TREE "author a <a@x> 4294967296 +0000\n" C "\n", 0, 0,
		4294967296, 200},
	{"several spaces", TREE "author a <a@x>   100   +0000\n" C "\n", 0, 0, 100, 200},
	{"no people at all", TREE P1 "\nm\n", 0, 1, 0, 0},
	{"author in the message only", TREE "\nauthor a <a@x> 100 +0000\n", 0, 0, 0, 0},
	{"a header between: git's walks see no committer time then", TREE A "encoding x\n" C "\n",
		0, 0, 100, 0},
	{"two authors: the first", TREE A "author b <b@x> 5 +0000\n" C "\n", 0, 0, 100, 0},
	{"headers after", TREE A C "gpgsig -----\n x\nauthor z <z@x> 1 +0000\n\nm", 0, 0, 100, 200},
	{"a parent line after the author is none", TREE A P1 C "\n", 0, 0, 100, 0},
	{"a parent with a short id", TREE "parent 1111\n" A C "\n", 0, 0, 100, 0},
	{"empty", "", -FP_ERROR_INVALID, 0, 0, 0},
	{"a tree with a short id", "tree 4b82\n" A C, -FP_ERROR_INVALID, 0, 0, 0},
	{"a tag", "object 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n", -FP_ERROR_INVALID, 0, 0, 0},
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_commit_header header = {0};
		struct fp_error error = {0};
		int rc = fp_commit_header_parse(fp_str(rows[i].object), &header, NULL, &error);

		if (rc != rows[i].rc || header.parent_count != rows[i].parents ||
			header.author_s != rows[i].author_s ||
			header.committer_s != rows[i].committer_s)
			fail_msg("%s: %d, %u parents, author %lld, committer %lld", rows[i].why, rc,
				header.parent_count, (long long)header.author_s,
				(long long)header.committer_s);
	}
}

static void test_parents_in_order(void **state)
{
	struct fp_commit_header header;
	char hex[FP_OID_HEX + 1];
	struct fp_oid parent;

	assert_int_equal(
		fp_commit_header_parse(FP_STR_LITERAL(TREE P1 P2 A C "\n"), &header, NULL, NULL),
		0);
	parent = fp_commit_header_parent(&header, 1);
	fp_oid_format(&parent, hex);
	assert_string_equal(hex, "2222222222222222222222222222222222222222");
}

/* However an object is cut, a reader that asks for more until it is complete gets the same. */
static void test_cut_anywhere(void **state)
{
	static const char object[] = TREE P1 P2 A C "\nmessage\n";
	size_t needed = sizeof(TREE P1 P2 A C) - 1;

	for (size_t len = sizeof(TREE) - 1; len < sizeof(object); len++) {
		struct fp_commit_header header;
		bool complete;
		/* on the heap at its exact size, for the address sanitizer's sake */
		char *copy = malloc(len);

		assert_non_null(copy);
		memcpy(copy, object, len);
		assert_int_equal(
			fp_commit_header_parse(fp_str_n(copy, len), &header, &complete, NULL), 0);
		assert_int_equal(complete, len >= needed);
		if (complete) {
			assert_int_equal(header.parent_count, 2);
			assert_int_equal(header.committer_s, 200);
		}
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_parents_in_order),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
