/* A subcommand from its command line to its exit code. */
#include "transfer.h"

#include "forkpoint/base/file.h"
#include "forkpoint/base/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX_BYTES = 4096, TEXT_MAX_BYTES = 1024 * 1024, TIMEOUT_DEFAULT_S = 90 };

static const char default_server[] = "http://127.0.0.1:7878";

/* What an environment variable says; NULL when it is empty, too. */
static const char *from_environment(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/* ---- where to ask ---- */

static int read_server(const struct fp_call *call, struct fp_buf *server, struct fp_error *error)
{
	const char *url = call->values[FP_OPTION_SERVER];
	struct fp_str text;

	if (!url)
		url = from_environment("FORKPOINT_SERVER");
	text = fp_str(url ? url : default_server);
	if ((!fp_str_starts_with(text, "http://") && !fp_str_starts_with(text, "https://")) ||
		memchr(text.ptr, '?', text.len) || memchr(text.ptr, '#', text.len))
		return fp_error_set(error, FP_ERROR_INVALID,
			"the server \"%s\" is no http:// or https:// address", text.ptr);
	while (fp_str_ends_with(text, "/"))
		text.len--;
	fp_buf_add_str(server, text);
	return fp_buf_check(server, error);
}

/* Tokens go into a header: one line, without what would end it. */
static int check_token(struct fp_buf *token, struct fp_error *error)
{
	struct fp_str text = fp_str_trim(fp_buf_str(token));

	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] <= 0x20 || (unsigned char)text.ptr[i] >= 0x7f)
			return fp_error_set(error, FP_ERROR_INVALID,
				"the token is one word of printable ASCII; this one is not");
	if (text.len == 0)
		return fp_error_set(error, FP_ERROR_INVALID, "the token is empty");
	memmove(token->data, text.ptr, text.len);
	token->data[text.len] = '\0';
	token->len = text.len;
	return 0;
}

/* *token stays empty when there is none. */
static int read_token(const struct fp_call *call, struct fp_buf *token, struct fp_error *error)
{
	const char *file = call->values[FP_OPTION_TOKEN_FILE];
	const char *given = from_environment("FORKPOINT_TOKEN");
	int r = 0;

	if (file)
		r = fp_file_read(file, token, error);
	else if (given)
		fp_buf_add_text(token, given);
	else
		return 0;
	if (r == 0)
		r = fp_buf_check(token, error);
	return r < 0 ? r : check_token(token, error);
}

static int read_timeout(const struct fp_call *call, long *timeout_s, struct fp_error *error)
{
	const char *text = call->values[FP_OPTION_TIMEOUT];
	uint64_t seconds = TIMEOUT_DEFAULT_S;

	if (text && !fp_parse_u64(fp_str(text), 1, 3600, &seconds))
		return fp_error_set(error, FP_ERROR_INVALID,
			"option --timeout takes a number of seconds from 1 to 3600");
	*timeout_s = (long)seconds;
	return 0;
}

/* ---- what came back ---- */

/* The server's codes that are no fault of the question. */
static bool is_trouble(const struct fp_heard *heard)
{
	return heard->status >= 500 || heard->status == 429 || heard->problem[0] == '\0';
}

static int exit_code_of(const struct fp_heard *heard)
{
	if (heard->status >= 200 && heard->status < 300)
		return FP_CLIENT_ANSWER;
	if (strcmp(heard->problem, "no-database") == 0)
		return FP_CLIENT_NO_DATABASE;
	return is_trouble(heard) ? FP_CLIENT_TROUBLE : FP_CLIENT_WRONG_USE;
}

static int print(const struct fp_call *call, const struct fp_transfer_options *options,
	const struct fp_heard *heard)
{
	int code = exit_code_of(heard);
	bool to_output = code == FP_CLIENT_ANSWER || call->values[FP_OPTION_JSON];
	FILE *stream = to_output ? stdout : stderr;
	size_t written = 0;

	if (code == FP_CLIENT_TROUBLE && heard->problem[0] == '\0') {
		fprintf(stderr,
			"forkpoint: %s answers %ld, and not as a Forkpoint does; is the address "
			"right?\n",
			options->server, heard->status);
		return code;
	}
	if (heard->status == 401 && !options->token)
		fputs("forkpoint: give the token by --token-file FILE or in FORKPOINT_TOKEN\n",
			stderr);
	if (heard->body.len)
		written = fwrite(heard->body.data, 1, heard->body.len, stream);
	if (written == heard->body.len && fflush(stream) == 0)
		return code;
	fputs("forkpoint: the answer cannot be written\n", stderr);
	return FP_CLIENT_TROUBLE;
}

/* ---- running ---- */

static int say(const struct fp_error *error)
{
	fprintf(stderr, "forkpoint: %s\n", error->text);
	return error->code == FP_ERROR_INVALID ? FP_CLIENT_WRONG_USE : FP_CLIENT_TROUBLE;
}

static int ask(const struct fp_call *call, const struct fp_transfer_options *options)
{
	FP_CLEANUP(fp_heard_release) struct fp_heard heard;
	FP_CLEANUP(fp_wish_release) struct fp_wish wish;
	struct fp_error error;
	int r;

	fp_heard_init(&heard);
	fp_wish_init(&wish);
	r = fp_call_wish(call, &wish, &error);
	if (r == 0)
		r = fp_transfer_run(options, &wish, &heard, &error);
	return r < 0 ? say(&error) : print(call, options, &heard);
}

int fp_client_print_usage(const struct fp_client_command *command)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};

	fp_buf_init(&text, TEXT_MAX_BYTES);
	fp_client_write_usage(command, &text);
	fputs(text.data ? text.data : "", stdout);
	return FP_CLIENT_ANSWER;
}

int fp_client_run(const struct fp_client_command *command, int count, char **arguments)
{
	struct fp_buf FP_CLEANUP_BUF server = {0}, FP_CLEANUP_BUF token = {0};
	struct fp_transfer_options options = {0};
	struct fp_error error;
	struct fp_call call;
	int r = fp_call_read(command, count, arguments, &call, &error);

	fp_buf_init(&server, TEXT_MAX_BYTES);
	fp_buf_init(&token, TOKEN_MAX_BYTES);
	if (r == 0 && call.values[FP_OPTION_HELP])
		return fp_client_print_usage(command);
	if (r == 0)
		r = read_server(&call, &server, &error);
	if (r == 0)
		r = read_token(&call, &token, &error);
	if (r == 0)
		r = read_timeout(&call, &options.timeout_s, &error);
	if (r < 0) {
		error.code =
			FP_ERROR_INVALID; /* an unreadable token file too is its user's to mend */
		say(&error);
		fprintf(stderr, "forkpoint: \"forkpoint %s --help\" shows its use\n",
			command->name);
		return FP_CLIENT_WRONG_USE;
	}
	options.server = server.data;
	options.token = token.len ? token.data : NULL;
	return ask(&call, &options);
}
