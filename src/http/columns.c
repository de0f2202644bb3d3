/* Tables for people. */
#include "columns.h"

enum { CELLS_MAX_BYTES = 64 * 1024 * 1024 };

void fp_columns_init(struct fp_columns *columns, size_t count)
{
	*columns = (struct fp_columns){.count = count};
	fp_buf_init(&columns->cells, CELLS_MAX_BYTES);
}

void fp_columns_release(struct fp_columns *columns)
{
	fp_buf_release(&columns->cells);
}

void fp_columns_add(struct fp_columns *columns, struct fp_str text)
{
	fp_buf_add_str(&columns->cells, text);
}

void fp_columns_end_cell(struct fp_columns *columns)
{
	fp_buf_add_char(&columns->cells, '\0');
}

void fp_columns_cell(struct fp_columns *columns, struct fp_str text)
{
	fp_columns_add(columns, text);
	fp_columns_end_cell(columns);
}

/* Characters, not bytes: branches have names of any script. */
static size_t width_of(const char *text, size_t len)
{
	size_t width = 0;

	for (size_t i = 0; i < len; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

struct measure {
	size_t widths[FP_COLUMNS_MAX];
};

static struct measure measure(const struct fp_columns *columns)
{
	struct measure found = {{0}};
	size_t column = 0;

	for (size_t at = 0; at < columns->cells.len; column = (column + 1) % columns->count) {
		size_t len = strlen(columns->cells.data + at);
		size_t width = width_of(columns->cells.data + at, len);

		if (width > found.widths[column])
			found.widths[column] = width;
		at += len + 1;
	}
	return found;
}

static void pad(struct fp_buf *buf, size_t spaces)
{
	while (spaces-- > 0)
		fp_buf_add_char(buf, ' ');
}

void fp_columns_write(const struct fp_columns *columns, struct fp_buf *buf)
{
	struct measure found = measure(columns);
	size_t column = 0, owed = 0; /* spaces before the next text of the line */

	if (columns->cells.state != FP_BUF_OK) {
		buf->state = columns->cells.state;
		return;
	}
	for (size_t at = 0; at < columns->cells.len;) {
		size_t len = strlen(columns->cells.data + at);

		if (len) {
			pad(buf, owed);
			owed = 0;
			fp_buf_add(buf, columns->cells.data + at, len);
		}
		owed += found.widths[column] - width_of(columns->cells.data + at, len) + 2;
		at += len + 1;
		if (++column == columns->count) {
			fp_buf_add_char(buf, '\n');
			column = owed = 0;
		}
	}
}
