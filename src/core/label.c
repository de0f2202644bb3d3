/* Branch labels: characters that a version cannot hold, replaced (RULES.md, section 2). */
#include "forkpoint/core/label.h"

char fp_label_char(char c, enum fp_label_style style)
{
	switch (c) {
	case '/':
	case '.':
	case '-': return style == FP_LABEL_UNDERSCORE ? '_' : '-';
	case '@':
	case '>':
	case '<': return style == FP_LABEL_UNDERSCORE ? c : '-';
	default: return c;
	}
}

/* base's fp_char_lower, inlined: selection compares labels within a budget of microseconds. */
static inline unsigned char folded(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

void fp_label_write(struct fp_str branch, enum fp_label_style style, struct fp_buf *buf)
{
	for (size_t i = 0; i < branch.len; i++)
		fp_buf_add_char(buf, fp_label_char(branch.ptr[i], style));
}

int fp_label_compare(struct fp_str branch, enum fp_label_style style, struct fp_str label)
{
	size_t common = branch.len < label.len ? branch.len : label.len;

	for (size_t i = 0; i < common; i++) {
		unsigned char left = folded(fp_label_char(branch.ptr[i], style));
		unsigned char right = folded(label.ptr[i]);

		if (left != right)
			return left < right ? -1 : 1;
	}
	return branch.len < label.len ? -1 : branch.len > label.len;
}

bool fp_label_matches(struct fp_str branch, enum fp_label_style style, struct fp_str label)
{
	return branch.len == label.len && fp_label_compare(branch, style, label) == 0;
}

static bool is_publishable_byte(char c, enum fp_label_style style)
{
	return fp_char_is_alnum(c) || c == '-' || (c == '_' && style == FP_LABEL_UNDERSCORE);
}

bool fp_label_is_publishable(struct fp_str label, enum fp_label_style style, char *offender)
{
	char in_the_way = '\0';
	bool fine = label.len > 0;

	for (size_t i = 0; i < label.len && fine; i++) {
		fine = is_publishable_byte(label.ptr[i], style);
		in_the_way = label.ptr[i];
	}
	if (!fine && offender)
		*offender = in_the_way;
	return fine;
}

bool fp_branch_is_packageable(struct fp_str branch, enum fp_label_style style)
{
	for (size_t i = 0; i < branch.len; i++)
		if (!is_publishable_byte(fp_label_char(branch.ptr[i], style), style))
			return false;
	return branch.len > 0;
}

struct fp_str fp_branch_short_name(struct fp_str name)
{
	static const char prefix[] = "refs/heads/";
	size_t len = sizeof(prefix) - 1;

	if (name.len > len && fp_str_starts_with(name, prefix))
		return fp_str_n(name.ptr + len, name.len - len);
	return name;
}
