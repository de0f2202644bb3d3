/* /freshness: how old databases are, as rows in every form. */
#include "columns.h"
#include "line.h"
#include "repository.h"

#include "forkpoint/service/freshness.h"

#define MINUTE_US (60 * FP_US_PER_S)

/* ---- one row as texts ---- */

struct texts {
	struct fp_buf release, bumped_from, sentence;
	char since[FP_OID_HEX + 1], newest[FP_TIME_TEXT_MAX];
	struct fp_str version;
};

static void texts_init(struct texts *texts)
{
	*texts = (struct texts){0};
	fp_buf_init(&texts->release, 1024);
	fp_buf_init(&texts->bumped_from, 1024);
	fp_buf_init(&texts->sentence, 8192);
}

static void texts_release(struct texts *texts)
{
	fp_buf_release(&texts->release);
	fp_buf_release(&texts->bumped_from);
	fp_buf_release(&texts->sentence);
}

static void texts_set(struct texts *texts, const struct fp_freshness_row *row)
{
	const struct fp_catalog *catalog = row->package->state->catalog;

	fp_buf_clear(&texts->release);
	fp_buf_clear(&texts->bumped_from);
	fp_buf_clear(&texts->sentence);
	texts->since[0] = texts->newest[0] = '\0';
	if (row->has_release)
		fp_release_write(&row->release, &texts->release);
	if (row->bumped)
		fp_release_write(&row->bumped_from, &texts->bumped_from);
	if (row->hole_commit != FP_NO_COMMIT)
		fp_oid_format(fp_graph_oid(&row->repository->branches->view, row->hole_commit),
			texts->since);
	if (row->rhythm.trainings)
		fp_time_format_s(fp_minute_to_s(row->rhythm.newest), texts->newest);
	texts->version = row->version == FP_SELECT_NO_VERSION
				 ? fp_str_n(NULL, 0)
				 : catalog->versions[row->version].row.text;
	fp_freshness_write(row, &texts->sentence);
}

/* ---- fields: one table for every form ---- */

enum kind { TEXT, NUMBER, FLAG, MOMENT };

struct field {
	const char *name;
	enum kind kind;
	struct fp_str text;
	int64_t number; /* below 0: null */
};

enum { FIELDS = 23 };

static void fields_set(
	struct field fields[FIELDS], const struct fp_freshness_row *row, const struct texts *texts)
{
	bool current = row->is_current;
	const struct field all[FIELDS] = {
		{"repo", TEXT, row->repository->settings->name, 0},
		{"branch", TEXT, row->branch->name, 0},
		{"package", TEXT, row->package->settings->id, 0},
		{"release", TEXT, fp_buf_str(&texts->release), 0},
		{"current", FLAG, {0}, current},
		{"outcome", TEXT, fp_str(current ? fp_outcome_code(row->outcome) : NULL), 0},
		{"version", TEXT, texts->version, 0},
		{"age_seconds", NUMBER, {0}, row->age_us < 0 ? -1 : row->age_us / FP_US_PER_S},
		{"age_minutes_of_tip", NUMBER, {0},
			current && texts->version.len ? row->age_minutes : -1},
		{"age_commits", NUMBER, {0}, row->age_commits},
		{"hole", FLAG, {0}, row->hole},
		{"hole_since", MOMENT, {0}, row->hole_since_us},
		{"hole_commit", TEXT, fp_str(texts->since), 0},
		{"hole_commits", NUMBER, {0}, row->hole ? (int64_t)row->hole_commits : -1},
		{"bumped", FLAG, {0}, row->bumped},
		{"bumped_from", TEXT, fp_buf_str(&texts->bumped_from), 0},
		{"trainings", NUMBER, {0}, (int64_t)row->rhythm.trainings},
		{"newest_training", TEXT, fp_str(texts->newest), 0},
		{"gap_median_minutes", NUMBER, {0}, row->rhythm.median_minutes},
		{"gap_usual_minutes", NUMBER, {0}, row->rhythm.usual_minutes},
		{"silent_minutes", NUMBER, {0}, row->silent_minutes},
		{"silent", FLAG, {0}, row->silent},
		{"text", TEXT, fp_buf_str(&texts->sentence), 0},
	};

	memcpy(fields, all, sizeof(all));
}

static void write_row(struct fp_json *json, const struct field fields[FIELDS])
{
	fp_json_object_begin(json);
	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *field = &fields[i];

		switch (field->kind) {
		case TEXT: fp_json_member_filled(json, field->name, field->text); break;
		case FLAG: fp_json_member_bool(json, field->name, field->number); break;
		case MOMENT: fp_json_member_time_us(json, field->name, field->number); break;
		case NUMBER:
			fp_json_key(json, field->name);
			if (field->number < 0)
				fp_json_null(json);
			else
				fp_json_i64(json, field->number);
			break;
		}
	}
	fp_json_object_end(json);
}

static void write_csv_head(const struct field fields[FIELDS], struct fp_buf *buf)
{
	for (size_t i = 0; i < FIELDS; i++)
		fp_csv_add(buf, i == 0, fp_str(fields[i].name));
	fp_buf_add_text(buf, "\r\n");
}

static void write_csv_row(const struct field fields[FIELDS], struct fp_buf *buf)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *field = &fields[i];

		switch (field->kind) {
		case TEXT: fp_csv_add(buf, i == 0, field->text); break;
		case FLAG: fp_csv_add(buf, i == 0, fp_str(field->number ? "true" : "false")); break;
		case MOMENT: fp_csv_add_time(buf, field->number); break;
		case NUMBER:
			fp_buf_add_char(buf, ',');
			if (field->number >= 0)
				fp_buf_add_i64(buf, field->number);
			break;
		}
	}
	fp_buf_add_text(buf, "\r\n");
}

/* ---- forms ---- */

static void write_lines(enum fp_form form, const struct fp_freshness *freshness, struct fp_buf *buf)
{
	struct field fields[FIELDS];
	struct texts texts;
	struct fp_json json;

	texts_init(&texts);
	for (size_t i = 0; i < freshness->count; i++) {
		texts_set(&texts, &freshness->rows[i]);
		fields_set(fields, &freshness->rows[i], &texts);
		if (form == FP_FORM_CSV) {
			if (i == 0)
				write_csv_head(fields, buf);
			write_csv_row(fields, buf);
			continue;
		}
		fp_json_init(&json, buf);
		write_row(&json, fields);
		fp_buf_add_char(buf, '\n');
	}
	texts_release(&texts);
}

static void write_json(const struct fp_freshness *freshness, bool flat, struct fp_buf *buf)
{
	struct field fields[FIELDS];
	struct texts texts;
	struct fp_json json;

	texts_init(&texts);
	fp_json_init(&json, buf);
	if (!flat) {
		fp_json_object_begin(&json);
		fp_json_key(&json, "items");
	}
	fp_json_array_begin(&json);
	for (size_t i = 0; i < freshness->count; i++) {
		texts_set(&texts, &freshness->rows[i]);
		fields_set(fields, &freshness->rows[i], &texts);
		write_row(&json, fields);
	}
	fp_json_array_end(&json);
	if (!flat) {
		fp_json_member_text(&json, "next", NULL);
		fp_json_object_end(&json);
	}
	fp_buf_add_char(buf, '\n');
	texts_release(&texts);
}

static void write_text(const struct fp_freshness *freshness, struct fp_buf *buf)
{
	static const char *const titles[] = {"branch", "release", "newest database", ""};
	struct fp_columns columns;
	struct texts texts;

	texts_init(&texts);
	fp_columns_init(&columns, FP_ARRAY_SIZE(titles));
	for (size_t i = 0; i < FP_ARRAY_SIZE(titles); i++)
		fp_columns_cell(&columns, fp_str(titles[i]));
	for (size_t i = 0; i < freshness->count; i++) {
		texts_set(&texts, &freshness->rows[i]);
		fp_columns_cell(&columns, freshness->rows[i].branch->name);
		fp_columns_cell(&columns, fp_buf_str(&texts.release));
		fp_columns_cell(
			&columns, texts.version.len ? texts.version : FP_STR_LITERAL("none"));
		fp_columns_cell(&columns, fp_buf_str(&texts.sentence));
	}
	fp_columns_write(&columns, buf);
	fp_columns_release(&columns);
	texts_release(&texts);
}

/* ---- the route ---- */

static bool has_branch(const struct fp_snapshot_repository *repository, struct fp_str name)
{
	const struct fp_branch *branch = fp_branches_find(repository->branches, name);

	return branch && branch->tracked;
}

/* False with a problem. */
static bool check(struct fp_request *request, const struct fp_snapshot *snapshot,
	const struct fp_snapshot_repository *repository, struct fp_reply *reply)
{
	struct fp_str repo = request->params[FP_PARAM_REPO];
	struct fp_str branch = fp_branch_short_name(request->params[FP_PARAM_BRANCH]);
	struct fp_str package = request->params[FP_PARAM_PACKAGE];

	if (!repository) {
		fp_reply_unknown_repository(request, reply, snapshot, repo);
		return false;
	}
	if (!repository->branches) {
		fp_reply_not_mirrored(request, reply, repo);
		return false;
	}
	if (branch.len && !has_branch(repository, branch)) {
		fp_reply_untracked_branch(request, reply, repository, branch);
		return false;
	}
	for (size_t i = 0; package.len && i < repository->settings->package_count; i++)
		if (fp_str_equal_nocase(repository->settings->packages[i].id, package))
			return true;
	if (package.len)
		fp_reply_unknown_package(request, reply, repository->settings, package);
	return package.len == 0;
}

static void render(
	struct fp_request *request, const struct fp_freshness *freshness, struct fp_reply *reply)
{
	switch (request->form) {
	case FP_FORM_TEXT: write_text(freshness, &reply->body); break;
	case FP_FORM_CSV:
	case FP_FORM_NDJSON: write_lines(request->form, freshness, &reply->body); break;
	default: write_json(freshness, request->given[FP_PARAM_SHAPE], &reply->body);
	}
	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-cache";
	fp_reply_set_body_etag(reply);
}

enum fp_handled fp_handle_freshness(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_worker *worker = request->context->worker;
	int64_t now_us;
	const struct fp_snapshot *snapshot = fp_worker_enter_at(worker, &now_us);
	const struct fp_snapshot_repository *repository =
		fp_snapshot_find(snapshot, request->params[FP_PARAM_REPO]);
	struct fp_freshness freshness = {0};

	if (check(request, snapshot, repository, reply)) {
		if (fp_service_freshness(worker, snapshot, repository,
			    fp_branch_short_name(request->params[FP_PARAM_BRANCH]),
			    request->params[FP_PARAM_PACKAGE], now_us, &freshness) < 0)
			fp_reply_problem(request, reply, "internal", NULL, 0, "out of memory");
		else
			render(request, &freshness, reply);
	}
	fp_worker_leave(worker);
	fp_freshness_release(&freshness);
	return FP_HANDLED;
}
