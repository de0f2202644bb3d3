/* What answers depend on, out of the configuration. The strings stay the configuration's: it
 * outlives every snapshot that was made under it (see fp_sync_reload). */
#include "forkpoint/sync/sync.h"

#include <stdlib.h>

static struct fp_str text_or_empty(const char *text)
{
	return text ? fp_str(text) : (struct fp_str){0};
}

/* NULL only when out of memory: an empty list has room for one. */
static struct fp_str *list_of(char *const *texts, size_t count)
{
	struct fp_str *list = calloc(count + 1, sizeof(*list));

	for (size_t i = 0; list && i < count; i++)
		list[i] = fp_str(texts[i]);
	return list;
}

static bool fill_package(const struct fp_config_package *from, struct fp_package_settings *to)
{
	to->id = fp_str(from->id);
	to->feed = fp_str(from->feed);
	to->grammars = from->grammars;
	to->grammar_count = from->grammar_count;
	to->patch_style = from->patch_stamp_label;
	to->keep_unlisted = from->keep_unlisted;
	to->branches = list_of(from->branches, from->branch_count);
	to->branch_count = from->branch_count;
	to->set = list_of(from->set, from->set_count);
	to->set_count = from->set_count;
	return to->branches && to->set;
}

static bool fill_aliases(const struct fp_config_repository *from, struct fp_repository_settings *to)
{
	to->aliases = calloc(from->alias_count + 1, sizeof(*to->aliases));
	if (!to->aliases)
		return false;
	to->alias_count = from->alias_count;
	for (size_t i = 0; i < from->alias_count; i++) {
		to->aliases[i].branch = fp_str(from->aliases[i].branch);
		to->aliases[i].names = list_of(from->aliases[i].names, from->aliases[i].name_count);
		to->aliases[i].name_count = from->aliases[i].name_count;
		if (!to->aliases[i].names)
			return false;
	}
	return true;
}

static bool fill_pins(const struct fp_config_repository *from, struct fp_repository_settings *to)
{
	to->pins = calloc(from->pin_count + 1, sizeof(*to->pins));
	if (!to->pins)
		return false;
	to->pin_count = from->pin_count;
	for (size_t i = 0; i < from->pin_count; i++)
		to->pins[i] = (struct fp_pin_settings){
			.file = fp_str(from->pins[i].file),
			.element = text_or_empty(from->pins[i].element),
			.package = text_or_empty(from->pins[i].package),
		};
	return true;
}

static bool fill_repository(
	const struct fp_config_repository *from, struct fp_repository_settings *to)
{
	to->name = fp_str(from->name);
	to->url = fp_str(from->url);
	to->source_digest = text_or_empty(from->source_digest);
	to->default_branch = text_or_empty(from->branch);
	to->tracked = list_of(from->tracked, from->tracked_count);
	to->tracked_count = from->tracked_count;
	to->committer_time = from->timestamp == FP_TIMESTAMP_COMMITTER;
	to->packages = calloc(from->package_count + 1, sizeof(*to->packages));
	if (!to->tracked || !to->packages || !fill_aliases(from, to) || !fill_pins(from, to))
		return false;
	to->package_count = from->package_count;
	for (size_t i = 0; i < from->package_count; i++)
		if (!fill_package(&from->packages[i], &to->packages[i]))
			return false;
	return true;
}

static void free_repository(struct fp_repository_settings *repository)
{
	for (size_t i = 0; i < repository->package_count; i++) {
		free(repository->packages[i].branches);
		free(repository->packages[i].set);
	}
	for (size_t i = 0; i < repository->alias_count; i++)
		free(repository->aliases[i].names);
	free(repository->packages);
	free(repository->aliases);
	free(repository->pins);
	free(repository->tracked);
}

static void free_settings(struct fp_settings *settings)
{
	for (size_t i = 0; settings->repositories && i < settings->repository_count; i++)
		free_repository(&settings->repositories[i]);
	free(settings->repositories);
	free(settings->tokens);
	fp_config_free(settings->owned);
	free(settings);
}

static bool fill_tokens(const struct fp_config *config, struct fp_settings *settings)
{
	settings->tokens = calloc(config->token_count + 1, sizeof(*settings->tokens));
	if (!settings->tokens)
		return false;
	settings->token_count = config->token_count;
	for (size_t i = 0; i < config->token_count; i++)
		settings->tokens[i] = (struct fp_token_settings){
			.name = fp_str(config->tokens[i].name),
			.sha256 = config->tokens[i].sha256,
			.may_sync = config->tokens[i].may_sync,
			.may_override = config->tokens[i].may_override,
		};
	return true;
}

struct fp_settings *fp_settings_from_config(const struct fp_config *config)
{
	struct fp_settings *settings = calloc(1, sizeof(*settings));

	if (!settings)
		return NULL;
	atomic_init(&settings->references, 1);
	settings->free = free_settings;
	settings->digest = fp_str(config->digest);
	settings->stale_after_us = config->stale_after_us;
	settings->repositories =
		calloc(config->repository_count + 1, sizeof(*settings->repositories));
	settings->repository_count = settings->repositories ? config->repository_count : 0;
	for (size_t i = 0; i < settings->repository_count; i++) {
		if (!fill_repository(&config->repositories[i], &settings->repositories[i])) {
			free_settings(settings);
			return NULL;
		}
	}
	if (!settings->repositories || !fill_tokens(config, settings)) {
		free_settings(settings);
		return NULL;
	}
	return settings;
}

struct fp_settings *fp_settings_from_text(struct fp_str text)
{
	struct fp_config_problems problems = {0};
	struct fp_config *config = NULL;
	struct fp_settings *settings;
	struct fp_error error;
	int r = fp_config_parse_printed(text, &config, &problems, &error);

	fp_config_problems_release(&problems);
	if (r != 0)
		return NULL;
	settings = fp_settings_from_config(config);
	if (settings)
		settings->owned = config;
	else
		fp_config_free(config);
	return settings;
}
