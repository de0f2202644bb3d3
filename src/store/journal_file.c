/* The journal's files: format, mapping, reading back. */
#include "journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FORMAT = 1, HEADER_SLOT_BYTES = 512, PAGE_BYTES = 4096 };

static const char magic[8] = {'F', 'P', 'J', 'O', 'U', 'R', 'N', '\n'};

struct header {
	char magic[8];
	uint32_t format;
	uint32_t entry_bytes; /* of an entry's header; also tells byte orders apart */
	uint64_t round, seed, base_id;
	uint64_t checksum; /* of what is above */
};

/* ---- mapping ---- */

static void unmap(struct fp_journal_file *file)
{
	if (file->base)
		munmap(file->base, file->bytes);
	file->base = NULL;
	file->bytes = 0;
}

static int map(struct fp_journal_file *file, uint64_t bytes, struct fp_error *error)
{
	void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);

	if (base == MAP_FAILED)
		return fp_error_set(
			error, FP_ERROR_IO, "cannot map the journal: %s", strerror(errno));
	file->base = base;
	file->bytes = bytes;
	return 0;
}

static int set_size(struct fp_journal_file *file, uint64_t bytes, struct fp_error *error)
{
	int code = posix_fallocate(file->fd, 0, (off_t)bytes);

	if (code == 0 && ftruncate(file->fd, (off_t)bytes) < 0)
		code = errno;
	if (code == 0)
		return 0;
	return fp_error_set(error, code == ENOSPC || code == EDQUOT ? FP_ERROR_FULL : FP_ERROR_IO,
		"cannot reserve %llu bytes for the journal: %s: free some space where data_dir is, "
		"or let \"history.journal\" be smaller",
		(unsigned long long)bytes, strerror(code));
}

static int resize(struct fp_journal_file *file, uint64_t bytes, struct fp_error *error)
{
	int r = set_size(file, bytes, error);

	if (r < 0 || file->bytes == bytes)
		return r;
	unmap(file);
	r = map(file, bytes, error);
	/* The first touch of a page costs more than an append: not in the request's time. */
	if (r >= 0)
		madvise(file->base, bytes, MADV_POPULATE_WRITE);
	return r;
}

void fp_journal_file_close(struct fp_journal_file *file)
{
	unmap(file);
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

/* ---- header ---- */

static struct header *header_slot(const struct fp_journal_file *file, unsigned slot)
{
	return (struct header *)(void *)(file->base + slot * HEADER_SLOT_BYTES);
}

static uint64_t header_checksum(const struct header *header)
{
	return fp_hash64(header, offsetof(struct header, checksum), 0);
}

static bool is_zero(const uint8_t *bytes, uint64_t len)
{
	return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

static void take_header(struct fp_journal_file *file, const struct header *header)
{
	file->round = header->round;
	file->seed = header->seed;
	file->base_id = header->base_id;
}

static bool header_is_whole(const struct header *header)
{
	return memcmp(header->magic, magic, sizeof(magic)) == 0 && header->format == FORMAT &&
	       header->entry_bytes == sizeof(struct fp_entry) &&
	       header->checksum == header_checksum(header);
}

/* The newer of the two headers. A file of zeros is one whose making was interrupted. */
static int read_header(struct fp_journal_file *file, const char *path, struct fp_error *error)
{
	bool is_ours = false, found = false;

	if (file->bytes >= FP_JOURNAL_BEGIN) {
		for (unsigned slot = 0; slot < 2; slot++) {
			const struct header *header = header_slot(file, slot);

			is_ours |= memcmp(header->magic, magic, sizeof(magic)) == 0;
			if (header_is_whole(header) && (!found || header->round > file->round)) {
				take_header(file, header);
				found = true;
			}
		}
	}
	if (found || is_zero(file->base, file->bytes))
		return 0;
	/* The very first header was cut short, before anything was appended. */
	if (is_ours && is_zero(file->base + FP_JOURNAL_BEGIN, file->bytes - FP_JOURNAL_BEGIN))
		return 0;
	if (is_ours)
		return fp_error_set(error, FP_ERROR_CORRUPT,
			"%s is damaged or of another Forkpoint's make: move it away to start "
			"without the answers that only it holds; it was left as it is",
			path);
	return fp_error_set(error, FP_ERROR_FOREIGN,
		"%s is no journal of Forkpoint's: move it away or choose another data_dir; it was "
		"left as it is",
		path);
}

/* Random where the system has it; else at least never the same twice. */
static uint64_t new_seed(uint64_t round)
{
	uint64_t seed;
	struct timespec now;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t)sizeof(seed))
		return seed;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return fp_hash64(&now, sizeof(now), round);
}

static void write_header(struct fp_journal_file *file, uint64_t round, uint64_t base_id)
{
	struct header header = {
		.format = FORMAT,
		.entry_bytes = sizeof(struct fp_entry),
		.round = round,
		.seed = new_seed(round),
		.base_id = base_id,
	};

	memcpy(header.magic, magic, sizeof(magic));
	header.checksum = header_checksum(&header);
	memcpy(header_slot(file, round >> 1 & 1), &header, sizeof(header));
	take_header(file, &header);
}

/* ---- life ---- */

int fp_journal_file_open(
	const char *path, uint64_t bytes, struct fp_journal_file *file, struct fp_error *error)
{
	struct stat info;
	int r = 0;

	*file = (struct fp_journal_file){.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640)};
	if (file->fd < 0 || fstat(file->fd, &info) < 0)
		return fp_error_set(error, errno == EACCES ? FP_ERROR_DENIED : FP_ERROR_IO,
			"cannot open %s: %s", path, strerror(errno));
	if (info.st_size == 0)
		r = resize(file, bytes, error);
	else
		r = map(file, (uint64_t)info.st_size, error);
	if (r >= 0)
		r = read_header(file, path, error);
	if (r < 0)
		fp_journal_file_close(file);
	return r;
}

int fp_journal_file_open_read_only(
	const char *path, struct fp_journal_file *file, struct fp_error *error)
{
	struct stat info;
	void *base;
	int r;

	*file = (struct fp_journal_file){.fd = open(path, O_RDONLY | O_CLOEXEC)};
	if (file->fd < 0 || fstat(file->fd, &info) < 0) {
		r = fp_error_set(error, errno == EACCES ? FP_ERROR_DENIED : FP_ERROR_IO,
			"cannot open %s: %s", path, strerror(errno));
		fp_journal_file_close(file);
		return r;
	}
	if (info.st_size == 0)
		return 0;
	base = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, file->fd, 0);
	if (base == MAP_FAILED) {
		r = fp_error_set(error, FP_ERROR_IO, "cannot map %s: %s", path, strerror(errno));
	} else {
		file->base = base;
		file->bytes = (uint64_t)info.st_size;
		r = read_header(file, path, error);
	}
	if (r < 0)
		fp_journal_file_close(file);
	return r;
}

bool fp_journal_file_is_blank(const struct fp_journal_file *file)
{
	return file->bytes <= FP_JOURNAL_BEGIN ||
	       is_zero(file->base + FP_JOURNAL_BEGIN, file->bytes - FP_JOURNAL_BEGIN);
}

void fp_journal_file_wipe(struct fp_journal_file *file)
{
	for (uint64_t at = FP_JOURNAL_BEGIN; at < file->bytes; at += PAGE_BYTES) {
		uint64_t len = file->bytes - at < PAGE_BYTES ? file->bytes - at : PAGE_BYTES;

		/* Pages that are zero stay clean. */
		if (!is_zero(file->base + at, len))
			memset(file->base + at, 0, len);
	}
}

int fp_journal_file_prepare(struct fp_journal_file *file, uint64_t bytes, uint64_t round,
	uint64_t base_id, struct fp_error *error)
{
	int r;

	if (!file->is_blank)
		fp_journal_file_wipe(file);
	r = resize(file, bytes, error);
	if (r < 0)
		return r;
	write_header(file, round, base_id);
	file->left_over = file->is_blank = false;
	atomic_store_explicit(&file->position, FP_JOURNAL_BEGIN, memory_order_relaxed);
	atomic_store_explicit(&file->end, 0, memory_order_relaxed);
	return 0;
}

/* ---- entries ---- */

uint64_t fp_entry_seal(
	const struct fp_journal_file *file, uint64_t position, size_t header_and_texts)
{
	const size_t skipped = sizeof(uint64_t);
	uint64_t seal = fp_hash64(
		file->base + position + skipped, header_and_texts - skipped, file->seed ^ position);

	return seal ? seal : 1;
}

static size_t texts_bytes(const struct fp_entry *entry)
{
	size_t bytes = 0;

	for (size_t i = 0; i < FP_ENTRY_TEXTS; i++)
		bytes += entry->lengths[i];
	return bytes;
}

static void take_entry(const struct fp_entry *entry, struct fp_logged_record *logged)
{
	const char *text = (const char *)(entry + 1);
	struct fp_record *record = &logged->record;
	struct fp_str *const slots[FP_ENTRY_TEXTS] = {&record->client, &record->agent,
		&record->build, &record->repo, &record->branch, &record->sha, &record->version,
		&record->outcome};

	*logged = (struct fp_logged_record){
		.record = {.id = entry->id,
			.at_us = entry->at_us,
			.feed_synced_us = entry->feed_synced_us,
			.refs_synced_us = entry->refs_synced_us,
			.as_of_us = entry->as_of_us,
			.sticky = entry->sticky,
			.duration_us = entry->duration_us,
			.status = entry->status},
		.hash = entry->hash,
		.has_document = entry->has_document != 0,
	};
	memcpy(record->form, entry->form, sizeof(record->form));
	memcpy(record->holes, entry->holes, sizeof(record->holes));
	for (size_t i = 0; i < FP_ENTRY_TEXTS; i++) {
		*slots[i] = fp_str_n(text, entry->lengths[i]);
		text += entry->lengths[i];
	}
	record->document = fp_str_n(text, entry->document_bytes);
}

static bool document_is_whole(const struct fp_logged_record *logged)
{
	struct fp_hash128 hash;

	if (!logged->has_document)
		return logged->record.document.len == 0;
	hash = fp_document_hash(logged->record.document);
	return hash.high == logged->hash.high && hash.low == logged->hash.low;
}

bool fp_journal_file_read(const struct fp_journal_file *file, uint64_t position, uint64_t limit,
	struct fp_logged_record *record, uint64_t *bytes)
{
	const struct fp_entry *entry = fp_journal_file_entry(file, position);
	uint64_t seal, head;

	if (limit < position + sizeof(*entry))
		return false;
	seal = atomic_load_explicit(&entry->seal, memory_order_acquire);
	if (seal == 0 || entry->round != file->round || entry->bytes > limit - position)
		return false;
	head = sizeof(*entry) + texts_bytes(entry);
	if (fp_journal_align(head + entry->document_bytes) != entry->bytes ||
		seal != fp_entry_seal(file, position, head))
		return false;
	take_entry(entry, record);
	*bytes = entry->bytes;
	return document_is_whole(record);
}

/* Where an entry may begin: pages of zeros hold none, and most of a file may be those. */
static uint64_t skip_zeros(const struct fp_journal_file *file, uint64_t at)
{
	while (at % PAGE_BYTES == 0 && at + PAGE_BYTES <= file->bytes &&
		is_zero(file->base + at, PAGE_BYTES))
		at += PAGE_BYTES;
	return at;
}

bool fp_journal_file_find(const struct fp_journal_file *file, uint64_t *position,
	struct fp_logged_record *record, uint64_t *bytes)
{
	for (uint64_t at = skip_zeros(file, *position); at + sizeof(struct fp_entry) <= file->bytes;
		at = skip_zeros(file, at + FP_JOURNAL_ALIGN)) {
		if (!fp_journal_file_read(file, at, file->bytes, record, bytes))
			continue;
		*position = at;
		return true;
	}
	*position = file->bytes;
	return false;
}
