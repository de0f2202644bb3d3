#pragma once
/*
 * The record of answers. A request's record is narrow; the answer's document is kept once per
 * distinct content. The few things in a document that differ between two answers from one state
 * (its id and times) are *holes*: ranges of fixed width that are blanked before hashing and filled
 * in again from the request's record when it is read.
 */
#include "forkpoint/base/hash.h"
#include "forkpoint/store/store.h"

enum fp_hole {
	FP_HOLE_ID,	     /* 16 hex digits */
	FP_HOLE_RESOLVED_AT, /* RFC 3339, 20 bytes, like the next two */
	FP_HOLE_FEED_SYNCED_AT,
	FP_HOLE_REFS_SYNCED_AT,
	FP_HOLE_INSTANCE, /* problem documents name the answer's id a second time: 16 hex digits */
	FP_HOLE_REPLAY,	  /* the document's own hash: 32 hex digits */
	FP_HOLE_COUNT,
};

#define FP_NO_HOLE UINT32_MAX

enum { FP_ANSWER_ID_HEX = 16 };

struct fp_record {
	uint64_t id;
	int64_t at_us;
	/* -1 where the document has no such hole; read back, they are cut to the second, as the
	 * document has them. */
	int64_t feed_synced_us, refs_synced_us;
	int64_t as_of_us; /* the moment that was asked about; 0 = now */
	struct fp_hash128
		sticky; /* what the answer sticks to, see service/sticky.h; zero = nothing */
	uint32_t duration_us;
	uint16_t status;      /* HTTP's */
	char form[8];	      /* json, text, version, props, env, vso */
	struct fp_str client; /* address */
	struct fp_str agent;  /* User-Agent, cut to 200 bytes by the caller */
	struct fp_str build;
	/* the distinct part */
	struct fp_str repo, branch, sha, version; /* version empty without one */
	struct fp_str outcome;			  /* "ok" or the problem's code */
	struct fp_str document;			  /* with every hole's bytes replaced by '0' */
	uint32_t holes[FP_HOLE_COUNT];		  /* offsets in the document, FP_NO_HOLE */
};

/* ---- the database's side: the recorder writes, /history reads ---- */

int fp_store_write_records(struct fp_store *store, const struct fp_record *records, size_t count,
	struct fp_error *error);
/* The highest id there is, 0 = none. */
int fp_store_last_record_id(struct fp_store *store, uint64_t *id, struct fp_error *error);
/* The lowest id that is there from `from` on; 1 = none. */
int fp_store_next_record_id(
	struct fp_store *store, uint64_t from, uint64_t *id, struct fp_error *error);
/* The ids of `sample` requests (of all, where there are fewer), as far from each other as can be,
 * in rising order: malloc'ed. Walks through all of them. */
int fp_store_sample_records(struct fp_store *store, uint64_t sample, uint64_t **ids, size_t *count,
	struct fp_error *error);

struct fp_stored_record {
	struct fp_record record; /* slices into memory */
	char *memory;
};
/* 1 when there is no record of that id. The document comes with its holes blank; fp_document_fill
 * makes it what was answered. A document that a crash of the machine took is empty. */
int fp_store_read_record(struct fp_store *store, uint64_t id, struct fp_stored_record *stored,
	struct fp_error *error);
void fp_stored_record_release(struct fp_stored_record *stored);

/* 1 when no answer has that content; document as kept, holes blank, with the times and the id of
 * the first request that it was given to, as far as requests are kept. For replay URLs. */
int fp_store_read_answer(struct fp_store *store, struct fp_hash128 hash,
	struct fp_stored_record *stored, struct fp_error *error);

/* Hash of a document whose holes are blank: an answer's content address. */
struct fp_hash128 fp_document_hash(struct fp_str document);
/* Overwrites the holes of `document` (which has them blank) with the record's values; the hole
 * FP_HOLE_REPLAY with the hash of the blank document. */
void fp_document_fill(char *document, const uint32_t holes[FP_HOLE_COUNT], uint64_t id,
	int64_t at_us, int64_t feed_synced_us, int64_t refs_synced_us, struct fp_hash128 hash);
/* The same with what the record knows. */
void fp_record_fill(const struct fp_record *record, struct fp_hash128 hash, char *document);
