#pragma once
/* Raw tree objects, entry by entry. Pure. */
#include "forkpoint/base/oid.h"

enum fp_tree_kind { FP_TREE_FOLDER, FP_TREE_FILE, FP_TREE_OTHER }; /* other: links, submodules */

struct fp_tree_entry {
	enum fp_tree_kind kind;
	struct fp_str name;
	struct fp_oid oid;
};

/* Takes one entry off the front. 1: none left; -FP_ERROR_INVALID (no text): damaged. */
int fp_tree_next(struct fp_str *rest, struct fp_tree_entry *entry);
