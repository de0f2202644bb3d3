#pragma once
/* Writing records whose documents need not come with them: the journal's way into the database. */
#include "forkpoint/store/history.h"

struct fp_logged_record {
	struct fp_record record;
	struct fp_hash128 hash; /* of the document */
	bool has_document;	/* else only the request's part of the record is there */
};

/* In one transaction, with what is kept beside the requests; a record that is there already is
 * passed over. */
int fp_store_write_logged(struct fp_store *store, const struct fp_logged_record *records,
	size_t count, struct fp_error *error);

/* What the record's answer sticks to, if anything; topic is the answer's. sticky.c. */
int fp_store_write_sticky(struct fp_store *store, const struct fp_record *record, int64_t topic,
	struct fp_error *error);

/* ---- what a connection remembers, so that most records cost one insert ---- */

struct fp_recent_answer {
	struct fp_hash128 hash;
	int64_t id; /* 0 = empty */
	int64_t topic;
};

struct fp_recent_text {
	struct fp_hash128 hash;
	int64_t id; /* 0 = empty */
};

/* A topic's wholes: its branch and outcome whatever the version, and its repository. */
struct fp_topic_wholes {
	int64_t topic; /* 0 = empty */
	int64_t branch, repo;
};

enum fp_text_kind { FP_TEXT_CLIENT, FP_TEXT_AGENT, FP_TEXT_BUILD, FP_TEXT_FORM, FP_TEXT_KINDS };

enum {
	FP_RECENT_ANSWERS = 1 << 18,
	FP_RECENT_TEXTS = 1 << 10, /* of each kind */
	FP_RECENT_WHOLES = 1 << 12,
};

/* In these tables a new entry displaces an old one. */
struct fp_recent {
	int64_t open_segment; /* the first that is not in the index; -1 = not known */
	bool all_summed;      /* no requests are left that came before there were sums */
	struct fp_recent_answer answers[FP_RECENT_ANSWERS];
	struct fp_recent_text topics[FP_RECENT_TEXTS];
	struct fp_topic_wholes wholes[FP_RECENT_WHOLES];
	struct fp_recent_text texts[FP_TEXT_KINDS][FP_RECENT_TEXTS];
};

void fp_recent_free(struct fp_recent *recent);
/* The answer is about to be deleted. */
void fp_recent_forget_answer(struct fp_recent *recent, struct fp_hash128 hash);

/* ---- topics ---- */

/* The number of what a record is about, made on first use. */
int fp_store_topic_id(struct fp_store *store, const struct fp_record *record, int64_t *topic,
	struct fp_error *error);
/* The numbers of its wholes, made on first use. A topic that is not there is its own. */
int fp_store_topic_wholes(struct fp_store *store, int64_t topic, struct fp_topic_wholes *wholes,
	struct fp_error *error);
