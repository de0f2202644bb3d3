#pragma once
/* Reading documents in tests: whole and in pieces, and what came as text that can be compared. */
#include "forkpoint/feed/registration.h"
#include "forkpoint/feed/v2_page.h"

/* `VERSION STATE DATE;` per version, STATE one of ? + -, DATE the day or -. */
void render_list(const struct fp_version_list *list, struct fp_buf *buf);

/* Each reads text in pieces of `piece` bytes (0 = at once), as package_id's, and renders what it
 * found; a negative result is rendered as `!CODE`. */
void render_flat(struct fp_str text, size_t piece, struct fp_buf *buf);
/* Also pages to be fetched as `@URL|STAMP;`, `foreign=N;`, `nameless=N;`, `content=URL;`. */
void render_registration(
	struct fp_str text, const char *package_id, size_t piece, struct fp_buf *buf);
/* Also `next=URL;` and the same counts. */
void render_v2(struct fp_str text, const char *package_id, size_t piece, struct fp_buf *buf);
/* `flat=URL(TYPE);reg=URL(TYPE);v2=URL(TYPE);` and `semver2;` */
void render_index(struct fp_str text, const char *url, struct fp_buf *buf);
