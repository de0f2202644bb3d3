/* backup, restore, verify: keeping what cannot be made again. */
#include "keep_commands.h"

#include "forkpoint/base/number.h"
#include "forkpoint/base/time.h"
#include "forkpoint/mirror/mirror.h"
#include "forkpoint/store/backup.h"
#include "forkpoint/store/verify.h"

#include "verify_answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLE_DEFAULT = 1000 };

/* ---- arguments ---- */

static const char **slot_of(struct fp_keep_arguments *taken, const char *option)
{
	const struct {
		const char *name;
		const char **slot;
	} known[] = {
		{"--config", &taken->config},
		{"--data-dir", &taken->data_dir},
		{"--since", &taken->since},
		{"--sample", &taken->sample},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(known); i++)
		if (strcmp(option, known[i].name) == 0)
			return known[i].slot;
	return NULL;
}

static bool take_all(int count, char **arguments, bool wants_file, const char *options,
	struct fp_keep_arguments *taken)
{
	for (int i = 0; i < count; i++) {
		bool is_option = strncmp(arguments[i], "--", 2) == 0;
		const char **slot = is_option ? slot_of(taken, arguments[i]) : &taken->file;

		if (!slot || *slot || (is_option && !strstr(options, arguments[i])) ||
			(is_option && i + 1 == count))
			return false;
		*slot = is_option ? arguments[++i] : arguments[i];
	}
	return wants_file == (taken->file != NULL) && !taken->config != !taken->data_dir;
}

bool fp_keep_take(int count, char **arguments, bool wants_file, const char *options,
	const char *use, struct fp_keep_arguments *taken)
{
	*taken = (struct fp_keep_arguments){0};
	if (take_all(count, arguments, wants_file, options, taken))
		return true;
	fprintf(stderr, "forkpoint: usage: forkpoint %s\n", use);
	return false;
}

/* A folder that is to be filled is made, but not the folders above it: where they are missing, the
 * path has a slip. */
static const char *check_parent(const char *data_dir)
{
	FP_CLEANUP_FREE char *parent = strdup(data_dir);
	size_t len = parent ? strlen(parent) : 0;

	while (len > 1 && parent[len - 1] == '/')
		len--;
	while (len > 0 && parent[len - 1] != '/')
		len--;
	if (len == 0)
		return data_dir;
	parent[len] = '\0';
	if (access(parent, F_OK) == 0)
		return data_dir;
	fprintf(stderr, "forkpoint: there is no folder %s: make it first if %s is meant\n", parent,
		data_dir);
	return NULL;
}

const char *fp_keep_data_dir(const struct fp_keep_arguments *taken, struct fp_config **config)
{
	if (taken->data_dir)
		return check_parent(taken->data_dir);
	*config = fp_command_read_config(taken->config);
	return *config ? (*config)->data_dir : NULL;
}

int fp_keep_fail(const struct fp_error *error)
{
	fprintf(stderr, "forkpoint: %s\n", error->text);
	return FP_EXIT_FAILURE;
}

/* ---- backup, restore ---- */

int fp_command_backup(int count, char **arguments)
{
	FP_CLEANUP(fp_config_free_cleanup) struct fp_config *config = NULL;
	struct fp_keep_arguments taken;
	struct fp_backup_info info;
	struct fp_error error;
	const char *data_dir;

	if (!fp_keep_take(count, arguments, true, "--config --data-dir",
		    "backup FILE --config FILE (or --data-dir FOLDER)", &taken))
		return FP_EXIT_USAGE;
	data_dir = fp_keep_data_dir(&taken, &config);
	if (!data_dir)
		return FP_EXIT_FAILURE;
	if (fp_backup_make(data_dir, taken.file, fp_clock_real_us(), &info, &error) < 0)
		return fp_keep_fail(&error);
	printf("%s: schema %lld, answers up to %016llx, %llu of them from the journal\n",
		taken.file, (long long)info.schema, (unsigned long long)info.last_request,
		(unsigned long long)info.from_journal);
	return FP_EXIT_OK;
}

int fp_command_restore(int count, char **arguments)
{
	FP_CLEANUP(fp_config_free_cleanup) struct fp_config *config = NULL;
	struct fp_keep_arguments taken;
	struct fp_backup_info info;
	struct fp_error error;
	char made[FP_TIME_TEXT_MAX];
	const char *data_dir;

	if (!fp_keep_take(count, arguments, true, "--config --data-dir",
		    "restore FILE --config FILE (or --data-dir FOLDER)", &taken))
		return FP_EXIT_USAGE;
	data_dir = fp_keep_data_dir(&taken, &config);
	if (!data_dir)
		return FP_EXIT_FAILURE;
	if (fp_backup_restore(taken.file, data_dir, &info, &error) < 0)
		return fp_keep_fail(&error);
	fp_time_format_us(info.made_us, made);
	printf("%s: restored from the backup of %s, answers up to %016llx; forkpoint serve clones "
	       "the mirrors again\n",
		data_dir, made, (unsigned long long)info.last_request);
	return FP_EXIT_OK;
}

/* ---- verify ---- */

static void print_problem(void *context, const char *text)
{
	printf("problem: %s\n", text);
}

static int count_commit(void *context, const struct fp_commit_row *row, struct fp_error *error)
{
	++*(uint64_t *)context;
	return 0;
}

static bool is_known(void *context, const struct fp_oid *oid)
{
	return false;
}

/* Every ref, and every commit that they lead to. */
static int read_mirror(
	struct fp_mirror *mirror, uint64_t *refs, uint64_t *commits, struct fp_error *error)
{
	struct fp_mirror_refs FP_CLEANUP(fp_mirror_refs_release) list = {0};
	FP_CLEANUP_FREE struct fp_oid *tips = NULL;
	struct fp_mirror_walk walk = {
		.is_known = is_known, .emit = count_commit, .context = commits};
	int r = fp_mirror_read_refs(mirror, &list, error);

	if (r < 0)
		return r;
	tips = calloc(list.count + 1, sizeof(*tips));
	if (!tips)
		return fp_error_memory(error);
	walk.tips = tips;
	for (size_t i = 0; i < list.count; i++)
		if (!fp_oid_is_zero(&list.items[i].commit))
			tips[walk.tip_count++] = list.items[i].commit;
	*refs = list.count;
	return fp_mirror_walk_commits(mirror, &walk, error);
}

/* The number of problems. */
static unsigned verify_mirror(const char *data_dir, const char *name)
{
	FP_CLEANUP(fp_mirror_close_cleanup) struct fp_mirror *mirror = NULL;
	FP_CLEANUP_FREE char *path = NULL;
	uint64_t refs = 0, commits = 0, objects = 0;
	struct fp_error error;
	int r;

	if (asprintf(&path, "%s/mirrors/%s.git", data_dir, name) < 0) {
		path = NULL;
		return 1;
	}
	r = fp_mirror_open(path, &mirror, &error);
	if (r == 1) {
		printf("mirror %s: none yet\n", name);
		return 0;
	}
	if (r >= 0)
		r = read_mirror(mirror, &refs, &commits, &error);
	if (r >= 0)
		r = fp_mirror_read_all(mirror, &objects, &error);
	if (r < 0) {
		printf("problem: mirror %s: %s\n", name, error.text);
		return 1;
	}
	printf("mirror %s: %llu refs, %llu commits, %llu objects read\n", name,
		(unsigned long long)refs, (unsigned long long)commits, (unsigned long long)objects);
	return 0;
}

static unsigned verify_mirrors(const struct fp_config *config)
{
	struct fp_error error;
	unsigned problems = 0;

	if (!config) {
		puts("mirrors: not looked at, for --config names them");
		return 0;
	}
	if (fp_mirror_library_init(&error) < 0) {
		fprintf(stderr, "forkpoint: %s\n", error.text);
		return 1;
	}
	for (size_t i = 0; i < config->repository_count; i++)
		problems += verify_mirror(config->data_dir, config->repositories[i].name);
	fp_mirror_library_shutdown();
	return problems;
}

static void print_verified(const struct fp_verified *verified)
{
	printf("facts.db: %llu requests, %llu answers whose documents are those that were given",
		(unsigned long long)verified->requests, (unsigned long long)verified->answers);
	if (verified->lost)
		printf(", %llu whose documents went with the machine",
			(unsigned long long)verified->lost);
	printf("\njournal: %llu records on their way\nsample: %llu past answers put together "
	       "again\n",
		(unsigned long long)verified->journal, (unsigned long long)verified->sampled);
}

/* What the state of each moment is made of needs the configuration; damaged databases are not
 * asked. */
static int answer_again(
	const struct fp_config *config, uint64_t sample, uint64_t *problems, struct fp_error *error)
{
	struct fp_answered_again again;
	int r = fp_verify_answers(config, sample, &again, error);

	if (r < 0)
		return r;
	printf("answered again: %llu the same to the byte, %llu the same in other words, %llu "
	       "otherwise; %llu not asked, which stuck to a build, were about another moment, or "
	       "rest on what is not known any more\n",
		(unsigned long long)again.same, (unsigned long long)again.other_words,
		(unsigned long long)again.different, (unsigned long long)again.not_asked);
	*problems += again.different;
	return 0;
}

int fp_command_verify(int count, char **arguments)
{
	FP_CLEANUP(fp_config_free_cleanup) struct fp_config *config = NULL;
	struct fp_verified verified = {0};
	uint64_t sample = SAMPLE_DEFAULT, problems;
	struct fp_keep_arguments taken;
	struct fp_error error;
	const char *data_dir;

	if (!fp_keep_take(count, arguments, false, "--config --data-dir --sample",
		    "verify --config FILE (or --data-dir FOLDER) [--sample NUMBER]", &taken))
		return FP_EXIT_USAGE;
	if (taken.sample && !fp_parse_u64(fp_str(taken.sample), 0, UINT32_MAX, &sample)) {
		fprintf(stderr, "forkpoint: --sample takes a number of past answers\n");
		return FP_EXIT_USAGE;
	}
	data_dir = fp_keep_data_dir(&taken, &config);
	if (!data_dir)
		return FP_EXIT_FAILURE;
	if (fp_store_verify(data_dir, sample, print_problem, NULL, &verified, &error) < 0)
		return fp_keep_fail(&error);
	print_verified(&verified);
	problems = verified.problems;
	if (config && problems == 0 && answer_again(config, sample, &problems, &error) < 0)
		return fp_keep_fail(&error);
	problems += verify_mirrors(config);
	printf("%llu problem%s\n", (unsigned long long)problems, problems == 1 ? "" : "s");
	return problems ? FP_EXIT_FAILURE : FP_EXIT_OK;
}
