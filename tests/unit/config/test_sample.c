/* The settings table, the sample and the help: none knows a setting that another does not. */
#include "reading.h"

#include "parsing.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SAMPLE "config/forkpoint.example.jsonc"

static const struct fp_json_limits limits = {
	.max_bytes = 1 << 20, .max_depth = 20, .max_values = 10000};

/* Notes each row that an object of the sample uses; the sample is ours, and five levels deep. */
static void note_rows(const struct fp_json_value *object, enum fp_setting_owner owner, bool *seen)
{
	for (const struct fp_json_value *member = object->first; member; member = member->next) {
		const struct fp_setting *setting = fp_setting_find(owner, member->key);

		if (!setting)
			fail_msg("%s:%u: the table has no %s%.*s", SAMPLE, member->key_line,
				fp_setting_owner_path(owner), FP_STR_ARG(member->key));
		seen[setting - fp_settings_table] = true;
		if (setting->type == FP_SETTING_PART ||
			(setting->type == FP_SETTING_LIST && member->type == FP_JSON_OBJECT))
			note_rows(member, setting->part, seen);
		else if (setting->type == FP_SETTING_MAP || setting->type == FP_SETTING_LIST)
			for (const struct fp_json_value *at = member->first; at; at = at->next)
				note_rows(at, setting->part, seen);
	}
}

static void sample_has_every_setting(void **state)
{
	char *text = read_source(SAMPLE);
	bool *seen = calloc(fp_settings_count(), sizeof(*seen));
	struct fp_json_tree *tree = NULL;
	struct fp_error error = {0};

	assert_non_null(seen);
	if (fp_json_tree_read(fp_str(text), &limits, true, &tree, NULL, NULL, &error) < 0)
		fail_msg("%s", error.text);
	note_rows(fp_json_tree_root(tree), FP_OWNER_ROOT, seen);
	for (size_t i = 0; i < fp_settings_count(); i++)
		if (!seen[i])
			fail_msg("%s lacks %s%s", SAMPLE,
				fp_setting_owner_path(fp_settings_table[i].owner),
				fp_settings_table[i].key);
	fp_json_tree_free(tree);
	free(seen);
	free(text);
}

static void sample_has_no_problem(void **state)
{
	char *text = read_source(SAMPLE);
	struct fp_config *config = parse_good(text);

	assert_true(config->repository_count > 0);
	fp_config_free(config);
	free(text);
}

/* Records keep what is printed; answers of then are made from it again. */
static void what_is_printed_can_be_read_again(void **state)
{
	char *text = read_source(SAMPLE), *said;
	struct fp_config *config = parse_good(text), *again = NULL;
	struct fp_buf FP_CLEANUP_BUF printed = {0};
	struct fp_config_problems problems = {0};
	struct fp_error error = {0};

	fp_buf_init(&printed, FP_CONFIG_PRINTED_MAX_BYTES);
	fp_config_print(config, &printed);
	if (fp_config_parse_printed(fp_buf_str(&printed), &again, &problems, &error) != 0)
		fail_msg("%s", problems.count ? problems.items[0].text : error.text);
	assert_string_equal(again->digest, config->digest);
	said = parse_bad(fp_buf_str(&printed)); /* an operator's file that lets nobody in */
	assert_non_null(strstr(said, "tokens[0].sha256"));
	free(said);
	fp_config_problems_release(&problems);
	fp_config_free(again);
	fp_config_free(config);
	free(text);
}

/* Every row can be looked up, described and, where it has a range, be in it. */
static void rows_are_complete(void **state)
{
	for (size_t i = 0; i < fp_settings_count(); i++) {
		const struct fp_setting *setting = &fp_settings_table[i];
		bool quantity =
			setting->type == FP_SETTING_DURATION || setting->type == FP_SETTING_SIZE ||
			setting->type == FP_SETTING_NUMBER || setting->type == FP_SETTING_COUNT;

		assert_ptr_equal(fp_setting_find(setting->owner, fp_str(setting->key)), setting);
		assert_non_null(setting->help);
		if (quantity || setting->type == FP_SETTING_MAP)
			assert_true(setting->max > setting->min);
		else
			assert_true(setting->takes || setting->choices);
		if (setting->type == FP_SETTING_MAP || setting->type == FP_SETTING_LIST)
			assert_true(setting->element_bytes > 0);
		if (setting->type == FP_SETTING_OTHER)
			assert_true(setting->read && setting->print);
		assert_false(setting->required && setting->fallback);
	}
}

static void help_has_every_setting(void **state)
{
	struct fp_buf help, line;

	fp_buf_init(&help, 1024 * 1024);
	fp_buf_init(&line, 1024);
	fp_config_print_settings(&help);
	for (size_t i = 0; i < fp_settings_count(); i++) {
		const struct fp_setting *setting = &fp_settings_table[i];

		fp_buf_clear(&line);
		fp_buf_addf(&line, "%s%s\n    %s\n    takes ",
			fp_setting_owner_path(setting->owner), setting->key, setting->help);
		if (!strstr(help.data, line.data))
			fail_msg("the help lacks %s", line.data);
	}
	assert_non_null(
		strstr(help.data, "feeds.*.interval\n    how often it is looked at\n    takes "
				  "a duration such as \"60s\", from 100ms to 30d; default "
				  "60s\n"));
	fp_buf_release(&line);
	fp_buf_release(&help);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sample_has_every_setting),
		cmocka_unit_test(sample_has_no_problem),
		cmocka_unit_test(what_is_printed_can_be_read_again),
		cmocka_unit_test(rows_are_complete),
		cmocka_unit_test(help_has_every_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
