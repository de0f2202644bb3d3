/* Decisions: what is in force after which change, what they take out of a package, and the audit.
 */
#include "fixture.h"

#include "../service/world.h"

#include "forkpoint/base/time.h"
#include "forkpoint/store/audit.h"

#define STR FP_STR_LITERAL

static const struct fp_audit_entry entry = {
	.who = FP_STR_INIT("oncall"),
	.client = FP_STR_INIT("192.0.2.7"),
	.request_id = FP_STR_INIT("r1"),
	.action = FP_STR_INIT("quarantine.set"),
	.subject = FP_STR_INIT("winui/1.0"),
	.detail = FP_STR_INIT("{\"a\":1}"),
};

static struct fp_override decision(enum fp_override_kind kind, const char *branch,
	const char *version, const char *first, const char *last)
{
	return (struct fp_override){
		.kind = kind,
		.repo = STR("winui"),
		.package = STR("MUX"),
		.branch = fp_str(branch),
		.version = fp_str(version),
		.first_stamp = fp_str(first),
		.last_stamp = fp_str(last),
		.reason = STR("it is slow"),
		.owner = STR("ann"),
		.set_by = STR("oncall"),
		.expires_us = -1,
	};
}

static struct fp_override quarantine(const char *version)
{
	return decision(FP_OVERRIDE_QUARANTINE, "", version, "", "");
}

static struct fp_override stamps(const char *first, const char *last)
{
	return decision(FP_OVERRIDE_QUARANTINE, "", "", first, last);
}

static struct fp_override pin(const char *branch, const char *version)
{
	return decision(FP_OVERRIDE_PIN, branch, version, "", "");
}

static int64_t set(struct fixture *fixture, struct fp_override override, int64_t now_us)
{
	int64_t id = 0;

	assert_ok(fixture, fp_store_set_override(fixture->store, &override, &entry, now_us, &id,
				   &fixture->error));
	assert_true(id > 0);
	return id;
}

/* What is in force at the revision, as "1.0 main=2.0 2001-2002", oldest first. */
static void assert_in_force(struct fixture *fixture, int64_t revision, const char *expected)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};
	struct fp_overrides *overrides;

	fp_buf_init(&text, 4096);
	assert_ok(fixture,
		fp_store_load_overrides(fixture->store, revision, &overrides, &fixture->error));
	if (revision >= 0)
		assert_int_equal(overrides->revision, revision);
	for (size_t i = 0; i < overrides->count; i++) {
		const struct fp_override *item = &overrides->items[i];

		fp_buf_add_text(&text, i ? " " : "");
		if (item->kind == FP_OVERRIDE_PIN)
			fp_buf_addf(&text, "%.*s=", FP_STR_ARG(item->branch));
		if (item->version.len)
			fp_buf_add_str(&text, item->version);
		else
			fp_buf_addf(&text, "%.*s-%.*s", FP_STR_ARG(item->first_stamp),
				FP_STR_ARG(item->last_stamp));
	}
	fp_overrides_unref(overrides);
	assert_string_equal(text.data ? text.data : "", expected);
}

static void knows_every_moment(void **state)
{
	struct fixture *fixture = *state;
	struct fp_override gone = quarantine("1.0.0-A"), never = pin("other", "");

	assert_in_force(fixture, -1, "");
	set(fixture, quarantine("1.0.0-a"), 100);	       /* revision 1 */
	set(fixture, pin("main", "1.0.0-a"), 200);	       /* 2 */
	set(fixture, pin("main", "2.0"), 300);		       /* 3: in the place of 2 */
	set(fixture, stamps("2001010000", "2001022359"), 400); /* 4 */
	set(fixture, quarantine("1.0.0-a"), 500);	       /* 5: in the place of 1 */
	assert_code(fixture, 0,
		fp_store_end_override(fixture->store, &gone, &entry, 600, &fixture->error)); /* 6 */
	/* twice, and what never was: nothing changes */
	assert_code(fixture, 1,
		fp_store_end_override(fixture->store, &gone, &entry, 700, &fixture->error));
	assert_code(fixture, 1,
		fp_store_end_override(fixture->store, &never, &entry, 700, &fixture->error));

	assert_in_force(fixture, 0, "");
	assert_in_force(fixture, 1, "1.0.0-a");
	assert_in_force(fixture, 2, "1.0.0-a main=1.0.0-a");
	assert_in_force(fixture, 3, "1.0.0-a main=2.0");
	assert_in_force(fixture, 4, "1.0.0-a main=2.0 2001010000-2001022359");
	assert_in_force(fixture, 5, "main=2.0 2001010000-2001022359 1.0.0-a");
	assert_in_force(fixture, 6, "main=2.0 2001010000-2001022359");
	assert_in_force(fixture, -1, "main=2.0 2001010000-2001022359");
	/* five settings and one end */
	assert_int_equal(fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM audit"), 6);
}

struct listed {
	struct fp_buf text;
	size_t count;
};

static int add_audit(void *context, const struct fp_audit_entry *row)
{
	struct listed *listed = context;

	fp_buf_addf(&listed->text, "%lld %.*s %.*s %.*s %.*s %.*s\n", (long long)row->at_us,
		FP_STR_ARG(row->who), FP_STR_ARG(row->client), FP_STR_ARG(row->action),
		FP_STR_ARG(row->subject), FP_STR_ARG(row->detail));
	listed->count++;
	return 0;
}

static void ends_what_expires(void **state)
{
	struct fixture *fixture = *state;
	struct fp_override soon = quarantine("1.0"), later = pin("release/1", "2.0");
	struct fp_override range = stamps("2001010000", "2001022359");
	struct listed listed = {0};
	struct fp_overrides *overrides;

	soon.expires_us = 1000;
	range.expires_us = 2000;
	later.expires_us = 2000;
	set(fixture, later, 100);
	set(fixture, range, 100);
	set(fixture, soon, 100);
	set(fixture, quarantine("3.0"), 100);
	assert_ok(
		fixture, fp_store_load_overrides(fixture->store, -1, &overrides, &fixture->error));
	assert_int_equal(overrides->next_expiry_us, 1000);
	fp_overrides_unref(overrides);

	assert_code(fixture, 0, fp_store_expire_overrides(fixture->store, 999, &fixture->error));
	assert_code(fixture, 1, fp_store_expire_overrides(fixture->store, 1000, &fixture->error));
	assert_in_force(fixture, -1, "release/1=2.0 2001010000-2001022359 3.0");
	assert_code(fixture, 2, fp_store_expire_overrides(fixture->store, 5000, &fixture->error));
	assert_in_force(fixture, -1, "3.0");
	assert_in_force(fixture, 5, "release/1=2.0 2001010000-2001022359 3.0");
	assert_code(fixture, 0, fp_store_expire_overrides(fixture->store, 5000, &fixture->error));
	assert_int_equal(fixture_sql_number(fixture, "facts.db",
				 "SELECT count(*) FROM overrides WHERE ended_by = 'expiry'"),
		3);

	fp_buf_init(&listed.text, 4096);
	assert_ok(fixture,
		fp_store_list_audit(fixture->store, 0, 3, add_audit, &listed, &fixture->error));
	assert_string_equal(listed.text.data,
		"5000 expiry  quarantine.end winui/stamps:2001010000-2001022359 {\"id\":2}\n"
		"5000 expiry  pin.end winui/release/1 {\"id\":1}\n"
		"1000 expiry  quarantine.end winui/1.0 {\"id\":3}\n");
	fp_buf_release(&listed.text);
}

static int add_id(void *context, const struct fp_override *override)
{
	fp_buf_addf(
		context, "%lld%s ", (long long) override->id, override->ended_us < 0 ? "" : "*");
	return 0;
}

static void lists_newest_first(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		enum fp_override_kind kind;
		const char *repo;
		bool in_force;
		int64_t before;
		unsigned limit;
		const char *ids;
	} rows[] = {
		{FP_OVERRIDE_QUARANTINE, "", false, 0, 10, "4 3 1* "},
		{FP_OVERRIDE_QUARANTINE, "", true, 0, 10, "4 3 "},
		{FP_OVERRIDE_QUARANTINE, "winui", false, 0, 10, "3 1* "},
		{FP_OVERRIDE_QUARANTINE, "other", false, 0, 10, "4 "},
		{FP_OVERRIDE_QUARANTINE, "none", false, 0, 10, ""},
		{FP_OVERRIDE_QUARANTINE, "", false, 0, 2, "4 3 "},
		{FP_OVERRIDE_QUARANTINE, "", false, 3, 2, "1* "},
		{FP_OVERRIDE_PIN, "", false, 0, 10, "2 "},
	};
	struct fp_override other = quarantine("9.0");

	other.repo = STR("other");
	set(fixture, quarantine("1.0"), 100);
	set(fixture, pin("main", "1.0"), 200);
	set(fixture, quarantine("1.0"), 300);
	set(fixture, other, 400);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_buf FP_CLEANUP_BUF ids = {0};

		fp_buf_init(&ids, 256);
		assert_ok(fixture, fp_store_list_overrides(fixture->store, rows[i].kind,
					   fp_str(rows[i].repo), rows[i].in_force, rows[i].before,
					   rows[i].limit, add_id, &ids, &fixture->error));
		assert_string_equal(ids.data ? ids.data : "", rows[i].ids);
	}
}

/* There may be so many at one time; who replaces one needs no room of his own. */
static void has_a_maximum(void **state)
{
	struct fixture *fixture = *state;
	struct fp_override one_more = quarantine("more");
	int64_t id = 7;

	fixture_sql(fixture, "facts.db",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
		" INSERT INTO overrides (kind, repo, package, branch, version, reason, owner,"
		" set_us, set_by, set_revision)"
		" SELECT 1, 'winui', 'MUX', '', 'v' || i, '', '', 1, '', i FROM n");
	assert_code(fixture, -FP_ERROR_LIMIT,
		fp_store_set_override(fixture->store, &one_more, &entry, 5, &id, &fixture->error));
	assert_int_equal(id, 7);
	assert_non_null(strstr(fixture->error.text, "1000"));
	set(fixture, quarantine("v500"), 6);
	assert_int_equal(fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM audit"), 1);
}

static void takes_deliveries_once(void **state)
{
	static const struct {
		const char *delivery;
		int64_t at_us;
		int code;
	} rows[] = {
		{"github:1", 100 * 24 * 3600 * FP_US_PER_S, 0},
		{"github:1", 101 * 24 * 3600 * FP_US_PER_S, 1},
		{"gitea:1", 101 * 24 * 3600 * FP_US_PER_S, 0},	/* another sender's */
		{"github:1", 108 * 24 * 3600 * FP_US_PER_S, 0}, /* forgotten */
		{"github:1", 108 * 24 * 3600 * FP_US_PER_S, 1},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		assert_code(fixture, rows[i].code,
			fp_store_note_delivery(fixture->store, fp_str(rows[i].delivery),
				rows[i].at_us, &fixture->error));
}

/* ---- catalogs ---- */

static enum fp_grammar grammars[] = {FP_GRAMMAR_PATCH_STAMP, FP_GRAMMAR_PRERELEASE_STAMP};
static const struct fp_package_settings package = {.id = FP_STR_INIT("MUX"),
	.feed = FP_STR_INIT("f"),
	.grammars = grammars,
	.grammar_count = 2};

static void assert_quarantined(
	const struct fp_package_state *state, const char *const *versions, const char *expected)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};

	fp_buf_init(&text, 64);
	for (size_t i = 0; versions[i]; i++) {
		const struct fp_catalog_version *version =
			fp_catalog_find(state->catalog, fp_str(versions[i]));

		assert_non_null(version);
		fp_buf_add_char(&text, version->row.quarantined ? 'q' : '.');
		/* what no grammar takes is nothing else first */
		assert_int_equal(version->standing == FP_REJECTION_QUARANTINED,
			version->row.quarantined && version->decoded.grammar != FP_GRAMMAR_NONE);
	}
	assert_string_equal(text.data, expected);
}

static void takes_versions_out(void **state)
{
	struct fixture *fixture = *state;
	static const char *const versions[] = {"2.4.2001312028-main", "2.4.2001312205-main",
		"2.4.2001312205-release_2_4", "2.4.0-2001312227-main", "2.4.2002010411-main",
		"3.0.2201010000-main", NULL};
	static const struct {
		const char *version, *first, *last; /* a quarantine, beside those before it */
		const char *quarantined;
	} rows[] = {
		{"2.4.2001312028-main", "", "", "q....."},
		/* one version to NuGet, whatever its case and zeroes */
		{"2.04.2001312205-MAIN", "", "", "qq...."},
		{"2.4.0.0-2001312227-main", "", "", "qq.q.."},
		/* both ends count, and every grammar and branch */
		{"", "2001312205", "2001312227", "qqqq.."},
		{"", "2002010412", "2002020000", "qqqq.."},
		{"9.9", "", "", "qqqq.."},
		/* what is no version to NuGet is itself, whatever its case; nothing else is */
		{"no version", "", "", "qqqq.."},
		{"3.0.2201010000-MAIN", "", "", "qqqq.q"},
	};
	const struct world_version own[] = {{.text = versions[0]}, {.text = versions[1]},
		{.text = versions[2]}, {.text = versions[3]}, {.text = versions[4]},
		{.text = versions[5]}};
	struct fp_version_rows version_rows = world_rows(own, FP_ARRAY_SIZE(own));
	struct fp_package_state *made =
		fp_package_state_new(&package, &version_rows, NULL, 3, NULL);
	struct fp_package_state *last = made, *next;
	struct fp_overrides *overrides;

	assert_non_null(made);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		set(fixture,
			rows[i].version[0] ? quarantine(rows[i].version)
					   : stamps(rows[i].first, rows[i].last),
			100);
		assert_ok(fixture,
			fp_store_load_overrides(fixture->store, -1, &overrides, &fixture->error));
		next = fp_package_state_under(last, &package, STR("winui"), overrides);
		assert_non_null(next);
		assert_quarantined(next, versions, rows[i].quarantined);
		fp_package_state_unref(last);
		last = next;
		/* nobody else's */
		next = fp_package_state_under(last, &package, STR("other"), overrides);
		assert_quarantined(next, versions, "......");
		fp_package_state_unref(next);
		fp_overrides_unref(overrides);
	}
	/* all of them end */
	next = fp_package_state_under(last, &package, STR("winui"), NULL);
	assert_quarantined(next, versions, "......");
	fp_package_state_unref(next);
	fp_package_state_unref(last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			knows_every_moment, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(ends_what_expires, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			lists_newest_first, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(has_a_maximum, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			takes_deliveries_once, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			takes_versions_out, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
