/* Log lines as they leave on standard error. */
#include "forkpoint/base/log.h"

#include "forkpoint/base/buf.h"
#include "forkpoint/base/time.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* What was written to standard error since capture_begin. A packet pipe keeps write(2)s apart. */
struct capture {
	int saved, pipe[2];
	char text[8192];
};

static void capture_begin(struct capture *capture)
{
	assert_int_equal(pipe2(capture->pipe, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
	capture->saved = dup(STDERR_FILENO);
	assert_true(capture->saved >= 0);
	assert_true(dup2(capture->pipe[1], STDERR_FILENO) >= 0);
}

/* The first write's bytes; -1 when there was none. */
static ssize_t capture_next(struct capture *capture)
{
	ssize_t got = read(capture->pipe[0], capture->text, sizeof(capture->text) - 1);

	capture->text[got > 0 ? got : 0] = '\0';
	return got;
}

static void capture_end(struct capture *capture)
{
	dup2(capture->saved, STDERR_FILENO);
	close(capture->saved);
	close(capture->pipe[0]);
	close(capture->pipe[1]);
}

/* The line's time, checked and left behind. */
static const char *after_time(const char *line)
{
	int64_t us;

	assert_true(fp_str_starts_with(fp_str(line), "time="));
	assert_true(fp_time_parse_us(fp_str_n(line + 5, 20), &us));
	int64_t age = fp_clock_real_us() - us;

	assert_in_range(age, 0, 60 * FP_US_PER_S);
	assert_int_equal(line[25], ' ');
	return line + 26;
}

static void writes_lines(void **state)
{
	struct capture capture;

	capture_begin(&capture);
	fp_log(FP_LOG_INFO, "feed.synced", "feed=%s versions=%d", "mux", 12);
	fp_log(FP_LOG_WARNING, "feed.late", NULL);
	ssize_t first = capture_next(&capture);
	char line[8192];

	memcpy(line, capture.text, sizeof(line));
	ssize_t second = capture_next(&capture);
	ssize_t third = read(capture.pipe[0], line + 4096, 1);

	capture_end(&capture);
	assert_true(first > 0 && second > 0); /* a write for each */
	assert_int_equal(third, -1);
	assert_string_equal(
		after_time(line), "level=info event=feed.synced feed=mux versions=12\n");
	assert_string_equal(after_time(capture.text), "level=warning event=feed.late\n");
}

static void keeps_to_its_level(void **state)
{
	/* threshold, level of the line, whether it is written */
	static const struct {
		enum fp_log_level threshold, level;
		bool written;
	} rows[] = {
		{FP_LOG_INFO, FP_LOG_DEBUG, false},
		{FP_LOG_INFO, FP_LOG_INFO, true},
		{FP_LOG_DEBUG, FP_LOG_DEBUG, true},
		{FP_LOG_ERROR, FP_LOG_WARNING, false},
		{FP_LOG_ERROR, FP_LOG_ERROR, true},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct capture capture;
		struct fp_error error = {0};

		capture_begin(&capture);
		fp_log_set_level(rows[i].threshold);
		fp_log(rows[i].level, "x", NULL);
		ssize_t plain = capture_next(&capture);

		fp_log_error(rows[i].level, "x", &error, NULL);
		ssize_t with_error = capture_next(&capture);

		capture_end(&capture);
		fp_log_set_level(FP_LOG_INFO);
		assert_int_equal(plain > 0, rows[i].written);
		assert_int_equal(with_error > 0, rows[i].written);
	}
}

static void tells_errors(void **state)
{
	struct capture capture;
	struct fp_error error;
	char wanted[256];

	fp_error_set_at(&error, FP_ERROR_TIMEOUT, "../src/feed/fetch.c", 17, "no \"answer\"");
	capture_begin(&capture);
	fp_log_error(FP_LOG_ERROR, "feed.failed", &error, "feed=%s", "mux");
	capture_next(&capture);
	capture_end(&capture);
	snprintf(wanted, sizeof(wanted), "%s",
		"level=error event=feed.failed error=timeout text=\"no \\\"answer\\\"\" "
		"at=src/feed/fetch.c:17 feed=mux\n");
	assert_string_equal(after_time(capture.text), wanted);
	capture_begin(&capture);
	fp_log_error(FP_LOG_ERROR, "feed.failed", &error, NULL);
	capture_next(&capture);
	capture_end(&capture);
	assert_true(fp_str_ends_with(fp_str(capture.text), "at=src/feed/fetch.c:17\n"));
}

/* A value that nobody quoted must not make lines of its own. */
static void stays_one_line(void **state)
{
	struct capture capture;

	capture_begin(&capture);
	fp_log(FP_LOG_INFO, "x", "name=%s", "a\nlevel=error\x1b[2J");
	capture_next(&capture);
	capture_end(&capture);
	assert_string_equal(
		after_time(capture.text), "level=info event=x name=a level=error [2J\n");
}

static void cuts_long_lines(void **state)
{
	struct capture capture;
	FP_CLEANUP_FREE char *value = malloc(10000);

	assert_non_null(value);
	memset(value, 'v', 9999);
	value[9999] = '\0';
	capture_begin(&capture);
	fp_log(FP_LOG_INFO, "x", "name=%s", value);
	ssize_t got = capture_next(&capture);

	capture_end(&capture);
	assert_in_range(got, 4000, 4096); /* what a pipe takes in one piece */
	assert_int_equal(capture.text[got - 1], '\n');
	assert_int_equal(capture.text[got - 2], 'v');
}

static void quotes(void **state)
{
	static const char *const rows[][2] = {
		{"", "\"\""}, {"a b", "\"a b\""}, {"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"a\nb\tc\rd", "\"a\\nb\\tc\\rd\""}, {"\x1b[31m\x7f", "\"\\x1b[31m\\x7f\""},
		{"\xc3\xa9", "\"\xc3\xa9\""}, {"\xff\xc3", "\"\\xff\\xc3\""}, /* not UTF-8 */
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		assert_string_equal(fp_log_quote(rows[i][0]).text, rows[i][1]);
	assert_string_equal(fp_log_quote(NULL).text, "\"\"");
}

/* Whatever is cut, the closing quote stands and is not escaped, and no character is halved. */
static void cuts_long_quotes(void **state)
{
	static const char *const fillings[] = {"x", "\"", "\\", "\n", "\xf0\x9f\x98\x80", "\x01"};

	for (size_t i = 0; i < FP_ARRAY_SIZE(fillings); i++) {
		for (size_t shift = 0; shift < 5; shift++) {
			struct fp_buf buf FP_CLEANUP(fp_buf_release);

			fp_buf_init(&buf, 10000);
			fp_buf_add(&buf, "....", shift);
			while (buf.len < 2 * FP_LOG_QUOTE_MAX)
				fp_buf_add_text(&buf, fillings[i]);
			struct fp_log_quoted quoted = fp_log_quote(buf.data);
			size_t len = strlen(quoted.text);

			assert_in_range(len, FP_LOG_QUOTE_MAX - 12, FP_LOG_QUOTE_MAX - 1);
			assert_true(fp_str_is_utf8(fp_str(quoted.text)));
			assert_true(fp_str_ends_with(fp_str(quoted.text), "…\""));
		}
	}
}

static void parses_levels(void **state)
{
	static const struct {
		const char *name;
		enum fp_log_level level;
	} rows[] = {{"error", FP_LOG_ERROR}, {"warning", FP_LOG_WARNING}, {"info", FP_LOG_INFO},
		{"debug", FP_LOG_DEBUG}};
	enum fp_log_level level;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		assert_true(fp_log_parse_level(rows[i].name, &level));
		assert_int_equal(level, rows[i].level);
	}
	level = FP_LOG_DEBUG;
	assert_false(fp_log_parse_level("Info", &level));
	assert_false(fp_log_parse_level("", &level));
	assert_int_equal(level, FP_LOG_DEBUG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_lines),
		cmocka_unit_test(keeps_to_its_level),
		cmocka_unit_test(tells_errors),
		cmocka_unit_test(stays_one_line),
		cmocka_unit_test(cuts_long_lines),
		cmocka_unit_test(quotes),
		cmocka_unit_test(cuts_long_quotes),
		cmocka_unit_test(parses_levels),
	};

	return cmocka_run_group_tests_name("base: log", tests, NULL, NULL);
}
