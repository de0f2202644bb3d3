#pragma once
/* Decisions as rows of fields: in lists of them, and in what tells of one. */
#include "fields.h"

#include "forkpoint/service/overrides.h"

enum { FP_OVERRIDE_FIELDS = 14 };

#define FP_STAMPS_HELP                                                                             \
	"stamps:FIRST-LAST takes two stamps of ten digits, yyMMddHHmm, the earlier first, such "   \
	"as "                                                                                      \
	"stamps:2001310000-2001312359"

/* The number of them, in one order. The texts are the override's. */
size_t fp_override_fields(
	const struct fp_override *override, struct fp_field fields[FP_OVERRIDE_FIELDS]);
/* As members of an object that is open, without what became of it: of worlds of the past. */
void fp_json_members_of_override(struct fp_json *json, const struct fp_override *override);
