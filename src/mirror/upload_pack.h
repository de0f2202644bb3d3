#pragma once
/*
 * Asking a server for a pack (gitprotocol-pack(5), version 0), in one question and one answer.
 *
 * libgit2's own negotiation stops at the first common commit among the newest twenty: for a branch
 * that lies apart from these it receives the whole history in between again (seen: 21,598 objects
 * where three were new). A mirror can do without negotiating: it knows the tips that it has, and
 * they are nearly always the server's own tips of a moment ago. All of them are told, newest first,
 * and `done` with them.
 */
#include "wire.h"

#include "forkpoint/base/oid.h"

struct fp_upload_pack {
	struct fp_wire *wire;
	const struct fp_oid *wants, *haves;
	size_t want_count, have_count;
	git_odb *odb;		 /* for the bases of thin packs */
	const char *pack_folder; /* where the pack is put */
	git_indexer_progress_cb on_progress;
	void (*on_text)(void *context); /* the server says that it is alive */
	void *context;
};

/* Whether this server can be asked so. */
bool fp_upload_pack_possible(const struct fp_wire *wire);
/* 1: the server does not serve one of the wanted objects; what it said stands in *error. */
int fp_upload_pack_run(const struct fp_upload_pack *request, struct fp_error *error);
