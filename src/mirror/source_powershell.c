/*
 * The first plain assignment of a variable in a PowerShell script. Not an interpreter: comments and
 * strings are skipped as PowerShell's lexer would, everything else is looked at token by token.
 */
#include "forkpoint/mirror/source.h"

struct script {
	const char *at, *end;
};

static bool left(const struct script *script, size_t n)
{
	return (size_t)(script->end - script->at) >= n;
}

static bool starts_with(const struct script *script, const char *text)
{
	size_t len = strlen(text);

	return left(script, len) && memcmp(script->at, text, len) == 0;
}

/* To behind the text, or to the end. */
static void skip_past(struct script *script, const char *text)
{
	const char *found =
		memmem(script->at, (size_t)(script->end - script->at), text, strlen(text));

	script->at = found ? found + strlen(text) : script->end;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* White space, comments; true when there was any. */
static bool skip_blank(struct script *script)
{
	const char *begin = script->at;

	while (left(script, 1)) {
		if (is_blank(*script->at))
			script->at++;
		else if (starts_with(script, "<#"))
			skip_past(script, "#>");
		else if (*script->at == '#')
			skip_past(script, "\n");
		else
			break;
	}
	return script->at != begin;
}

/* A quoted string, the quote at the front. value (may be NULL) gets its text; false when it holds
 * something to be expanded, which only PowerShell could do, or does not end. */
static bool take_string(struct script *script, struct fp_buf *value)
{
	char quote = *script->at++;
	bool plain = true;

	for (; left(script, 1); script->at++) {
		char c = *script->at;

		if (c == quote && left(script, 2) && script->at[1] == quote) {
			script->at++;
		} else if (c == quote) {
			script->at++;
			return plain;
		} else if (quote == '"' && c == '`' && left(script, 2)) {
			c = *++script->at;
		} else if (quote == '"' && c == '$') {
			plain = false;
		}
		if (value)
			fp_buf_add_char(value, c);
	}
	return false;
}

/* @" … "@ and @' … '@, whose end stands at a line's begin. */
static void skip_here_string(struct script *script)
{
	char end[4] = {'\n', script->at[1], '@', '\0'};

	script->at += 2;
	skip_past(script, end);
}

static bool is_name_char(char c)
{
	return fp_char_is_alnum(c) || c == '_';
}

/* `$name`, `${name}`, `$script:name`: the name without scope. */
static struct fp_str take_variable(struct script *script)
{
	const char *begin = ++script->at;
	struct fp_str name;
	const char *colon;

	if (left(script, 1) && *script->at == '{') {
		begin = ++script->at;
		while (left(script, 1) && *script->at != '}')
			script->at++;
		name = fp_str_n(begin, (size_t)(script->at - begin));
		script->at += left(script, 1);
	} else {
		while (left(script, 1) && (is_name_char(*script->at) || *script->at == ':'))
			script->at++;
		name = fp_str_n(begin, (size_t)(script->at - begin));
	}
	colon = name.len ? memrchr(name.ptr, ':', name.len) : NULL;
	if (colon)
		name = fp_str_n(colon + 1, name.len - (size_t)(colon + 1 - name.ptr));
	return name;
}

/* After the variable: `= "value"`, and that alone. */
static bool take_assigned(struct script *script, struct fp_buf *value)
{
	struct script ahead = *script;

	skip_blank(&ahead);
	if (!left(&ahead, 1) || *ahead.at != '=')
		return false;
	ahead.at++;
	skip_blank(&ahead);
	if (!left(&ahead, 1) || (*ahead.at != '"' && *ahead.at != '\''))
		return false;
	fp_buf_clear(value);
	if (!take_string(&ahead, value) || fp_str_trim(fp_buf_str(value)).len == 0) {
		fp_buf_clear(value);
		return false;
	}
	return true;
}

static void trim(struct fp_buf *value)
{
	struct fp_str trimmed = fp_str_trim(fp_buf_str(value));
	size_t front = (size_t)(trimmed.ptr - value->data);

	memmove(value->data, value->data + front, trimmed.len);
	value->data[trimmed.len] = '\0';
	value->len = trimmed.len;
}

bool fp_source_powershell_value(struct fp_str text, const char *name, struct fp_buf *value)
{
	struct script script = {text.ptr, text.ptr + text.len};

	while (left(&script, 1)) {
		if (skip_blank(&script))
			continue;
		if (*script.at == '$') {
			if (fp_str_equal_nocase(take_variable(&script), fp_str(name)) &&
				take_assigned(&script, value)) {
				trim(value);
				return value->state == FP_BUF_OK;
			}
		} else if (starts_with(&script, "@\"") || starts_with(&script, "@'")) {
			skip_here_string(&script);
		} else if (*script.at == '"' || *script.at == '\'') {
			take_string(&script, NULL);
		} else if (*script.at == '`' && left(&script, 2)) {
			script.at += 2;
		} else {
			/* A word to its end: a # inside one begins no comment. */
			do
				script.at++;
			while (left(&script, 1) && is_name_char(script.at[-1]) &&
				(is_name_char(*script.at) || *script.at == '#'));
		}
	}
	return false;
}
