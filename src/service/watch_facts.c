/* Events that are facts: versions that appeared and vanished, branches that moved. */
#include "news.h"

enum { FACTS_PER_ROUND = 1000 };

struct collector {
	struct fp_news *news;
	const struct fp_snapshot *snapshot;
	unsigned taken;
};

static const char *const version_kinds[] = {
	[FP_VERSION_EVENT_SEEN] = "version-appeared",
	[FP_VERSION_EVENT_LISTED] = "version-listed",
	[FP_VERSION_EVENT_UNLISTED] = "version-unlisted",
	[FP_VERSION_EVENT_VANISHED] = "version-vanished",
	[FP_VERSION_EVENT_RETURNED] = "version-appeared",
	[FP_VERSION_EVENT_UNAVAILABLE] = "version-unavailable",
	[FP_VERSION_EVENT_AVAILABLE] = "version-available",
};

static bool holds(const struct fp_package_settings *package, const struct fp_version_fact *fact)
{
	if (!fp_str_equal(package->feed, fact->feed))
		return false;
	if (fp_str_equal(package->id, fact->package))
		return true;
	for (size_t i = 0; i < package->set_count; i++)
		if (fp_str_equal(package->set[i], fact->package))
			return true;
	return false;
}

static bool uses(
	const struct fp_repository_settings *repository, const struct fp_version_fact *fact)
{
	for (size_t i = 0; i < repository->package_count; i++)
		if (holds(&repository->packages[i], fact))
			return true;
	return false;
}

static int add_version(struct fp_news *news, struct fp_str repo, const struct fp_version_fact *fact)
{
	const char *kind = version_kinds[fact->kind];

	fp_news_begin(news, kind, repo, fact->at_us);
	fp_json_member_string(&news->json, "feed", fact->feed);
	fp_json_member_string(&news->json, "package", fact->package);
	fp_json_member_string(&news->json, "version", fact->version);
	if (fact->kind == FP_VERSION_EVENT_RETURNED)
		fp_json_member_bool(&news->json, "returned", true);
	return fp_news_end(news, kind, repo, fact->at_us);
}

static int take_version(void *context, const struct fp_version_fact *fact)
{
	struct collector *collector = context;
	const struct fp_settings *settings = collector->snapshot->settings;
	int r = 0;

	collector->taken++;
	collector->news->version_facts = fact->event;
	/* What a feed had when it was first looked at is no news. */
	if (fact->first_look || fact->kind < FP_VERSION_EVENT_SEEN ||
		fact->kind >= (int)FP_ARRAY_SIZE(version_kinds))
		return 0;
	for (size_t i = 0; r >= 0 && i < settings->repository_count; i++)
		if (uses(&settings->repositories[i], fact))
			r = add_version(collector->news, settings->repositories[i].name, fact);
	return r;
}

static void add_oid(struct fp_json *json, const char *key, const struct fp_oid *oid)
{
	char text[FP_OID_HEX + 1];

	if (!fp_oid_is_zero(oid))
		fp_oid_format(oid, text);
	fp_json_member_text(json, key, fp_oid_is_zero(oid) ? NULL : text);
}

static bool is_tracked(const struct fp_snapshot_repository *repository, struct fp_str branch)
{
	for (size_t i = 0; i < repository->settings->tracked_count; i++)
		if (fp_str_matches_glob(branch, repository->settings->tracked[i].ptr))
			return true;
	return false;
}

static int take_ref(void *context, const struct fp_ref_fact *fact)
{
	struct collector *collector = context;
	struct fp_news *news = collector->news;
	const struct fp_snapshot_repository *repository =
		fp_snapshot_find(collector->snapshot, fact->repo);
	struct fp_str name = fp_str(fact->name), branch;

	collector->taken++;
	news->ref_facts = fact->event;
	if (fact->first_look || !repository || !fp_str_starts_with(name, "refs/heads/"))
		return 0;
	branch = fp_str_n(name.ptr + strlen("refs/heads/"), name.len - strlen("refs/heads/"));
	fp_news_begin(news, "branch-moved", fact->repo, fact->at_us);
	fp_json_member_string(&news->json, "branch", branch);
	fp_json_member_bool(&news->json, "tracked", is_tracked(repository, branch));
	fp_json_member_text(&news->json, "movement", fp_ref_movement_name(fact->movement));
	add_oid(&news->json, "old", &fact->old_commit);
	add_oid(&news->json, "new", &fact->new_commit);
	return fp_news_end(news, "branch-moved", fact->repo, fact->at_us);
}

int fp_news_add_facts(struct fp_news *news, struct fp_store *store,
	const struct fp_snapshot *snapshot, struct fp_error *error)
{
	struct collector versions = {news, snapshot, 0}, refs = {news, snapshot, 0};
	int r = fp_store_list_version_facts(
		store, news->version_facts, FACTS_PER_ROUND, take_version, &versions, error);

	if (r >= 0)
		r = fp_store_list_ref_facts(
			store, news->ref_facts, FACTS_PER_ROUND, take_ref, &refs, error);
	news->more = versions.taken == FACTS_PER_ROUND || refs.taken == FACTS_PER_ROUND;
	return r == -FP_ERROR_MEMORY ? fp_error_memory(error) : r;
}
