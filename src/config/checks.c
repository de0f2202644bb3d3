/* What no setting can say alone: names that must exist elsewhere, settings that exclude each other.
 */
#include "settings.h"

static const struct fp_json_value *element_of(const struct fp_json_value *list, size_t index)
{
	const struct fp_json_value *at = list && list->type == FP_JSON_ARRAY ? list->first : list;

	while (at && index-- > 0)
		at = at->next;
	return at;
}

/* user:password@ in the authority of a URL. */
static bool holds_password(const char *url)
{
	const char *start = url ? strstr(url, "://") : NULL;
	const char *at, *colon, *slash;

	if (!start)
		return false;
	start += 3;
	slash = strchr(start, '/');
	at = strchr(start, '@');
	colon = strchr(start, ':');
	return at && (!slash || at < slash) && colon && colon < at;
}

/* A scheme that nobody here speaks; what has none is a path. */
static void check_scheme(struct fp_reading *reading, const struct fp_json_value *object,
	const char *url, const char *const *schemes, const char *takes)
{
	const char *colon = url ? strstr(url, "://") : NULL;

	if (!colon || url[0] == '/')
		return;
	for (; *schemes; schemes++)
		if (strlen(*schemes) == (size_t)(colon - url) &&
			strncmp(*schemes, url, strlen(*schemes)) == 0)
			return;
	fp_reading_problem(reading, object, "\"url\" takes %s", takes);
}

static void check_secret(struct fp_reading *reading, const struct fp_json_value *object,
	const char *url, const struct fp_config_secret *secret)
{
	if (holds_password(url))
		fp_reading_problem(reading, object,
			"\"url\" holds a password; give \"username\" and \"password_env\" or "
			"\"password_file\" instead");
	if (secret->env && secret->file)
		fp_reading_problem(reading, object,
			"\"password_env\" and \"password_file\" exclude each other");
}

static void check_feed(struct fp_reading *reading, const struct fp_json_value *object,
	const struct fp_config_feed *feed)
{
	static const char *const schemes[] = {"http", "https", "file", NULL};

	check_scheme(
		reading, object, feed->url, schemes, "an http, https or file URL, or a folder");
	check_secret(reading, object, feed->url, &feed->password);
	if (!feed->url == !feed->nuget_config_file)
		fp_reading_problem(
			reading, object, "takes \"url\" or \"nuget_config\", and not both");
	if (feed->nuget_config_file && (feed->password.env || feed->password.file))
		fp_reading_problem(reading, object,
			"\"nuget_config\" brings its own credentials; leave the password out");
}

/* ---- repositories ---- */

static void list_feeds(const struct fp_config *config, struct fp_buf *list)
{
	for (size_t i = 0; i < config->feed_count; i++) {
		if (i)
			fp_buf_add_text(list, ", ");
		fp_buf_add_text(list, config->feeds[i].name);
	}
}

static void find_feed(struct fp_reading *reading, const struct fp_json_value *object,
	struct fp_config_package *package)
{
	const struct fp_config *config = reading->config;
	struct fp_buf FP_CLEANUP_BUF list = {0};

	for (size_t i = 0; package->feed && i < config->feed_count; i++) {
		package->feed_index = i;
		if (strcmp(config->feeds[i].name, package->feed) == 0)
			return;
	}
	if (!package->feed)
		return;
	fp_buf_init(&list, 64 * 1024);
	list_feeds(config, &list);
	fp_reading_problem(reading, object, "there is no feed \"%s\"; \"feeds\" has %s",
		package->feed, list.len ? list.data : "none");
}

static void check_package(struct fp_reading *reading, const struct fp_json_value *object,
	struct fp_config_package *package)
{
	find_feed(reading, object, package);
	for (size_t i = 0; i < package->grammar_count; i++)
		if (package->grammars[i] == FP_GRAMMAR_ARCADE && package->branch_count == 0)
			fp_reading_problem(reading, object,
				"an arcade package names no branch; \"branches\" must list those "
				"that "
				"it stands for");
}

static void check_release(struct fp_reading *reading, const struct fp_json_value *object,
	const struct fp_config_release_source *source)
{
	struct fp_release release;

	if (!source->fixed == !source->file)
		fp_reading_problem(reading, object, "takes \"fixed\" or \"file\", and not both");
	if (source->file && (!source->major || !source->minor))
		fp_reading_problem(reading, object,
			"\"file\" needs \"major\" and \"minor\", the names of its elements");
	if (source->fixed && !fp_release_parse(fp_str(source->fixed), &release))
		fp_reading_problem(reading, object,
			"\"fixed\" takes a release MAJOR.MINOR[.PATCH][-PRERELEASE], such as 2.4");
}

static void check_branch_source(struct fp_reading *reading, const struct fp_json_value *object,
	const struct fp_config_branch_source *source)
{
	if (!source->variable == !source->element)
		fp_reading_problem(
			reading, object, "takes \"variable\" or \"element\", and not both");
}

static void check_refs(struct fp_reading *reading, const struct fp_json_value *object,
	const struct fp_config_repository *repository)
{
	if (repository->ref_count == 0)
		fp_reading_problem(reading, object, "\"refs\" takes at least one ref name");
	for (size_t i = 0; i < repository->ref_count; i++) {
		const char *ref = repository->refs[i];

		if (strncmp(ref, "refs/", 5) != 0 || strncmp(ref, "refs/forkpoint/", 15) == 0 ||
			strchr(ref, ' ') || strchr(ref, ':'))
			fp_reading_problem(reading, object,
				"\"refs\" takes full ref names such as refs/heads/*, not \"%s\"",
				ref);
	}
}

static void check_parts(struct fp_reading *reading, const struct fp_json_value *object,
	struct fp_config_repository *repository)
{
	const struct fp_json_value *releases = fp_json_member(object, "release");
	const struct fp_json_value *branches = fp_json_member(object, "branch_source");
	const struct fp_json_value *packages = fp_json_member(object, "packages");

	for (size_t i = 0; i < repository->release_source_count; i++)
		check_release(reading, element_of(releases, i), &repository->release_sources[i]);
	for (size_t i = 0; i < repository->branch_source_count; i++)
		check_branch_source(
			reading, element_of(branches, i), &repository->branch_sources[i]);
	for (size_t i = 0; i < repository->package_count; i++) {
		size_t mark = fp_reading_enter(reading, FP_STR_LITERAL("packages"));

		fp_reading_enter_index(reading, i);
		check_package(reading, element_of(packages, i), &repository->packages[i]);
		fp_reading_leave(reading, mark);
	}
	if (packages && repository->package_count == 0)
		fp_reading_problem(reading, packages, "\"packages\" takes at least one package");
}

static void check_repository(struct fp_reading *reading, const struct fp_json_value *object,
	struct fp_config_repository *repository)
{
	static const char *const schemes[] = {"http", "https", "ssh", "git", "file", NULL};

	check_scheme(reading, object, repository->url, schemes,
		"an http, https, ssh, git or file URL, or a path");
	check_secret(reading, object, repository->url, &repository->password);
	check_refs(reading, object, repository);
	check_parts(reading, object, repository);
}

/* The member of a map with the name that was read from it. */
static const struct fp_json_value *member_of(
	const struct fp_json_value *root, const char *map, const char *name)
{
	const struct fp_json_value *member = fp_json_member(fp_json_member(root, map), name);

	return member ? member : root;
}

void fp_config_check(struct fp_reading *reading, const struct fp_json_value *root)
{
	struct fp_config *config = reading->config;

	for (size_t i = 0; i < config->feed_count; i++) {
		size_t mark = fp_reading_enter(reading, FP_STR_LITERAL("feeds"));

		fp_reading_enter(reading, fp_str(config->feeds[i].name));
		check_feed(reading, member_of(root, "feeds", config->feeds[i].name),
			&config->feeds[i]);
		fp_reading_leave(reading, mark);
	}
	for (size_t i = 0; i < config->repository_count; i++) {
		size_t mark = fp_reading_enter(reading, FP_STR_LITERAL("repositories"));

		fp_reading_enter(reading, fp_str(config->repositories[i].name));
		check_repository(reading,
			member_of(root, "repositories", config->repositories[i].name),
			&config->repositories[i]);
		fp_reading_leave(reading, mark);
	}
}
