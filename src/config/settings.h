#pragma once
/*
 * The settings table: a row per setting, from which reading, defaults, printing, the digest, the
 * help and the suggestions for unknown keys all come.
 */
#include "forkpoint/base/json_read.h"
#include "forkpoint/base/json_write.h"
#include "forkpoint/config/config.h"

/* The kinds of object that the file is made of; each row belongs to one. */
enum fp_setting_owner {
	FP_OWNER_ROOT,
	FP_OWNER_HTTP,
	FP_OWNER_HISTORY,
	FP_OWNER_FEED,
	FP_OWNER_NUGET_CONFIG,
	FP_OWNER_REPOSITORY,
	FP_OWNER_BRANCH_SOURCE,
	FP_OWNER_RELEASE,
	FP_OWNER_PACKAGE,
	FP_OWNER_TOKEN,
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
	FP_SETTING_MAP,	     /* named objects: an array, and a size_t behind it */
	FP_SETTING_LIST,     /* objects: an array, and a size_t behind it; one alone is fine where
			      * `lone` says so */
	FP_SETTING_OTHER,    /* its own reader and writer */
};

struct fp_reading;

struct fp_setting {
	enum fp_setting_owner owner;
	const char *key;
	enum fp_setting_type type;
	size_t offset;	      /* in the owner's struct */
	const char *fallback; /* as in the file; NULL = absent */
	uint64_t min, max;    /* of durations, sizes and numbers; max 0 = no limits */
	const char *const *choices;
	enum fp_setting_owner part; /* of PART, MAP, LIST */
	size_t element_bytes;	    /* of MAP, LIST */
	bool required, lone;
	bool decides; /* answers depend on it: it is part of the digest */
	bool restart; /* takes effect at the next start only */
	const char *takes;
	const char *help;
	void (*read)(struct fp_reading *reading, const struct fp_json_value *value, void *base);
	void (*print)(struct fp_json *json, const void *base);
};

extern const struct fp_setting fp_settings_table[];
size_t fp_settings_count(void);
const struct fp_setting *fp_setting_find(enum fp_setting_owner owner, struct fp_str key);
/* How the owner's settings are addressed: `feeds.*`, … */
const char *fp_setting_owner_path(enum fp_setting_owner owner);

/* ---- reading ---- */

enum { FP_CONFIG_PROBLEMS_MAX = 100 };

struct fp_reading {
	const char *folder; /* of the file, for relative paths */
	struct fp_config *config;
	struct fp_config_problems *problems;
	struct fp_buf path; /* of the value being read */
	bool no_memory;
};

/* Adds a problem at a value (its key, if it has one), with the present path. */
void fp_reading_problem(struct fp_reading *reading, const struct fp_json_value *at,
	const char *format, ...) FP_PRINTF(3, 4);
/* Goes down to a member or element, and back: returns what fp_reading_leave takes. */
size_t fp_reading_enter(struct fp_reading *reading, struct fp_str key);
size_t fp_reading_enter_index(struct fp_reading *reading, size_t index);
void fp_reading_leave(struct fp_reading *reading, size_t mark);
/* Reads an object's members by the owner's rows into `base`, and fills in defaults. */
void fp_reading_object(struct fp_reading *reading, enum fp_setting_owner owner,
	const struct fp_json_value *object, void *base);
/* malloc'ed; notes when there is no memory. */
char *fp_reading_copy(struct fp_reading *reading, struct fp_str text);
/* A string's text; false with a problem. */
bool fp_reading_text(
	struct fp_reading *reading, const struct fp_json_value *value, struct fp_str *text);
/* Defaults of every row of the owner that has one. */
void fp_reading_defaults(struct fp_reading *reading, enum fp_setting_owner owner, void *base);

/* ---- across settings: checks.c ---- */

void fp_config_check(struct fp_reading *reading, const struct fp_json_value *root);

/* ---- printing: print.c ---- */

/* decides_only: what the digest is made of. */
void fp_config_write(const struct fp_config *config, bool decides_only, struct fp_buf *buf);
void fp_config_write_repository_sources(
	const struct fp_config_repository *repository, struct fp_buf *buf);

/* Readers and writers of rows with their own: special.c */
void fp_read_listen(struct fp_reading *, const struct fp_json_value *, void *);
void fp_print_listen(struct fp_json *, const void *);
void fp_read_aliases(struct fp_reading *, const struct fp_json_value *, void *);
void fp_print_aliases(struct fp_json *, const void *);
void fp_read_grammars(struct fp_reading *, const struct fp_json_value *, void *);
void fp_print_grammars(struct fp_json *, const void *);
void fp_read_sha256(struct fp_reading *, const struct fp_json_value *, void *);
void fp_print_sha256(struct fp_json *, const void *);
void fp_read_rights(struct fp_reading *, const struct fp_json_value *, void *);
void fp_print_rights(struct fp_json *, const void *);
