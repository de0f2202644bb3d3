/* The configuration: reading a file whole, and what is asked of it afterwards. */
#include "forkpoint/config/config.h"

#include "forkpoint/base/file.h"
#include "reading.h"

#include <errno.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 16 * 1024 };

static const struct fp_json_limits limits = {
	.max_bytes = 4 * 1024 * 1024,
	.max_depth = 16,
	.max_values = 1000000,
};

/* What is printed has every default as well. */
static const struct fp_json_limits printed_limits = {
	.max_bytes = FP_CONFIG_PRINTED_MAX_BYTES,
	.max_depth = 16,
	.max_values = 4000000,
};

/* ---- problems ---- */

void fp_config_problems_release(struct fp_config_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		free(problems->items[i].path);
		free(problems->items[i].text);
	}
	free(problems->items);
	*problems = (struct fp_config_problems){0};
}

void fp_config_problems_write(
	const struct fp_config_problems *problems, const char *file, struct fp_buf *buf)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct fp_config_problem *problem = &problems->items[i];

		fp_buf_addf(buf, "%s:%u:%u: %s%s%s\n", file, problem->line, problem->column,
			problem->path, problem->path[0] ? ": " : "", problem->text);
	}
}

static int compare_problems(const void *a, const void *b)
{
	const struct fp_config_problem *left = a, *right = b;

	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	return left->column < right->column ? -1 : left->column > right->column;
}

/* ---- reading ---- */

/* The folder that the file's relative paths start from: absolute, so that the same file is the same
 * configuration wherever it was named from. */
static int find_folder(const char *path, char **folder, struct fp_error *error)
{
	const char *slash = strrchr(path, '/');
	FP_CLEANUP_FREE char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
	struct fp_buf FP_CLEANUP_BUF buf = {0};

	if (path[0] != '/' && !here)
		return fp_error_set(error, FP_ERROR_IO, "the working folder cannot be named: %s",
			strerror(errno));
	fp_buf_init(&buf, PATH_MAX_BYTES);
	if (here)
		fp_buf_addf(&buf, "%s%s", here, slash ? "/" : "");
	fp_buf_add_str(&buf, fp_str_n(path, slash ? (size_t)(slash - path) : 0));
	*folder = fp_buf_take(&buf);
	return *folder ? 0 : fp_error_memory(error);
}

static void read_tree(struct fp_reading *reading, const struct fp_json_value *root)
{
	if (root->type != FP_JSON_OBJECT) {
		fp_reading_problem(reading, root, "a configuration is an object, not %s",
			fp_json_type_name(root->type));
		return;
	}
	fp_reading_object(reading, FP_OWNER_ROOT, root, reading->config);
	if (!reading->no_memory)
		fp_config_check(reading, root);
}

/* 0, or 1 when there are problems. */
static int read_text(struct fp_reading *reading, struct fp_str text, struct fp_error *error)
{
	FP_CLEANUP(fp_json_tree_free_cleanup) struct fp_json_tree *tree = NULL;
	struct fp_json_value place = {0};
	int r = fp_json_tree_read(text, reading->printed ? &printed_limits : &limits, true, &tree,
		&place.line, &place.column, error);

	if (r == -FP_ERROR_MEMORY)
		return r;
	if (r < 0)
		fp_reading_problem(reading, &place, "%s", error->text);
	else
		read_tree(reading, fp_json_tree_root(tree));
	if (reading->no_memory)
		return fp_error_memory(error);
	if (reading->problems->count == 0)
		return fp_config_add_digests(reading->config, error);
	qsort(reading->problems->items, reading->problems->count, sizeof(*reading->problems->items),
		compare_problems);
	return 1;
}

static int parse(struct fp_str text, const char *path, bool printed, struct fp_config **config,
	struct fp_config_problems *problems, struct fp_error *error)
{
	FP_CLEANUP_FREE char *folder = NULL;
	FP_CLEANUP(fp_config_free_cleanup) struct fp_config *made = calloc(1, sizeof(*made));
	struct fp_reading reading = {.config = made, .problems = problems, .printed = printed};
	int r = find_folder(path, &folder, error);

	if (r < 0)
		return r;
	if (made)
		made->path = fp_str_dup(fp_str(path));
	if (!made || !made->path)
		return fp_error_memory(error);
	reading.folder = folder;
	fp_buf_init(&reading.path, PATH_MAX_BYTES);
	r = read_text(&reading, text, error);
	fp_buf_release(&reading.path);
	if (r != 0)
		return r;
	*config = made;
	made = NULL;
	return 0;
}

int fp_config_parse(struct fp_str text, const char *path, struct fp_config **config,
	struct fp_config_problems *problems, struct fp_error *error)
{
	return parse(text, path, false, config, problems, error);
}

int fp_config_parse_printed(struct fp_str text, struct fp_config **config,
	struct fp_config_problems *problems, struct fp_error *error)
{
	return parse(text, "the record", true, config, problems, error);
}

int fp_config_read(const char *path, struct fp_config **config, struct fp_config_problems *problems,
	struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};
	int r;

	fp_buf_init(&text, limits.max_bytes);
	r = fp_file_read(path, &text, error);
	return r < 0 ? r : fp_config_parse(fp_buf_str(&text), path, config, problems, error);
}

/* ---- afterwards ---- */

const struct fp_config_repository *fp_config_find_repository(
	const struct fp_config *config, struct fp_str name)
{
	for (size_t i = 0; i < config->repository_count; i++)
		if (fp_str_equal(fp_str(config->repositories[i].name), name))
			return &config->repositories[i];
	return NULL;
}

int fp_config_default_feed(struct fp_config_feed *feed)
{
	struct fp_config_problems problems = {0};
	struct fp_reading reading = {.folder = "", .problems = &problems};
	struct fp_config_feed made = {0};

	fp_reading_defaults(&reading, FP_OWNER_FEED, &made);
	fp_config_problems_release(&problems);
	if (reading.no_memory)
		return -FP_ERROR_MEMORY;
	*feed = made;
	return 0;
}
