/* What a webhook's body says: which repository it is about, by the URLs that its sender knows. */
#include "forkpoint/base/buf.h"
#include "forkpoint/service/hooks.h"

enum {
	BODY_MAX_BYTES = 1024 * 1024,
	BODY_MAX_DEPTH = 64,
	BODY_MAX_VALUES = 200000,
	URL_MAX_BYTES = 2048,
	ID_MAX_BYTES = 128,
	PATH_STEPS_MAX = 3,
};

/* Where a sender writes the URLs: members inside members. */
static const struct {
	enum fp_hook_sender sender;
	const char *path[PATH_STEPS_MAX];
} places[] = {
	{FP_HOOK_GITHUB, {"repository", "clone_url"}},
	{FP_HOOK_GITHUB, {"repository", "ssh_url"}},
	{FP_HOOK_GITHUB, {"repository", "git_url"}},
	{FP_HOOK_GITHUB, {"repository", "html_url"}},
	{FP_HOOK_GITLAB, {"project", "git_http_url"}},
	{FP_HOOK_GITLAB, {"project", "git_ssh_url"}},
	{FP_HOOK_GITLAB, {"project", "web_url"}},
	{FP_HOOK_GITLAB, {"repository", "git_http_url"}},
	{FP_HOOK_GITLAB, {"repository", "git_ssh_url"}},
	{FP_HOOK_GITLAB, {"repository", "url"}},
	{FP_HOOK_GITLAB, {"repository", "homepage"}},
	{FP_HOOK_GITEA, {"repository", "clone_url"}},
	{FP_HOOK_GITEA, {"repository", "ssh_url"}},
	{FP_HOOK_GITEA, {"repository", "html_url"}},
	{FP_HOOK_AZURE_DEVOPS, {"resource", "repository", "remoteUrl"}},
	{FP_HOOK_AZURE_DEVOPS, {"resource", "repository", "sshUrl"}},
	{FP_HOOK_AZURE_DEVOPS, {"resource", "repository", "webUrl"}},
	{FP_HOOK_GENERIC, {"url"}},
};

static struct fp_str skip(struct fp_str text, size_t bytes)
{
	return fp_str_n(text.ptr + bytes, text.len - bytes);
}

static size_t find_char(struct fp_str text, char c)
{
	const char *at = text.len ? memchr(text.ptr, c, text.len) : NULL;

	return at ? (size_t)(at - text.ptr) : text.len;
}

static struct fp_str text_at(const struct fp_json_value *value, const char *const *path)
{
	for (size_t i = 0; value && i < PATH_STEPS_MAX && path[i]; i++)
		value = fp_json_member(value, path[i]);
	return value && value->type == FP_JSON_STRING ? value->text : (struct fp_str){0};
}

static struct fp_str id_of(enum fp_hook_sender sender, const struct fp_json_value *root)
{
	static const char *const azure[PATH_STEPS_MAX] = {"id"};
	static const char *const generic[PATH_STEPS_MAX] = {"delivery"};
	struct fp_str id = {0};

	if (sender == FP_HOOK_AZURE_DEVOPS)
		id = text_at(root, azure);
	else if (sender == FP_HOOK_GENERIC)
		id = text_at(root, generic);
	return id.len <= ID_MAX_BYTES ? id : (struct fp_str){0};
}

static int read_document(enum fp_hook_sender sender, struct fp_str body, struct fp_hook_hint *hint,
	struct fp_error *error)
{
	static const struct fp_json_limits limits = {
		BODY_MAX_BYTES, BODY_MAX_DEPTH, BODY_MAX_VALUES};
	static const char *const name[PATH_STEPS_MAX] = {"repo"};
	struct fp_hook_hint read = {0};
	const struct fp_json_value *root;
	int r = fp_json_tree_read(body, &limits, false, &read.tree, NULL, NULL, error);

	if (r < 0)
		return r;
	root = fp_json_tree_root(read.tree);
	if (root->type != FP_JSON_OBJECT) {
		const char *type = fp_json_type_name(root->type);

		fp_json_tree_free(read.tree);
		return fp_error_set(error, FP_ERROR_INVALID, "it is %s, not an object", type);
	}
	for (size_t i = 0; i < FP_ARRAY_SIZE(places); i++) {
		struct fp_str url = {0};

		if (places[i].sender == sender)
			url = text_at(root, places[i].path);
		if (url.len && url.len <= URL_MAX_BYTES && read.url_count < FP_HOOK_URLS_MAX)
			read.urls[read.url_count++] = url;
	}
	if (sender == FP_HOOK_GENERIC)
		read.repo = text_at(root, name);
	read.id = id_of(sender, root);
	*hint = read;
	return 0;
}

/* ---- forms ---- */

static int hex_value_at(struct fp_str text, size_t at)
{
	int high = at + 2 < text.len ? fp_char_hex_value(text.ptr[at + 1]) : -1;
	int low = at + 2 < text.len ? fp_char_hex_value(text.ptr[at + 2]) : -1;

	return high >= 0 && low >= 0 ? high << 4 | low : -1;
}

static void decode(struct fp_str text, struct fp_buf *buf)
{
	for (size_t i = 0; i < text.len; i++) {
		int escaped = text.ptr[i] == '%' ? hex_value_at(text, i) : -1;

		fp_buf_add_char(buf, escaped >= 0	  ? (char)escaped
				     : text.ptr[i] == '+' ? ' '
							  : text.ptr[i]);
		i += escaped >= 0 ? 2 : 0;
	}
}

/* GitHub's and Gitea's hooks come as forms unless JSON is chosen: the document is the field
 * `payload`. JSON begins with another character than a name of a field does. */
static bool is_form(enum fp_hook_sender sender, struct fp_str body)
{
	return (sender == FP_HOOK_GITHUB || sender == FP_HOOK_GITEA) && body.len &&
	       fp_char_is_alnum(body.ptr[0]) && find_char(body, '=') < body.len;
}

static int read_form(struct fp_str body, struct fp_buf *payload, struct fp_error *error)
{
	const struct fp_str name = FP_STR_LITERAL("payload=");

	while (body.len) {
		size_t len = find_char(body, '&');
		struct fp_str field = fp_str_n(body.ptr, len);

		if (fp_str_starts_with(field, name.ptr)) {
			decode(skip(field, name.len), payload);
			return fp_buf_check(payload, error);
		}
		body = skip(body, len < body.len ? len + 1 : len);
	}
	return fp_error_set(error, FP_ERROR_INVALID, "it is a form without the field \"payload\"");
}

int fp_hook_read(enum fp_hook_sender sender, struct fp_str body, struct fp_hook_hint *hint,
	struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF payload = {0};
	int r;

	if (!is_form(sender, body))
		return read_document(sender, body, hint, error);
	fp_buf_init(&payload, BODY_MAX_BYTES);
	r = read_form(body, &payload, error);
	return r < 0 ? r : read_document(sender, fp_buf_str(&payload), hint, error);
}

void fp_hook_hint_release(struct fp_hook_hint *hint)
{
	fp_json_tree_free(hint->tree);
	*hint = (struct fp_hook_hint){0};
}

/* ---- which of ours ---- */

/* Cuts SCHEME:// off; the scheme's own port, "" for none. False when there is no scheme. */
static bool cut_scheme(struct fp_str *url, const char **port)
{
	static const struct {
		const char *scheme, *port;
	} schemes[] = {{"http://", ":80"}, {"https://", ":443"}, {"ssh://", ":22"},
		{"git://", ":9418"}, {"file://", ""}};

	for (size_t i = 0; i < FP_ARRAY_SIZE(schemes); i++) {
		size_t len = strlen(schemes[i].scheme);

		if (url->len < len ||
			!fp_str_equal_nocase(fp_str_n(url->ptr, len), fp_str(schemes[i].scheme)))
			continue;
		*url = skip(*url, len);
		*port = schemes[i].port;
		return true;
	}
	return false;
}

/* git@host:path: a colon before the first slash, and no scheme. */
static bool is_scp(struct fp_str url)
{
	size_t colon = find_char(url, ':');

	return colon < url.len && colon < find_char(url, '/') && colon > 1;
}

static void add_path(struct fp_str path, struct fp_buf *key)
{
	while (path.len && path.ptr[path.len - 1] == '/')
		path.len--;
	if (path.len > 4 && fp_str_equal_nocase(skip(path, path.len - 4), FP_STR_LITERAL(".git")))
		path.len -= 4;
	for (size_t i = 0; i < path.len; i++) {
		int escaped = path.ptr[i] == '%' ? hex_value_at(path, i) : -1;

		fp_buf_add_char(key, fp_char_lower(escaped >= 0 ? (char)escaped : path.ptr[i]));
		i += escaped >= 0 ? 2 : 0;
	}
}

/* Azure DevOps has other paths over ssh: v3/ORGANISATION/PROJECT/REPOSITORY. */
static bool add_azure_ssh(struct fp_str host, struct fp_str path, struct fp_buf *key)
{
	size_t name = path.len;

	if (!fp_str_equal_nocase(host, FP_STR_LITERAL("ssh.dev.azure.com")) ||
		!fp_str_starts_with(path, "v3/"))
		return false;
	while (name > 3 && path.ptr[name - 1] != '/')
		name--;
	fp_buf_add_text(key, "dev.azure.com/");
	add_path(fp_str_n(path.ptr + 3, name > 3 ? name - 4 : 0), key);
	fp_buf_add_text(key, "/_git/");
	add_path(skip(path, name), key);
	return true;
}

void fp_hook_write_url_key(struct fp_str url, struct fp_buf *key)
{
	const char *port = "";
	bool has_scheme = cut_scheme(&url, &port);
	bool scp = !has_scheme && is_scp(url);
	struct fp_str host, path;
	size_t at;

	if (!has_scheme && !scp) { /* a folder */
		add_path(url, key);
		return;
	}
	host = fp_str_n(url.ptr, find_char(url, scp ? ':' : '/'));
	path = skip(url, host.len < url.len ? host.len + 1 : host.len);
	at = find_char(host, '@');
	if (at < host.len)
		host = skip(host, at + 1);
	if (*port && fp_str_ends_with(host, port))
		host.len -= strlen(port);
	while (scp && path.len && path.ptr[0] == '/')
		path = skip(path, 1);
	if (add_azure_ssh(host, path, key))
		return;
	add_path(host, key);
	fp_buf_add_char(key, '/');
	add_path(path, key);
}

bool fp_hook_concerns(
	const struct fp_hook_hint *hint, const struct fp_repository_settings *repository)
{
	struct fp_buf FP_CLEANUP_BUF own = {0};
	struct fp_buf FP_CLEANUP_BUF other = {0};

	if (hint->repo.len)
		return fp_str_equal(hint->repo, repository->name);
	fp_buf_init(&own, 4 * URL_MAX_BYTES);
	fp_buf_init(&other, 4 * URL_MAX_BYTES);
	fp_hook_write_url_key(repository->url, &own);
	for (size_t i = 0; i < hint->url_count; i++) {
		fp_buf_clear(&other);
		fp_hook_write_url_key(hint->urls[i], &other);
		if (own.state == FP_BUF_OK && other.state == FP_BUF_OK &&
			fp_str_equal(fp_buf_str(&own), fp_buf_str(&other)))
			return true;
	}
	return false;
}
