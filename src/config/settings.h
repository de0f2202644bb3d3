#pragma once
/*
 * The settings table: a row per setting, from which reading, defaults, printing, the digest, the
 * help and the suggestions for unknown keys all come.
 */
#include "forkpoint/base/json_write.h"
#include "forkpoint/config/config.h"

struct fp_json_value;
struct fp_reading;

/* The kinds of object that the file is made of; each row belongs to one. */
enum fp_setting_owner {
	FP_OWNER_ROOT,
	FP_OWNER_HTTP,
	FP_OWNER_HISTORY,
	FP_OWNER_FEED,
	FP_OWNER_NUGET_CONFIG,
	FP_OWNER_REPOSITORY,
	FP_OWNER_BRANCH_SOURCE,
	FP_OWNER_PIN,
	FP_OWNER_RELEASE,
	FP_OWNER_PACKAGE,
	FP_OWNER_TOKEN,
	FP_OWNER_HOOK,
	FP_OWNER_COUNT,
};

enum fp_setting_type {
	FP_SETTING_TEXT,     /* char * */
	FP_SETTING_PATH,     /* char *, relative to the file's folder */
	FP_SETTING_LOCATION, /* char *, a URL, or a path like the above */
	FP_SETTING_DURATION, /* int64_t, microseconds */
	FP_SETTING_SIZE,     /* uint64_t, bytes */
	FP_SETTING_NUMBER,   /* uint64_t */
	FP_SETTING_COUNT,    /* unsigned */
	FP_SETTING_CHOICE,   /* an enum whose values are the choices' places */
	FP_SETTING_FLAG,     /* bool: the second choice is true */
	FP_SETTING_TEXTS,    /* char **, and a size_t behind it */
	FP_SETTING_PART,     /* an object of another owner, in the same struct */
	FP_SETTING_MAP,	     /* named objects: an array, and a size_t behind it; the name, a char *,
			      * is the first member of the element's struct */
	FP_SETTING_LIST,     /* objects: an array, and a size_t behind it; one alone is fine where
			      * `lone` says so */
	FP_SETTING_OTHER,    /* its own reader, writer and releaser */
};

/* What is said about a text that a setting does not take ("takes …", one static line), NULL when it
 * does. Never quotes the text: it may be a secret in the wrong place. */
typedef const char *fp_setting_form(struct fp_str text);

/* What a list may hold where its row says nothing else: what is compared pair by pair must end. */
enum { FP_SETTING_ITEMS_MAX = 1000 };

struct fp_setting {
	enum fp_setting_owner owner;
	const char *key;
	enum fp_setting_type type;
	size_t offset;	      /* in the owner's struct */
	const char *fallback; /* as in the file, a list's items by spaces; NULL = absent */
	uint64_t min, max;    /* of durations, sizes and numbers; of a map or list, its items */
	const char *const *choices;
	fp_setting_form *form;	    /* of a text, of each of a list's; NULL = any */
	enum fp_setting_owner part; /* of PART, MAP, LIST */
	size_t element_bytes;	    /* of MAP, LIST */
	bool required, lone;
	bool decides; /* answers depend on it: it is part of the digest */
	bool restart; /* takes effect at the next start only */
	const char *takes;
	const char *help;
	void (*read)(struct fp_reading *reading, const struct fp_setting *setting,
		const struct fp_json_value *value, void *base);
	void (*print)(struct fp_json *json, const void *base);
	void (*release)(void *base); /* leaves what reads as absent */
};

extern const struct fp_setting fp_settings_table[];
size_t fp_settings_count(void);
const struct fp_setting *fp_setting_find(enum fp_setting_owner owner, struct fp_str key);
/* How the owner's settings are addressed: `feeds.*.`, … */
const char *fp_setting_owner_path(enum fp_setting_owner owner);
/* What the setting takes, as it goes on behind "takes ". */
void fp_setting_write_takes(const struct fp_setting *setting, struct fp_buf *buf);

/* Frees what the owner's rows point to. */
void fp_settings_release(enum fp_setting_owner owner, void *base);
void fp_texts_free(char **texts, size_t count);

/* ---- digests: digest.c ---- */

int fp_config_add_digests(struct fp_config *config, struct fp_error *error);

/* ---- printing: print.c ---- */

/* Compact; decides_only: what the digest is made of. */
void fp_config_write(const struct fp_config *config, bool decides_only, struct fp_buf *buf);
/* One setting's value; nothing when it is absent. */
void fp_setting_write_value(const struct fp_setting *setting, const void *base, struct fp_buf *buf);
void fp_config_write_repository_sources(
	const struct fp_config_repository *repository, struct fp_buf *buf);

/* ---- readers, writers and releasers of rows that have their own: listen.c, special.c ---- */

void fp_read_listen(
	struct fp_reading *, const struct fp_setting *, const struct fp_json_value *, void *config);
void fp_print_listen(struct fp_json *, const void *config);
void fp_release_listen(void *config);
void fp_read_aliases(struct fp_reading *, const struct fp_setting *, const struct fp_json_value *,
	void *repository);
void fp_print_aliases(struct fp_json *, const void *repository);
void fp_release_aliases(void *repository);
void fp_read_grammars(struct fp_reading *, const struct fp_setting *, const struct fp_json_value *,
	void *package);
void fp_print_grammars(struct fp_json *, const void *package);
void fp_release_grammars(void *package);
void fp_read_sha256(
	struct fp_reading *, const struct fp_setting *, const struct fp_json_value *, void *token);
void fp_print_sha256(struct fp_json *, const void *token);
void fp_read_rights(
	struct fp_reading *, const struct fp_setting *, const struct fp_json_value *, void *token);
void fp_print_rights(struct fp_json *, const void *token);
