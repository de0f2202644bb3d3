/* The forms of /resolve that shells, builds and people read. */
#include "render.h"

/* `text` is room to write in, empty before and afterwards. */
static void write_sentences(
	const struct fp_answer *answer, enum fp_form form, struct fp_buf *text, struct fp_buf *buf)
{
	for (int i = 0; answer->started && i <= (int)answer->last_step; i++) {
		/* A failed step's sentence is the problem's detail, which stands above. */
		if (i == (int)answer->last_step && answer->outcome != FP_OUTCOME_OK)
			break;
		fp_answer_write_step(answer, (enum fp_step)i, text);
		fp_problem_add_line(buf, "", fp_buf_str(text), form);
		fp_buf_clear(text);
	}
	for (int i = 0; i < FP_WARNING_COUNT; i++) {
		if (!fp_answer_warns(answer, (enum fp_warning)i))
			continue;
		fp_buf_add_text(text, "warning ");
		fp_buf_add_text(text, fp_warning_code((enum fp_warning)i));
		fp_buf_add_text(text, ": ");
		fp_answer_write_warning(answer, (enum fp_warning)i, text);
		fp_problem_add_line(buf, "", fp_buf_str(text), form);
		fp_buf_clear(text);
	}
}

static void write_problem(
	const struct fp_answer *answer, enum fp_form form, struct fp_buf *text, struct fp_buf *buf)
{
	fp_problem_write_text(buf, fp_problem_of(answer->outcome), fp_buf_str(&answer->detail),
		answer->nearest, answer->nearest_count, form);
	if (answer->repository)
		write_sentences(answer, form, text, buf);
}

static void write_version(struct fp_str id, struct fp_str version, struct fp_buf *buf)
{
	fp_buf_add_str(buf, version);
	fp_buf_add_char(buf, '\n');
}

static void add_xml(struct fp_buf *buf, struct fp_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		switch (text.ptr[i]) {
		case '&': fp_buf_add_text(buf, "&amp;"); break;
		case '<': fp_buf_add_text(buf, "&lt;"); break;
		case '>': fp_buf_add_text(buf, "&gt;"); break;
		case '"': fp_buf_add_text(buf, "&quot;"); break;
		default: fp_buf_add_char(buf, text.ptr[i]); break;
		}
	}
}

static void write_props(struct fp_str id, struct fp_str version, struct fp_buf *buf)
{
	fp_buf_add_text(buf,
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		"<Project xmlns=\"http://schemas.microsoft.com/developer/msbuild/2003\">\n"
		"  <PropertyGroup>\n    <PGODatabaseId>");
	add_xml(buf, id);
	fp_buf_add_text(buf, "</PGODatabaseId>\n    <PGODatabaseVersion>");
	add_xml(buf, version);
	fp_buf_add_text(buf, "</PGODatabaseVersion>\n  </PropertyGroup>\n</Project>\n");
}

/* Bare where a shell reads the bytes as they are, single-quoted elsewhere. */
static void add_shell_word(struct fp_buf *buf, struct fp_str text)
{
	bool plain = text.len > 0;

	for (size_t i = 0; i < text.len; i++)
		plain = plain && (fp_char_is_alnum(text.ptr[i]) || memchr("._+-", text.ptr[i], 4));
	if (plain) {
		fp_buf_add_str(buf, text);
		return;
	}
	fp_buf_add_char(buf, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\'')
			fp_buf_add_text(buf, "'\\''");
		else
			fp_buf_add_char(buf, text.ptr[i]);
	}
	fp_buf_add_char(buf, '\'');
}

static void write_env(struct fp_str id, struct fp_str version, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "PGO_DATABASE_ID=");
	add_shell_word(buf, id);
	fp_buf_add_text(buf, "\nPGO_DATABASE_VERSION=");
	add_shell_word(buf, version);
	fp_buf_add_char(buf, '\n');
}

/* The characters that Azure's logging commands give a meaning to. */
static void add_vso(struct fp_buf *buf, struct fp_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		switch (text.ptr[i]) {
		case '%': fp_buf_add_text(buf, "%AZP25"); break;
		case '\r': fp_buf_add_text(buf, "%0D"); break;
		case '\n': fp_buf_add_text(buf, "%0A"); break;
		case ']': fp_buf_add_text(buf, "%5D"); break;
		case ';': fp_buf_add_text(buf, "%3B"); break;
		default: fp_buf_add_char(buf, text.ptr[i]); break;
		}
	}
}

static void write_vso(struct fp_str id, struct fp_str version, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "##vso[task.setvariable variable=PGO_DATABASE_ID]");
	add_vso(buf, id);
	fp_buf_add_text(buf, "\n##vso[task.setvariable variable=PGO_DATABASE_VERSION]");
	add_vso(buf, version);
	fp_buf_add_char(buf, '\n');
}

void fp_answer_write_form(struct fp_http_context *context, const struct fp_answer *answer,
	enum fp_form form, struct fp_buf *buf)
{
	static void (*const writers[FP_FORM_COUNT])(
		struct fp_str, struct fp_str, struct fp_buf *) = {
		[FP_FORM_TEXT] = write_version,
		[FP_FORM_VERSION] = write_version,
		[FP_FORM_PROPS] = write_props,
		[FP_FORM_ENV] = write_env,
		[FP_FORM_VSO] = write_vso,
	};

	if (answer->outcome != FP_OUTCOME_OK) {
		write_problem(answer, form, &context->text, buf);
		return;
	}
	writers[form](answer->package->settings->id,
		fp_answer_version(answer, answer->selection.chosen)->row.text, buf);
	if (form == FP_FORM_TEXT)
		write_sentences(answer, form, &context->text, buf);
}
