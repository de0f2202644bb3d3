/* Real repositories in a folder of their own, made with git's own commands. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void fixture_init(struct fixture *fixture)
{
	strcpy(fixture->root, "/tmp/fp-mirror-XXXXXX");
	assert_non_null(mkdtemp(fixture->root));
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_SYSTEM", "/dev/null", 1);
	setenv("GIT_AUTHOR_NAME", "a", 1);
	setenv("GIT_AUTHOR_EMAIL", "a@example.invalid", 1);
	setenv("GIT_COMMITTER_NAME", "c", 1);
	setenv("GIT_COMMITTER_EMAIL", "c@example.invalid", 1);
	unsetenv("GIT_DIR");
}

void fixture_release(struct fixture *fixture)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", fixture->root);
	assert_int_equal(system(command), 0);
}

__attribute__((format(printf, 2, 0))) static char *script_of(
	const struct fixture *fixture, const char *format, va_list args)
{
	char *script = NULL, *whole = NULL;

	assert_true(vasprintf(&script, format, args) >= 0);
	assert_true(asprintf(&whole, "set -e; cd '%s'; %s", fixture->root, script) >= 0);
	free(script);
	return whole;
}

void fixture_run(const struct fixture *fixture, const char *format, ...)
{
	va_list args;
	char *script;

	va_start(args, format);
	script = script_of(fixture, format, args);
	va_end(args);
	if (system(script) != 0)
		fail_msg("this script failed: %s", script);
	free(script);
}

char *fixture_output(const struct fixture *fixture, const char *format, ...)
{
	size_t len = 0, size = 0;
	char *script, *text = NULL;
	va_list args;
	FILE *stream, *memory = open_memstream(&text, &size);
	int c;

	va_start(args, format);
	script = script_of(fixture, format, args);
	va_end(args);
	stream = popen(script, "re");
	assert_non_null(stream);
	while ((c = getc(stream)) != EOF)
		putc(c, memory);
	if (pclose(stream) != 0)
		fail_msg("this script failed: %s", script);
	fclose(memory);
	free(script);
	len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

const char *fixture_path(const struct fixture *fixture, const char *name)
{
	static char paths[4][160];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", fixture->root, name);
	return path;
}
