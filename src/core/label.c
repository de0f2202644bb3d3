/* Branch labels. */
#include "forkpoint/core/label.h"

static bool is_replaced(char c, enum fp_label_style style)
{
	if (style == FP_LABEL_UNDERSCORE)
		return c == '/' || c == '.' || c == '-';
	return c == '/' || c == '.' || c == '@' || c == '>' || c == '<';
}

char fp_label_char(char c, enum fp_label_style style)
{
	if (!is_replaced(c, style))
		return c;
	return style == FP_LABEL_UNDERSCORE ? '_' : '-';
}

void fp_label_write(struct fp_str branch, enum fp_label_style style, struct fp_buf *buf)
{
	for (size_t i = 0; i < branch.len; i++)
		fp_buf_add_char(buf, fp_label_char(branch.ptr[i], style));
}

bool fp_label_matches(struct fp_str branch, enum fp_label_style style, struct fp_str label)
{
	if (branch.len != label.len)
		return false;
	for (size_t i = 0; i < branch.len; i++)
		if (fp_char_lower(fp_label_char(branch.ptr[i], style)) !=
			fp_char_lower(label.ptr[i]))
			return false;
	return true;
}

bool fp_label_is_publishable(struct fp_str label, enum fp_label_style style, char *offender)
{
	char found = '\0';
	bool legal = label.len > 0;

	for (size_t i = 0; i < label.len && legal; i++) {
		char c = label.ptr[i];

		legal = fp_char_is_alnum(c) || c == '-' ||
			(c == '_' && style == FP_LABEL_UNDERSCORE);
		if (!legal)
			found = c;
	}
	if (!legal && offender)
		*offender = found;
	return legal;
}

struct fp_str fp_branch_short_name(struct fp_str name)
{
	static const char prefix[] = "refs/heads/";

	if (!fp_str_starts_with(name, prefix))
		return name;
	return fp_str_n(name.ptr + sizeof(prefix) - 1, name.len - (sizeof(prefix) - 1));
}
