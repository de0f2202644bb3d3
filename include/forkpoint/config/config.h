#pragma once
/*
 * The configuration file (CONFIG.md) as a checked, immutable structure. Everything in it is owned
 * by the struct fp_config; strings are NUL-terminated, absent ones NULL. Defaults are filled in.
 * Reading resolves no secret: only where a secret stands is kept (see config/secret.h).
 */
#include "forkpoint/base/error.h"
#include "forkpoint/base/hash.h"
#include "forkpoint/core/grammar.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fp_config_listen {
	char *text;    /* as written */
	char *address; /* numeric IPv4 or IPv6, without brackets */
	uint16_t port;
};

enum fp_feed_protocol {
	FP_FEED_PROTOCOL_AUTO,
	FP_FEED_PROTOCOL_V3,
	FP_FEED_PROTOCOL_V2,
	FP_FEED_PROTOCOL_FOLDER,
};

/* Where a secret stands; at most one of the two. */
struct fp_config_secret {
	char *env;  /* name of an environment variable */
	char *file; /* path of a file */
};

struct fp_config_feed {
	char *name;
	char *url; /* http, https or file URL, or a folder; NULL when nuget_config names it */
	enum fp_feed_protocol protocol;
	int64_t interval_us;
	char *username;
	struct fp_config_secret password;
	char *nuget_config_file, *nuget_config_source;
	char *ca_file; /* further certificate authorities, PEM */
	char *proxy;   /* as curl takes it; NULL: curl's environment variables */
	/* limits and deadlines of one look */
	int64_t connect_timeout_us, first_byte_timeout_us, stall_timeout_us, total_timeout_us;
	uint64_t max_document_bytes; /* one reply's body, decoded */
	uint64_t max_versions;	     /* of one package */
	uint64_t max_pages;	     /* documents fetched for one look at one package */
	uint64_t max_depth;	     /* of a document's nesting */
	int64_t verify_again_us;     /* of a package file that was there */
};

/* Where a commit's tree says something: a file and what to read in it. */
struct fp_config_branch_source {
	char *file;
	char *variable; /* PowerShell: $NAME = "…"; or */
	char *element;	/* XML: <NAME>…</NAME> */
};

/* Where a tree names a database that its builds take without asking. */
struct fp_config_pin {
	char *file;
	char *element; /* XML: <NAME>VERSION</NAME>; or */
	char *package; /* the id beside a version, as in packages.config and PackageReference */
};

struct fp_config_release_source {
	char *fixed; /* "2.4"; or */
	char *file;
	char *major, *minor, *patch,
		*prerelease; /* element names; patch and prerelease may be NULL */
};

/* Through what an answer's record must come, once the answer is given. */
enum fp_durability { FP_DURABILITY_PROCESS, FP_DURABILITY_MACHINE };
/* What becomes of answers that cannot be recorded. */
enum fp_when_full { FP_WHEN_FULL_REFUSE, FP_WHEN_FULL_ANSWER };

enum fp_timestamp_kind { FP_TIMESTAMP_AUTHOR, FP_TIMESTAMP_COMMITTER };
enum fp_verify_download { FP_VERIFY_OFF, FP_VERIFY_SELECTED, FP_VERIFY_ALL };

struct fp_config_package {
	char *id;
	char *feed;
	size_t feed_index; /* into fp_config.feeds */
	enum fp_grammar *grammars;
	size_t grammar_count;
	enum fp_label_style patch_stamp_label;
	bool keep_unlisted;
	char **branches; /* that an unlabelled (arcade) package belongs to; globs with * */
	size_t branch_count;
	char **set; /* further ids of the set */
	size_t set_count;
	enum fp_verify_download verify_download;
};

struct fp_config_alias {
	char *branch;
	char **names; /* former names */
	size_t name_count;
};

struct fp_config_repository {
	char *name; /* [A-Za-z0-9._-]+, it names a folder and stands in URLs */
	char *url;
	char **refs; /* globs of full ref names */
	size_t ref_count;
	int64_t interval_us;
	int64_t fetch_timeout_us; /* a fetch that takes longer is given up */
	char *branch;		  /* default PGO branch, NULL = none */
	char **tracked;		  /* globs of branch names */
	size_t tracked_count;
	struct fp_config_alias *aliases;
	size_t alias_count;
	struct fp_config_branch_source *branch_sources;
	size_t branch_source_count;
	struct fp_config_release_source *release_sources;
	size_t release_source_count;
	enum fp_timestamp_kind timestamp;
	struct fp_config_package *packages;
	size_t package_count;
	struct fp_config_pin *pins;
	size_t pin_count;
	/* upstream credentials */
	char *username;
	struct fp_config_secret password;
	char *ssh_key_file, *ssh_known_hosts_file;
	char *ca_file;			 /* further certificate authorities, PEM */
	uint64_t max_version_file_bytes; /* version files larger than this are refused */
	char *source_digest; /* hex over what decides a commit's release and branch: when it
			      * changes, those are read again */
};

struct fp_config_token {
	char *name;
	uint8_t sha256[32];
	bool may_sync, may_override;
};

/* Of webhooks. */
struct fp_config_hook {
	char *name; /* github, gitlab, gitea, azure-devops, generic */
	struct fp_config_secret secret;
	char *username; /* azure-devops; NULL = none */
};

struct fp_config {
	char *path;
	struct fp_config_listen *listen;
	size_t listen_count;
	char *data_dir;
	int64_t stale_after_us;
	struct fp_config_feed *feeds;
	size_t feed_count;
	struct fp_config_repository *repositories;
	size_t repository_count;
	struct fp_config_token *tokens;
	size_t token_count;
	struct fp_config_hook *hooks;
	size_t hook_count;
	char *log_level;       /* error, warning, info, debug */
	unsigned http_threads; /* 0 = one per core */
	unsigned http_max_connections;
	char *http_allow_origin; /* Access-Control-Allow-Origin, NULL = not sent */
	uint64_t history_journal_bytes;
	int64_t history_keep_us;
	uint64_t history_max_bytes;
	enum fp_durability history_durability;
	enum fp_when_full history_when_full;
	int64_t history_sticky_us;
	char *digest; /* hex over what answers depend on (repositories, packages, feeds; no listen
		       * addresses, intervals, limits or secrets); stands in every answer's state */
};

struct fp_config_problem {
	unsigned line, column;
	char *path; /* `feeds.mux.interval`, `repositories.winui.packages[0].grammars[1]` */
	char *text; /* what is wrong and what the setting takes */
};

struct fp_config_problems {
	struct fp_config_problem *items; /* in the file's order */
	size_t count;
};

/*
 * Reads and checks the file. 0 with *config; 1 with *problems filled (every problem that it has,
 * at most 100) and no *config; negative when the file cannot be read at all. Release problems
 * either way.
 */
int fp_config_read(const char *path, struct fp_config **config, struct fp_config_problems *problems,
	struct fp_error *error);
/* The same from memory; path only names it in problems. */
int fp_config_parse(struct fp_str text, const char *path, struct fp_config **config,
	struct fp_config_problems *problems, struct fp_error *error);
/*
 * Reads again what fp_config_print wrote, as records have it. The hashes of tokens are not printed:
 * they are all zeroes then, and let nobody in.
 */
enum { FP_CONFIG_PRINTED_MAX_BYTES = 16 * 1024 * 1024 };
int fp_config_parse_printed(struct fp_str text, struct fp_config **config,
	struct fp_config_problems *problems, struct fp_error *error);
/* Adds the names of the settings that are bound to the start and differ, such as
 * `listen, http.threads`; nothing when there are none. */
void fp_config_write_restart(
	const struct fp_config *started, const struct fp_config *now, struct fp_buf *names);
void fp_config_free(struct fp_config *config);
FP_DEFINE_CLEANUP(struct fp_config *, fp_config_free)
void fp_config_problems_release(struct fp_config_problems *problems);

/* `FILE:LINE:COLUMN: PATH: TEXT` lines. */
void fp_config_problems_write(
	const struct fp_config_problems *problems, const char *file, struct fp_buf *buf);
/* The effective configuration as JSON with defaults filled in and secrets never shown: where each
 * stands is. */
void fp_config_print(const struct fp_config *config, struct fp_buf *buf);
/* Every setting of the table with type, default, range and help: for `forkpoint help settings`
 * and for the test that holds the table against the documentation. */
void fp_config_print_settings(struct fp_buf *buf);

const struct fp_config_repository *fp_config_find_repository(
	const struct fp_config *config, struct fp_str name);
/* A feed with the defaults of its settings and nothing else: for feeds that are not configured.
 * 0 or -FP_ERROR_MEMORY. */
int fp_config_default_feed(struct fp_config_feed *feed);
