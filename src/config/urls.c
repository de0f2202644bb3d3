/*
 * Forms of URLs. A configuration file is read by many and its values are printed: a password in a
 * URL is refused, and so is a name alone before a web address, for tokens are given that way.
 */
#include "forms.h"

#include "forkpoint/base/attr.h"
#include "forkpoint/base/number.h"

struct url {
	struct fp_str scheme, user, host, port, rest; /* rest: from the slash on */
	bool has_user, has_port;
};

static size_t scheme_length(struct fp_str text)
{
	size_t len = 0;

	while (len < text.len &&
		(fp_char_is_alnum(text.ptr[len]) || memchr("+.-", text.ptr[len], 3)))
		len++;
	return text.len - len >= 3 && memcmp(text.ptr + len, "://", 3) == 0 ? len : 0;
}

bool fp_url_has_scheme(struct fp_str text)
{
	return scheme_length(text) > 0;
}

bool fp_url_is_scp_like(struct fp_str text)
{
	const char *colon = memchr(text.ptr, ':', text.len);
	const char *slash = memchr(text.ptr, '/', text.len);

	return colon && (!slash || colon < slash);
}

static void split_host(struct fp_str authority, struct url *url)
{
	const char *at = memrchr(authority.ptr, '@', authority.len);
	const char *colon, *bracket;

	if (at) {
		url->has_user = true;
		url->user = fp_str_n(authority.ptr, (size_t)(at - authority.ptr));
		authority.len -= url->user.len + 1;
		authority.ptr = at + 1;
	}
	colon = memrchr(authority.ptr, ':', authority.len);
	bracket = memrchr(authority.ptr, ']', authority.len);
	url->host = authority;
	if (!colon || (bracket && colon < bracket))
		return;
	url->has_port = true;
	url->host.len = (size_t)(colon - authority.ptr);
	url->port = fp_str_n(colon + 1, authority.len - url->host.len - 1);
}

/* text has a scheme. */
static struct url split(struct fp_str text)
{
	size_t len = scheme_length(text);
	struct url url = {.scheme = fp_str_n(text.ptr, len)};
	struct fp_str authority = fp_str_n(text.ptr + len + 3, text.len - len - 3);

	for (len = 0; len < authority.len && !memchr("/?#", authority.ptr[len], 3); len++)
		;
	url.rest = fp_str_n(authority.ptr + len, authority.len - len);
	authority.len = len;
	split_host(authority, &url);
	return url;
}

static bool is_scheme(const struct url *url, const char *scheme)
{
	return fp_str_equal_nocase(url->scheme, fp_str(scheme));
}

static bool is_web(const struct url *url)
{
	return is_scheme(url, "http") || is_scheme(url, "https");
}

static const char *refuse_secret(const struct url *url)
{
	if (url->has_user && (is_web(url) || memchr(url->user.ptr, ':', url->user.len)))
		return "a URL here holds no name and no password, for a secret never stands in "
		       "this file; give \"username\" and \"password_env\" or \"password_file\"";
	return NULL;
}

/* A host that begins with a hyphen would be an option of ssh. */
static const char *refuse_host(const struct url *url)
{
	uint64_t port;

	if (url->host.len == 0 || url->host.ptr[0] == '-' ||
		memchr(url->host.ptr, ' ', url->host.len))
		return "the URL names no host";
	if (url->has_port && !fp_parse_u64(url->port, 1, 65535, &port))
		return "the URL's port takes a number from 1 to 65535";
	return NULL;
}

static const char *refuse_url(struct fp_str text, const char *const *schemes, const char *takes)
{
	struct url url = split(text);
	const char *refused = refuse_secret(&url);

	if (refused)
		return refused;
	/* In lower case, as those who speak them compare them. */
	for (; *schemes; schemes++)
		if (fp_str_equal(url.scheme, fp_str(*schemes)))
			return refuse_host(&url);
	if (!fp_str_equal(url.scheme, FP_STR_LITERAL("file")))
		return takes;
	return url.rest.len > 1 && url.rest.ptr[0] == '/'
		       ? NULL
		       : "a file URL takes an absolute path, as in file:///srv/x";
}

const char *fp_config_form_feed_url(struct fp_str text)
{
	static const char *const schemes[] = {"http", "https", NULL};

	if (!fp_url_has_scheme(text))
		return NULL;
	return refuse_url(text, schemes, "takes an http, https or file URL, or a folder");
}

const char *fp_config_form_repository_url(struct fp_str text)
{
	static const char *const schemes[] = {"http", "https", "ssh", "git", NULL};
	static const char takes[] = "takes an http, https, ssh, git or file URL, or a path";

	if (fp_url_has_scheme(text))
		return refuse_url(text, schemes, takes);
	/* ext::COMMAND and its like would have git run something. */
	return text.ptr[0] == '-' ||
			       (fp_url_is_scp_like(text) && memmem(text.ptr, text.len, "::", 2))
		       ? takes
		       : NULL;
}

const char *fp_config_form_proxy(struct fp_str text)
{
	struct fp_str authority = text;
	size_t len = scheme_length(text);

	if (len) {
		authority.ptr += len + 3;
		authority.len -= len + 3;
	}
	if (memchr(authority.ptr, '@', authority.len))
		return "a proxy's URL holds no name and no password, for a secret never stands in "
		       "this file; leave \"proxy\" out and set HTTPS_PROXY in the environment";
	return authority.len ? NULL : "takes [SCHEME://]HOST:PORT";
}
