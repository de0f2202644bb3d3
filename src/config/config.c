/* The configuration: reading a file whole, and freeing what was read. */
#include "forkpoint/config/config.h"

#include "forkpoint/base/file.h"
#include "settings.h"

#include <stdlib.h>

static const struct fp_json_limits limits = {
	.max_bytes = 16 * 1024 * 1024,
	.max_depth = 16,
	.max_values = 1000000,
};

/* ---- freeing ---- */

static void free_texts(char **texts, size_t count)
{
	for (size_t i = 0; texts && i < count; i++)
		free(texts[i]);
	free(texts);
}

/* Frees what a table's rows of simple kinds point to. */
static void free_rows(enum fp_setting_owner owner, void *base)
{
	for (size_t i = 0; i < fp_settings_count(); i++) {
		const struct fp_setting *setting = &fp_settings_table[i];
		void *place = (char *)base + setting->offset;

		if (setting->owner != owner)
			continue;
		if (setting->type == FP_SETTING_TEXT || setting->type == FP_SETTING_PATH ||
			setting->type == FP_SETTING_LOCATION) {
			free(*(char **)place);
		} else if (setting->type == FP_SETTING_TEXTS) {
			free_texts(*(char ***)place, *(size_t *)(void *)((void **)place + 1));
		} else if (setting->type == FP_SETTING_PART) {
			free_rows(setting->part, base);
		} else if (setting->type == FP_SETTING_LIST || setting->type == FP_SETTING_MAP) {
			char *element = *(char **)place;
			size_t count = *(size_t *)(void *)((void **)place + 1);

			for (size_t k = 0; element && k < count; k++)
				free_rows(setting->part, element + k * setting->element_bytes);
			if (owner != FP_OWNER_ROOT)
				free(element);
		}
	}
}

static void free_repository(struct fp_config_repository *repository)
{
	for (size_t i = 0; i < repository->package_count; i++)
		free(repository->packages ? repository->packages[i].grammars : NULL);
	for (size_t i = 0; i < repository->alias_count; i++) {
		free(repository->aliases[i].branch);
		free_texts(repository->aliases[i].names, repository->aliases[i].name_count);
	}
	free(repository->aliases);
	free(repository->name);
	free(repository->source_digest);
}

void fp_config_free(struct fp_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->repository_count; i++)
		free_repository(&config->repositories[i]);
	for (size_t i = 0; i < config->feed_count; i++)
		free(config->feeds[i].name);
	free_rows(FP_OWNER_ROOT, config);
	for (size_t i = 0; i < config->listen_count; i++) {
		free(config->listen[i].text);
		free(config->listen[i].address);
	}
	free(config->listen);
	free(config->feeds);
	free(config->repositories);
	free(config->tokens);
	free(config->path);
	free(config->digest);
	free(config);
}

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

/* ---- digests ---- */

static char *digest_of(struct fp_buf *text)
{
	char hex[FP_HASH128_HEX + 1];

	if (text->state != FP_BUF_OK)
		return NULL;
	fp_hash128_format(fp_hash128(text->data, text->len), hex);
	return fp_str_dup(fp_str(hex));
}

static bool add_digests(struct fp_config *config)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};

	fp_buf_init(&text, 64 * 1024 * 1024);
	fp_config_write(config, true, &text);
	config->digest = digest_of(&text);
	for (size_t i = 0; i < config->repository_count; i++) {
		fp_buf_clear(&text);
		fp_config_write_repository_sources(&config->repositories[i], &text);
		config->repositories[i].source_digest = digest_of(&text);
		if (!config->repositories[i].source_digest)
			return false;
	}
	return config->digest != NULL;
}

/* ---- reading ---- */

static int compare_problems(const void *a, const void *b)
{
	const struct fp_config_problem *left = a, *right = b;

	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	return left->column < right->column ? -1 : left->column > right->column;
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return fp_str_dup(FP_STR_LITERAL("."));
	return fp_str_dup(fp_str_n(path, slash == path ? 1 : (size_t)(slash - path)));
}

static void read_tree(struct fp_reading *reading, const struct fp_json_value *root)
{
	if (root->type != FP_JSON_OBJECT) {
		fp_reading_problem(
			reading, root, "takes an object, not %s", fp_json_type_name(root->type));
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
	int r = fp_json_tree_read(text, &limits, true, &tree, &place.line, &place.column, error);

	if (r == -FP_ERROR_MEMORY)
		return r;
	if (r < 0) {
		fp_reading_problem(reading, &place, "%s", error->text);
		return 1;
	}
	read_tree(reading, fp_json_tree_root(tree));
	if (reading->no_memory)
		return fp_error_memory(error);
	if (reading->problems->count == 0)
		return add_digests(reading->config) ? 0 : fp_error_memory(error);
	qsort(reading->problems->items, reading->problems->count, sizeof(*reading->problems->items),
		compare_problems);
	return 1;
}

int fp_config_parse(struct fp_str text, const char *path, struct fp_config **config,
	struct fp_config_problems *problems, struct fp_error *error)
{
	FP_CLEANUP_FREE char *folder = folder_of(path);
	struct fp_config *made = calloc(1, sizeof(*made));
	struct fp_reading reading = {.folder = folder, .config = made, .problems = problems};
	int r = -FP_ERROR_MEMORY;

	fp_buf_init(&reading.path, 64 * 1024);
	if (made)
		made->path = fp_str_dup(fp_str(path));
	if (folder && made && made->path)
		r = read_text(&reading, text, error);
	else
		fp_error_memory(error);
	fp_buf_release(&reading.path);
	if (r == 0)
		*config = made;
	else
		fp_config_free(made);
	return r;
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
	struct fp_reading reading = {.folder = ".", .problems = &problems};

	*feed = (struct fp_config_feed){0};
	fp_reading_defaults(&reading, FP_OWNER_FEED, feed);
	fp_config_problems_release(&problems);
	return reading.no_memory ? -FP_ERROR_MEMORY : 0;
}
