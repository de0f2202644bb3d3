/* Documents that real feeds and NuGet's own tests hold, read as a person would read them. Each test
 * is skipped where the documents are not at hand. */
#include "documents.h"

#include "forkpoint/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { MAX_BYTES = 16 << 20 };

struct row {
	const char *file, *expected;
};

static const struct row indexes[] = {
	/* no flat container; the SemVer 2 hive has an address of its own */
	{"artifactory-v3-index.json",
		"reg=http://localhost:8081/artifactory/api/nuget/v3/dependabot-nuget-local/"
		"registration-semver2/(RegistrationsBaseUrl/3.6.0);"
		"v2=http://localhost:8081/artifactory/api/nuget/dependabot-nuget-local"
		"(LegacyGallery/2.0.0);semver2;"},
	/* urn: ids among them */
	{"azure-v3-index.json",
		"flat=https://pkgs.dev.azure.com/dnceng/9ee6d478-d288-47f7-aacc-f6e6d082ae6d/"
		"_packaging/45bacae2-5efb-47c8-91e5-8ec20c22b4f8/nuget/v3/flat2/"
		"(PackageBaseAddress/3.0.0);"
		"reg=https://pkgs.dev.azure.com/dnceng/9ee6d478-d288-47f7-aacc-f6e6d082ae6d/"
		"_packaging/45bacae2-5efb-47c8-91e5-8ec20c22b4f8/nuget/v3/registrations2-semver2/"
		"(RegistrationsBaseUrl/3.6.0);"
		"v2=https://pkgs.dev.azure.com/dnceng/9ee6d478-d288-47f7-aacc-f6e6d082ae6d/"
		"_packaging/45bacae2-5efb-47c8-91e5-8ec20c22b4f8/nuget/v2/(LegacyGallery/2.0.0);"
		"semver2;"},
	/* only old registrations, no trailing slashes, no v2 */
	{"github-packages-v3-index.json",
		"flat=https://nuget.pkg.github.com/some-namespace/download"
		"(PackageBaseAddress/3.0.0);"
		"reg=https://nuget.pkg.github.com/some-namespace(RegistrationsBaseUrl/3.0.0-rc);"},
	/* templates beside the resources */
	{"myget-v3-index.json",
		"flat=https://www.myget.org/F/exceptionless/api/v3/flatcontainer/"
		"(PackageBaseAddress/3.0.0);"
		"reg=https://www.myget.org/F/exceptionless/api/v3/registration1/"
		"(RegistrationsBaseUrl/3.6.0);"
		"v2=https://www.myget.org/F/exceptionless/api/v2(LegacyGallery/2.0.0);semver2;"},
	{"nugetclient-IndexWithoutFlatContainer.json",
		"reg=https://api.nuget.org/v3/registration0/(RegistrationsBaseUrl/3.0.0-rc);"
		"v2=https://api.nuget.org/v2(LegacyGallery/2.0.0);"},
	{"versioned-search-v3-index.json",
		"flat=https://pkgs.dev.azure.com/dnceng/9ee6d478-d288-47f7-aacc-f6e6d082ae6d/"
		"_packaging/516521bf-6417-457e-9a9c-0a4bdfde03e7/nuget/v3/flat2/"
		"(PackageBaseAddress/3.0.0);"
		"reg=https://pkgs.dev.azure.com/dnceng/9ee6d478-d288-47f7-aacc-f6e6d082ae6d/"
		"_packaging/516521bf-6417-457e-9a9c-0a4bdfde03e7/nuget/v3/registrations2-semver2/"
		"(RegistrationsBaseUrl/3.6.0);"
		"v2=https://pkgs.dev.azure.com/dnceng/9ee6d478-d288-47f7-aacc-f6e6d082ae6d/"
		"_packaging/516521bf-6417-457e-9a9c-0a4bdfde03e7/nuget/v2/(LegacyGallery/2.0.0);"
		"semver2;"},
};

/* The document of that name under FP_SHARED/data/nuget; skips the test where there is none. */
static void read_shared(const char *name, struct fp_buf *buf)
{
	const char *shared = getenv("FP_SHARED");
	char path[1024];
	struct fp_error error;
	snprintf(path, sizeof(path), "%s/data/nuget/%s", shared ? shared : "/nowhere", name);
	fp_buf_clear(buf);
	if (fp_file_read(path, buf, &error) < 0) {
		print_message("skipped: %s\n", error.text);
		skip();
	}
}

static void check(const struct fp_buf *found, const char *expected)
{
	assert_string_equal(found->data ? found->data : "", expected);
}

static void test_indexes(void **state)
{
	FP_CLEANUP_BUF struct fp_buf text;
	fp_buf_init(&text, MAX_BYTES);
	for (size_t i = 0; i < FP_ARRAY_SIZE(indexes); i++) {
		FP_CLEANUP_BUF struct fp_buf found;
		fp_buf_init(&found, MAX_BYTES);
		print_message("%s\n", indexes[i].file);
		read_shared(indexes[i].file, &text);
		render_index(fp_buf_str(&text), "https://feed.example/v3/index.json", &found);
		check(&found, indexes[i].expected);
	}
}

static void test_flat_container(void **state)
{
	FP_CLEANUP_BUF struct fp_buf text;
	FP_CLEANUP_BUF struct fp_buf found;
	fp_buf_init(&text, MAX_BYTES);
	fp_buf_init(&found, MAX_BYTES);
	read_shared("nuget.org-flatcontainer-versions.json", &text);
	render_flat(fp_buf_str(&text), 0, &found);
	check(&found, "0.0.1-alpha ? -;1.0.0-rc2-002702 ? -;1.0.0-rc2-final ? -;1.0.0 ? -;"
		      "1.0.1-beta-000933 ? -;1.0.3 ? -;1.0.500-preview2-1-003177 ? -;"
		      "1.1.0-preview1-001100 ? -;1.1.0 ? -;1.1.1 ? -;1.1.2 ? -;"
		      "2.0.0-preview1-002111 ? -;2.0.0-preview2-25407-01 ? -;2.0.0 ? -;2.0.3 ? -;"
		      "2.0.4 ? -;2.1.0-preview1-26216-03 ? -;2.1.0-preview2-26406-04 ? -;"
		      "2.1.0-rc1 ? -;2.1.0 ? -;2.2.0-preview1-26216-03 ? -;"
		      "2.2.0-preview2-26406-04 ? -;");
}

struct package_row {
	const char *file, *package_id, *expected;
};

static const struct package_row registrations[] = {
	/* unlisted by flag and by date; casing of the full version; no page of its own */
	{"docs-ravendb-registration-page.json", "nuget.protocol.v3.example",
		"1.0.531 - -;1.0.729-Unstable - -;"
		"content=https://api.nuget.org/v3-flatcontainer/nuget.protocol.v3.example/"
		"{version-lower}/nuget.protocol.v3.example.{version-lower}.nupkg;"},
	/* two leaves whose entries are one */
	{"nugetclient-DuplicatePackageBesidesVersionRegistrationIndex.json", "afine",
		"0.0.0 + 2016-08-25;0.0.0 + 2016-08-25;"
		"content=https://api.nuget.org/packages/afine.{version-lower}.nupkg;"},
	/* no listed member anywhere: the year 1900 says it */
	{"nugetclient-OwinRegistration.json", "Owin",
		"0.5.0 - -;0.7.0 - -;0.11.0 - -;0.12.0 - -;0.14.0 - -;1.0.0 + 2012-11-13;"
		"content=https://api.nuget.org/packages/owin.{version-lower}.nupkg;"},
	{"nugetclient-UnlistedPackageARegistration.json", "UnlistedPackageA",
		"1.0.0 - -;content=https://api.nuget.org/packages/unlistedpackagea.{version-lower}"
		".nupkg;"},
	/* asked for by another id */
	{"nugetclient-UnlistedPackageARegistration.json", "Other", "foreign=1;"},
};

static void test_registrations(void **state)
{
	FP_CLEANUP_BUF struct fp_buf text;
	fp_buf_init(&text, MAX_BYTES);
	for (size_t i = 0; i < FP_ARRAY_SIZE(registrations); i++) {
		const struct package_row *row = &registrations[i];
		FP_CLEANUP_BUF struct fp_buf found;
		fp_buf_init(&found, MAX_BYTES);
		print_message("%s\n", row->file);
		read_shared(row->file, &text);
		render_registration(fp_buf_str(&text), row->package_id, 0, &found);
		check(&found, row->expected);
	}
}

static const struct package_row v2_pages[] = {
	/* a byte-order mark, nulls, two d:LastEdited */
	{"azure-v2-search.xml", "WindowsAzure.Storage",
		"6.2.0 + 2015-12-10;content=https://www.nuget.org/api/v2/package/"
		"WindowsAzure.Storage/{version-lower};"},
	/* no d:Id, four parts */
	{"nexus-v2-findpackagesbyid.xml", "PackageA",
		"1.0.0.99 + 2016-04-06;content=http://nexus:8080/nexus/service/local/nuget/"
		"nuget-public/PackageA/{version-lower};"},
	{"nuget.org-v2-notfound.xml", "Nothing", ""},
	{"v2-cyclic-next-page1.xml", "RavenDB.Client",
		"1.2.2068-Unstable + 2012-08-22;"
		"next=https://www.nuget.org/api/v2/FindPackagesById?id='ravendb.client'&$skiptoken="
		"'RavenDB.Client','2.0.2183-Unstable';"
		"content=https://www.nuget.org/api/v2/package/RavenDB.Client/{version-lower};"},
	{"v2-500-error.xml", "Nothing", "!unavailable"},
	{"v2-service-document.xml", "Nothing", "!invalid"},
	{"v2-service-document-nobase.xml", "Nothing", "!invalid"},
	/* several ids in one feed, the year 1 for every date, d:Listed decides */
	{"vsts-v2-6-delisted.xml", "V40RC3_V2Package10",
		"2.0.0 + -;foreign=5;content=https://codesharing-su1.pkgs.visualstudio.com/"
		"_packaging/224e3f52-6a96-4fef-a1c9-cb56acee9375/nuget/v2?id=v40rc3_v2package10&"
		"version={version-lower};"},
};

static void test_v2_pages(void **state)
{
	FP_CLEANUP_BUF struct fp_buf text;
	fp_buf_init(&text, MAX_BYTES);
	for (size_t i = 0; i < FP_ARRAY_SIZE(v2_pages); i++) {
		const struct package_row *row = &v2_pages[i];
		FP_CLEANUP_BUF struct fp_buf found;
		fp_buf_init(&found, MAX_BYTES);
		print_message("%s\n", row->file);
		read_shared(row->file, &text);
		render_v2(fp_buf_str(&text), row->package_id, 0, &found);
		check(&found, row->expected);
	}
}

static size_t count_of(const struct fp_buf *text, const char *part)
{
	size_t count = 0;
	for (const char *at = text->data; (at = strstr(at, part)); at += strlen(part))
		count++;
	return count;
}

/* Two pages of a hundred: eight entries of the second are unlisted by their date. */
static void test_v2_ravendb(void **state)
{
	static const struct {
		const char *file;
		size_t listed, unlisted, next;
	} rows[] = {
		{"nuget.org-v2-ravendb-page1.xml", 100, 0, 1},
		{"nuget.org-v2-ravendb-page2.xml", 92, 8, 0},
	};
	FP_CLEANUP_BUF struct fp_buf text;
	fp_buf_init(&text, MAX_BYTES);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		FP_CLEANUP_BUF struct fp_buf found;
		fp_buf_init(&found, MAX_BYTES);
		read_shared(rows[i].file, &text);
		render_v2(fp_buf_str(&text), "RavenDB.Client", 0, &found);
		print_message("%s: %.300s\n", rows[i].file, found.data);
		assert_int_equal(count_of(&found, " + "), rows[i].listed);
		assert_int_equal(count_of(&found, " - "), rows[i].unlisted);
		assert_int_equal(count_of(&found, "next="), rows[i].next);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_indexes),
		cmocka_unit_test(test_flat_container),
		cmocka_unit_test(test_registrations),
		cmocka_unit_test(test_v2_pages),
		cmocka_unit_test(test_v2_ravendb),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
