/* The backup's file. */
#include "backup_file.h"

#include "migrate.h"
#include "sql.h"

#include "forkpoint/base/number.h"
#include "forkpoint/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 20, PAGE_BYTES = 4096 };

static const char magic[] = "FORKPOINT BACKUP 1\n";

static int failed(const char *what, const char *path, struct fp_error *error)
{
	return fp_error_set(error,
		errno == ENOSPC || errno == EDQUOT  ? FP_ERROR_FULL
		: errno == EACCES || errno == EPERM ? FP_ERROR_DENIED
						    : FP_ERROR_IO,
		"cannot %s %s: %s", what, path, strerror(errno));
}

static void close_descriptor(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* ---- a file as memory ---- */

struct mapped {
	const char *base;
	size_t bytes;
};

static void mapped_release(struct mapped *mapped)
{
	if (mapped->base)
		munmap((void *)(uintptr_t)mapped->base, mapped->bytes);
}

/* An empty file has no memory. */
static int map_file(const char *path, struct mapped *mapped, struct fp_error *error)
{
	FP_CLEANUP(close_descriptor) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	void *base;

	if (fd < 0 || fstat(fd, &info) < 0)
		return failed("open", path, error);
	if (info.st_size == 0)
		return 0;
	base = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return failed("map", path, error);
	*mapped = (struct mapped){base, (size_t)info.st_size};
	return 0;
}

/* ---- writing ---- */

static int write_bytes(
	int fd, const char *data, size_t len, const char *path, struct fp_error *error)
{
	while (len > 0) {
		ssize_t written = write(fd, data, len < PIECE_BYTES ? len : PIECE_BYTES);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return failed("write", path, error);
		data += written;
		len -= (size_t)written;
	}
	return 0;
}

static int write_new(
	const char *path, struct fp_str head, struct fp_str content, struct fp_error *error)
{
	FP_CLEANUP(close_descriptor)
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	int r;

	if (fd < 0)
		return failed("create", path, error);
	r = write_bytes(fd, head.ptr, head.len, path, error);
	if (r >= 0)
		r = write_bytes(fd, content.ptr, content.len, path, error);
	if (r >= 0 && fsync(fd) < 0)
		r = failed("write", path, error);
	return r;
}

static void format_head(
	const struct fp_backup_info *info, struct fp_hash128 hash, char head[FP_BACKUP_HEAD_BYTES])
{
	char made[FP_TIME_TEXT_MAX], hex[FP_HASH128_HEX + 1];
	int len;

	fp_time_format_us(info->made_us, made);
	fp_hash128_format(hash, hex);
	memset(head, '\n', FP_BACKUP_HEAD_BYTES);
	len = snprintf(head, FP_BACKUP_HEAD_BYTES,
		"%smade %s\nmade_us %lld\nschema %lld\nlast_request %llu\nbytes %llu\nxxh128 %s\n"
		"\nAn SQLite database follows, from byte %d on: forkpoint restore makes a data "
		"folder of it.",
		magic, made, (long long)info->made_us, (long long)info->schema,
		(unsigned long long)info->last_request, (unsigned long long)info->bytes, hex,
		FP_BACKUP_HEAD_BYTES);
	head[len] = '\n';
}

int fp_backup_write(const char *database, const char *file, const struct fp_backup_info *info,
	struct fp_error *error)
{
	struct mapped FP_CLEANUP(mapped_release) content = {0};
	struct fp_backup_info whole = *info;
	char head[FP_BACKUP_HEAD_BYTES];
	int r = map_file(database, &content, error);

	if (r < 0)
		return r;
	whole.bytes = content.bytes;
	format_head(&whole, fp_hash128(content.base, content.bytes), head);
	return write_new(
		file, fp_str_n(head, sizeof(head)), fp_str_n(content.base, content.bytes), error);
}

void fp_backup_sync_folder(const char *path)
{
	FP_CLEANUP_FREE char *folder = fp_str_dup(fp_str(path));
	char *slash = folder ? strrchr(folder, '/') : NULL;
	int fd;

	if (!folder)
		return;
	if (slash)
		*slash = '\0';
	fd = open(!slash ? "." : *folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

int fp_backup_publish(const char *file, const char *name, struct fp_error *error)
{
	/* Not every file system knows how to rename without replacing. */
	if (renameat2(AT_FDCWD, file, AT_FDCWD, name, RENAME_NOREPLACE) < 0 &&
		(errno != EINVAL || link(file, name) < 0))
		return errno == EEXIST ? fp_error_set(error, FP_ERROR_INVALID,
						 "%s exists; a backup overwrites nothing", name)
				       : failed("write", name, error);
	fp_backup_sync_folder(name);
	return 0;
}

/* ---- reading ---- */

/* The value of a line `NAME VALUE` of the head. */
static struct fp_str head_value(struct fp_str head, const char *name)
{
	size_t len = strlen(name);

	while (head.len) {
		const char *end = memchr(head.ptr, '\n', head.len);
		size_t line = end ? (size_t)(end - head.ptr) : head.len;

		if (line > len && memcmp(head.ptr, name, len) == 0 && head.ptr[len] == ' ')
			return fp_str_n(head.ptr + len + 1, line - len - 1);
		line += end ? 1 : 0;
		head = fp_str_n(head.ptr + line, head.len - line);
	}
	return (struct fp_str){0};
}

static bool take_number(struct fp_str head, const char *name, uint64_t *value)
{
	return fp_parse_u64(head_value(head, name), 0, INT64_MAX, value);
}

static int read_head(struct fp_str head, struct fp_backup_info *info)
{
	uint64_t made, schema;

	if (!take_number(head, "made_us", &made) || !take_number(head, "schema", &schema) ||
		!take_number(head, "last_request", &info->last_request) ||
		!take_number(head, "bytes", &info->bytes))
		return 1;
	info->made_us = (int64_t)made;
	info->schema = (int64_t)schema;
	return 0;
}

static int check(const char *file, const struct mapped *content, struct fp_backup_info *info,
	struct fp_error *error)
{
	struct fp_str head = fp_str_n(content->base, FP_BACKUP_HEAD_BYTES);
	char again[FP_BACKUP_HEAD_BYTES];

	if (content->bytes < FP_BACKUP_HEAD_BYTES || !fp_str_starts_with(head, magic))
		return fp_error_set(
			error, FP_ERROR_FOREIGN, "%s is no backup of Forkpoint's", file);
	if (read_head(head, info) != 0)
		return fp_error_set(
			error, FP_ERROR_CORRUPT, "%s is damaged: its head cannot be read", file);
	if (info->schema > (int64_t)fp_migration_count)
		return fp_error_set(error, FP_ERROR_FOREIGN,
			"%s was made by a newer Forkpoint (schema %lld, this one knows %zu): "
			"restore it with that one",
			file, (long long)info->schema, fp_migration_count);
	if (content->bytes - FP_BACKUP_HEAD_BYTES != info->bytes)
		return fp_error_set(error, FP_ERROR_CORRUPT,
			"%s is damaged: %zu bytes follow its head, and there were %llu", file,
			content->bytes - FP_BACKUP_HEAD_BYTES, (unsigned long long)info->bytes);
	/* The head has nothing but what it can be made of again. */
	format_head(info, fp_hash128(content->base + FP_BACKUP_HEAD_BYTES, info->bytes), again);
	if (memcmp(again, content->base, sizeof(again)) != 0)
		return fp_error_set(error, FP_ERROR_CORRUPT,
			"%s is damaged: its content does not fit its checksum", file);
	return 0;
}

int fp_backup_check(const char *file, struct fp_error *error)
{
	struct mapped FP_CLEANUP(mapped_release) content = {0};
	struct fp_backup_info ignored = {0};
	int r = map_file(file, &content, error);

	return r < 0 ? r : check(file, &content, &ignored, error);
}

int fp_backup_unpack(
	const char *file, const char *database, struct fp_backup_info *info, struct fp_error *error)
{
	struct mapped FP_CLEANUP(mapped_release) content = {0};
	struct fp_backup_info found = {0};
	int r = map_file(file, &content, error);

	if (r >= 0)
		r = check(file, &content, &found, error);
	if (r >= 0)
		r = write_new(database, (struct fp_str){0},
			fp_str_n(content.base + FP_BACKUP_HEAD_BYTES, found.bytes), error);
	if (r >= 0)
		*info = found;
	return r;
}

/* ---- the journal ---- */

static bool is_zero(const char *bytes, size_t len)
{
	return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* Pages that are zero are not written: most of a journal is. */
static int copy_pages(int from, int to, uint64_t *bytes, const char *path, struct fp_error *error)
{
	char page[PAGE_BYTES];
	off_t at = 0;
	ssize_t got;

	while ((got = pread(from, page, sizeof(page), at)) > 0) {
		if (!is_zero(page, (size_t)got) && pwrite(to, page, (size_t)got, at) != got)
			return failed("write", path, error);
		at += got;
	}
	if (got < 0 || ftruncate(to, at) < 0)
		return failed("copy", path, error);
	*bytes += (uint64_t)at;
	return 0;
}

int fp_journal_copy(
	const char *data_dir, const char *folder, uint64_t *bytes, struct fp_error *error)
{
	static const char *const names[] = {"journal.0", "journal.1"};
	int r = 0;

	*bytes = 0;
	for (size_t i = 0; r >= 0 && i < FP_ARRAY_SIZE(names); i++) {
		FP_CLEANUP_FREE char *source = fp_store_path(data_dir, names[i]);
		FP_CLEANUP_FREE char *copy = fp_store_path(folder, names[i]);
		FP_CLEANUP(close_descriptor) int from = -1;
		FP_CLEANUP(close_descriptor) int to = -1;

		if (!source || !copy)
			return fp_error_memory(error);
		from = open(source, O_RDONLY | O_CLOEXEC);
		if (from < 0 && errno == ENOENT)
			continue;
		to = from < 0 ? -1 : open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
		r = to < 0 ? failed("copy", source, error)
			   : copy_pages(from, to, bytes, copy, error);
	}
	return r;
}
