#pragma once
/*
 * Branch labels: the PGO branch's name as it appears in a version (RULES.md, section 2).
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>

enum fp_label_style {
	FP_LABEL_HYPHEN,     /* / . @ > < become - */
	FP_LABEL_UNDERSCORE, /* / . -     become _ */
};

/* What one character of a branch's name becomes in its label. */
char fp_label_char(char c, enum fp_label_style style);
/* Appends the branch's label. Other characters stay, also those that no version can hold. */
void fp_label_write(struct fp_str branch, enum fp_label_style style, struct fp_buf *buf);
/* Orders the branch's label in that style against `label`, case ignored, as fp_str_compare_nocase
 * orders the two texts; writes nothing. */
int fp_label_compare(struct fp_str branch, enum fp_label_style style, struct fp_str label);
/* Whether the branch's label in that style is `label`, case ignored; writes nothing. */
bool fp_label_matches(struct fp_str branch, enum fp_label_style style, struct fp_str label);
/* Whether a version may hold the label: one or more of [0-9A-Za-z-], and `_` in the underscore
 * style, whose packages carry it although NuGet's client refuses it. *offender, if not NULL, gets
 * the first byte in the way (0 when the label is empty). */
bool fp_label_is_publishable(struct fp_str label, enum fp_label_style style, char *offender);
/* Whether the branch's label in that style is publishable; writes nothing. */
bool fp_branch_is_packageable(struct fp_str branch, enum fp_label_style style);
/* `refs/heads/main` → `main`; anything else as it is. */
struct fp_str fp_branch_short_name(struct fp_str name);
