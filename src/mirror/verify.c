/* Every object of a mirror, read and held against its id. */
#include "forkpoint/mirror/mirror.h"

#include "git_error.h"
#include "handle.h"

struct reading {
	git_odb *odb;
	uint64_t objects;
	int result;
	struct fp_error *error;
};

static int read_object(const git_oid *id, void *context)
{
	struct reading *reading = context;
	git_odb_object *object = NULL;
	git_oid is;
	char hex[FP_OID_HEX + 1];
	struct fp_oid oid = fp_git_oid_back(id);
	int rc = git_odb_read(&object, reading->odb, id);

	fp_oid_format(&oid, hex);
	if (rc < 0) {
		reading->result = fp_git_error(
			reading->error, FP_ERROR_CORRUPT, "object %s cannot be read", hex);
		return -1;
	}
	rc = git_odb_hash(&is, git_odb_object_data(object), git_odb_object_size(object),
		git_odb_object_type(object));
	git_odb_object_free(object);
	if (rc < 0 || !git_oid_equal(&is, id)) {
		reading->result = fp_error_set(reading->error, FP_ERROR_CORRUPT,
			"object %s does not have the content that its id says", hex);
		return -1;
	}
	reading->objects++;
	return 0;
}

int fp_mirror_read_all(struct fp_mirror *mirror, uint64_t *objects, struct fp_error *error)
{
	struct reading reading = {.odb = mirror->odb, .error = error};

	if (git_odb_foreach(mirror->odb, read_object, &reading) < 0 && reading.result == 0)
		return fp_git_error(error, FP_ERROR_CORRUPT, "the objects of %s cannot be listed",
			mirror->path);
	*objects = reading.objects;
	return reading.result;
}
