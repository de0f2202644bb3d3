/* Requests to a real server: what each is answered with, status, headers and body. */
#include "client.h"
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#define QUESTION "/resolve?repo=demo&sha=" FIXTURE_BASE "&branch=main"

/* A kilobyte and a byte. */
#define A16 "aaaaaaaaaaaaaaaa"
#define A256 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16
#define A1025 A256 A256 A256 A256 "a"

static const struct {
	const char *method, *target, *headers, *body;
	int status;
	const char *holds; /* in the body */
} rows[] = {
	/* every route answers */
	{"GET", "/", "", "", 200, "\"/resolve\""},
	{"GET", "/?format=text", "", "", 200, "/resolve?repo="},
	{"GET", "/livez", "Accept: text/plain\r\n", "", 200, "ok\n"},
	{"GET", "/readyz?verbose", "", "", 200, "\"ready\":true"},
	{"GET", "/problems/no-database", "", "", 200, "\"explanation\""},
	{"GET", QUESTION, "", "", 200, "\"version\":\"" FIXTURE_VERSION "\""},
	{"GET", QUESTION "&format=version", "", "", 200, FIXTURE_VERSION "\n"},
	{"GET", QUESTION "&format=text", "", "", 200, FIXTURE_VERSION "\n"},
	{"GET", QUESTION "&format=env", "", "", 200, "PGO_DATABASE_ID=Demo.PGO\n"},
	{"GET", QUESTION "&format=vso", "", "", 200, "##vso[task.setvariable"},
	{"GET", QUESTION "&format=props", "", "", 200, "<PGODatabaseId>Demo.PGO<"},
	{"GET", QUESTION "&candidates=all", "", "", 200, "\"minutes_after\":22"},
	{"GET", "/stamp?repo=demo&ref=refs/heads/main", "", "", 200, "2.4.2001312217-main"},
	{"GET", "/decode?version=" FIXTURE_VERSION "&repo=demo", "", "", 200, "\"patch-stamp\""},
	{"GET", "/versions?repo=demo&status=unlisted", "", "", 200, "2.4.2001312228-main"},
	{"GET", "/versions?repo=demo&format=csv", "", "", 200, "version,status,"},
	{"GET", "/versions?repo=demo&format=csv&status=unrecognised", "", "", 200,
		"1.0.0,unrecognised,,,,,2020-01-31T22:05:00Z,,true,,,,,false,\r\n"},
	{"GET", "/versions?repo=demo&format=ndjson&limit=1", "", "", 200, "\"listed\":"},
	{"GET", "/versions?repo=demo&limit=1&cursor=3", "", "", 200, "\"next\":null"},
	{"GET", "/repos", "", "", 200, "\"demo\""},
	{"GET", "/repos?shape=flat", "", "", 200, "[{\"name\":\"demo\",\"url\":"},
	{"GET", "/repos?format=ndjson", "", "", 200, "{\"name\":\"demo\",\"url\":"},
	{"GET", "/repos?format=csv", "", "", 200,
		"packages_ready\r\ndemo,https://git.example/"
		"demo.git,true,main,2020-01-31T22:17:00Z,,"
		"idle,0,2,1,1,0,1,1\r\n"},
	{"GET", "/repos?format=text", "", "", 200,
		"demo\tready\tidle\t2 commits\t1 branches\tread 2020-01-31T22:17:00Z\n"},
	{"GET", "/repos?cursor=7", "", "", 200, "{\"items\":[],\"next\":null}"},
	{"GET", "/repos/demo", "", "", 200, "\"https://git.example/demo.git\""},
	/* paths and methods */
	{"GET", "/nothing", "", "", 404, "\"code\":\"not-found\""},
	{"GET", "/resolv", "", "", 404, "\"nearest\":[\"/resolve\""},
	{"GET", "/resolve%00x", "", "", 404, "not-found"}, /* a NUL ends no path early */
	{"GET", "/nothing", "Accept: text/plain\r\n", "", 404, "Not found\n"},
	{"GET", "/nothing?format=env", "", "", 404, "# Not found\n"},
	{"GET", "/repos/%ff", "", "", 400, "{repo}"},
	{"GET", "/repos/a%0Ab", "", "", 400, "{repo}"},
	{"GET", "/repos/dem", "", "", 404, "\"nearest\":[\"demo\"]"},
	{"GET", "/problems/no-databas", "", "", 404, "\"nearest\":[\"no-database\""},
	{"DELETE", "/resolve", "", "", 405, "method-not-allowed"},
	{"POST", "/stamp", "", "{}", 405, "method-not-allowed"},
	{"FETCH", "/resolve", "", "", 405, "FETCH"},
	/* parameters */
	{"GET", "/resolve", "", "", 400, "\\\"repo\\\" is required"},
	{"GET", QUESTION "&colour=red", "", "", 400, "this route takes: repo, sha, ref,"},
	{"GET", QUESTION "&brach=main", "", "", 400, "\"nearest\":[\"branch\"]"},
	{"GET", "/repos?sha=1234", "", "", 400, "\\\"sha\\\" is not known here"},
	{"GET", QUESTION "&repo=demo", "", "", 400, "\\\"repo\\\" is given more than once"},
	{"GET", QUESTION "&wait=61", "", "", 400,
		"\\\"wait\\\" is malformed; it takes a number of "},
	{"GET", QUESTION "&branch=", "", "", 400, "more than once"},
	{"GET", "/resolve?repo=demo&sha=1234&branch=", "", "", 400, "\\\"branch\\\" is malformed"},
	{"GET", "/resolve?repo=" A1025 "&sha=1234", "", "", 400, "more than 1024 bytes"},
	{"GET", "/resolve?repo=a%00b&sha=1234", "", "", 400, "\\\"repo\\\" is malformed"},
	{"GET", "/resolve?repo=a%C3b&sha=1234", "", "", 400, "\\\"repo\\\" is malformed"},
	{"GET", "/resolve?repo=%zz&sha=1234", "", "", 400, "\\\"repo\\\" is malformed"},
	{"GET", "/resolve?repo=a%0Aid&sha=1234&format=env", "", "", 400, "# Bad request\n# param"},
	{"GET", "/resolve?a%0Aid&format=env", "", "", 400, "# parameter \"a id\" is not"},
	/* forms: format wins over Accept, both before any other complaint */
	{"GET", QUESTION "&format=version", "Accept: application/json\r\n", "", 200,
		FIXTURE_VERSION "\n"},
	{"GET", QUESTION "&format=csv", "", "", 400,
		"takes one of: json, text, version, props, env, vso"},
	{"GET", QUESTION "&format=yaml", "", "", 400, "takes one of: json, text"},
	{"GET", QUESTION "&format=yaml", "Accept: text/plain\r\n", "", 400, "Bad request\n"},
	/* questions that have no answer */
	{"GET", "/resolve?repo=dem&sha=1234", "", "", 404, "\"nearest\":[\"demo\"]"},
	{"GET", QUESTION "&release=9.9", "", "", 404, "\"code\":\"no-database\""},
	{"GET", QUESTION "&release=9.9&format=env", "", "", 404, "# No database\n"},
	{"GET", "/resolve?repo=demo&sha=" FIXTURE_UNKNOWN "&wait=0", "", "", 404, "unknown-commit"},
	/* bodies */
	{"POST", "/resolve", "", "{\"requests\":[]}", 200, "{\"items\":[]}"},
	{"POST", "/resolve", "",
		"{\"requests\":[{\"repo\":\"demo\",\"sha\":\"" FIXTURE_BASE
		"\"},{\"repo\":\"demo\"},7]}",
		200, "{\"items\":[{\"id\":"},
	{"POST", "/resolve", "", "{\"requests\":[{\"repo\":\"demo\",\"sha\":\"1\\n234\"}]}", 200,
		"\\\"sha\\\" takes"},
	{"POST", "/resolve", "", "{", 400, "the body is"},
	{"POST", "/resolve", "", "{\"requests\":[],\"x\":1}", 400, "nothing else"},
	{"POST", "/resolve?branch=main", "", "{\"requests\":[]}", 400, "no parameters"},
	{"POST", "/resolve?format=text", "", "{\"requests\":[]}", 400, "answers in JSON"},
};

static void test_rows(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct reply reply;

		client_ask(fixture->port, rows[i].method, rows[i].target, rows[i].headers,
			rows[i].body, &reply);
		if (reply.status != rows[i].status || !reply_has(&reply, rows[i].holds))
			fail_msg("%s %s: %d instead of %d, or without %s:\n%s", rows[i].method,
				rows[i].target, reply.status, rows[i].status, rows[i].holds,
				reply.body.data);
		reply_release(&reply);
	}
}

/* Headers that a reply must have (a value's beginning), or must not have (NULL). */
static const struct {
	const char *method, *target, *headers;
	int status;
	const char *name, *value;
} headers[] = {
	{"GET", "/livez", "X-Request-Id: build-7/leg.2\r\n", 200, "X-Request-Id", "build-7/leg.2"},
	{"GET", QUESTION "&release=9", "X-Request-Id: a+b=c:_\r\n", 400, "X-Request-Id", "a+b=c:_"},
	{"GET", "/resolve", "", 400, "Content-Type", "application/problem+json"},
	{"GET", "/resolve?format=text", "", 400, "Content-Type", "text/plain"},
	{"GET", "/resolve", "", 400, "Cache-Control", "no-store"},
	{"GET", "/nothing", "", 404, "Cache-Control", "max-age=3"},
	{"GET", QUESTION, "", 200, "Content-Type", "application/json"},
	{"GET", QUESTION, "", 200, "ETag", "W/\""},
	{"GET", QUESTION, "", 200, "Cache-Control", "no-cache"},
	{"GET", QUESTION, "", 200, "Vary", "Accept"},
	{"GET", QUESTION "&format=json", "", 200, "Vary", NULL},
	{"GET", "/nothing", "", 404, "Vary", "Accept"},
	{"GET", QUESTION, "", 200, "Access-Control-Expose-Headers", "ETag"},
	{"GET", "/nothing", "", 404, "Access-Control-Allow-Origin", "https://dash.example"},
	{"DELETE", "/resolve", "", 405, "Allow", "GET, HEAD, POST, OPTIONS"},
	{"POST", "/repos", "", 405, "Allow", "GET, HEAD, OPTIONS"},
	{"OPTIONS", "/resolve", "", 204, "Allow", "GET, HEAD, POST, OPTIONS"},
	{"OPTIONS", "/repos", "", 204, "Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"},
	{"OPTIONS", "*", "", 204, "Allow", "GET, HEAD, POST"},
	{"HEAD", QUESTION, "", 200, "ETag", "W/\""},
	{"HEAD", "/nothing", "", 404, "Content-Type", "application/problem+json"},
	{"GET", "/resolve?repo=demo&sha=" FIXTURE_UNKNOWN "&wait=0", "", 404, "Retry-After", "2"},
	/* not kept until then */
	{"GET", "/resolve?repo=demo&sha=" FIXTURE_UNKNOWN "&wait=0", "", 404, "Cache-Control",
		"max-age=1"},
	{"GET", "/stamp?repo=demo&sha=" FIXTURE_UNKNOWN "&wait=0", "", 404, "Cache-Control",
		"max-age=1"},
	{"GET", "/versions?repo=demo&limit=2", "", 200, "Link",
		"</versions?cursor=2&repo=demo&limit=2>; rel=\"next\""},
	{"GET", "/versions?repo=demo&limit=4", "", 200, "Link", NULL},
};

static int setup_with_origin(void **state)
{
	struct fixture *fixture;

	fixture_setup(state);
	fixture = *state;
	fixture->options.allow_origin = "https://dash.example";
	fixture_serve(fixture);
	return 0;
}

static void test_headers(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < FP_ARRAY_SIZE(headers); i++) {
		const char *value, *wanted = headers[i].value;
		struct reply reply;

		client_ask(fixture->port, headers[i].method, headers[i].target, headers[i].headers,
			"", &reply);
		value = reply_header(&reply, headers[i].name);
		if (reply.status != headers[i].status || !value != !wanted ||
			(wanted && strncmp(value, wanted, strlen(wanted)) != 0))
			fail_msg("%s %s: %d %s: %s", headers[i].method, headers[i].target,
				reply.status, headers[i].name, value ? value : "(none)");
		reply_release(&reply);
	}
}

/* Ids that are not taken: ours stands in their place, in the header and in the problem. */
static void test_request_ids_that_are_not_sane(void **state)
{
	static const char *const bad[] = {"", "a b", "a\"b", "a,b", "{}", "\xc3\xa9"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < FP_ARRAY_SIZE(bad); i++) {
		char header[64], instance[64];
		struct reply reply;

		snprintf(header, sizeof(header), "X-Request-Id: %s\r\n", bad[i]);
		client_ask(fixture->port, "GET", "/resolve", header, "", &reply);
		assert_int_equal(strlen(reply_header(&reply, "X-Request-Id")), 16);
		snprintf(instance, sizeof(instance), "\"instance\":\"%s\"",
			reply_header(&reply, "X-Request-Id"));
		assert_true(reply_has(&reply, instance));
		reply_release(&reply);
	}
}

/* A problem that was recorded says the client's id too. */
static void test_instance_of_an_answer(void **state)
{
	struct fixture *fixture = *state;
	struct reply reply;

	client_ask(fixture->port, "GET", QUESTION "&release=9.9", "X-Request-Id: mine\r\n", "",
		&reply);
	assert_true(reply_has(&reply, "\"instance\":\"mine\""));
	assert_string_equal(reply_header(&reply, "X-Request-Id"), "mine");
	reply_release(&reply);
}

/* Whoever holds the answer need not get it again; another form is another answer. */
static void test_if_none_match(void **state)
{
	struct fixture *fixture = *state;
	char header[128];
	struct reply reply;

	client_ask(fixture->port, "GET", QUESTION, "", "", &reply);
	snprintf(header, sizeof(header), "If-None-Match: \"x\", %s\r\n",
		reply_header(&reply, "ETag"));
	reply_release(&reply);
	client_ask(fixture->port, "GET", QUESTION, header, "", &reply);
	assert_int_equal(reply.status, 304);
	assert_int_equal(reply.body.len, 0);
	assert_non_null(reply_header(&reply, "ETag"));
	reply_release(&reply);
	client_ask(fixture->port, "GET", QUESTION "&format=text", header, "", &reply);
	assert_int_equal(reply.status, 200);
	reply_release(&reply);
}

/* What was answered a moment ago can be seen, by id and by content, and stays the same. */
static void test_history(void **state)
{
	struct fixture *fixture = *state;
	char target[64] = "/history/", replay[64] = "";
	struct reply reply;
	const char *at;

	client_ask(fixture->port, "GET", QUESTION, "", "", &reply);
	strcat(target, reply_header(&reply, "X-Request-Id"));
	at = strstr(reply.body.data, "/answers/");
	assert_non_null(at);
	memcpy(replay, at, strlen("/answers/") + FP_HASH128_HEX);
	reply_release(&reply);
	client_ask(fixture->port, "GET", target, "", "", &reply);
	assert_int_equal(reply.status, 200);
	assert_true(reply_has(&reply, "\"version\":\"" FIXTURE_VERSION "\""));
	assert_true(strstr(reply_header(&reply, "Cache-Control"), "immutable") != NULL);
	reply_release(&reply);
	client_ask(fixture->port, "GET", replay, "", "", &reply);
	assert_int_equal(reply.status, 200);
	assert_true(reply_has(&reply, replay));
	reply_release(&reply);
}

/* No answer without a record: 503 when there is no room for one, until there is again. */
static void test_full_journal(void **state)
{
	enum { FITTING_MAX = 2000 };
	struct fixture *fixture = *state;
	struct reply reply = {0};
	int answered = 0;

	fixture_serve(fixture);
	do {
		reply_release(&reply);
		client_ask(fixture->port, "GET", QUESTION, "", "", &reply);
	} while (reply.status == 200 && ++answered < FITTING_MAX);
	assert_in_range(answered, 10, FITTING_MAX - 1);
	assert_int_equal(reply.status, 503);
	assert_string_equal(reply_header(&reply, "Retry-After"), "2");
	assert_true(reply_has(&reply, "cannot be recorded"));
	reply_release(&reply);
	client_ask(fixture->port, "POST", "/resolve", "",
		"{\"requests\":[{\"repo\":\"demo\",\"sha\":\"" FIXTURE_BASE "\"}]}", &reply);
	assert_int_equal(reply.status, 503);
	reply_release(&reply);
	fixture_record(fixture);
	client_ask(fixture->port, "GET", QUESTION, "", "", &reply);
	assert_int_equal(reply.status, 200);
	reply_release(&reply);
}

/* The lack of a length, its excess, and a body without end. */
static void test_large_bodies(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	struct reply reply;
	char chunk[8192];

	/* announced: refused before it is sent */
	client_open(&client, fixture->port);
	client_send(&client, "POST /resolve HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n"
			     "Expect: 100-continue\r\n\r\n");
	client_read(&client, &reply, 5000, false);
	assert_int_equal(reply.status, 413);
	assert_true(reply_has(&reply, "too-large"));
	assert_true(client_is_closed(&client, 5000));
	reply_release(&reply);
	client_close(&client);
	/* unannounced: read to its end, refused then */
	client_open(&client, fixture->port);
	client_send(
		&client, "POST /resolve HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	memset(chunk, ' ', sizeof(chunk) - 1);
	memcpy(chunk, "1f00\r\n", 6);
	strcpy(chunk + 6 + 0x1f00, "\r\n");
	for (int i = 0; i < 140; i++)
		client_send(&client, chunk);
	client_send(&client, "0\r\n\r\n");
	client_read(&client, &reply, 5000, false);
	assert_int_equal(reply.status, 413);
	reply_release(&reply);
	client_close(&client);
	/* without end: cut off */
	client_open(&client, fixture->port);
	client_send(
		&client, "POST /resolve HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 4096; i++)
		client_send(&client, chunk);
	assert_true(client_is_closed(&client, 5000));
	client_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_headers, setup_with_origin, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_request_ids_that_are_not_sane,
			fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_instance_of_an_answer, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_if_none_match, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_history, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_full_journal, fixture_setup_unrecorded, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_large_bodies, fixture_setup_serving, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
