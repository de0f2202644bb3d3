/* Decisions of people as rows of fields. */
#include "override_fields.h"

size_t fp_override_fields(
	const struct fp_override *override, struct fp_field fields[FP_OVERRIDE_FIELDS])
{
	const char *status = override->ended_us < 0 ? "in-force" : "ended";
	const struct fp_field all[FP_OVERRIDE_FIELDS] = {
		{"id", FP_FIELD_NUMBER, {0}, override->id},
		{"repo", FP_FIELD_TEXT, override->repo, 0},
		{"package", FP_FIELD_TEXT, override->package, 0},
		{"branch", FP_FIELD_TEXT, override->branch, 0},
		{"version", FP_FIELD_TEXT, override->version, 0},
		{"first_stamp", FP_FIELD_TEXT, override->first_stamp, 0},
		{"last_stamp", FP_FIELD_TEXT, override->last_stamp, 0},
		{"reason", FP_FIELD_TEXT, override->reason, 0},
		{"owner", FP_FIELD_TEXT, override->owner, 0},
		{"expires", FP_FIELD_TIME, {0}, override->expires_us},
		{"status", FP_FIELD_TEXT, fp_str(status), 0},
		{"set_at", FP_FIELD_TIME, {0}, override->set_us},
		{"set_by", FP_FIELD_TEXT, override->set_by, 0},
		{"ended_at", FP_FIELD_TIME, {0}, override->ended_us},
	};

	memcpy(fields, all, sizeof(all));
	return FP_OVERRIDE_FIELDS;
}

void fp_json_members_of_override(struct fp_json *json, const struct fp_override *override)
{
	struct fp_field fields[FP_OVERRIDE_FIELDS];
	size_t count = fp_override_fields(override, fields);

	fp_json_member_text(json, "kind", override->kind == FP_OVERRIDE_PIN ? "pin" : "quarantine");
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].name, "status") != 0 &&
			strcmp(fields[i].name, "ended_at") != 0)
			fp_field_write(json, &fields[i]);
}
