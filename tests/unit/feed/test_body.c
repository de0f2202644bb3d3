/* A reply's bytes on their way: packing, limits, hashes, the look at the first bytes. */
#include "forkpoint/feed/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <zlib.h>

struct received {
	struct fp_buf text;
	unsigned done;
};

static int on_body(void *context, const char *data, size_t len, struct fp_error *error)
{
	struct received *received = context;
	fp_buf_add(&received->text, data, len);
	return fp_buf_check(&received->text, error);
}

static int on_done(void *context, struct fp_error *error)
{
	((struct received *)context)->done++;
	return 0;
}

static size_t pack(const char *text, size_t len, char *out, size_t room)
{
	z_stream zip = {0};
	assert_int_equal(deflateInit2(&zip, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	zip.next_in = (Bytef *)(uintptr_t)text;
	zip.avail_in = (uInt)len;
	zip.next_out = (Bytef *)out;
	zip.avail_out = (uInt)room;
	assert_int_equal(deflate(&zip, Z_FINISH), Z_STREAM_END);
	deflateEnd(&zip);
	return room - zip.avail_out;
}

/* Feeds in pieces; the result of the first call that fails, or of the finish. */
static int run(const struct fp_body_options *options, const char *data, size_t len, size_t piece,
	struct fp_validators *fresh)
{
	struct fp_error error;
	FP_CLEANUP(fp_body_free_cleanup) struct fp_body *body = fp_body_new(options);
	assert_non_null(body);
	for (size_t at = 0; at < len; at += piece) {
		size_t take = len - at < piece ? len - at : piece;
		int r = fp_body_feed(body, data + at, take, &error);
		if (r < 0)
			return r;
	}
	int r = fp_body_finish(body, &error);
	if (fresh)
		*fresh = (struct fp_validators){
			.known = true, .hash = fp_body_hash(body), .bytes = fp_body_bytes(body)};
	return r;
}

static int receive(enum fp_body_kind kind, const char *data, size_t len, size_t piece,
	struct received *received)
{
	fp_buf_init(&received->text, 64 << 20);
	received->done = 0;
	return run(&(struct fp_body_options){.max_bytes = 64 << 20,
			   .kind = kind,
			   .body = on_body,
			   .done = on_done,
			   .context = received},
		data, len, piece, NULL);
}

/* Plain, packed, packed in two members, with padding behind: one text, however cut. */
static void test_packing(void **state)
{
	static const char text[] = "{\"versions\": [\"1.0.0\"]}";
	char packed[1000];
	size_t len = pack(text, 10, packed, sizeof(packed));
	len += pack(text + 10, sizeof(text) - 11, packed + len, sizeof(packed) - len);
	memset(packed + len, 0, 10);
	for (size_t piece = 1; piece < 80; piece++) {
		struct received received;
		assert_int_equal(
			receive(FP_BODY_JSON, text, sizeof(text) - 1, piece, &received), 0);
		assert_string_equal(received.text.data, text);
		fp_buf_release(&received.text);
		assert_int_equal(receive(FP_BODY_JSON, packed, len + 10, piece, &received), 0);
		assert_string_equal(received.text.data, text);
		assert_int_equal(received.done, 1);
		fp_buf_release(&received.text);
		/* broken off */
		assert_int_equal(receive(FP_BODY_JSON, packed, len - 1, piece, &received),
			-FP_ERROR_UNAVAILABLE);
		assert_int_equal(received.done, 0);
		fp_buf_release(&received.text);
	}
}

static int end_after(void *calls, struct fp_error *error)
{
	return --*(int *)calls < 0 ? fp_error_set(error, FP_ERROR_CANCELLED, "enough") : 0;
}

static void test_bomb(void **state)
{
	static char spaces[1 << 20], packed[1 << 16];
	memset(spaces, ' ', sizeof(spaces));
	size_t len = pack(spaces, sizeof(spaces), packed, sizeof(packed));
	struct fp_body_options options = {.max_bytes = sizeof(spaces) - 1};
	assert_int_equal(run(&options, packed, len, len, NULL), -FP_ERROR_LIMIT);
	options.max_bytes = sizeof(spaces);
	assert_int_equal(run(&options, packed, len, len, NULL), 0);
	/* it can be ended in the middle, however few bytes it came in */
	int calls = 8;
	options.check = end_after;
	options.check_context = &calls;
	assert_int_equal(run(&options, packed, len, len, NULL), -FP_ERROR_CANCELLED);
	options.check = NULL;
	/* the packed bytes count as well */
	len = pack("", 0, packed, sizeof(packed));
	options.max_bytes = len * 2;
	char many[3000];
	for (size_t i = 0; i < 3; i++)
		memcpy(many + i * len, packed, len);
	assert_int_equal(run(&options, many, len * 2, 7, NULL), 0);
	assert_int_equal(run(&options, many, len * 3, 7, NULL), -FP_ERROR_LIMIT);
}

/* The hash depends on the bytes alone; an unchanged body never reaches its reader. */
static void test_unchanged(void **state)
{
	static char text[100000];
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(' ' + i * 7 % 90);
	struct fp_body_options options = {.max_bytes = sizeof(text)};
	struct fp_validators first, again;
	assert_int_equal(run(&options, text, sizeof(text), 1000, &first), 0);
	assert_int_equal(run(&options, text, sizeof(text), 16384, &again), 0);
	assert_memory_equal(&first.hash, &again.hash, sizeof(first.hash));
	struct received received = {0};
	fp_buf_init(&received.text, sizeof(text));
	options.last = &first;
	options.body = on_body;
	options.done = on_done;
	options.context = &received;
	assert_int_equal(run(&options, text, sizeof(text), 999, NULL), FP_FETCH_UNCHANGED);
	assert_int_equal(received.text.len, 0);
	assert_int_equal(received.done, 0);
	text[50000] ^= 1;
	assert_int_equal(run(&options, text, sizeof(text), 999, NULL), 0);
	assert_int_equal(received.text.len, sizeof(text));
	assert_int_equal(received.done, 1);
	fp_buf_release(&received.text);
}

/* Longer than what is held back: it streams, and the hash still says unchanged at the end. */
static void test_streaming(void **state)
{
	size_t len = FP_FETCH_HOLD_BYTES + 12345;
	char *text = malloc(len);
	assert_non_null(text);
	memset(text, 'x', len);
	struct received received = {0};
	fp_buf_init(&received.text, len);
	struct fp_validators first;
	struct fp_body_options options = {
		.max_bytes = len, .body = on_body, .done = on_done, .context = &received};
	assert_int_equal(run(&options, text, len, 70000, &first), 0);
	assert_int_equal(received.text.len, len);
	assert_int_equal(received.done, 1);
	options.last = &first;
	fp_buf_clear(&received.text);
	assert_int_equal(run(&options, text, len, 70001, NULL), FP_FETCH_UNCHANGED);
	assert_int_equal(received.done, 1);
	fp_buf_release(&received.text);
	free(text);
}

static void test_sniff(void **state)
{
	static const struct {
		enum fp_body_kind kind;
		const char *start;
		int result;
	} rows[] = {
		{FP_BODY_JSON, "{}", 0},
		{FP_BODY_JSON, " \r\n\xef\xbb\xbf", 0},
		{FP_BODY_JSON, "nonsense", 0}, /* the parser's to say */
		{FP_BODY_JSON, "<?xml version='1.0'?>", -FP_ERROR_INVALID},
		{FP_BODY_JSON, "<html>It works!", -FP_ERROR_INVALID},
		{FP_BODY_JSON, " <!DOCTYPE html><title>Sign In</title>", -FP_ERROR_DENIED},
		{FP_BODY_JSON, "<?xml version='1.0'?>\n<!-- x -->\n<!DOCTYPE html><p>Log in",
			-FP_ERROR_DENIED},
		{FP_BODY_XML, "<!-- portal --><head><title>Sign in", -FP_ERROR_DENIED},
		{FP_BODY_XML, "<?xml version='1.0'?><!-- html --><feed/>", 0},
		{FP_BODY_JSON, "<!-- never ends", -FP_ERROR_INVALID},
		{FP_BODY_XML, "<HTML><form action='/login'>", -FP_ERROR_DENIED},
		{FP_BODY_XML, "<!doctype HTML><p>404", -FP_ERROR_INVALID},
		{FP_BODY_XML, "<?xml version='1.0'?><feed/>", 0},
		{FP_BODY_XML, "<?xml version='1.0'?><!DOCTYPE feed [", 0}, /* the parser's to say */
		{FP_BODY_XML, "{\"version\": \"3.0.0\"}", -FP_ERROR_INVALID},
		{FP_BODY_XML, "\xff\xfe<", 0}, /* UTF-16 */
		{FP_BODY_ANY, "<html>sign in", 0},
		{FP_BODY_JSON, "", 0},
	};
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_error error;
		print_message("%s\n", rows[i].start);
		assert_int_equal(
			fp_body_sniff(rows[i].kind, fp_str(rows[i].start), &error), rows[i].result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packing),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_unchanged),
		cmocka_unit_test(test_streaming),
		cmocka_unit_test(test_sniff),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
