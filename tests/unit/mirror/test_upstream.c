/* Fetching over the network, from real servers on loopback (tests/e2e/git_servers.py). */
#include "forkpoint/mirror/fetch.h"
#include "forkpoint/mirror/mirror.h"

#include "forkpoint/base/time.h"

#include "fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct server {
	FILE *output;
	int input; /* the server ends when this is closed */
	pid_t pid;
	char base[256];
};

/* options: as git_servers.py takes them, separated by blanks. */
static void server_start(
	struct server *server, const struct fixture *fixture, const char *kind, const char *options)
{
	int in[2], out[2];
	char command[1024], line[64];

	snprintf(command, sizeof(command), "exec /usr/bin/python3 '%s' %s '%s/served' %s",
		FP_GIT_SERVERS, kind, fixture->root, options);
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (server->pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		close(out[0]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	server->input = in[1];
	server->output = fdopen(out[0], "r");
	if (!fgets(server->base, sizeof(server->base), server->output) ||
		!fgets(line, sizeof(line), server->output))
		fail_msg("the %s server did not start", kind);
	server->base[strcspn(server->base, "\n")] = '\0';
}

static void server_stop(struct server *server)
{
	close(server->input);
	fclose(server->output);
	waitpid(server->pid, NULL, 0);
}

static const char *const refs[] = {"refs/heads/*", "refs/tags/*"};

/* The head of a commit for git fast-import: one process makes a hundred commits, where `git commit`
 * takes three for each. Arguments: the branch, the seconds, and lines of the stream. */
#define COMMIT                                                                                     \
	"commit() { printf 'commit refs/heads/%%s\\ncommitter c <c@example.invalid> %%s +0000\\n"  \
	"data 1\\nx\\n%%b' \"$@\"; };"

/* A history with files in it, so that there are deltas; and a commit that no ref leads to. */
static void make_served(struct fixture *fixture)
{
	fixture_init(fixture);
	fixture_run(fixture, COMMIT
		"mkdir served keys; git init -q -b main w; cd w;"
		"for i in $(seq 40); do commit main $((1700000000 + i)) 'M 100644 inline f\\n';"
		" echo 'data <<END'; seq $i 400; echo END; echo; done | git fast-import --quiet;"
		"git reset -q --hard; git tag -a -m x v1; git checkout -q -b lost; git commit -q "
		"--allow-empty -m lost;"
		"git rev-parse HEAD > ../lost; git checkout -q main; git branch -q -D lost;"
		"cd ..; cp -r w/.git served/up.git; git -C served/up.git config core.bare true");
}

static struct fp_fetch_job job_for(const struct fixture *fixture, const char *url)
{
	return (struct fp_fetch_job){
		.url = url,
		.path = fixture_path(fixture, "m"),
		.refs = refs,
		.ref_count = FP_ARRAY_SIZE(refs),
		.timeout_us = 30 * FP_US_PER_S,
		.stall_timeout_us = 10 * FP_US_PER_S,
	};
}

static int fetch(
	const struct fp_fetch_job *job, struct fp_fetch_result *result, struct fp_error *error)
{
	*error = (struct fp_error){0};
	return fp_fetch_run("/proc/self/exe", job, NULL, NULL, result, error);
}

static void fetch_well(const struct fp_fetch_job *job, struct fp_fetch_result *result)
{
	struct fp_error error;

	if (fetch(job, result, &error) != 0)
		fail_msg("%s: %s", fp_error_code_name(error.code), error.text);
}

static void fetch_badly(const struct fp_fetch_job *job, int rc, const char *part_of_text)
{
	struct fp_fetch_result result;
	struct fp_error error;

	if (fetch(job, &result, &error) != rc || !strstr(error.text, part_of_text))
		fail_msg("%s: %s", fp_error_code_name(error.code), error.text);
	if (job->password && strstr(error.text, job->password))
		fail_msg("the password stands in: %s", error.text);
}

static void same_refs(const struct fixture *fixture)
{
	fixture_run(fixture, "test \"$(git -C served/up.git for-each-ref --sort=refname)\" ="
			     " \"$(git -C m for-each-ref --sort=refname)\";"
			     "git -C m fsck --full --no-dangling 2>&1");
}

/* Clone, nothing new, something new, over every protocol. */
static void fetch_thrice(struct fixture *fixture, struct fp_fetch_job *job)
{
	struct fp_fetch_result result;

	fetch_well(job, &result);
	assert_true(result.received_objects >= 120);
	assert_string_equal(result.head, "refs/heads/main");
	same_refs(fixture);
	fetch_well(job, &result);
	assert_int_equal(result.received_objects, 0);
	assert_int_equal(result.refs_updated, 0);
	fixture_run(fixture, "cd w; echo new > f; git commit -q -a -m new;"
			     "git push -q ../served/up.git main");
	fetch_well(job, &result);
	assert_int_equal(result.received_objects, 3);
	assert_int_equal(result.refs_updated, 1);
	same_refs(fixture);
}

static void test_protocols(void **state)
{
	static const char *const kinds[] = {"http", "git"};

	for (size_t i = 0; i < FP_ARRAY_SIZE(kinds); i++) {
		struct fixture fixture;
		struct server server;
		struct fp_fetch_job job;
		char url[300];

		make_served(&fixture);
		server_start(&server, &fixture, kinds[i], "");
		snprintf(url, sizeof(url), "%sup.git", server.base);
		job = job_for(&fixture, url);
		fetch_thrice(&fixture, &job);
		snprintf(url, sizeof(url), "%snowhere.git", server.base);
		fetch_badly(&job, -FP_ERROR_UNAVAILABLE, "");
		server_stop(&server);
		fixture_release(&fixture);
	}
}

static void test_password_and_tls(void **state)
{
	struct fixture fixture;
	struct server server;
	struct fp_fetch_job job;
	char url[300], ca_file[160], options[200];

	make_served(&fixture);
	snprintf(options, sizeof(options), "username=builder password=hunter2 certificate=%s/keys",
		fixture.root);
	server_start(&server, &fixture, "http", options);
	snprintf(url, sizeof(url), "%sup.git", server.base);
	job = job_for(&fixture, url);
	job.username = "builder";
	job.password = "hunter2";
	fetch_badly(&job, -FP_ERROR_DENIED, "set ca_file");
	snprintf(ca_file, sizeof(ca_file), "%s/keys/tls.pem", fixture.root);
	job.ca_file = ca_file;
	job.password = NULL;
	fetch_badly(&job, -FP_ERROR_DENIED, "set username and password_env");
	job.password = "wrong-secret";
	fetch_badly(&job, -FP_ERROR_DENIED, "refused the username and password");
	job.password = "hunter2";
	fetch_thrice(&fixture, &job);
	job.ca_file = "/nowhere.pem";
	fetch_badly(&job, -FP_ERROR_DENIED, "/nowhere.pem");
	server_stop(&server);
	fixture_release(&fixture);
}

/* A password goes to the host that it was configured for and to no other. */
static void test_redirect(void **state)
{
	struct fixture fixture;
	struct server server, redirecting;
	struct fp_fetch_job job;
	char url[300], options[300];

	make_served(&fixture);
	server_start(&server, &fixture, "http", "username=builder password=hunter2");
	snprintf(options, sizeof(options), "redirect_to=%.*s", (int)strlen(server.base) - 1,
		server.base);
	server_start(&redirecting, &fixture, "http", options);
	snprintf(url, sizeof(url), "%sup.git", redirecting.base);
	job = job_for(&fixture, url);
	job.username = "builder";
	job.password = "hunter2";
	fetch_badly(&job, -FP_ERROR_DENIED, "redirects to another host");
	server_stop(&redirecting);
	server_stop(&server);
	fixture_release(&fixture);
}

static void test_ssh(void **state)
{
	struct fixture fixture;
	struct server server;
	struct fp_fetch_job job;
	char url[300], options[200], key[200], wrong_key[200], known[200], wrong_known[200];

	if (access("/usr/sbin/sshd", X_OK) < 0)
		skip();
	make_served(&fixture);
	snprintf(options, sizeof(options), "keys=%s/keys", fixture.root);
	snprintf(key, sizeof(key), "%s/keys/client", fixture.root);
	snprintf(wrong_key, sizeof(wrong_key), "%s/keys/other_client", fixture.root);
	snprintf(known, sizeof(known), "%s/keys/known_host", fixture.root);
	snprintf(wrong_known, sizeof(wrong_known), "%s/keys/known_other_host", fixture.root);
	server_start(&server, &fixture, "ssh", options);
	snprintf(url, sizeof(url), "%sup.git", server.base);
	job = job_for(&fixture, url);
	job.ssh_known_hosts_file = known;
	fetch_badly(&job, -FP_ERROR_DENIED, "set ssh_key_file");
	job.ssh_key_file = "/nowhere";
	fetch_badly(&job, -FP_ERROR_DENIED, "cannot be read");
	job.ssh_key_file = wrong_key;
	fetch_badly(&job, -FP_ERROR_DENIED, "refused the ssh key");
	job.ssh_key_file = key;
	job.ssh_known_hosts_file = "/nowhere";
	fetch_badly(&job, -FP_ERROR_DENIED, "ssh_known_hosts_file /nowhere");
	job.ssh_known_hosts_file = wrong_known;
	fetch_badly(&job, -FP_ERROR_DENIED, "host key");
	job.ssh_known_hosts_file = known;
	fetch_thrice(&fixture, &job);
	server_stop(&server);
	fixture_release(&fixture);
}

/* Servers that accept and say nothing, or stop in the middle. */
static void test_silence(void **state)
{
	static const struct {
		const char *scheme, *greeting;
	} rows[] = {
		{"http", ""},
		{"https", ""},
		{"git", ""},
		{"ssh", ""},
		{"http", "greeting='HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n'"},
		{"git", "greeting=0042"},
		{"ssh", "greeting='SSH-2.0-x\r\n'"},
	};
	struct fixture fixture;

	make_served(&fixture);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct server server;
		struct fp_fetch_job job;
		int64_t begun = fp_clock_monotonic_us();
		char url[300];

		server_start(&server, &fixture, "hang", rows[i].greeting);
		snprintf(
			url, sizeof(url), "%s%sup.git", rows[i].scheme, strstr(server.base, "://"));
		job = job_for(&fixture, url);
		job.ssh_key_file = job.ssh_known_hosts_file = "/dev/null";
		job.stall_timeout_us = FP_US_PER_S / 2;
		fetch_badly(&job, -FP_ERROR_TIMEOUT, "sent nothing");
		assert_true(fp_clock_monotonic_us() - begun < 8 * FP_US_PER_S);
		server_stop(&server);
	}
	fixture_release(&fixture);
}

/* Whoever kills the daemon is rid of its worker, too: the mirror's lock is free again. */
static void test_daemon_killed(void **state)
{
	struct fixture fixture;
	struct server server;
	struct fp_fetch_job job;
	char url[300];
	pid_t daemon;

	make_served(&fixture);
	server_start(&server, &fixture, "hang", "");
	snprintf(url, sizeof(url), "%sup.git", server.base);
	job = job_for(&fixture, url);
	daemon = fork();
	assert_true(daemon >= 0);
	if (daemon == 0) {
		fp_fetch_run(
			"/proc/self/exe", &job, NULL, NULL, &(struct fp_fetch_result){0}, NULL);
		_exit(0);
	}
	fixture_run(&fixture,
		"for i in $(seq 100); do test ! -e m || flock -n -x m/forkpoint.lock true ||"
		" exit 0; sleep 0.05; done; exit 1");
	kill(daemon, SIGKILL);
	waitpid(daemon, NULL, 0);
	fixture_run(&fixture, "flock -w 5 -x m/forkpoint.lock true");
	server_stop(&server);
	fixture_release(&fixture);
}

/* A commit on no ref comes when it is asked for by its id, where the server lets it go; one that
 * nobody has, asked for beside it, is no failure and does not keep it away. */
static void test_want(void **state)
{
	static const struct {
		const char *kind, *options;
		bool served;
	} rows[] = {
		{"http", "reachable=false", false},
		{"http", "any=true", true},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fixture fixture;
		struct server server;
		struct fp_fetch_result result;
		struct fp_fetch_job job;
		struct fp_mirror *mirror = NULL;
		char url[300], *hex;
		struct fp_oid wants[2], *lost = &wants[1];

		make_served(&fixture);
		hex = fixture_output(&fixture, "cat lost");
		memset(&wants[0], 0x5a, sizeof(wants[0]));
		assert_true(fp_oid_parse(fp_str(hex), lost));
		server_start(&server, &fixture, rows[i].kind, rows[i].options);
		snprintf(url, sizeof(url), "%sup.git", server.base);
		job = job_for(&fixture, url);
		fetch_well(&job, &result);
		job.wants = wants;
		job.want_count = FP_ARRAY_SIZE(wants);
		fetch_well(&job, &result);
		assert_int_equal(fp_mirror_open(job.path, &mirror, NULL), 0);
		assert_int_equal(fp_mirror_object_type(mirror, lost),
			rows[i].served ? FP_OBJECT_COMMIT : FP_OBJECT_MISSING);
		if (rows[i].served)
			fixture_run(&fixture, "git -C m rev-parse refs/forkpoint/kept/%s", hex);
		fp_mirror_close(mirror);
		free(hex);
		server_stop(&server);
		fixture_release(&fixture);
	}
}

/* A branch far behind the newest commits moves by one: three objects come, not its whole history
 * since the others left it. */
static void test_negotiation(void **state)
{
	static const char *const kinds[] = {"http", "git"};

	for (size_t i = 0; i < FP_ARRAY_SIZE(kinds); i++) {
		struct fixture fixture;
		struct server server;
		struct fp_fetch_result result;
		struct fp_fetch_job job;
		char url[300];

		make_served(&fixture);
		fixture_run(&fixture, COMMIT
			"cd w; { from='from refs/heads/main^0\\n';"
			"for i in $(seq 60); do commit old $((1000000000 + i))"
			" \"${from}M 100644 inline o\\ndata 3\\n$((i + 10))\\n\\n\"; from=; done;"
			"for b in $(seq 60); do commit b$b 1800000000"
			" 'from refs/heads/main~5\\n\\n'; done; } | git fast-import --quiet;"
			"git push -q --all ../served/up.git");
		server_start(&server, &fixture, kinds[i], "");
		snprintf(url, sizeof(url), "%sup.git", server.base);
		job = job_for(&fixture, url);
		fetch_well(&job, &result);
		fixture_run(&fixture,
			"cd w; git checkout -q old; echo new > o; git commit -q -a -m n;"
			"git push -q ../served/up.git old");
		fetch_well(&job, &result);
		assert_int_equal(result.received_objects, 3);
		same_refs(&fixture);
		server_stop(&server);
		fixture_release(&fixture);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_password_and_tls),
		cmocka_unit_test(test_redirect),
		cmocka_unit_test(test_ssh),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_daemon_killed),
		cmocka_unit_test(test_want),
		cmocka_unit_test(test_negotiation),
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
