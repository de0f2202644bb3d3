#pragma once
/*
 * The journal's two files: what stands in them, and how they are opened, read and used again.
 *
 * A file serves one *round* after another; rounds are numbered over both files, even ones in
 * journal.0 and odd ones in journal.1, so that the number says which file is older. Its first page
 * has two headers that take turns: one is always whole, wherever the process is killed. Behind it
 * stand the entries of the round. Before a file is used again its entries are in the database and
 * its bytes are zeroed; the new round's random seed enters every checksum, so that no entry of an
 * earlier round, and no bytes inside a document, can pass for an entry of this one.
 */
#include "history_write.h"
#include "forkpoint/store/journal.h"

#include <stdatomic.h>

enum {
	FP_JOURNAL_ALIGN = 16,
	FP_JOURNAL_BEGIN = 4096, /* where entries begin */
	FP_JOURNAL_FILE_MIN_BYTES = 64 << 10,
};

enum fp_entry_text {
	FP_ENTRY_CLIENT,
	FP_ENTRY_AGENT,
	FP_ENTRY_BUILD,
	FP_ENTRY_REPO, /* from here on only where the document is */
	FP_ENTRY_BRANCH,
	FP_ENTRY_SHA,
	FP_ENTRY_VERSION,
	FP_ENTRY_OUTCOME,
	FP_ENTRY_TEXTS,
};

/* Behind it stand the texts, the document, and zeros up to a multiple of FP_JOURNAL_ALIGN. */
struct fp_entry {
	/* Stored last: checksum of the rest of the header and the texts, never 0. 0: not filled.
	 * The document has a checksum of its own, its hash. */
	_Atomic uint64_t seal;
	uint32_t bytes; /* of all */
	uint32_t document_bytes;
	uint64_t round;
	uint64_t id;
	int64_t at_us, feed_synced_us, refs_synced_us, as_of_us;
	struct fp_hash128 hash, sticky;
	uint32_t duration_us;
	uint16_t status;
	uint16_t has_document;
	char form[8];
	uint16_t lengths[FP_ENTRY_TEXTS];
	uint32_t holes[FP_HOLE_COUNT];
	uint32_t unused[2]; /* 0 */
};

_Static_assert(sizeof(struct fp_entry) == 160, "entries' headers have no padding");

struct fp_journal_file {
	int fd;
	uint8_t *base; /* the whole file, mapped shared */
	uint64_t bytes;
	uint64_t round, seed;
	bool left_over;	  /* holds entries of an earlier run */
	bool is_blank;	  /* an earlier run left nothing: its bytes need no zeroing */
	uint64_t base_id; /* ids up to this one were handed out when the round began */
	/* Up to here entries are in the database. The recorder's; others read it. */
	_Atomic uint64_t position;
	/* Where the round's entries end; 0 while that is not known. */
	_Atomic uint64_t end;
};

/* Opens or creates the file and reads its header. A file without any has round 0. Damaged or
 * foreign files are refused and left as they are. */
int fp_journal_file_open(
	const char *path, uint64_t bytes, struct fp_journal_file *file, struct fp_error *error);
/* To look into, while another process may write. -FP_ERROR_CORRUPT, -FP_ERROR_FOREIGN. */
int fp_journal_file_open_read_only(
	const char *path, struct fp_journal_file *file, struct fp_error *error);
void fp_journal_file_close(struct fp_journal_file *file);

/* Makes the file ready for a round: of `bytes` bytes, zeroed, with a new header. What it holds must
 * be in the database. */
int fp_journal_file_prepare(struct fp_journal_file *file, uint64_t bytes, uint64_t round,
	uint64_t base_id, struct fp_error *error);
void fp_journal_file_wipe(struct fp_journal_file *file);
/* Nothing but zeros where entries stand. */
bool fp_journal_file_is_blank(const struct fp_journal_file *file);

/* The checksum that an entry at that place must have. */
uint64_t fp_entry_seal(
	const struct fp_journal_file *file, uint64_t position, size_t header_and_texts);

/* True when a whole entry stands at `position`; it does not reach beyond limit. */
bool fp_journal_file_read(const struct fp_journal_file *file, uint64_t position, uint64_t limit,
	struct fp_logged_record *record, uint64_t *bytes);
/* The next whole entry from *position on, which is moved there; for what a killed run left. */
bool fp_journal_file_find(const struct fp_journal_file *file, uint64_t *position,
	struct fp_logged_record *record, uint64_t *bytes);

static inline struct fp_entry *fp_journal_file_entry(
	const struct fp_journal_file *file, uint64_t position)
{
	return (struct fp_entry *)(void *)(file->base + position);
}

static inline uint64_t fp_journal_align(uint64_t bytes)
{
	return (bytes + FP_JOURNAL_ALIGN - 1) & ~(uint64_t)(FP_JOURNAL_ALIGN - 1);
}
