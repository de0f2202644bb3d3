/* What is bound to the start: settings that a file read again does not change. */
#include "settings.h"

enum { VALUE_MAX_BYTES = 1024 * 1024 };

/* All settings of this kind stand in struct fp_config itself: the file's root and its parts. */
static bool differs(const struct fp_setting *setting, const struct fp_config *started,
	const struct fp_config *now)
{
	struct fp_buf FP_CLEANUP_BUF old = {0};
	struct fp_buf FP_CLEANUP_BUF new = {0};

	fp_buf_init(&old, VALUE_MAX_BYTES);
	fp_buf_init(&new, VALUE_MAX_BYTES);
	fp_setting_write_value(setting, started, &old);
	fp_setting_write_value(setting, now, &new);
	return old.state != FP_BUF_OK || new.state != FP_BUF_OK ||
	       !fp_str_equal(fp_buf_str(&old), fp_buf_str(&new));
}

void fp_config_write_restart(
	const struct fp_config *started, const struct fp_config *now, struct fp_buf *names)
{
	const char *separator = "";

	for (size_t i = 0; i < fp_settings_count(); i++) {
		const struct fp_setting *setting = &fp_settings_table[i];

		if (!setting->restart || !differs(setting, started, now))
			continue;
		fp_buf_addf(names, "%s%s%s", separator, fp_setting_owner_path(setting->owner),
			setting->key);
		separator = ", ";
	}
}
