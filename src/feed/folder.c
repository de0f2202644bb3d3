/*
 * Folders. Every look reads the folder again; what costs is opening packages, and that happens once
 * per file and state of the file (inode, size, time of change): the cache below. There is no
 * inotify: an unchanged look at 5,000 packages costs 16 ms of processor time in a flat folder and
 * 50 ms in a hierarchical one, and a change is seen after the feed's interval, which may be as
 * short as 100 ms. Watching would take a watch per version of a hierarchical folder, would wake us
 * for every piece of a package that is being copied, and would miss what other machines write to a
 * network share, so that the looks would have to stay.
 *
 * - Flat: *.nupkg in the root and one level below; the nuspec inside decides about id and version.
 * - Hierarchical: id/version/ holding a nupkg, a nuspec and a sha512 file; the directory's name is
 *   the version, and it counts when all three are there (NuGet writes the sha512 last).
 *
 * A file that is no whole package is being copied, or damaged: it is left out, said so in the note,
 * and looked at again. Where its name suggests the package that is looked for, or it held it
 * before, the listing is incomplete, so that nothing vanishes while a package is being replaced.
 * What cannot be read for another reason (a share that went away in the middle, no descriptors
 * left) is an error, never the end of a list.
 */
#include "forkpoint/feed/folder.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/map.h"
#include "forkpoint/core/nuget_version.h"
#include "forkpoint/feed/listing.h"
#include "forkpoint/feed/nuspec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { CACHE_MAX = 1000000 };

struct cached {
	ino_t inode;
	off_t size;
	struct timespec changed;
	bool is_whole;
	char *id, *version; /* of the file as it was last whole; NULL: it never was */
};

struct memory {
	char *id;
	bool known;
	struct fp_hash128 hash;
};

struct fp_folder {
	const struct fp_feed_options *options;
	char *path;
	struct fp_map by_path; /* into cache */
	struct cached *cache;
	size_t cache_count, cache_capacity;
	struct memory *memories;
	size_t memory_count, memory_capacity;
};

struct scan {
	struct fp_folder *folder;
	const char *package_id;
	struct fp_version_list versions;
	size_t files;
	size_t broken;	    /* files that are no whole packages */
	size_t broken_here; /* of them, those that look like the package's */
	bool hierarchical;
};

struct fp_folder *fp_folder_new(const struct fp_feed_options *options, const char *path)
{
	FP_CLEANUP(fp_folder_free_cleanup) struct fp_folder *folder = calloc(1, sizeof(*folder));
	if (!folder)
		return NULL;
	folder->options = options;
	folder->path = fp_str_dup(fp_str(path));
	if (!folder->path)
		return NULL;
	struct fp_folder *made = folder;
	folder = NULL;
	return made;
}

static void forget_files(struct fp_folder *folder)
{
	for (size_t i = 0; i < folder->cache_count; i++) {
		free(folder->cache[i].id);
		free(folder->cache[i].version);
	}
	folder->cache_count = 0;
	fp_map_release(&folder->by_path);
	folder->by_path = (struct fp_map){0};
}

void fp_folder_free(struct fp_folder *folder)
{
	if (!folder)
		return;
	forget_files(folder);
	free(folder->cache);
	for (size_t i = 0; i < folder->memory_count; i++)
		free(folder->memories[i].id);
	free(folder->memories);
	free(folder->path);
	free(folder);
}

static void dir_release(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* The file's place in the cache, made where there is none. NULL when out of memory. */
static struct cached *cached_file(struct fp_folder *folder, const char *path)
{
	uint32_t at;
	if (fp_map_get(&folder->by_path, fp_str(path), &at))
		return &folder->cache[at];
	if (folder->cache_count >= CACHE_MAX)
		forget_files(folder);
	if (fp_array_reserve((void **)&folder->cache, &folder->cache_capacity,
		    folder->cache_count + 1, sizeof(*folder->cache)) < 0 ||
		fp_map_set(&folder->by_path, fp_str(path), (uint32_t)folder->cache_count) < 0)
		return NULL;
	struct cached *cached = &folder->cache[folder->cache_count++];
	*cached = (struct cached){0};
	return cached;
}

static bool is_same_file(const struct cached *cached, const struct stat *st)
{
	return cached->is_whole && cached->inode == st->st_ino && cached->size == st->st_size &&
	       cached->changed.tv_sec == st->st_ctim.tv_sec &&
	       cached->changed.tv_nsec == st->st_ctim.tv_nsec;
}

/* Fills the cache's entry from the file. */
static int read_package(
	struct cached *cached, const char *path, const struct stat *st, struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf id;
	FP_CLEANUP_BUF struct fp_buf version;
	fp_buf_init(&id, 1024);
	fp_buf_init(&version, 4 * FP_FEED_VERSION_MAX_BYTES);
	cached->is_whole = false;
	int r = fp_nupkg_read(path, &id, &version, error);
	if (r < 0)
		return r == -FP_ERROR_MEMORY ? r : 0;
	free(cached->id);
	free(cached->version);
	*cached = (struct cached){.inode = st->st_ino,
		.size = st->st_size,
		.changed = st->st_ctim,
		.version = fp_buf_take(&version),
		.id = fp_buf_take(&id)};
	cached->is_whole = cached->id && cached->version;
	return cached->is_whole ? 0 : fp_error_memory(error);
}

static bool is_ours(const struct scan *scan, const struct cached *cached)
{
	return cached->id && fp_str_equal_nocase(fp_str(cached->id), fp_str(scan->package_id));
}

static void note_broken(struct scan *scan, const struct cached *cached, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	scan->broken++;
	if (is_ours(scan, cached) ||
		strncasecmp(name, scan->package_id, strlen(scan->package_id)) == 0)
		scan->broken_here++;
}

/* What errno says of a path, as an error. */
static int unreadable(const char *path, struct fp_error *error)
{
	enum fp_error_code code = errno == EACCES ? FP_ERROR_DENIED : FP_ERROR_UNAVAILABLE;
	return fp_error_set(error, code, "cannot read %s: %s", path, strerror(errno));
}

static int scan_package(struct scan *scan, const char *path, struct fp_error *error)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return errno == ENOENT || errno == ELOOP ? 0 : unreadable(path, error);
	if (!S_ISREG(st.st_mode))
		return 0;
	scan->files++;
	struct cached *cached = cached_file(scan->folder, path);
	if (!cached)
		return fp_error_memory(error);
	if (!is_same_file(cached, &st)) {
		int r = read_package(cached, path, &st, error);
		if (r < 0)
			return r;
	}
	if (!cached->is_whole) {
		note_broken(scan, cached, path);
		return 0;
	}
	if (!is_ours(scan, cached))
		return 0;
	return fp_version_list_add(
		&scan->versions, fp_str(cached->version), FP_LISTED_YES, -1, error);
}

static bool is_package_name(const char *name)
{
	size_t len = strlen(name);
	if (len < 7 || strcasecmp(name + len - 6, ".nupkg") != 0)
		return false;
	return len < 15 || strcasecmp(name + len - 14, ".symbols.nupkg") != 0;
}

static char *path_join(const char *folder, const char *name)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static int check_cancelled(const struct scan *scan, struct fp_error *error)
{
	const struct fp_feed_options *options = scan->folder->options;
	if (options->cancelled && atomic_load(options->cancelled))
		return fp_error_set(
			error, FP_ERROR_CANCELLED, "the look at the folder was cancelled");
	return 0;
}

/* A folder below the root; *dir stays NULL where there is none. One of somebody else's (lost+found)
 * may be closed to us, the package's own may not. */
static int open_below(const char *path, bool is_own, DIR **dir, struct fp_error *error)
{
	*dir = opendir(path);
	if (*dir || errno == ENOENT || errno == ENOTDIR)
		return 0;
	if (!is_own && (errno == EACCES || errno == ELOOP))
		return 0;
	return unreadable(path, error);
}

/* The next entry, NULL at the end. */
static int read_entry(
	DIR *dir, const char *path, const struct dirent **entry, struct fp_error *error)
{
	errno = 0;
	*entry = readdir(dir);
	return *entry || errno == 0 ? 0 : unreadable(path, error);
}

/* id/version/: all three files, of which the sha512 is written last. */
static int scan_version_folder(
	struct scan *scan, const char *path, const char *version, struct fp_error *error)
{
	FP_CLEANUP(dir_release) DIR *dir = NULL;
	int r = open_below(path, true, &dir, error);
	bool nupkg = false, nuspec = false, sha512 = false;
	const struct dirent *entry;
	while (r == 0 && dir && (r = read_entry(dir, path, &entry, error)) == 0 && entry) {
		struct fp_str name = fp_str(entry->d_name);
		nupkg = nupkg || is_package_name(entry->d_name);
		nuspec = nuspec || fp_str_ends_with(name, ".nuspec");
		sha512 = sha512 || fp_str_ends_with(name, ".nupkg.sha512");
	}
	if (r < 0)
		return r;
	struct fp_nuget_version parsed;
	if (!nupkg || !fp_nuget_version_parse(fp_str(version), &parsed))
		return 0;
	scan->files++;
	scan->hierarchical = true;
	if (!nuspec || !sha512) {
		scan->broken++;
		scan->broken_here++;
		return 0;
	}
	return fp_version_list_add(&scan->versions, fp_str(version), FP_LISTED_YES, -1, error);
}

static bool is_hidden(const char *name)
{
	return name[0] == '.';
}

/* A folder below the root: flat packages in it, and, where it bears the package's id, folders of
 * versions. */
static int scan_below(
	struct scan *scan, const char *path, const char *folder_name, struct fp_error *error)
{
	FP_CLEANUP(dir_release) DIR *dir = NULL;
	bool is_id = strcasecmp(folder_name, scan->package_id) == 0;
	int r = open_below(path, is_id, &dir, error);
	const struct dirent *entry;
	while (r == 0 && dir && (r = read_entry(dir, path, &entry, error)) == 0 && entry) {
		if (is_hidden(entry->d_name))
			continue;
		FP_CLEANUP_FREE char *below = path_join(path, entry->d_name);
		if (!below)
			return fp_error_memory(error);
		r = check_cancelled(scan, error);
		if (r == 0 && is_package_name(entry->d_name))
			r = scan_package(scan, below, error);
		else if (r == 0 && is_id && entry->d_type != DT_REG)
			r = scan_version_folder(scan, below, entry->d_name, error);
	}
	return r;
}

static int scan_root(struct scan *scan, struct fp_error *error)
{
	const char *path = scan->folder->path;
	FP_CLEANUP(dir_release) DIR *dir = opendir(path);
	int r = dir ? 0 : unreadable(path, error);
	const struct dirent *entry;
	while (r == 0 && (r = read_entry(dir, path, &entry, error)) == 0 && entry) {
		if (is_hidden(entry->d_name))
			continue;
		FP_CLEANUP_FREE char *below = path_join(path, entry->d_name);
		if (!below)
			return fp_error_memory(error);
		r = check_cancelled(scan, error);
		if (r == 0 && is_package_name(entry->d_name))
			r = scan_package(scan, below, error);
		else if (r == 0 && entry->d_type != DT_REG)
			r = scan_below(scan, below, entry->d_name, error);
	}
	return r;
}

static struct memory *memory_of(struct fp_folder *folder, const char *id)
{
	for (size_t i = 0; i < folder->memory_count; i++)
		if (fp_str_equal_nocase(fp_str(folder->memories[i].id), fp_str(id)))
			return &folder->memories[i];
	if (fp_array_reserve((void **)&folder->memories, &folder->memory_capacity,
		    folder->memory_count + 1, sizeof(*folder->memories)) < 0)
		return NULL;
	char *copy = fp_str_dup(fp_str(id));
	if (!copy)
		return NULL;
	struct memory *memory = &folder->memories[folder->memory_count++];
	*memory = (struct memory){.id = copy};
	return memory;
}

/* Over the listing, which is ordered: readdir's order is nobody's. */
static bool hash_listing(const struct fp_listing *listing, struct fp_hash128 *hash)
{
	FP_CLEANUP_BUF struct fp_buf text;
	fp_buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < listing->count; i++) {
		fp_buf_add_str(&text, listing->versions[i].text);
		fp_buf_add_char(&text, '\0');
	}
	*hash = fp_hash128(text.data ? text.data : "", text.len);
	return text.state == FP_BUF_OK;
}

static void write_note(const struct scan *scan, const struct fp_listing_counts *counts,
	const struct fp_listing_parts *parts, struct fp_feed_report *report)
{
	FP_CLEANUP_BUF struct fp_buf note;
	fp_buf_init(&note, 4096);
	if (scan->broken > 0)
		fp_buf_addf(&note, "%zu of %zu packages are not whole and were left out",
			scan->broken, scan->files);
	fp_listing_counts_write(counts, parts, &note);
	snprintf(report->note, sizeof(report->note), "%.*s", FP_STR_ARG(fp_buf_str(&note)));
}

static int make_listing(struct scan *scan, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	const struct fp_version_list *list = &scan->versions;
	struct fp_listing_parts parts = {.states = &list, .state_count = 1};
	struct fp_listing_counts counts;
	int r = fp_listing_combine(&parts, listing, &counts, error);
	if (r < 0)
		return r;
	listing->complete = scan->broken_here == 0;
	listing->source = scan->hierarchical ? "folder, hierarchical" : "folder";
	write_note(scan, &counts, &parts, report);
	return 0;
}

static void scan_release(struct scan *scan)
{
	fp_version_list_release(&scan->versions);
}

static int run_scan(struct scan *scan, struct memory *memory, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	int r = scan_root(scan, error);
	if (r < 0)
		return r;
	if (scan->versions.count == 0 && scan->broken_here == 0) {
		memory->known = false;
		return FP_FEED_NO_PACKAGE;
	}
	FP_CLEANUP(fp_listing_release) struct fp_listing made = {0};
	r = make_listing(scan, &made, report, error);
	if (r < 0)
		return r;
	struct fp_hash128 hash;
	if (!hash_listing(&made, &hash))
		return fp_error_memory(error);
	bool same = memory->known && made.complete && hash.high == memory->hash.high &&
		    hash.low == memory->hash.low;
	memory->known = made.complete;
	memory->hash = hash;
	if (same)
		return FP_FEED_UNCHANGED;
	*listing = made;
	made = (struct fp_listing){0};
	return 0;
}

int fp_folder_look(struct fp_folder *folder, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	FP_CLEANUP(scan_release)
	struct scan scan = {.folder = folder, .package_id = package_id};
	struct memory *memory = memory_of(folder, package_id);
	if (!memory)
		return fp_error_memory(error);
	fp_version_list_init(&scan.versions, folder->options->max_versions);
	return run_scan(&scan, memory, listing, report, error);
}

int fp_folder_check(struct fp_folder *folder, const char *package_id, struct fp_str version,
	struct fp_error *error)
{
	FP_CLEANUP(scan_release)
	struct scan scan = {.folder = folder, .package_id = package_id};
	fp_version_list_init(&scan.versions, folder->options->max_versions);
	int r = scan_root(&scan, error);
	if (r < 0)
		return r;
	FP_CLEANUP_BUF struct fp_buf wanted;
	FP_CLEANUP_BUF struct fp_buf key;
	fp_buf_init(&wanted, 4096);
	fp_buf_init(&key, 4096);
	fp_version_key(version, &wanted);
	for (size_t i = 0; i < scan.versions.count; i++) {
		fp_buf_clear(&key);
		fp_version_key(fp_version_list_text(&scan.versions, i), &key);
		if (fp_str_equal(fp_buf_str(&key), fp_buf_str(&wanted)))
			return 0;
	}
	return 1;
}
