/* Inflating, over zlib. */
#include "forkpoint/base/inflate.h"

#include <limits.h>
#include <zlib.h>

enum { WINDOW_BITS = 15, GZIP_BITS = 16 };

struct fp_inflate {
	z_stream stream;
};

struct fp_inflate *fp_inflate_new(enum fp_inflate_format format)
{
	struct fp_inflate *inflate = calloc(1, sizeof(*inflate));
	int bits = format == FP_INFLATE_GZIP ? WINDOW_BITS + GZIP_BITS : WINDOW_BITS;

	if (inflate && inflateInit2(&inflate->stream, bits) != Z_OK) {
		free(inflate);
		return NULL;
	}
	return inflate;
}

void fp_inflate_free(struct fp_inflate *inflate)
{
	if (!inflate)
		return;
	inflateEnd(&inflate->stream);
	free(inflate);
}

void fp_inflate_reset(struct fp_inflate *inflate)
{
	inflateReset(&inflate->stream);
}

static uInt at_most_uint(size_t len)
{
	return len < UINT_MAX ? (uInt)len : UINT_MAX;
}

/* One call of zlib's, whose lengths are unsigned ints. */
static int run_once(z_stream *stream, struct fp_inflate_step *step)
{
	uInt in = at_most_uint(step->in_len), out = at_most_uint(step->out_len);
	int z;

	stream->next_in = (Bytef *)(uintptr_t)step->in;
	stream->avail_in = in;
	stream->next_out = step->out;
	stream->avail_out = out;
	z = inflate(stream, Z_NO_FLUSH);
	step->in = stream->next_in;
	step->in_len -= in - stream->avail_in;
	step->out = stream->next_out;
	step->out_len -= out - stream->avail_out;
	return z;
}

int fp_inflate_run(struct fp_inflate *inflate, struct fp_inflate_step *step)
{
	int z = Z_OK;

	while (z == Z_OK && step->out_len > 0)
		z = run_once(&inflate->stream, step);
	switch (z) {
	case Z_OK:
	case Z_BUF_ERROR: return 0; /* the latter: nothing more to read */
	case Z_STREAM_END: return 1;
	case Z_MEM_ERROR: return -FP_ERROR_MEMORY;
	default: return -FP_ERROR_INVALID;
	}
}
