/* Forms of names, paths and refs. */
#include "forms.h"

#include "forkpoint/core/release.h"

enum { NAME_MAX_BYTES = 100 };

/* Whether every byte is a letter, a digit or one of `more`. */
static bool consists_of(struct fp_str text, const char *more)
{
	for (size_t i = 0; i < text.len; i++)
		if (!fp_char_is_alnum(text.ptr[i]) && !memchr(more, text.ptr[i], strlen(more)))
			return false;
	return text.len > 0;
}

static bool is_name(struct fp_str text)
{
	return consists_of(text, "._-") && text.ptr[0] != '.' && text.len <= NAME_MAX_BYTES;
}

const char *fp_value_form_name(struct fp_str text)
{
	return is_name(text)
		       ? NULL
		       : "a name takes letters, digits, dots, underscores and hyphens, at most "
			 "100 of them, and does not begin with a dot";
}

const char *fp_config_form_package_id(struct fp_str text)
{
	return is_name(text)
		       ? NULL
		       : "takes a package id: letters, digits, dots, underscores and hyphens, "
			 "at most 100 of them, not beginning with a dot";
}

const char *fp_config_form_variable(struct fp_str text)
{
	if (text.ptr[0] == '$')
		return "takes a PowerShell variable's name without the $";
	return consists_of(text, "_") ? NULL
				      : "takes a PowerShell variable's name: letters, digits and "
					"underscores";
}

const char *fp_config_form_environment(struct fp_str text)
{
	if (consists_of(text, "_") && !fp_char_is_digit(text.ptr[0]))
		return NULL;
	return "takes the name of an environment variable (letters, digits and underscores), not "
	       "the secret itself";
}

/* Bytes beyond ASCII are letters of other alphabets. */
static bool is_element_char(char c)
{
	return fp_char_is_alnum(c) || c == '_' || c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

const char *fp_config_form_element(struct fp_str text)
{
	bool good = !fp_char_is_digit(text.ptr[0]) && text.ptr[0] != '-' && text.ptr[0] != '.';

	for (size_t i = 0; i < text.len; i++)
		good = good && is_element_char(text.ptr[i]);
	return good ? NULL : "takes an XML element's name, without brackets and prefix";
}

const char *fp_config_form_release(struct fp_str text)
{
	struct fp_release release;

	return fp_release_parse(text, &release)
		       ? NULL
		       : "takes a release MAJOR.MINOR[.PATCH[-PRERELEASE]], such as 2.4";
}

/* HTTP's Basic authentication ends the name at a colon. */
const char *fp_config_form_username(struct fp_str text)
{
	return memchr(text.ptr, ':', text.len) ? "takes a user's name, which holds no colon" : NULL;
}

const char *fp_config_form_origin(struct fp_str text)
{
	if (fp_str_equal(text, FP_STR_LITERAL("*")))
		return NULL;
	for (size_t i = 0; i < text.len; i++)
		if (!fp_char_is_alnum(text.ptr[i]) && !memchr("+-.:/[]", text.ptr[i], 7))
			return "takes one origin such as https://dashboard.example, or *";
	return fp_url_has_scheme(text) || fp_str_equal(text, FP_STR_LITERAL("null"))
		       ? NULL
		       : "takes an origin with its scheme such as https://dashboard.example, or *";
}

/* ---- names with slashes ---- */

/* Cuts the first component off; false when there is none left. */
static bool next_component(struct fp_str *rest, struct fp_str *component)
{
	const char *slash;

	if (!rest->ptr)
		return false;
	slash = memchr(rest->ptr, '/', rest->len);
	*component = fp_str_n(rest->ptr, slash ? (size_t)(slash - rest->ptr) : rest->len);
	*rest = slash ? fp_str_n(slash + 1, rest->len - component->len - 1) : (struct fp_str){0};
	return true;
}

const char *fp_config_form_tree_path(struct fp_str text)
{
	static const char takes[] =
		"takes a path from the root of the repository, with slashes, such as "
		"build/version.props";
	struct fp_str component;

	if (memchr(text.ptr, '\\', text.len))
		return takes;
	while (next_component(&text, &component))
		if (component.len == 0 || fp_str_equal(component, FP_STR_LITERAL(".")) ||
			fp_str_equal(component, FP_STR_LITERAL("..")))
			return takes;
	return NULL;
}

static bool is_ref_char(char c, bool glob)
{
	return (unsigned char)c > ' ' && c != 0x7f && !memchr("~^:?[\\", c, 6) &&
	       (glob || c != '*');
}

static bool holds(struct fp_str text, const char *part)
{
	return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

/* The rules of git-check-ref-format(1), 1 and 3 to 10. */
static bool is_ref(struct fp_str text, bool glob)
{
	struct fp_str rest = text, component;

	for (size_t i = 0; i < text.len; i++)
		if (!is_ref_char(text.ptr[i], glob))
			return false;
	while (next_component(&rest, &component))
		if (component.len == 0 || component.ptr[0] == '.' ||
			fp_str_ends_with(component, ".lock"))
			return false;
	return !holds(text, "..") && !holds(text, "@{") && !fp_str_ends_with(text, ".") &&
	       !fp_str_equal(text, FP_STR_LITERAL("@"));
}

static const char *refuse_full_name(struct fp_str text)
{
	return fp_str_starts_with(text, "refs/heads/") ? "takes a branch's name without refs/heads/"
						       : NULL;
}

const char *fp_config_form_branch(struct fp_str text)
{
	if (!is_ref(text, false))
		return "takes a branch's name, such as main or release/2.4";
	return refuse_full_name(text);
}

const char *fp_config_form_branch_glob(struct fp_str text)
{
	if (!is_ref(text, true))
		return "takes a branch's name, * for any run of characters, such as release/*";
	return refuse_full_name(text);
}

const char *fp_config_form_ref_glob(struct fp_str text)
{
	if (fp_str_starts_with(text, "refs/forkpoint/"))
		return "takes refs of the upstream; refs/forkpoint/ is Forkpoint's own";
	if (!fp_str_starts_with(text, "refs/") || !is_ref(text, true))
		return "takes a full ref name, * for any run of characters, such as refs/heads/*";
	return NULL;
}
