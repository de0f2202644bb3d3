/* The settings table. Whoever adds a row adds it to config/forkpoint.example.jsonc as well. */
#include "settings.h"

#include "forkpoint/base/number.h"
#include "forms.h"

#include <stdio.h>

static const char *const protocols[] = {"auto", "v3", "v2", "folder", NULL};
static const char *const label_styles[] = {"hyphen", "underscore", NULL};
static const char *const unlisted[] = {"drop", "keep", NULL};
static const char *const durabilities[] = {"process", "machine", NULL};
static const char *const when_full[] = {"refuse", "answer", NULL};
static const char *const timestamps[] = {"author", "committer", NULL};
static const char *const verify[] = {"off", "selected", "all", NULL};
static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};

#define MS UINT64_C(1000)
#define S (1000 * MS)
#define HOUR (3600 * S)
#define DAY (24 * HOUR)
#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define IN(type, member) .offset = offsetof(struct type, member)
#define ROW(owner_, key_, type_) .owner = FP_OWNER_##owner_, .key = key_, .type = FP_SETTING_##type_

const struct fp_setting fp_settings_table[] = {
	{ROW(ROOT, "listen", OTHER), .offset = 0, .fallback = "127.0.0.1:7878", .restart = true,
		.takes = "ADDRESS:PORT, or a list of them; an IPv6 address in brackets",
		.help = "where HTTP is served", .read = fp_read_listen, .print = fp_print_listen,
		.release = fp_release_listen},
	{ROW(ROOT, "data_dir", PATH), IN(fp_config, data_dir), .fallback = "/var/lib/forkpoint",
		.restart = true, .takes = "a folder", .help = "databases and mirror clones"},
	{ROW(ROOT, "stale_after", DURATION), IN(fp_config, stale_after_us), .fallback = "10m",
		.min = S, .max = 365 * DAY,
		.help = "older than this, answers carry feed-stale or refs-stale"},
	{ROW(ROOT, "log_level", TEXT), IN(fp_config, log_level), .fallback = "info",
		.choices = log_levels, .help = "what the log shows"},
	{ROW(ROOT, "feeds", MAP), IN(fp_config, feeds), .part = FP_OWNER_FEED,
		.element_bytes = sizeof(struct fp_config_feed), .decides = true,
		.takes = "an object: a feed for each name", .help = "where packages are listed",
		.max = 1000},
	{ROW(ROOT, "repositories", MAP), IN(fp_config, repositories), .part = FP_OWNER_REPOSITORY,
		.element_bytes = sizeof(struct fp_config_repository), .decides = true,
		.takes = "an object: a repository for each name", .help = "what is tracked",
		.max = 10000},
	{ROW(ROOT, "tokens", LIST), IN(fp_config, tokens), .part = FP_OWNER_TOKEN,
		.element_bytes = sizeof(struct fp_config_token),
		.takes =
			"a list of {\"name\": …, \"sha256\": …, \"may\": [\"sync\", \"override\"]}",
		.help = "who may change something"},
	{ROW(ROOT, "hooks", MAP), IN(fp_config, hooks), .part = FP_OWNER_HOOK,
		.element_bytes = sizeof(struct fp_config_hook),
		.takes = "an object: {\"secret_env\": …} or {\"secret_file\": …} for each of "
			 "github, gitlab, gitea, azure-devops, generic",
		.help = "whose webhooks are taken", .max = 100},
	{ROW(ROOT, "http", PART), .offset = 0, .part = FP_OWNER_HTTP, .takes = "an object",
		.help = "the HTTP server"},
	{ROW(ROOT, "history", PART), .offset = 0, .part = FP_OWNER_HISTORY, .takes = "an object",
		.help = "the record of answers"},

	{ROW(HTTP, "threads", COUNT), IN(fp_config, http_threads), .fallback = "0", .max = 64,
		.restart = true, .help = "event loops; 0 is one per core"},
	{ROW(HTTP, "max_connections", COUNT), IN(fp_config, http_max_connections),
		.fallback = "8192", .min = 1, .max = 1000000, .restart = true,
		.help = "connections at once, of all loops together"},
	{ROW(HTTP, "allow_origin", TEXT), IN(fp_config, http_allow_origin),
		.takes = "an origin, or *", .restart = true,
		.help = "Access-Control-Allow-Origin of every reply; absent: not sent",
		.form = fp_config_form_origin},

	{ROW(HISTORY, "journal", SIZE), IN(fp_config, history_journal_bytes), .fallback = "64MiB",
		.min = MIB, .max = 16 * GIB, .restart = true,
		.help = "room for answers on their way to the database; preallocated"},
	{ROW(HISTORY, "keep", DURATION), IN(fp_config, history_keep_us), .fallback = "400d",
		.min = S, .max = 36500 * DAY,
		.help = "answers older than this are deleted; their sums for /stats are kept"},
	{ROW(HISTORY, "max_size", SIZE), IN(fp_config, history_max_bytes), .fallback = "16GiB",
		.min = MIB, .max = 1024 * 1024 * GIB,
		.help = "what the database may hold before the oldest answers are deleted"},
	{ROW(HISTORY, "durability", CHOICE), IN(fp_config, history_durability),
		.fallback = "process", .choices = durabilities, .restart = true,
		.help = "what a record survives once its answer is given: the end of the process, "
			"or of the machine (answers then wait for the disk)"},
	{ROW(HISTORY, "sticky", DURATION), IN(fp_config, history_sticky_us), .fallback = "30d",
		.min = S, .max = 10 * 365 * DAY,
		.help = "how long the first answer of a build is given again"},
	{ROW(HISTORY, "when_full", CHOICE), IN(fp_config, history_when_full), .fallback = "refuse",
		.choices = when_full, .restart = true,
		.help = "answers that cannot be recorded: refuse them with 503, or answer them "
			"with a header that says so"},

	{ROW(FEED, "url", LOCATION), IN(fp_config_feed, url), .decides = true,
		.takes = "an http, https or file URL, or a folder",
		.help = "the service index, the v2 root, or the folder",
		.form = fp_config_form_feed_url},
	{ROW(FEED, "protocol", CHOICE), IN(fp_config_feed, protocol), .fallback = "auto",
		.choices = protocols, .help = "which protocol the feed speaks; auto finds out"},
	{ROW(FEED, "interval", DURATION), IN(fp_config_feed, interval_us), .fallback = "60s",
		.min = 100 * MS, .max = 30 * DAY, .help = "how often it is looked at"},
	{ROW(FEED, "username", TEXT), IN(fp_config_feed, username), .takes = "a name",
		.help = "for Basic authentication, with a password",
		.form = fp_config_form_username},
	{ROW(FEED, "password_env", TEXT), IN(fp_config_feed, password.env),
		.takes = "the name of an environment variable",
		.help = "where the password or token stands", .form = fp_config_form_environment},
	{ROW(FEED, "password_file", PATH), IN(fp_config_feed, password.file), .takes = "a file",
		.help = "where the password or token stands"},
	{ROW(FEED, "nuget_config", PART), .offset = 0, .part = FP_OWNER_NUGET_CONFIG,
		.takes = "{\"file\": …, \"source\": …}",
		.help = "take url and credentials from a source of a NuGet.Config",
		.decides = true},
	{ROW(FEED, "ca_file", PATH), IN(fp_config_feed, ca_file), .takes = "a PEM file",
		.help = "certificate authorities beside the system's"},
	{ROW(FEED, "proxy", TEXT), IN(fp_config_feed, proxy),
		.takes = "a proxy URL as curl takes it",
		.help = "absent: curl's environment variables", .form = fp_config_form_proxy},
	{ROW(FEED, "connect_timeout", DURATION), IN(fp_config_feed, connect_timeout_us),
		.fallback = "10s", .min = 100 * MS, .max = HOUR, .help = "to connect"},
	{ROW(FEED, "first_byte_timeout", DURATION), IN(fp_config_feed, first_byte_timeout_us),
		.fallback = "30s", .min = 100 * MS, .max = HOUR,
		.help = "from the request to the first byte of its reply"},
	{ROW(FEED, "stall_timeout", DURATION), IN(fp_config_feed, stall_timeout_us),
		.fallback = "30s", .min = 100 * MS, .max = HOUR, .help = "without progress"},
	{ROW(FEED, "total_timeout", DURATION), IN(fp_config_feed, total_timeout_us),
		.fallback = "5m", .min = 100 * MS, .max = DAY,
		.help = "of one look at one package"},
	{ROW(FEED, "max_document", SIZE), IN(fp_config_feed, max_document_bytes),
		.fallback = "512MiB", .min = KIB, .max = 64 * GIB,
		.help = "one reply's body, decoded"},
	{ROW(FEED, "max_versions", NUMBER), IN(fp_config_feed, max_versions), .fallback = "1000000",
		.min = 1, .max = 10000000, .help = "of one package"},
	{ROW(FEED, "max_pages", NUMBER), IN(fp_config_feed, max_pages), .fallback = "20000",
		.min = 1, .max = 10000000, .help = "documents fetched for one look at one package"},
	{ROW(FEED, "max_depth", NUMBER), IN(fp_config_feed, max_depth), .fallback = "64", .min = 8,
		.max = 1000, .help = "levels of nesting in one document"},
	{ROW(FEED, "verify_again", DURATION), IN(fp_config_feed, verify_again_us), .fallback = "1h",
		.min = 100 * MS, .max = 30 * DAY,
		.help = "how long a package file that was there is believed to be "
			"(verify_download)"},

	{ROW(NUGET_CONFIG, "file", PATH), IN(fp_config_feed, nuget_config_file), .required = true,
		.takes = "a NuGet.Config file", .help = "which file", .decides = true},
	{ROW(NUGET_CONFIG, "source", TEXT), IN(fp_config_feed, nuget_config_source),
		.required = true, .takes = "the key of a package source", .help = "which source",
		.decides = true},

	{ROW(REPOSITORY, "url", LOCATION), IN(fp_config_repository, url), .required = true,
		.decides = true, .takes = "an http, https, ssh, git or file URL, or a path",
		.help = "the upstream; no insteadOf of a gitconfig changes it",
		.form = fp_config_form_repository_url},
	{ROW(REPOSITORY, "refs", TEXTS), IN(fp_config_repository, refs), .decides = true,
		.fallback = "refs/heads/* refs/tags/* refs/pull/*/head",
		.takes = "a list of full ref names, * for any run",
		.help = "which refs are mirrored", .form = fp_config_form_ref_glob},
	{ROW(REPOSITORY, "interval", DURATION), IN(fp_config_repository, interval_us),
		.fallback = "60s", .min = 100 * MS, .max = 30 * DAY,
		.help = "how often the upstream is looked at"},
	{ROW(REPOSITORY, "fetch_timeout", DURATION), IN(fp_config_repository, fetch_timeout_us),
		.fallback = "1h", .min = S, .max = 7 * DAY,
		.help = "a fetch that takes longer is given up"},
	{ROW(REPOSITORY, "branch", TEXT), IN(fp_config_repository, branch), .decides = true,
		.takes = "a branch name",
		.help = "the PGO branch when the request and the tree name none",
		.form = fp_config_form_branch},
	{ROW(REPOSITORY, "tracked", TEXTS), IN(fp_config_repository, tracked), .decides = true,
		.takes = "a list of branch names, * for any run",
		.help = "branches watched for freshness, timeline and events",
		.form = fp_config_form_branch_glob},
	{ROW(REPOSITORY, "aliases", OTHER), .offset = 0, .decides = true,
		.takes = "an object: a list of former names for each branch",
		.help = "former names, whose labels count as the branch's own",
		.read = fp_read_aliases, .print = fp_print_aliases, .release = fp_release_aliases},
	{ROW(REPOSITORY, "branch_source", LIST), IN(fp_config_repository, branch_sources),
		.part = FP_OWNER_BRANCH_SOURCE,
		.element_bytes = sizeof(struct fp_config_branch_source), .lone = true,
		.decides = true, .takes = "a list of {\"file\", \"variable\" or \"element\"}",
		.help = "where a commit's tree names its PGO branch; the first that matches"},
	{ROW(REPOSITORY, "release", LIST), IN(fp_config_repository, release_sources),
		.part = FP_OWNER_RELEASE, .element_bytes = sizeof(struct fp_config_release_source),
		.lone = true, .decides = true,
		.takes = "{\"file\", \"major\", \"minor\"} or {\"fixed\"}, or a list of them",
		.help = "where a commit's tree says its release; the first that matches"},
	{ROW(REPOSITORY, "pins", LIST), IN(fp_config_repository, pins), .part = FP_OWNER_PIN,
		.element_bytes = sizeof(struct fp_config_pin), .lone = true,
		.takes = "a list of {\"file\", \"element\" or \"package\"}",
		.help = "where a tree names a database itself; /audit-pins compares them"},
	{ROW(REPOSITORY, "timestamp", CHOICE), IN(fp_config_repository, timestamp),
		.fallback = "author", .choices = timestamps, .decides = true,
		.help = "which time of a commit makes its stamp"},
	{ROW(REPOSITORY, "packages", LIST), IN(fp_config_repository, packages),
		.part = FP_OWNER_PACKAGE, .element_bytes = sizeof(struct fp_config_package),
		.required = true, .decides = true, .takes = "a list of packages",
		.help = "the first is the default"},
	{ROW(REPOSITORY, "username", TEXT), IN(fp_config_repository, username), .takes = "a name",
		.help = "for https and ssh upstreams", .form = fp_config_form_username},
	{ROW(REPOSITORY, "password_env", TEXT), IN(fp_config_repository, password.env),
		.takes = "the name of an environment variable",
		.help = "where the password, token or key's passphrase stands",
		.form = fp_config_form_environment},
	{ROW(REPOSITORY, "password_file", PATH), IN(fp_config_repository, password.file),
		.takes = "a file", .help = "where the password, token or key's passphrase stands"},
	{ROW(REPOSITORY, "ssh_key_file", PATH), IN(fp_config_repository, ssh_key_file),
		.takes = "a private key file", .help = "for ssh upstreams"},
	{ROW(REPOSITORY, "ssh_known_hosts_file", PATH),
		IN(fp_config_repository, ssh_known_hosts_file), .takes = "a known_hosts file",
		.help = "the host keys that are trusted"},
	{ROW(REPOSITORY, "ca_file", PATH), IN(fp_config_repository, ca_file), .takes = "a PEM file",
		.help = "certificate authorities beside the system's, for https upstreams"},
	{ROW(REPOSITORY, "max_version_file", SIZE),
		IN(fp_config_repository, max_version_file_bytes), .fallback = "1MiB", .min = KIB,
		.max = GIB, .decides = true, .help = "version files larger than this are not read"},

	{ROW(BRANCH_SOURCE, "file", TEXT), IN(fp_config_branch_source, file), .required = true,
		.decides = true, .takes = "a path in the repository", .help = "which file",
		.form = fp_config_form_tree_path},
	{ROW(BRANCH_SOURCE, "variable", TEXT), IN(fp_config_branch_source, variable),
		.decides = true, .takes = "a PowerShell variable's name, without $",
		.help = "which assignment", .form = fp_config_form_variable},
	{ROW(BRANCH_SOURCE, "element", TEXT), IN(fp_config_branch_source, element), .decides = true,
		.takes = "an XML element's name", .help = "which element",
		.form = fp_config_form_element},

	{ROW(PIN, "file", TEXT), IN(fp_config_pin, file), .required = true,
		.takes = "a path in the repository", .help = "an XML file",
		.form = fp_config_form_tree_path},
	{ROW(PIN, "element", TEXT), IN(fp_config_pin, element), .takes = "an XML element's name",
		.help = "the element whose text is the version", .form = fp_config_form_element},
	{ROW(PIN, "package", TEXT), IN(fp_config_pin, package), .takes = "a package id",
		.help = "the package whose version attribute it is, as in packages.config",
		.form = fp_config_form_package_id},

	{ROW(RELEASE, "fixed", TEXT), IN(fp_config_release_source, fixed), .decides = true,
		.takes = "a release, such as 2.4", .help = "the release of every commit",
		.form = fp_config_form_release},
	{ROW(RELEASE, "file", TEXT), IN(fp_config_release_source, file), .decides = true,
		.takes = "a path in the repository", .help = "an XML file",
		.form = fp_config_form_tree_path},
	{ROW(RELEASE, "major", TEXT), IN(fp_config_release_source, major), .decides = true,
		.takes = "an XML element's name", .help = "the major number",
		.form = fp_config_form_element},
	{ROW(RELEASE, "minor", TEXT), IN(fp_config_release_source, minor), .decides = true,
		.takes = "an XML element's name", .help = "the minor number",
		.form = fp_config_form_element},
	{ROW(RELEASE, "patch", TEXT), IN(fp_config_release_source, patch), .decides = true,
		.takes = "an XML element's name", .help = "the patch number; absent: 0",
		.form = fp_config_form_element},
	{ROW(RELEASE, "prerelease", TEXT), IN(fp_config_release_source, prerelease),
		.decides = true, .takes = "an XML element's name",
		.help = "the prerelease label; absent: none", .form = fp_config_form_element},

	{ROW(PACKAGE, "id", TEXT), IN(fp_config_package, id), .required = true, .decides = true,
		.takes = "a package id", .help = "which package",
		.form = fp_config_form_package_id},
	{ROW(PACKAGE, "feed", TEXT), IN(fp_config_package, feed), .required = true, .decides = true,
		.takes = "the name of a feed", .help = "where it is listed"},
	{ROW(PACKAGE, "grammars", OTHER), .offset = 0, .fallback = "prerelease-stamp patch-stamp",
		.decides = true,
		.takes = "a list of one or more of prerelease-stamp, patch-stamp, arcade",
		.help = "how its versions are read, in this order; the first is what /stamp writes",
		.read = fp_read_grammars, .print = fp_print_grammars,
		.release = fp_release_grammars},
	{ROW(PACKAGE, "patch_stamp_label", CHOICE), IN(fp_config_package, patch_stamp_label),
		.fallback = "hyphen", .choices = label_styles, .decides = true,
		.help = "how /stamp writes labels in patch-stamp"},
	{ROW(PACKAGE, "unlisted", FLAG), IN(fp_config_package, keep_unlisted), .fallback = "drop",
		.choices = unlisted, .decides = true, .help = "whether unlisted versions count"},
	{ROW(PACKAGE, "branches", TEXTS), IN(fp_config_package, branches), .decides = true,
		.takes = "a list of branch names, * for any run",
		.help = "the branches that an arcade package stands for",
		.form = fp_config_form_branch_glob},
	{ROW(PACKAGE, "set", TEXTS), IN(fp_config_package, set), .decides = true,
		.takes = "a list of package ids",
		.help = "further ids that must all have a version for it to count",
		.form = fp_config_form_package_id},
	{ROW(PACKAGE, "verify_download", CHOICE), IN(fp_config_package, verify_download),
		.fallback = "off", .choices = verify, .decides = true,
		.help = "whether package files are checked to be there"},

	{ROW(TOKEN, "name", TEXT), IN(fp_config_token, name), .required = true, .takes = "a name",
		.help = "who it is, for /audit", .form = fp_value_form_name},
	{ROW(TOKEN, "sha256", OTHER), .offset = 0, .required = true,
		.takes = "64 hexadecimal digits", .help = "of the token", .read = fp_read_sha256,
		.print = fp_print_sha256},
	{ROW(TOKEN, "may", OTHER), .offset = 0, .takes = "a list of sync, override",
		.help = "what it may do", .read = fp_read_rights, .print = fp_print_rights,
		.required = true},

	{ROW(HOOK, "secret_env", TEXT), IN(fp_config_hook, secret.env),
		.takes = "the name of an environment variable",
		.help = "where the secret stands that the sender shares",
		.form = fp_config_form_environment},
	{ROW(HOOK, "secret_file", PATH), IN(fp_config_hook, secret.file), .takes = "a file",
		.help = "where the secret stands that the sender shares"},
	{ROW(HOOK, "username", TEXT), IN(fp_config_hook, username), .takes = "a name",
		.help = "for the Basic authentication of azure-devops; absent: none is sent",
		.form = fp_config_form_username},
};

size_t fp_settings_count(void)
{
	return FP_ARRAY_SIZE(fp_settings_table);
}

const struct fp_setting *fp_setting_find(enum fp_setting_owner owner, struct fp_str key)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(fp_settings_table); i++)
		if (fp_settings_table[i].owner == owner &&
			fp_str_equal(fp_str(fp_settings_table[i].key), key))
			return &fp_settings_table[i];
	return NULL;
}

const char *fp_setting_owner_path(enum fp_setting_owner owner)
{
	static const char *const paths[] = {
		[FP_OWNER_ROOT] = "",
		[FP_OWNER_HTTP] = "http.",
		[FP_OWNER_HISTORY] = "history.",
		[FP_OWNER_FEED] = "feeds.*.",
		[FP_OWNER_NUGET_CONFIG] = "feeds.*.nuget_config.",
		[FP_OWNER_REPOSITORY] = "repositories.*.",
		[FP_OWNER_BRANCH_SOURCE] = "repositories.*.branch_source[].",
		[FP_OWNER_PIN] = "repositories.*.pins[].",
		[FP_OWNER_RELEASE] = "repositories.*.release[].",
		[FP_OWNER_PACKAGE] = "repositories.*.packages[].",
		[FP_OWNER_TOKEN] = "tokens[].",
		[FP_OWNER_HOOK] = "hooks.*.",
	};

	_Static_assert(FP_ARRAY_SIZE(paths) == FP_OWNER_COUNT, "a path for every owner");
	return paths[owner];
}

static void write_quantity(const struct fp_setting *setting, uint64_t quantity, struct fp_buf *buf)
{
	char text[FP_DURATION_TEXT_MAX];

	if (setting->type == FP_SETTING_DURATION)
		fp_format_duration((int64_t)quantity, text);
	else if (setting->type == FP_SETTING_SIZE)
		fp_format_size(quantity, text);
	else
		snprintf(text, sizeof(text), "%llu", (unsigned long long)quantity);
	fp_buf_add_text(buf, text);
}

static void write_range(const struct fp_setting *setting, const char *kind, struct fp_buf *buf)
{
	fp_buf_addf(buf, "%s, from ", kind);
	write_quantity(setting, setting->min, buf);
	fp_buf_add_text(buf, " to ");
	write_quantity(setting, setting->max, buf);
}

void fp_setting_write_takes(const struct fp_setting *setting, struct fp_buf *buf)
{
	switch (setting->type) {
	case FP_SETTING_DURATION: write_range(setting, "a duration such as \"60s\"", buf); return;
	case FP_SETTING_SIZE: write_range(setting, "a size such as \"16MiB\"", buf); return;
	case FP_SETTING_NUMBER:
	case FP_SETTING_COUNT: write_range(setting, "a number", buf); return;
	default: break;
	}
	if (setting->choices)
		fp_buf_add_text(buf, "one of ");
	for (size_t i = 0; setting->choices && setting->choices[i]; i++)
		fp_buf_addf(buf, "%s%s", i ? ", " : "", setting->choices[i]);
	if (setting->takes)
		fp_buf_add_text(buf, setting->takes);
}
