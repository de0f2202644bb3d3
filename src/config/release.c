/* Freeing a configuration, by the settings table. */
#include "settings.h"

void fp_texts_free(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

static void release_elements(const struct fp_setting *setting, void **array)
{
	size_t *count = (size_t *)(void *)(array + 1);
	char *element = *array;

	for (size_t i = 0; i < *count; i++, element += setting->element_bytes) {
		if (setting->type == FP_SETTING_MAP)
			free(*(char **)(void *)element);
		fp_settings_release(setting->part, element);
	}
	free(*array);
	*array = NULL;
	*count = 0;
}

static void release_value(const struct fp_setting *setting, void *base)
{
	void *place = (char *)base + setting->offset;

	switch (setting->type) {
	case FP_SETTING_TEXT:
	case FP_SETTING_PATH:
	case FP_SETTING_LOCATION: free(*(char **)place); break;
	case FP_SETTING_TEXTS:
		fp_texts_free(*(char ***)place, *(size_t *)(void *)((void **)place + 1));
		break;
	case FP_SETTING_PART: fp_settings_release(setting->part, base); break;
	case FP_SETTING_MAP:
	case FP_SETTING_LIST: release_elements(setting, place); break;
	default:
		if (setting->release)
			setting->release(base);
		break;
	}
}

void fp_settings_release(enum fp_setting_owner owner, void *base)
{
	for (size_t i = 0; i < fp_settings_count(); i++)
		if (fp_settings_table[i].owner == owner)
			release_value(&fp_settings_table[i], base);
}

void fp_config_free(struct fp_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->repository_count; i++)
		free(config->repositories[i].source_digest);
	fp_settings_release(FP_OWNER_ROOT, config);
	free(config->path);
	free(config->digest);
	free(config);
}
