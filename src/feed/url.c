/* URLs, over curl's URL interface. */
#include "forkpoint/feed/url.h"

#include <curl/curl.h>
#include <string.h>

static void curl_url_release(CURLU **url)
{
	curl_url_cleanup(*url);
}

static void curl_text_release(char **text)
{
	curl_free(*text);
}

bool fp_url_is_https(const char *url)
{
	return strncasecmp(url, "https://", 8) == 0;
}

bool fp_url_is_http(const char *url)
{
	return fp_url_is_https(url) || strncasecmp(url, "http://", 7) == 0;
}

bool fp_url_is_file(const char *url)
{
	return strncasecmp(url, "file:", 5) == 0;
}

struct fp_str fp_url_shown(const char *url)
{
	size_t len = strcspn(url, "?#");
	return fp_str_n(url, len < 200 ? len : 200);
}

static char *url_part(CURLU *url, CURLUPart part, unsigned flags)
{
	char *text = NULL;
	if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
		return NULL;
	return text;
}

int fp_url_check(const char *url, struct fp_error *error)
{
	if (!fp_url_is_http(url) && !fp_url_is_file(url))
		return fp_error_set(error, FP_ERROR_INVALID,
			"%.*s is neither an http, https or file URL nor a folder",
			FP_STR_ARG(fp_url_shown(url)));
	FP_CLEANUP(curl_url_release) CURLU *parsed = curl_url();
	if (!parsed)
		return fp_error_memory(error);
	if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_URLENCODE) != CURLUE_OK)
		return fp_error_set(
			error, FP_ERROR_INVALID, "the feed's URL cannot be read as a URL");
	FP_CLEANUP(curl_text_release) char *user = url_part(parsed, CURLUPART_USER, 0);
	FP_CLEANUP(curl_text_release) char *password = url_part(parsed, CURLUPART_PASSWORD, 0);
	if (user || password)
		return fp_error_set(error, FP_ERROR_INVALID,
			"the feed's URL holds credentials: give username and password_env or "
			"password_file instead");
	return 0;
}

static bool may_name(const char *base, const char *resolved)
{
	if (fp_url_is_http(resolved))
		return true;
	return fp_url_is_file(base) && fp_url_is_file(resolved);
}

/* 0, 1 when it is no URL, or -FP_ERROR_MEMORY. */
static int set_part(CURLU *url, CURLUPart part, const char *text)
{
	CURLUcode code = curl_url_set(url, part, text, CURLU_URLENCODE);
	if (code == CURLUE_OUT_OF_MEMORY)
		return -FP_ERROR_MEMORY;
	return code != CURLUE_OK;
}

static int resolve_text(const char *base, const char *link, char **url)
{
	FP_CLEANUP(curl_url_release) CURLU *parsed = curl_url();
	if (!parsed)
		return -FP_ERROR_MEMORY;
	int r = set_part(parsed, CURLUPART_URL, base);
	if (r == 0)
		r = set_part(parsed, CURLUPART_URL, link);
	if (r != 0)
		return r < 0 ? r : 0;
	static const CURLUPart dropped[] = {
		CURLUPART_FRAGMENT, CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS};
	for (size_t i = 0; i < FP_ARRAY_SIZE(dropped); i++)
		curl_url_set(parsed, dropped[i], NULL, 0);
	FP_CLEANUP(curl_text_release) char *text = url_part(parsed, CURLUPART_URL, 0);
	if (!text || strlen(text) > FP_URL_MAX_BYTES || !may_name(base, text))
		return 0;
	*url = fp_str_dup(fp_str(text));
	return *url ? 0 : -FP_ERROR_MEMORY;
}

int fp_url_resolve(const char *base, struct fp_str link, char **url, struct fp_error *error)
{
	*url = NULL;
	link = fp_str_trim(link);
	if (link.len == 0 || link.len > FP_URL_MAX_BYTES || memchr(link.ptr, '\0', link.len))
		return 0;
	FP_CLEANUP_FREE char *text = fp_str_dup(link);
	if (!text || resolve_text(base, text, url) < 0)
		return fp_error_memory(error);
	return 0;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	FP_CLEANUP(curl_text_release) char *left = url_part(a, part, CURLU_DEFAULT_PORT);
	FP_CLEANUP(curl_text_release) char *right = url_part(b, part, CURLU_DEFAULT_PORT);
	if (!left || !right)
		return false;
	return strcasecmp(left, right) == 0;
}

bool fp_url_same_origin(const char *a, const char *b)
{
	if (fp_url_is_file(a) || fp_url_is_file(b))
		return fp_url_is_file(a) && fp_url_is_file(b);
	FP_CLEANUP(curl_url_release) CURLU *left = curl_url();
	FP_CLEANUP(curl_url_release) CURLU *right = curl_url();
	if (!left || !right || curl_url_set(left, CURLUPART_URL, a, CURLU_URLENCODE) != CURLUE_OK ||
		curl_url_set(right, CURLUPART_URL, b, CURLU_URLENCODE) != CURLUE_OK)
		return false;
	return same_part(left, right, CURLUPART_SCHEME) && same_part(left, right, CURLUPART_HOST) &&
	       same_part(left, right, CURLUPART_PORT);
}

char *fp_url_join(const char *base, const char *rest)
{
	size_t path = strcspn(base, "?#");
	size_t query = strcspn(base + path, "#");
	size_t trimmed = path;
	while (trimmed > 0 && base[trimmed - 1] == '/')
		trimmed--;
	FP_CLEANUP_BUF struct fp_buf buf;
	fp_buf_init(&buf, 2 * FP_URL_MAX_BYTES);
	fp_buf_add(&buf, base, trimmed);
	fp_buf_add_char(&buf, '/');
	fp_buf_add_text(&buf, rest[0] == '/' ? rest + 1 : rest);
	if (query > 0) {
		/* rest may bring a query of its own: the base's parameters go behind it */
		fp_buf_add_char(&buf, strchr(rest, '?') ? '&' : '?');
		fp_buf_add(&buf, base + path + 1, query - 1);
	}
	return buf.state == FP_BUF_OK ? fp_buf_take(&buf) : NULL;
}

char *fp_url_to_path(const char *url)
{
	FP_CLEANUP(curl_url_release) CURLU *parsed = curl_url();
	if (!parsed || !fp_url_is_file(url) ||
		curl_url_set(parsed, CURLUPART_URL, url, CURLU_URLENCODE) != CURLUE_OK)
		return NULL;
	/* CURLU_URLDECODE refuses control characters, a NUL among them */
	FP_CLEANUP(curl_text_release)
	char *path = url_part(parsed, CURLUPART_PATH, CURLU_URLDECODE);
	return path ? fp_str_dup(fp_str(path)) : NULL;
}

void fp_url_escape(struct fp_str text, struct fp_buf *buf)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (fp_char_is_alnum(c) || (c != '\0' && strchr("-._~", c)))
			fp_buf_add_char(buf, c);
		else
			fp_buf_addf(buf, "%%%02X", (unsigned char)c);
	}
}
