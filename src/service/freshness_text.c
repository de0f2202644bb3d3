/* Freshness in sentences. */
#include "forkpoint/service/freshness.h"

#include "forkpoint/base/time.h"

#define MINUTE_US (60 * FP_US_PER_S)

static void write_hole(const struct fp_freshness_row *row, struct fp_buf *buf)
{
	char hex[FP_OID_HEX + 1], since[FP_TIME_TEXT_MAX];

	fp_buf_add_text(buf, "no database of this release");
	if (row->hole_commit == FP_NO_COMMIT)
		return;
	fp_oid_format(fp_graph_oid(&row->repository->branches->view, row->hole_commit), hex);
	fp_time_format_us(row->hole_since_us, since);
	fp_buf_addf(buf, " since %s (%.12s, %u commit%s)", since, hex, row->hole_commits,
		row->hole_commits == 1 ? "" : "s");
	if (!row->bumped)
		return;
	fp_buf_add_text(buf, ", where the release was raised from ");
	fp_release_write(&row->bumped_from, buf);
}

static void write_age(const struct fp_freshness_row *row, struct fp_buf *buf)
{
	fp_time_add_span(buf, row->age_us);
	fp_buf_add_text(buf, " old");
	if (row->age_commits >= 0)
		fp_buf_addf(buf, ", %lld commit%s behind the tip", (long long)row->age_commits,
			row->age_commits == 1 ? "" : "s");
}

void fp_freshness_write(const struct fp_freshness_row *row, struct fp_buf *buf)
{
	if (row->hole)
		write_hole(row, buf);
	else if (row->version != FP_SELECT_NO_VERSION)
		write_age(row, buf);
	else
		fp_buf_add_text(buf, fp_outcome_code(row->outcome));
	if (!row->silent)
		return;
	fp_buf_add_text(buf, "; training has been silent for ");
	fp_time_add_span(buf, row->silent_minutes * MINUTE_US);
	fp_buf_add_text(buf, ", usual are at most ");
	fp_time_add_span(buf, row->rhythm.usual_minutes * MINUTE_US);
}
