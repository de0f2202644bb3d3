/* The client's tables, and what is written from them. */
#include "table.h"

#include "forkpoint/base/attr.h"

#include <string.h>

#define BIT(name) FP_OPTION_BIT(FP_OPTION_##name)

const struct fp_option_row fp_options[FP_OPTION_COUNT] = {
	[FP_OPTION_REPO] = {"repo", "NAME", "repo", "a configured repository"},
	[FP_OPTION_BRANCH] = {"branch", "BRANCH", "branch", "the PGO branch, such as release/2.4"},
	[FP_OPTION_RELEASE] = {"release", "RELEASE", "release",
		"the release, such as 2.4 or 2.8.0-prerelease"},
	[FP_OPTION_PACKAGE] = {"package", "ID", "package", "the package, where there are several"},
	[FP_OPTION_SHA] = {"sha", "SHA", "sha", "a commit id of 4 to 40 digits"},
	[FP_OPTION_VERSION] = {"version", "VERSION", "version", "a package version"},
	[FP_OPTION_USED] = {"used", "VERSION", "used", "the version that the build used"},
	[FP_OPTION_BUILD] = {"build", "LABEL", "build", "a build: all of its legs get one answer"},
	[FP_OPTION_AS_OF] = {"as-of", "TIME", "as_of", "as it was then: 2026-01-31T22:05:00Z"},
	[FP_OPTION_AT] = {"at", "TIME", "at", "when the build ran: 2026-01-31T22:05:00Z"},
	[FP_OPTION_WAIT] = {"wait", "SECONDS", "wait", "for a commit that is not mirrored yet"},
	[FP_OPTION_CANDIDATES] = {"candidates", "all", "candidates",
		"list every version and why it was not chosen"},
	[FP_OPTION_FROM] = {"from", "SHA", "from", "the older end"},
	[FP_OPTION_TO] = {"to", "SHA", "to", "the newer end; the branch's tip if not given"},
	[FP_OPTION_LIMIT] = {"limit", "NUMBER", "limit", "at most so many rows"},
	[FP_OPTION_CURSOR] = {"cursor", "CURSOR", "cursor", "the next page, as the last one said"},
	[FP_OPTION_LAST] = {"last", "NUMBER", "last", "commits of the branch to look at"},
	[FP_OPTION_PUBLISH] = {"publish", "VERSION", "publish", "if this version were published"},
	[FP_OPTION_QUARANTINE] = {"quarantine", "VERSION", "quarantine",
		"if this version (or stamps:FIRST-LAST) were quarantined"},
	[FP_OPTION_OUTCOME] = {"outcome", "CODE", "outcome", "ok, or a problem's code"},
	[FP_OPTION_CLIENT] = {"client", "ADDRESS", "client", "who asked"},
	[FP_OPTION_SINCE] = {"since", "TIME", "since", "not before: 2026-01-31T22:05:00Z"},
	[FP_OPTION_UNTIL] = {"until", "TIME", "until", "before: 2026-01-31T22:05:00Z"},
	[FP_OPTION_STATUS] = {"status", "STATUS", "status",
		"any, listed, unlisted, vanished, unrecognised or quarantined"},
	[FP_OPTION_REASON] = {"reason", "TEXT", "reason", "why, for those who read it later"},
	[FP_OPTION_OWNER] = {"owner", "NAME", "owner", "who answers for it"},
	[FP_OPTION_EXPIRES] = {"expires", "TIME", "expires", "when it ends by itself"},
	[FP_OPTION_REMOVE] = {"remove", NULL, NULL, "end it instead"},
	[FP_OPTION_SERVER] = {"server", "URL", NULL,
		"the server to ask; else FORKPOINT_SERVER, else http://127.0.0.1:7878"},
	[FP_OPTION_TOKEN_FILE] = {"token-file", "FILE", NULL,
		"the file with the bearer token; else FORKPOINT_TOKEN is the token"},
	[FP_OPTION_TIMEOUT] = {"timeout", "SECONDS", NULL,
		"how long an answer may take, 1 to 3600; 90 if not given"},
	[FP_OPTION_JSON] = {"json", NULL, NULL, "the answer as JSON, errors as well"},
	[FP_OPTION_FORMAT] = {"format", "FORM", "format",
		"another form that the server knows, such as csv, ndjson, version, props, env"},
	[FP_OPTION_HELP] = {"help", NULL, NULL, "print this"},
};

#define EVERY (BIT(SERVER) | BIT(TOKEN_FILE) | BIT(TIMEOUT) | BIT(JSON) | BIT(FORMAT) | BIT(HELP))
#define COMMIT (BIT(REPO) | BIT(SHA))
#define QUESTION (BIT(BRANCH) | BIT(RELEASE) | BIT(PACKAGE))
#define PAGE (BIT(LIMIT) | BIT(CURSOR))
#define DECISION (BIT(PACKAGE) | BIT(REASON) | BIT(OWNER) | BIT(EXPIRES) | BIT(REMOVE))

static const struct fp_client_command commands[] = {
	{"resolve", "which database belongs to a commit, and why", "/resolve", NULL,
		{{"REPO", "repo"}, {"SHA|REF", "sha"}},
		COMMIT | QUESTION | BIT(AS_OF) | BIT(BUILD) | BIT(WAIT) | BIT(CANDIDATES)},
	{"stamp", "the version under which a training run of a commit publishes", "/stamp", NULL,
		{{"REPO", "repo"}, {"SHA|REF", "sha"}}, COMMIT | QUESTION | BIT(WAIT)},
	{"diagnose", "whether a version was right for a commit, and what to do", "/diagnose", NULL,
		{{"REPO", "repo"}, {"SHA|REF", "sha"}, {"VERSION", "used"}},
		COMMIT | QUESTION | BIT(USED) | BIT(AT)},
	{"timeline", "a branch's commits, their packages, and what a build of each gets",
		"/timeline", NULL, {{"REPO", "repo"}, {"BRANCH", "branch", true}},
		BIT(REPO) | QUESTION | BIT(FROM) | BIT(TO) | BIT(AS_OF) | PAGE},
	{"changes", "the commits at which a branch's answer changes, and why", "/changes", NULL,
		{{"REPO", "repo"}, {"BRANCH", "branch", true}},
		BIT(REPO) | QUESTION | BIT(FROM) | BIT(TO) | BIT(AS_OF) | PAGE},
	{"what-if", "which builds would get another answer if one thing were different", "/what-if",
		NULL, {{"REPO", "repo"}},
		BIT(REPO) | QUESTION | BIT(PUBLISH) | BIT(QUARANTINE) | BIT(LAST) | BIT(LIMIT)},
	{"history", "past answers, newest first", "/history", NULL, {{"REPO", "repo", true}},
		COMMIT | BIT(BRANCH) | BIT(VERSION) | BIT(OUTCOME) | BIT(BUILD) | BIT(CLIENT) |
			BIT(SINCE) | BIT(UNTIL) | PAGE},
	{"freshness", "how old each branch's newest database is, and its holes", "/freshness", NULL,
		{{"REPO", "repo"}, {"BRANCH", "branch", true}},
		BIT(REPO) | BIT(BRANCH) | BIT(PACKAGE)},
	{"decode", "what a version string says", "/decode", NULL, {{"VERSION", "version"}},
		BIT(VERSION) | BIT(REPO)},
	{"versions", "the mirrored versions of a package", "/versions", NULL, {{"REPO", "repo"}},
		BIT(REPO) | QUESTION | BIT(STATUS) | PAGE},
	{"quarantine", "never select a version again; without VERSION, list what is quarantined",
		"/quarantine", "/quarantine/{}/{}",
		{{"REPO", "repo", true}, {"VERSION", NULL, true}}, DECISION},
	{"pin", "answer VERSION for a branch; without BRANCH, list what is pinned", "/pins",
		"/pins/{}/{}",
		{{"REPO", "repo", true}, {"BRANCH", NULL, true}, {"VERSION", "version", true}},
		DECISION},
	{"lint", "what is odd about a repository's branches and versions", "/repos/{}?lint", NULL,
		{{"REPO", NULL}}, 0},
	{"audit-pins", "versions that a repository commits, beside what is recommended",
		"/audit-pins", NULL, {{"REPO", "repo"}, {"BRANCH", "branch", true}},
		BIT(REPO) | BIT(BRANCH)},
};

const struct fp_client_command *fp_client_find(const char *name)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

bool fp_command_takes(const struct fp_client_command *command, enum fp_option option)
{
	return ((command->options | EVERY) & FP_OPTION_BIT(option)) != 0;
}

size_t fp_path_places(const char *path)
{
	size_t count = 0;

	for (; path && (path = strstr(path, "{}")); path += 2)
		count++;
	return count;
}

/* ---- writing ---- */

static void write_places(const struct fp_client_command *command, struct fp_buf *buf)
{
	size_t open = 0;

	fp_buf_add_text(buf, command->name);
	for (const struct fp_place *place = command->places; place->name; place++) {
		fp_buf_addf(buf, place->optional ? " [%s" : " %s", place->name);
		open += place->optional;
	}
	while (open-- > 0)
		fp_buf_add_char(buf, ']');
}

void fp_client_write_list(struct fp_buf *buf)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(commands); i++) {
		size_t start = buf->len;

		fp_buf_add_text(buf, "  forkpoint ");
		write_places(&commands[i], buf);
		do {
			fp_buf_add_char(buf, ' ');
		} while (buf->state == FP_BUF_OK && buf->len - start < 45);
		fp_buf_addf(buf, "%s\n", commands[i].help);
	}
}

void fp_client_write_usage(const struct fp_client_command *command, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "usage: forkpoint ");
	write_places(command, buf);
	fp_buf_addf(buf, " [OPTION...]\n%s\n\n", command->help);
	for (int i = 0; i < FP_OPTION_COUNT; i++) {
		const struct fp_option_row *row = &fp_options[i];

		if (!fp_command_takes(command, (enum fp_option)i))
			continue;
		fp_buf_addf(buf, "  --%s %-*s %s\n", row->name, (int)(22 - strlen(row->name)),
			row->takes ? row->takes : "", row->help);
	}
	fp_buf_add_text(buf, "\nexit: 0 answer, 1 no database, 2 wrong use, 3 server trouble\n");
}

void fp_client_write_table(struct fp_buf *buf)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(commands); i++) {
		fp_buf_add_text(buf, commands[i].name);
		for (int k = 0; k < FP_OPTION_COUNT; k++)
			if (fp_command_takes(&commands[i], (enum fp_option)k))
				fp_buf_addf(buf, " --%s", fp_options[k].name);
		fp_buf_add_char(buf, '\n');
	}
}
