/*
 * Reading a raw commit object, as git reads it.
 *
 * The author time is what `git log --format=%at` prints (split_ident_line in git's ident.c): it
 * stands after the last '>' of the first author line and needs digits and a zone after them. The
 * committer time is what git's walks use (parse_commit_date in commit.c): after the last '>' of the
 * committer line, which must follow the author line. Broken dates are 0 to git, and so here.
 */
#include "forkpoint/mirror/commit_object.h"

#include <limits.h>

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes one line off the front, without its newline; false when none is complete. */
static bool take_line(struct fp_str *rest, struct fp_str *line)
{
	const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;

	if (!end)
		return false;
	*line = fp_str_n(rest->ptr, (size_t)(end - rest->ptr));
	*rest = fp_str_n(end + 1, rest->len - line->len - 1);
	return true;
}

/* What follows the last '>', without the spaces between; empty when there is no '>'. */
static struct fp_str after_mail(struct fp_str line)
{
	const char *mail = line.len ? memrchr(line.ptr, '>', line.len) : NULL;
	struct fp_str rest = {line.ptr, 0};

	if (!mail)
		return rest;
	rest = fp_str_n(mail + 1, line.len - (size_t)(mail + 1 - line.ptr));
	while (rest.len && is_space(*rest.ptr))
		rest = fp_str_n(rest.ptr + 1, rest.len - 1);
	return rest;
}

static int64_t read_digits(struct fp_str text, size_t *digits)
{
	int64_t value = 0;
	size_t i = 0;

	for (; i < text.len && fp_char_is_digit(text.ptr[i]); i++) {
		int digit = text.ptr[i] - '0';

		value = value > (INT64_MAX - digit) / 10 ? INT64_MAX : value * 10 + digit;
	}
	*digits = i;
	return value;
}

static int64_t committer_time(struct fp_str line)
{
	size_t digits;

	return read_digits(after_mail(line), &digits);
}

/* Unlike the committer's, an author's time without a zone is no time to git. */
static int64_t author_time(struct fp_str line)
{
	struct fp_str date = after_mail(line);
	size_t digits, at;
	int64_t value = read_digits(date, &digits);
	const char *open = line.len ? memchr(line.ptr, '<', line.len) : NULL;

	for (at = digits; at < date.len && is_space(date.ptr[at]); at++)
		;
	if (!open || !digits || at + 1 >= date.len)
		return 0;
	if (date.ptr[at] != '+' && date.ptr[at] != '-')
		return 0;
	return fp_char_is_digit(date.ptr[at + 1]) ? value : 0;
}

static bool take_oid_line(struct fp_str *rest, const char *key, struct fp_oid *oid)
{
	size_t key_len = strlen(key), len = key_len + FP_OID_HEX + 1;

	if (rest->len < len || memcmp(rest->ptr, key, key_len) != 0 || rest->ptr[len - 1] != '\n' ||
		!fp_oid_parse(fp_str_n(rest->ptr + key_len, FP_OID_HEX), oid))
		return false;
	*rest = fp_str_n(rest->ptr + len, rest->len - len);
	return true;
}

/* Whether what is left could still become a parent line once more of it is there. */
static bool may_be_cut_parent(struct fp_str rest)
{
	size_t len = rest.len < 7 ? rest.len : 7;

	return rest.len < FP_COMMIT_PARENT_LINE && memcmp(rest.ptr, "parent ", len) == 0;
}

/* The author and committer lines. Whether they were seen in full, or the header ends before. */
static bool read_people(struct fp_str rest, struct fp_commit_header *header)
{
	bool author_seen = false, first = true, expect_committer = false;
	struct fp_str line;

	while (take_line(&rest, &line)) {
		if (line.len == 0)
			return true;
		if (expect_committer && fp_str_starts_with(line, "committer "))
			header->committer_s = committer_time(line);
		expect_committer = first && fp_str_starts_with(line, "author ");
		first = false;
		if (!author_seen && fp_str_starts_with(line, "author ")) {
			header->author_s = author_time(line);
			author_seen = true;
		} else if (author_seen && !expect_committer) {
			return true;
		}
	}
	return false;
}

int fp_commit_header_parse(struct fp_str object, struct fp_commit_header *header, bool *complete,
	struct fp_error *error)
{
	struct fp_commit_header parsed = {0};
	struct fp_oid parent;
	bool ended;

	if (!take_oid_line(&object, "tree ", &parsed.tree))
		return fp_error_set(
			error, FP_ERROR_INVALID, "the object does not begin as a commit does");
	parsed.parents = object.ptr;
	while (take_oid_line(&object, "parent ", &parent))
		parsed.parent_count++;
	ended = !may_be_cut_parent(object) && read_people(object, &parsed);
	if (complete)
		*complete = ended;
	*header = parsed;
	return 0;
}

struct fp_oid fp_commit_header_parent(const struct fp_commit_header *header, uint32_t number)
{
	struct fp_oid oid = {0};

	fp_oid_parse(
		fp_str_n(header->parents + (size_t)number * FP_COMMIT_PARENT_LINE + 7, FP_OID_HEX),
		&oid);
	return oid;
}
