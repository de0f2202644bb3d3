/* Webhooks: who sends, which repository is meant, how many are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forkpoint/base/buf.h"
#include "forkpoint/base/time.h"
#include "forkpoint/service/hooks.h"

/* GitHub's own example: the HMAC of this body with this secret. */
#define SECRET "It's a Secret to Everybody"
#define BODY "Hello, World!"
#define HEX "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

static void judges_deliveries(void **state)
{
	static const struct {
		enum fp_hook_sender sender;
		const char *secret, *username, *signature, *authorization, *body;
		enum fp_hook_verdict verdict;
	} rows[] = {
		{FP_HOOK_GITHUB, SECRET, "", "sha256=" HEX, "", BODY, FP_HOOK_TRUSTED},
		/* another body, secret, signature */
		{FP_HOOK_GITHUB, SECRET, "", "sha256=" HEX, "", BODY " ", FP_HOOK_FORGED},
		{FP_HOOK_GITHUB, SECRET "!", "", "sha256=" HEX, "", BODY, FP_HOOK_FORGED},
		{FP_HOOK_GITHUB, SECRET, "",
			"sha256="
			"857107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
			"", BODY, FP_HOOK_FORGED},
		/* no secret: nobody is trusted, not even who signs with none */
		{FP_HOOK_GITHUB, "", "", "sha256=" HEX, "", BODY, FP_HOOK_OFF},
		/* not this sender's form: missing, bare, SHA-1, cut, long, no digits */
		{FP_HOOK_GITHUB, SECRET, "", "", "", BODY, FP_HOOK_UNSIGNED},
		{FP_HOOK_GITHUB, SECRET, "", HEX, "", BODY, FP_HOOK_UNSIGNED},
		{FP_HOOK_GITHUB, SECRET, "", "sha1=" HEX, "", BODY, FP_HOOK_UNSIGNED},
		{FP_HOOK_GITHUB, SECRET, "", "sha256=7571", "", BODY, FP_HOOK_UNSIGNED},
		{FP_HOOK_GITHUB, SECRET, "", "sha256=" HEX "00", "", BODY, FP_HOOK_UNSIGNED},
		{FP_HOOK_GITHUB, SECRET, "",
			"sha256="
			"x57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
			"", BODY, FP_HOOK_UNSIGNED},
		/* upper-case digits are digits */
		{FP_HOOK_GITEA, SECRET, "",
			"757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17", "",
			BODY, FP_HOOK_TRUSTED},
		{FP_HOOK_GITEA, SECRET, "", "sha256=" HEX, "", BODY, FP_HOOK_UNSIGNED},
		/* GitLab shows the secret itself, whatever the body */
		{FP_HOOK_GITLAB, SECRET, "", SECRET, "", "", FP_HOOK_TRUSTED},
		{FP_HOOK_GITLAB, SECRET, "", "It's a Secret to Everybod", "", "", FP_HOOK_FORGED},
		{FP_HOOK_GITLAB, SECRET, "", SECRET " ", "", "", FP_HOOK_FORGED},
		{FP_HOOK_GITLAB, SECRET, "", "", "Bearer " SECRET, "", FP_HOOK_UNSIGNED},
		/* azure:hush, :hush, one letter more and less, so that all paddings are met */
		{FP_HOOK_AZURE_DEVOPS, "hush", "azure", "", "Basic YXp1cmU6aHVzaA==", "",
			FP_HOOK_TRUSTED},
		{FP_HOOK_AZURE_DEVOPS, "hush", "", "", "basic  Omh1c2g=", "", FP_HOOK_TRUSTED},
		{FP_HOOK_AZURE_DEVOPS, "hushh", "", "", "Basic Omh1c2ho", "", FP_HOOK_TRUSTED},
		{FP_HOOK_AZURE_DEVOPS, "hush", "azure", "", "Basic Omh1c2g=", "", FP_HOOK_FORGED},
		{FP_HOOK_AZURE_DEVOPS, "hush", "azure", "", "Bearer YXp1cmU6aHVzaA==", "",
			FP_HOOK_UNSIGNED},
		{FP_HOOK_AZURE_DEVOPS, "hush", "azure", "", "Basic ", "", FP_HOOK_UNSIGNED},
		{FP_HOOK_GENERIC, "hush", "", "", "Bearer hush", "", FP_HOOK_TRUSTED},
		{FP_HOOK_GENERIC, "hush", "", "", "bearer hush", "", FP_HOOK_TRUSTED},
		{FP_HOOK_GENERIC, "hush", "", "", "Bearer hus", "", FP_HOOK_FORGED},
		{FP_HOOK_GENERIC, "hush", "", "", "Bearerhush", "", FP_HOOK_UNSIGNED},
		{FP_HOOK_GENERIC, "hush", "", "", "hush", "", FP_HOOK_UNSIGNED},
		{FP_HOOK_GENERIC, "", "", "", "Bearer ", "", FP_HOOK_OFF},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		const struct fp_hook_secret secret = {
			fp_str(rows[i].secret), fp_str(rows[i].username)};
		const struct fp_hook_delivery delivery = {rows[i].sender, fp_str(rows[i].signature),
			fp_str(rows[i].authorization), fp_str(rows[i].body)};
		enum fp_hook_verdict verdict = fp_hook_judge(&delivery, &secret);

		if (verdict != rows[i].verdict)
			fail_msg("row %zu: %d, not %d", i, (int)verdict, (int)rows[i].verdict);
	}
}

static void knows_repositories(void **state)
{
	static const struct {
		const char *url, *key;
	} rows[] = {
		{"https://github.com/microsoft/microsoft-ui-xaml.git",
			"github.com/microsoft/microsoft-ui-xaml"},
		{"https://github.com/Microsoft/Microsoft-UI-XAML",
			"github.com/microsoft/microsoft-ui-xaml"},
		{"git@github.com:microsoft/microsoft-ui-xaml.git",
			"github.com/microsoft/microsoft-ui-xaml"},
		{"ssh://git@github.com/microsoft/microsoft-ui-xaml.git/",
			"github.com/microsoft/microsoft-ui-xaml"},
		{"HTTPS://user@github.com:443/a/b", "github.com/a/b"},
		{"http://h:80/a", "h/a"},
		/* another port is another server */
		{"http://h:8080/a", "h:8080/a"},
		{"https://h:80/a", "h:80/a"},
		{"git://h:9418/a.git", "h/a"},
		{"git@h:/a/b", "h/a/b"},
		/* Azure DevOps: escapes, a user that is the organisation, its own paths over ssh */
		{"https://org@dev.azure.com/org/My%20Project/_git/repo",
			"dev.azure.com/org/my project/_git/repo"},
		{"git@ssh.dev.azure.com:v3/org/My%20Project/repo",
			"dev.azure.com/org/my project/_git/repo"},
		{"git@ssh.dev.azure.com:v3/", "dev.azure.com//_git/"},
		/* folders */
		{"/srv/git/a.git", "/srv/git/a"},
		{"file:///srv/git/a.git", "/srv/git/a"},
		{"C:/git/a", "c:/git/a"},
		{"", ""},
		{"https://", "/"},
		{"%", "%"},
		{"%2", "%2"},
		{"a@b:", "b/"},
		{".git", ".git"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_buf FP_CLEANUP_BUF key = {0};

		fp_buf_init(&key, 4096);
		fp_hook_write_url_key(fp_str(rows[i].url), &key);
		assert_string_equal(key.data ? key.data : "", rows[i].key);
	}
}

static void reads_bodies(void **state)
{
	static const struct {
		enum fp_hook_sender sender;
		const char *body;
		int code;
		bool concerns; /* repository winui at https://h/winui.git */
		const char *id;
	} rows[] = {
		{FP_HOOK_GITHUB, "{\"repository\":{\"clone_url\":\"https://h/winui.git\"}}", 0,
			true, ""},
		{FP_HOOK_GITHUB, "{\"repository\":{\"ssh_url\":\"git@h:winui.git\"}}", 0, true, ""},
		{FP_HOOK_GITHUB, "{\"repository\":{\"clone_url\":\"https://h/other.git\"}}", 0,
			false, ""},
		/* another sender's members */
		{FP_HOOK_GITHUB, "{\"project\":{\"git_http_url\":\"https://h/winui.git\"}}", 0,
			false, ""},
		{FP_HOOK_GITLAB, "{\"project\":{\"git_http_url\":\"https://h/winui.git\"}}", 0,
			true, ""},
		{FP_HOOK_GITLAB, "{\"repository\":{\"homepage\":\"https://h/winui\"}}", 0, true,
			""},
		{FP_HOOK_GITEA, "{\"repository\":{\"html_url\":\"https://h/winui\"}}", 0, true, ""},
		{FP_HOOK_AZURE_DEVOPS,
			"{\"id\":\"03c164c2\",\"resource\":{\"repository\":{\"remoteUrl\":"
			"\"https://org@h/winui\"}}}",
			0, true, "03c164c2"},
		{FP_HOOK_GENERIC, "{\"repo\":\"winui\",\"delivery\":\"7\"}", 0, true, "7"},
		{FP_HOOK_GENERIC, "{\"repo\":\"other\"}", 0, false, ""},
		/* a name is this server's own; no URL of the body counts beside it */
		{FP_HOOK_GENERIC, "{\"repo\":\"other\",\"url\":\"https://h/winui\"}", 0, false, ""},
		{FP_HOOK_GENERIC, "{\"url\":\"https://h/winui\"}", 0, true, ""},
		/* nothing, the wrong kind of thing, a member that is no text */
		{FP_HOOK_GITHUB, "{}", 0, false, ""},
		{FP_HOOK_GITHUB, "{\"repository\":[]}", 0, false, ""},
		{FP_HOOK_GITHUB, "{\"repository\":{\"clone_url\":7}}", 0, false, ""},
		{FP_HOOK_GITHUB, "[]", -FP_ERROR_INVALID, false, ""},
		/* forms */
		{FP_HOOK_GITHUB, "payload=%7B%7D", 0, false, ""},
		{FP_HOOK_GITHUB,
			"payload=%7B%22repository%22:+%7B%22clone_url%22:%22https://h/"
			"winui%22%7D%7D",
			0, true, ""},
		{FP_HOOK_GITEA,
			"a=1&payload={\"repository\":{\"clone_url\":\"https://h/winui\"}}&b", 0,
			true, ""},
		{FP_HOOK_GITHUB, "payload=", -FP_ERROR_INVALID, false, ""},
		{FP_HOOK_GITHUB, "payload=%7", -FP_ERROR_INVALID, false, ""},
		{FP_HOOK_GITHUB, "payload", -FP_ERROR_INVALID, false, ""},
		{FP_HOOK_GITHUB, "load=%7B%7D&", -FP_ERROR_INVALID, false, ""},
		{FP_HOOK_GITLAB, "payload=%7B%7D", -FP_ERROR_INVALID, false, ""},
		{FP_HOOK_GITHUB, "", -FP_ERROR_INVALID, false, ""},
	};
	const struct fp_repository_settings winui = {
		.name = FP_STR_LITERAL("winui"), .url = FP_STR_LITERAL("https://h/winui.git")};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_hook_hint hint = {0};
		struct fp_error error = {0};
		int r = fp_hook_read(rows[i].sender, fp_str(rows[i].body), &hint, &error);

		if (r != rows[i].code)
			fail_msg("row %zu: %d: %s", i, r, error.text);
		if (fp_hook_concerns(&hint, &winui) != rows[i].concerns)
			fail_msg("row %zu: concerns %d", i, !rows[i].concerns);
		if (!fp_str_equal(hint.id, fp_str(rows[i].id)))
			fail_msg("row %zu: id %.*s", i, FP_STR_ARG(hint.id));
		fp_hook_hint_release(&hint);
	}
}

static void changes_secrets(void **state)
{
	struct fp_hooks *hooks = fp_hooks_new();
	struct fp_hook_secret secrets[FP_HOOK_SENDER_COUNT] = {0};
	struct fp_hook_delivery delivery = {
		.sender = FP_HOOK_GITLAB, .signature = FP_STR_LITERAL("one")};

	assert_non_null(hooks);
	assert_int_equal(fp_hooks_judge(hooks, &delivery), FP_HOOK_OFF);
	secrets[FP_HOOK_GITLAB].secret = FP_STR_LITERAL("one");
	assert_int_equal(fp_hooks_set(hooks, secrets), 0);
	assert_int_equal(fp_hooks_judge(hooks, &delivery), FP_HOOK_TRUSTED);
	secrets[FP_HOOK_GITLAB].secret = FP_STR_LITERAL("two");
	assert_int_equal(fp_hooks_set(hooks, secrets), 0);
	assert_int_equal(fp_hooks_judge(hooks, &delivery), FP_HOOK_FORGED);
	fp_hooks_free(hooks);
}

static void takes_turns(void **state)
{
	struct fp_hooks *hooks = fp_hooks_new();
	int64_t now_us = 1000 * FP_US_PER_S;
	int taken = 0;

	assert_non_null(hooks);
	while (fp_hooks_take_turn(hooks, now_us))
		taken++;
	assert_int_equal(taken, 200);
	/* a twentieth of a second makes room for one */
	assert_false(fp_hooks_take_turn(hooks, now_us + FP_US_PER_S / 25));
	assert_true(fp_hooks_take_turn(hooks, now_us + FP_US_PER_S / 20));
	assert_false(fp_hooks_take_turn(hooks, now_us + FP_US_PER_S / 20));
	/* however long nobody came, no more than at the start */
	for (taken = 0; fp_hooks_take_turn(hooks, now_us + 3600 * FP_US_PER_S);)
		taken++;
	assert_int_equal(taken, 200);
	fp_hooks_free(hooks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_deliveries),
		cmocka_unit_test(knows_repositories),
		cmocka_unit_test(reads_bodies),
		cmocka_unit_test(changes_secrets),
		cmocka_unit_test(takes_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
