/*
 * Looks at a package of a feed and prints what came, a line per fact: what the tests in
 * tests/e2e/test_feed_layer_*.py drive.
 *
 *   look [option=value …] URL ID…        each ID is one look, in order, with one struct fp_feed
 *
 * An ID of `wait` waits for a line on standard input; `probe:ID` probes; `head:ID:VERSION` checks a
 * download.
 */
#include "forkpoint/base/number.h"
#include "forkpoint/base/time.h"
#include "forkpoint/feed/feed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
	const char *name;
	size_t offset;
} spans[] = {
	{"connect", offsetof(struct fp_feed_options, connect_timeout_us)},
	{"first", offsetof(struct fp_feed_options, first_byte_timeout_us)},
	{"stall", offsetof(struct fp_feed_options, stall_timeout_us)},
	{"total", offsetof(struct fp_feed_options, total_timeout_us)},
};

static const struct {
	const char *name;
	size_t offset;
} counts[] = {
	{"bytes", offsetof(struct fp_feed_options, max_document_bytes)},
	{"versions", offsetof(struct fp_feed_options, max_versions)},
	{"pages", offsetof(struct fp_feed_options, max_pages)},
	{"depth", offsetof(struct fp_feed_options, max_depth)},
};

static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{"user", offsetof(struct fp_feed_options, username)},
	{"password", offsetof(struct fp_feed_options, password)},
	{"proxy", offsetof(struct fp_feed_options, proxy)},
	{"ca", offsetof(struct fp_feed_options, ca_file)},
};

static enum fp_feed_kind kind_of(const char *name)
{
	static const char *const names[] = {"auto", "v3", "v2", "folder"};
	for (size_t i = 0; i < FP_ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum fp_feed_kind)i;
	fprintf(stderr, "no such protocol: %s\n", name);
	exit(2);
}

static void *field(struct fp_feed_options *options, size_t offset)
{
	return (char *)options + offset;
}

static bool set_option(struct fp_feed_options *options, const char *name, const char *value)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(spans); i++)
		if (strcmp(name, spans[i].name) == 0)
			return fp_parse_duration_us(fp_str(value), field(options, spans[i].offset));
	for (size_t i = 0; i < FP_ARRAY_SIZE(counts); i++)
		if (strcmp(name, counts[i].name) == 0)
			return fp_parse_u64(
				fp_str(value), 0, UINT64_MAX, field(options, counts[i].offset));
	for (size_t i = 0; i < FP_ARRAY_SIZE(texts); i++) {
		if (strcmp(name, texts[i].name) == 0) {
			*(const char **)field(options, texts[i].offset) = value;
			return true;
		}
	}
	if (strcmp(name, "protocol") != 0)
		return false;
	options->kind = kind_of(value);
	return true;
}

static void print_listing(struct fp_listing *listing)
{
	static const char *const listed[] = {"unknown", "listed", "unlisted"};
	printf("listing %zu %s %s\n", listing->count, listing->complete ? "complete" : "incomplete",
		listing->source);
	printf("download %s\n", listing->download ? listing->download : "-");
	for (size_t i = 0; i < listing->count; i++) {
		char time[FP_TIME_TEXT_MAX] = "-";
		if (listing->versions[i].published_us >= 0)
			fp_time_format_us(listing->versions[i].published_us, time);
		printf("version %.*s %s %s\n", FP_STR_ARG(listing->versions[i].text),
			listed[listing->versions[i].listed], time);
	}
}

static int64_t cpu_us(void)
{
	struct timespec spec;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spec);
	return spec.tv_sec * FP_US_PER_S + spec.tv_nsec / 1000;
}

/* VmHWM and not getrusage's maximum: that one remembers the parent's, from before exec. */
static long peak_kib(void)
{
	char line[256];
	long kib = -1;
	FILE *file = fopen("/proc/self/status", "r");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (file)
		fclose(file);
	return kib;
}

static void look(struct fp_feed *feed, const char *id)
{
	FP_CLEANUP(fp_listing_release) struct fp_listing listing = {0};
	struct fp_feed_report report;
	struct fp_error error = {0};
	int64_t started = fp_clock_monotonic_us(), cpu = cpu_us();
	int r = fp_feed_look(feed, id, &listing, &report, &error);
	started = fp_clock_monotonic_us() - started;
	cpu = cpu_us() - cpu;
	if (r == 0)
		print_listing(&listing);
	else if (r == FP_FEED_UNCHANGED)
		printf("unchanged\n");
	else if (r == FP_FEED_NO_PACKAGE)
		printf("no-package\n");
	else
		printf("error %s %s\n", fp_error_code_name(error.code), error.text);
	printf("report protocol=%s requests=%u bytes=%llu retry_after_ms=%lld wall_us=%lld "
	       "cpu_us=%lld "
	       "peak_kib=%ld\n",
		report.protocol, report.requests, (unsigned long long)report.bytes,
		(long long)(report.retry_after_us / FP_US_PER_MS), (long long)started,
		(long long)cpu, peak_kib());
	printf("note %s\nend\n", report.note);
	fflush(stdout);
}

static void probe(struct fp_feed *feed, const char *id)
{
	FP_CLEANUP_BUF struct fp_buf out;
	fp_buf_init(&out, 1 << 20);
	struct fp_error error = {0};
	int r = fp_feed_probe(feed, *id ? id : NULL, &out, &error);
	printf("%s", out.data ? out.data : "");
	if (r < 0)
		printf("error %s %s\n", fp_error_code_name(error.code), error.text);
	printf("end\n");
	fflush(stdout);
}

static void head(struct fp_feed *feed, char *id)
{
	struct fp_error error = {0};
	char *version = strchr(id, ':');
	*version++ = '\0';
	int r = fp_feed_check_download(feed, id, fp_str(version), &error);
	if (r < 0)
		printf("error %s %s\n", fp_error_code_name(error.code), error.text);
	else
		printf("download %s\n", r == 0 ? "there" : "gone");
	printf("end\n");
	fflush(stdout);
}

static void act(struct fp_feed *feed, char *word)
{
	char line[16];
	if (strcmp(word, "wait") == 0) {
		if (!fgets(line, sizeof(line), stdin))
			exit(0);
	} else if (strncmp(word, "probe:", 6) == 0) {
		probe(feed, word + 6);
	} else if (strncmp(word, "anew:", 5) == 0) {
		fp_feed_ask_anew(feed, true);
		look(feed, word + 5);
		fp_feed_ask_anew(feed, false);
	} else if (strncmp(word, "head:", 5) == 0) {
		head(feed, word + 5);
	} else {
		look(feed, word);
	}
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* as the daemon does: see feed.h */
	struct fp_feed_options options = {.name = "test"};
	int at = 1;
	for (; at < argc && argv[at][strcspn(argv[at], "=/:")] == '='; at++) {
		char *value = strchr(argv[at], '=');
		*value++ = '\0';
		if (!set_option(&options, argv[at], value)) {
			fprintf(stderr, "bad option %s=%s\n", argv[at], value);
			return 2;
		}
	}
	if (argc - at < 2) {
		fprintf(stderr, "usage: look [option=value ...] URL ID...\n");
		return 2;
	}
	options.url = argv[at++];
	FP_CLEANUP(fp_feed_free_cleanup) struct fp_feed *feed = NULL;
	struct fp_error error = {0};
	if (fp_feed_new(&options, &feed, &error) < 0) {
		printf("error %s %s\nend\n", fp_error_code_name(error.code), error.text);
		return 0;
	}
	for (; at < argc; at++)
		act(feed, argv[at]);
	return 0;
}
