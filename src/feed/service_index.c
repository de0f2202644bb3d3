/*
 * The service index. Types and their order of preference are a table (NUGET.md, "Which resource
 * answers what"): only the 3.6.0 hive and its alias hold packages that are SemVer 2.
 */
#include "forkpoint/feed/service_index.h"

#include "forkpoint/base/json_read.h"
#include "forkpoint/feed/url.h"

struct type_row {
	const char *name;
	enum fp_resource resource;
	bool semver2;
};

/* Per resource in order of preference: an earlier row wins. */
static const struct type_row types[] = {
	{"PackageBaseAddress/3.0.0", FP_RESOURCE_FLAT_CONTAINER, true},
	{"PackageBaseAddress/Versioned", FP_RESOURCE_FLAT_CONTAINER, true},
	{"RegistrationsBaseUrl/3.6.0", FP_RESOURCE_REGISTRATION, true},
	{"RegistrationsBaseUrl/Versioned", FP_RESOURCE_REGISTRATION, true},
	{"RegistrationsBaseUrl/3.4.0", FP_RESOURCE_REGISTRATION, false},
	{"RegistrationsBaseUrl/3.0.0-rc", FP_RESOURCE_REGISTRATION, false},
	{"RegistrationsBaseUrl/3.0.0-beta", FP_RESOURCE_REGISTRATION, false},
	{"RegistrationsBaseUrl", FP_RESOURCE_REGISTRATION, false},
	{"LegacyGallery/2.0.0", FP_RESOURCE_LEGACY_GALLERY, true},
	{"LegacyGallery/Versioned", FP_RESOURCE_LEGACY_GALLERY, true},
	{"LegacyGallery", FP_RESOURCE_LEGACY_GALLERY, true},
};

static const struct fp_json_limits limits = {
	.max_bytes = 4u << 20,
	.max_depth = 64,
	.max_values = 200000,
};

const char *fp_resource_name(enum fp_resource resource)
{
	static const char *const names[FP_RESOURCE_COUNT] = {
		[FP_RESOURCE_FLAT_CONTAINER] = "flat container",
		[FP_RESOURCE_REGISTRATION] = "registrations",
		[FP_RESOURCE_LEGACY_GALLERY] = "LegacyGallery",
	};
	return names[resource];
}

void fp_service_index_release(struct fp_service_index *index)
{
	for (size_t i = 0; i < FP_RESOURCE_COUNT; i++)
		free(index->url[i]);
	*index = (struct fp_service_index){0};
}

static int check_version(const struct fp_json_value *root, struct fp_error *error)
{
	const struct fp_json_value *version = fp_json_member(root, "version");
	if (!version || version->type != FP_JSON_STRING)
		return fp_error_set(error, FP_ERROR_INVALID,
			"the document is no service index: it has no version");
	if (!fp_str_starts_with(version->text, "3.") && !fp_str_equal(version->text, fp_str("3")))
		return fp_error_set(error, FP_ERROR_INVALID,
			"the service index is of version %.*s, only 3 is understood",
			(int)(version->text.len < 40 ? version->text.len : 40), version->text.ptr);
	return 0;
}

struct reading {
	const char *index_url;
	struct fp_service_index *index;
	size_t rank[FP_RESOURCE_COUNT]; /* of the type taken so far */
};

static int consider(struct reading *reading, size_t row, struct fp_str id, struct fp_error *error)
{
	enum fp_resource resource = types[row].resource;
	if (reading->index->url[resource] && reading->rank[resource] <= row)
		return 0;
	char *url = NULL;
	/* a templated id is no base URL, whatever its type says */
	bool templated = memchr(id.ptr, '{', id.len) != NULL;
	int r = templated ? 0 : fp_url_resolve(reading->index_url, id, &url, error);
	if (!url) {
		reading->index->ignored++;
		return r;
	}
	free(reading->index->url[resource]);
	reading->index->url[resource] = url;
	reading->index->type[resource] = types[row].name;
	reading->rank[resource] = row;
	if (resource == FP_RESOURCE_REGISTRATION)
		reading->index->holds_semver2 = types[row].semver2;
	return 0;
}

static int read_type(struct reading *reading, const struct fp_json_value *type,
	const struct fp_json_value *id, struct fp_error *error)
{
	int r = 0;
	if (type->type != FP_JSON_STRING)
		return 0;
	for (size_t row = 0; row < FP_ARRAY_SIZE(types) && r == 0; row++)
		if (fp_str_equal_nocase(type->text, fp_str(types[row].name)))
			r = consider(reading, row, id->text, error);
	return r;
}

static int read_resource(
	struct reading *reading, const struct fp_json_value *resource, struct fp_error *error)
{
	const struct fp_json_value *id = fp_json_member(resource, "@id");
	const struct fp_json_value *type = fp_json_member(resource, "@type");
	if (!id || id->type != FP_JSON_STRING || id->text.len == 0 || !type)
		return 0;
	if (type->type != FP_JSON_ARRAY)
		return read_type(reading, type, id, error);
	int r = 0;
	for (const struct fp_json_value *each = type->first; each && r == 0; each = each->next)
		r = read_type(reading, each, id, error);
	return r;
}

static int read_resources(
	const struct fp_json_value *root, struct reading *reading, struct fp_error *error)
{
	const struct fp_json_value *resources = fp_json_member(root, "resources");
	if (!resources || resources->type != FP_JSON_ARRAY)
		return fp_error_set(error, FP_ERROR_INVALID,
			"the document is no service index: it has no list of resources");
	int r = 0;
	for (const struct fp_json_value *each = resources->first; each && r == 0; each = each->next)
		r = read_resource(reading, each, error);
	return r;
}

int fp_service_index_read(struct fp_str body, const char *index_url, struct fp_service_index *index,
	struct fp_error *error)
{
	FP_CLEANUP(fp_json_tree_free_cleanup) struct fp_json_tree *tree = NULL;
	int r = fp_json_tree_read(body, &limits, false, &tree, NULL, NULL, error);
	if (r < 0) {
		fp_error_prefix(error, "service index");
		return r;
	}
	const struct fp_json_value *root = fp_json_tree_root(tree);
	r = check_version(root, error);
	if (r < 0)
		return r;
	FP_CLEANUP(fp_service_index_release) struct fp_service_index found = {0};
	struct reading reading = {.index_url = index_url, .index = &found};
	r = read_resources(root, &reading, error);
	if (r < 0)
		return r;
	*index = found;
	found = (struct fp_service_index){0};
	return 0;
}
