/* Fetching into a mirror with the real worker: this program is its own worker, as the daemon is. */
#include "forkpoint/mirror/fetch.h"
#include "forkpoint/mirror/mirror.h"

#include "forkpoint/base/time.h"

#include "../../../src/mirror/fetch_message.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const all_refs[] = {"refs/heads/*", "refs/tags/*", "refs/pull/*/head"};

static struct fp_fetch_job job_for(const char *url, const char *path)
{
	return (struct fp_fetch_job){
		.url = url,
		.path = path,
		.refs = all_refs,
		.ref_count = FP_ARRAY_SIZE(all_refs),
		.timeout_us = 60 * FP_US_PER_S,
		.stall_timeout_us = 30 * FP_US_PER_S,
	};
}

static int fetch(
	const struct fp_fetch_job *job, struct fp_fetch_result *result, struct fp_error *error)
{
	*result = (struct fp_fetch_result){0};
	return fp_fetch_run("/proc/self/exe", job, NULL, NULL, result, error);
}

static void fetch_well(const struct fp_fetch_job *job, struct fp_fetch_result *result)
{
	struct fp_error error = {0};

	if (fetch(job, result, &error) != 0)
		fail_msg("%s: %s", fp_error_code_name(error.code), error.text);
}

/* Upstream's refs that the job's globs take, as git sees them, against the mirror's. */
static void same_refs(const struct fixture *fixture, const char *upstream, const char *mirror)
{
	static const char format[] =
		"git -C %s for-each-ref --format='%%(objectname) %%(*objectname) %%(refname)' "
		"refs/heads refs/tags 'refs/pull/*/head'";
	char *wanted = fixture_output(fixture, format, upstream);
	char *got = fixture_output(fixture, format, mirror);

	assert_string_equal(got, wanted);
	free(wanted);
	free(got);
	fixture_run(fixture, "git -C %s fsck --connectivity-only --no-dangling 2>&1", mirror);
}

/* main and two topic branches, a merge, tags of both kinds, a pull request's head, and refs that
 * are not to be mirrored. */
static void make_upstream(struct fixture *fixture)
{
	fixture_init(fixture);
	fixture_run(fixture,
		"exec >/dev/null; git init -q -b main up; cd up; git config advice.nestedTag false;"
		"git commit -q --allow-empty -m one; git tag light; git tag -a -m x annotated;"
		"git tag -a -m x nested annotated;"
		"git checkout -q -b topic/a; git commit -q --allow-empty -m two;"
		"git checkout -q -b topic/b main; git commit -q --allow-empty -m three;"
		"git checkout -q main; git merge -q --no-ff -m merge topic/a topic/b;"
		"git update-ref refs/pull/1/head topic/a; git update-ref refs/pull/1/merge main;"
		"git update-ref refs/forkpoint/kept/x main; git update-ref refs/other/x main");
}

/* That upstream, and a mirror `m` of it as it is. */
static struct fp_fetch_job make_mirrored(struct fixture *fixture)
{
	struct fp_fetch_result result;
	struct fp_fetch_job job;

	make_upstream(fixture);
	job = job_for(fixture_path(fixture, "up"), fixture_path(fixture, "m"));
	fetch_well(&job, &result);
	return job;
}

static void test_clone_and_update(void **state)
{
	struct fixture fixture;
	struct fp_fetch_result result;
	struct fp_fetch_job job;
	char *refs;

	make_upstream(&fixture);
	job = job_for(fixture_path(&fixture, "up"), fixture_path(&fixture, "deep/down/m"));
	fetch_well(&job, &result);
	same_refs(&fixture, "up", "deep/down/m");
	assert_int_equal(result.refs_updated, 7);
	assert_string_equal(result.head, "refs/heads/main");
	refs = fixture_output(&fixture, "git -C deep/down/m for-each-ref refs/other refs/forkpoint "
					"refs/pull/1/merge refs/remotes");
	assert_string_equal(refs, "");
	free(refs);

	fetch_well(&job, &result); /* nothing new */
	assert_int_equal(result.refs_updated, 0);
	assert_int_equal(result.received_objects, 0);

	fixture_run(&fixture,
		"cd up; git commit -q --allow-empty -m four; git branch -q -D topic/b;"
		"git tag -d light; git branch -q -f topic/a main~1;"
		"git symbolic-ref HEAD refs/heads/topic/a");
	fetch_well(&job, &result);
	same_refs(&fixture, "up", "deep/down/m");
	assert_int_equal(result.refs_updated, 2);
	assert_int_equal(result.refs_pruned, 2);
	assert_string_equal(result.head, "refs/heads/topic/a");
	fixture_release(&fixture);
}

/* An upstream that has lost everything keeps nobody from being answered. */
static void test_an_empty_list_deletes_nothing(void **state)
{
	struct fixture fixture;
	struct fp_fetch_result result;
	struct fp_fetch_job job;
	struct fp_error error = {0};

	job = make_mirrored(&fixture);
	fixture_run(&fixture, "rm -rf up; git init -q -b main up");
	assert_int_equal(fetch(&job, &result, &error), -FP_ERROR_INVALID);
	assert_non_null(strstr(error.text, "lists no refs any more"));
	fixture_run(&fixture, "test $(git -C m for-each-ref | wc -l) = 7");
	/* One ref is a list. */
	fixture_run(&fixture, "cd up; git commit -q --allow-empty -m anew");
	fetch_well(&job, &result);
	same_refs(&fixture, "up", "m");
	/* Nor is it wrong of a new one to have none. */
	fixture_run(&fixture, "git init -q -b main blank");
	job = job_for(fixture_path(&fixture, "blank"), fixture_path(&fixture, "b"));
	fetch_well(&job, &result);
	fixture_release(&fixture);
}

static void test_file_url(void **state)
{
	struct fixture fixture;
	struct fp_fetch_result result;
	struct fp_fetch_job job;
	char url[200];

	make_upstream(&fixture);
	snprintf(url, sizeof(url), "file://%s", fixture_path(&fixture, "up"));
	job = job_for(url, fixture_path(&fixture, "m"));
	fetch_well(&job, &result);
	same_refs(&fixture, "up", "m");
	fixture_release(&fixture);
}

/* x becomes x/y and the other way round, again and again, with packed and with loose refs. */
static void test_folders_become_files(void **state)
{
	struct fixture fixture;
	struct fp_fetch_result result;
	struct fp_fetch_job job;

	job = make_mirrored(&fixture);
	for (int i = 0; i < 3; i++) {
		fixture_run(&fixture, "cd up; git branch -D topic/a topic/b 2>/dev/null || true;"
				      "git branch topic main; git commit -q --allow-empty -m x");
		fetch_well(&job, &result);
		same_refs(&fixture, "up", "m");
		if (i == 1) /* somebody made the refs loose again */
			fixture_run(&fixture, "cd m; git update-ref refs/heads/topic HEAD~1;"
					      "git update-ref refs/heads/extra/x HEAD");
		fixture_run(&fixture, "cd up; git branch -D topic; git branch topic/a;"
				      "git branch topic/b main~1");
		fetch_well(&job, &result);
		same_refs(&fixture, "up", "m");
	}
	fixture_release(&fixture);
}

/* Refs of our own survive every fetch, and what they hold is still there after upstream lost it. */
static void test_kept_commits(void **state)
{
	struct fixture fixture;
	struct fp_fetch_result result;
	struct fp_fetch_job job;
	struct fp_mirror *mirror;
	struct fp_error error = {0};
	struct fp_oid oids[2];
	char *hex;

	job = make_mirrored(&fixture);
	hex = fixture_output(&fixture, "git -C m rev-parse topic/a");
	assert_true(fp_oid_parse(fp_str(hex), &oids[0]));
	memset(&oids[1], 0x77, sizeof(oids[1])); /* no such commit: left out */
	assert_int_equal(fp_mirror_open(job.path, &mirror, &error), 0);
	assert_int_equal(fp_mirror_keep(mirror, oids, 2, NULL, &error), 0);
	assert_int_equal(fp_mirror_keep(mirror, oids, 2, NULL, &error), 0);
	fixture_run(&fixture, "cd up; git branch -q -D topic/a; git update-ref -d refs/pull/1/head;"
			      "git reset -q --hard light; git commit -q --allow-empty -m other");
	fetch_well(&job, &result);
	same_refs(&fixture, "up", "m");
	fixture_run(&fixture,
		"test $(git -C m for-each-ref refs/forkpoint | wc -l) = 1;"
		"git -C m rev-parse refs/forkpoint/kept/%s;"
		"git -C m gc -q --prune=now; git -C m cat-file -e %s",
		hex, hex);
	fp_mirror_close(mirror);
	free(hex);
	fixture_release(&fixture);
}

static void test_failures(void **state)
{
	struct fixture fixture;
	struct fp_fetch_result result;
	struct fp_fetch_job job;
	struct fp_error error = {0};

	make_upstream(&fixture);
	/* no such upstream */
	job = job_for(fixture_path(&fixture, "nowhere"), fixture_path(&fixture, "m"));
	assert_int_equal(fetch(&job, &result, &error), -FP_ERROR_UNAVAILABLE);
	assert_non_null(strstr(error.text, "there is no /"));
	assert_non_null(strstr(error.text, "nowhere"));
	/* nobody listens */
	job.url = "http://127.0.0.1:1/x.git";
	assert_int_equal(fetch(&job, &result, &error), -FP_ERROR_UNAVAILABLE);
	/* a file where the mirror should be */
	fixture_run(&fixture, "echo x > file");
	job = job_for(fixture_path(&fixture, "up"), fixture_path(&fixture, "file"));
	assert_int_equal(fetch(&job, &result, &error), -FP_ERROR_FOREIGN);
	/* another user's mirror: seen as root only */
	if (geteuid() == 0) {
		fixture_run(&fixture, "git init -q --bare theirs; chown 12345 theirs");
		job.path = fixture_path(&fixture, "theirs");
		assert_int_equal(fetch(&job, &result, &error), -FP_ERROR_FOREIGN);
		assert_non_null(strstr(error.text, "12345"));
	}
	/* a program that is not there, one that says nothing, one that dies */
	job.path = fixture_path(&fixture, "m");
	assert_int_equal(fp_fetch_run("/nowhere", &job, NULL, NULL, &result, &error), -FP_ERROR_IO);
	assert_int_equal(
		fp_fetch_run("/bin/true", &job, NULL, NULL, &result, &error), -FP_ERROR_INTERNAL);
	fixture_run(&fixture, "printf '#!/bin/sh\\necho broken >&2; kill -SEGV $$\\n' > dies;"
			      "chmod +x dies");
	assert_int_equal(
		fp_fetch_run(fixture_path(&fixture, "dies"), &job, NULL, NULL, &result, &error),
		-FP_ERROR_INTERNAL);
	assert_non_null(strstr(error.text, "broken"));
	/* after all this, the same mirror works */
	fetch_well(&job, &result);
	same_refs(&fixture, "up", "m");
	fixture_release(&fixture);
}

/* A worker that hangs is killed at the deadline, at the stall limit, when cancelled. */
static void test_hangs(void **state)
{
	static const struct {
		const char *why, *script;
		int64_t timeout_us, stall_us;
		bool cancelled;
		int rc;
	} rows[] = {
		{"silence until the deadline", "sleep 100", 300000, 0, false, -FP_ERROR_TIMEOUT},
		{"silence until the stall limit", "sleep 100", 0, 300000, false, -FP_ERROR_TIMEOUT},
		{"talk does not help at the deadline",
			"while :; do echo '{\"kind\":\"progress\"}'; sleep 0.05; done", 500000,
			200000, false, -FP_ERROR_TIMEOUT},
		{"cancelled", "sleep 100", 0, 0, true, -FP_ERROR_CANCELLED},
		{"a line without end", "yes | tr -d '\\n'", 0, 0, false, -FP_ERROR_LIMIT},
		{"no JSON", "echo hello; sleep 100", 0, 0, false, -FP_ERROR_INVALID},
	};
	struct fixture fixture;

	fixture_init(&fixture);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_fetch_job job = job_for("x", "y");
		atomic_bool cancelled = rows[i].cancelled;
		struct fp_fetch_result result;
		struct fp_error error = {0};
		int64_t begun = fp_clock_monotonic_us();
		int rc;

		job.timeout_us = rows[i].timeout_us;
		job.stall_timeout_us = rows[i].stall_us;
		job.cancelled = &cancelled;
		fixture_run(&fixture, "cat > hangs <<'END'\n#!/bin/sh\n%s\nEND\nchmod +x hangs",
			rows[i].script);
		rc = fp_fetch_run(
			fixture_path(&fixture, "hangs"), &job, NULL, NULL, &result, &error);
		if (rc != rows[i].rc || fp_clock_monotonic_us() - begun > 5 * FP_US_PER_S)
			fail_msg("%s: %d %s", rows[i].why, rc, error.text);
	}
	fixture_release(&fixture);
}

/* What a killed worker leaves behind stops nobody. */
static void test_left_overs(void **state)
{
	struct fixture fixture;
	struct fp_fetch_result result;
	struct fp_fetch_job job;

	job = make_mirrored(&fixture);
	fixture_run(&fixture, "cd m; mkdir -p refs/heads; touch refs/heads/main.lock HEAD.lock "
			      "packed-refs.lock objects/pack/pack_git2_abc objects/pack/tmp_pack_x;"
			      "cd ../up; git commit -q --allow-empty -m new");
	fetch_well(&job, &result);
	same_refs(&fixture, "up", "m");
	fixture_run(&fixture,
		"test -z \"$(find m -name '*.lock' -size +0)\";"
		"test ! -e m/objects/pack/pack_git2_abc; test ! -e m/packed-refs.lock");
	/* a mirror whose making was cut off */
	fixture_run(&fixture, "rm m/HEAD");
	fetch_well(&job, &result);
	same_refs(&fixture, "up", "m");
	fixture_release(&fixture);
}

static void test_damage(void **state)
{
	static const struct {
		const char *why, *script;
	} rows[] = {
		{"a pack cut short", "truncate -s -30 objects/pack/*.pack"},
		{"an empty pack", "truncate -s 0 objects/pack/*.pack"},
		{"an index cut short", "truncate -s -30 objects/pack/*.idx"},
		{"refs that are none", "head -c 300 /dev/urandom > packed-refs"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_fetch_result result;
		struct fp_error error = {0};
		struct fixture fixture;
		struct fp_fetch_job job;

		job = make_mirrored(&fixture);
		fixture_run(&fixture, "cd m; chmod -R u+w .; %s", rows[i].script);
		if (fetch(&job, &result, &error) != -FP_ERROR_CORRUPT)
			fail_msg("%s: %s", rows[i].why, error.text);
		fixture_release(&fixture);
	}
}

static void test_wants_of_a_job(void **state)
{
#define ID "0123456789abcdef0123456789abcdef01234567"
	static const struct {
		const char *wants;
		int rc;
		size_t count;
	} rows[] = {
		{"[]", 0, 0},
		{"[\"" ID "\", \"" ID "\"]", 0, 2},
		{"[\"" ID "\", \"0123\"]", -FP_ERROR_INTERNAL, 0},
		{"[\"" ID "\", 1]", -FP_ERROR_INTERNAL, 0},
		{"null", -FP_ERROR_INTERNAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_fetch_order order = {0};
		struct fp_error error = {0};
		char text[512];
		int rc;

		snprintf(text, sizeof(text),
			"{\"url\": \"u\", \"path\": \"p\", \"refs\": [], \"wants\": %s}",
			rows[i].wants);
		rc = fp_fetch_order_read(fp_str(text), &order, &error);
		if (rc != rows[i].rc || order.job.want_count != rows[i].count)
			fail_msg("%s: %d, %zu wants", text, rc, order.job.want_count);
		fp_fetch_order_release(&order);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clone_and_update),
		cmocka_unit_test(test_an_empty_list_deletes_nothing),
		cmocka_unit_test(test_file_url),
		cmocka_unit_test(test_folders_become_files),
		cmocka_unit_test(test_kept_commits),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_hangs),
		cmocka_unit_test(test_left_overs),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_wants_of_a_job),
	};
	int failed;

	if (argc == 2 && strcmp(argv[1], "mirror-worker") == 0)
		return fp_fetch_worker_main();
	if (fp_mirror_library_init(NULL) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fp_mirror_library_shutdown();
	return failed;
}
