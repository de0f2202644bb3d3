/* The machine that knows where JSON tokens start. */
#include "json_position.h"

#include "forkpoint/base/str.h"

void fp_json_position_init(struct fp_json_position *position)
{
	*position = (struct fp_json_position){
		.line = 1, .column = 1, .token_line = 1, .token_column = 1};
}

static void start_token(struct fp_json_position *position, enum fp_json_place place)
{
	position->place = place;
	position->token_line = position->line;
	position->token_column = position->column;
	position->token_bytes = 0;
	if (place == FP_JSON_IN_STRING)
		position->high_pending = position->half_pair = false;
}

static void step_between(struct fp_json_position *position, char c)
{
	switch (c) {
	case ' ':
	case '\t':
	case '\r':
	case '\n': position->place = FP_JSON_BETWEEN; break;
	case '\v':
	case '\f':
		start_token(position, FP_JSON_BETWEEN);
		position->foreign_space = true;
		break;
	case '{':
	case '}':
	case '[':
	case ']':
	case ',':
	case ':': start_token(position, FP_JSON_BETWEEN); break;
	case '"': start_token(position, FP_JSON_IN_STRING); break;
	case '/': start_token(position, FP_JSON_IN_SLASH); break;
	default: start_token(position, FP_JSON_IN_WORD); break;
	}
}

static bool ends_word(char c)
{
	return strchr(" \t\r\n\v\f{}[],:\"/", c) != NULL && c != '\0';
}

static void end_pending_pair(struct fp_json_position *position)
{
	position->half_pair |= position->high_pending;
	position->high_pending = false;
}

static void step_string(struct fp_json_position *position, char c)
{
	if (c == '\\') {
		position->place = FP_JSON_IN_ESCAPE;
		return;
	}
	end_pending_pair(position);
	if (c == '"')
		position->place = FP_JSON_BETWEEN;
}

static void step_escape(struct fp_json_position *position, char c)
{
	if (c == 'u') {
		position->place = FP_JSON_IN_HEX;
		position->escape = position->escape_digits = 0;
		return;
	}
	end_pending_pair(position);
	position->place = FP_JSON_IN_STRING;
}

static void step_hex(struct fp_json_position *position, char c)
{
	int digit = fp_char_hex_value(c);

	position->escape = position->escape << 4 | (unsigned)(digit < 0 ? 0 : digit);
	if (++position->escape_digits < 4)
		return;
	position->place = FP_JSON_IN_STRING;
	if ((position->escape & 0xfc00) == 0xdc00 && position->high_pending) {
		position->high_pending = false; /* a whole pair */
		return;
	}
	end_pending_pair(position);
	position->high_pending = (position->escape & 0xfc00) == 0xd800;
	position->half_pair |= (position->escape & 0xfc00) == 0xdc00;
}

static void step_slash(struct fp_json_position *position, char c)
{
	position->place = c == '*'   ? FP_JSON_IN_BLOCK_COMMENT
			  : c == '/' ? FP_JSON_IN_LINE_COMMENT
				     : FP_JSON_IN_WORD;
}

static void step_block_comment(struct fp_json_position *position, char c)
{
	bool after_star = position->place == FP_JSON_IN_BLOCK_STAR;

	position->place = c == '*'		   ? FP_JSON_IN_BLOCK_STAR
			  : after_star && c == '/' ? FP_JSON_BETWEEN
						   : FP_JSON_IN_BLOCK_COMMENT;
}

static void step(struct fp_json_position *position, char c)
{
	if (position->place == FP_JSON_IN_WORD && ends_word(c))
		position->place = FP_JSON_BETWEEN;
	switch (position->place) {
	case FP_JSON_IN_WORD: break;
	case FP_JSON_BETWEEN: step_between(position, c); break;
	case FP_JSON_IN_STRING: step_string(position, c); break;
	case FP_JSON_IN_ESCAPE: step_escape(position, c); break;
	case FP_JSON_IN_HEX: step_hex(position, c); break;
	case FP_JSON_IN_SLASH: step_slash(position, c); break;
	case FP_JSON_IN_LINE_COMMENT:
		if (c == '\n')
			position->place = FP_JSON_BETWEEN;
		break;
	case FP_JSON_IN_BLOCK_COMMENT:
	case FP_JSON_IN_BLOCK_STAR: step_block_comment(position, c); break;
	}
}

/* How many bytes from the start of `data` stand in the middle of a string: they move nothing but
 * the column. */
static size_t plain_run(const struct fp_json_position *position, const char *data, size_t len)
{
	size_t run = 0;

	if (position->place != FP_JSON_IN_STRING || position->high_pending)
		return 0;
	while (run < len && data[run] != '"' && data[run] != '\\' && data[run] != '\n')
		run++;
	return run;
}

void fp_json_position_walk(struct fp_json_position *position, const char *data, size_t len)
{
	for (size_t i = 0; i < len && !position->foreign_space;) {
		size_t run = plain_run(position, data + i, len - i);

		if (run == 0) {
			step(position, data[i]);
			run = 1;
		}
		position->token_bytes += run;
		position->column += (unsigned)run;
		if (data[i] == '\n') {
			position->line++;
			position->column = 1;
		}
		i += run;
	}
}
