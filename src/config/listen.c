/* The addresses that HTTP is served on: one, or a list. */
#include "reading.h"

#include "forkpoint/base/number.h"

#include <arpa/inet.h>

static bool is_address(const char *text, bool in_brackets)
{
	unsigned char room[sizeof(struct in6_addr)];

	return inet_pton(in_brackets ? AF_INET6 : AF_INET, text, room) == 1;
}

/* `127.0.0.1:7878`, `[::1]:7878`: brackets are for IPv6, and only for it. */
static bool parse_listen(
	struct fp_reading *reading, struct fp_str text, struct fp_config_listen *listen)
{
	const char *colon = memrchr(text.ptr, ':', text.len);
	struct fp_str address = fp_str_n(text.ptr, colon ? (size_t)(colon - text.ptr) : 0);
	bool in_brackets =
		address.len > 2 && address.ptr[0] == '[' && address.ptr[address.len - 1] == ']';
	uint64_t port;

	if (!colon ||
		!fp_parse_u64(fp_str_n(colon + 1, text.len - address.len - 1), 0, 65535, &port))
		return false;
	if (in_brackets)
		address = fp_str_n(address.ptr + 1, address.len - 2);
	listen->text = fp_reading_copy(reading, text);
	listen->address = fp_reading_copy(reading, address);
	listen->port = (uint16_t)port;
	return listen->address && is_address(listen->address, in_brackets);
}

/* Port 0 is a free port each time. */
static bool is_taken(const struct fp_config *config, const struct fp_config_listen *listen)
{
	for (size_t i = 0; i < config->listen_count; i++)
		if (listen->port && listen->port == config->listen[i].port &&
			strcmp(listen->address, config->listen[i].address) == 0)
			return true;
	return false;
}

static void release_one(struct fp_config_listen *listen)
{
	free(listen->text);
	free(listen->address);
}

/* Takes over a good one. */
static bool keep_listen(struct fp_reading *reading, const struct fp_json_value *value,
	const struct fp_config_listen *listen)
{
	struct fp_config *config = reading->config;

	if (is_taken(config, listen)) {
		fp_reading_problem(reading, value, "the address stands in the list already");
		return false;
	}
	config->listen[config->listen_count++] = *listen;
	return true;
}

static void add_listen(struct fp_reading *reading, const struct fp_json_value *value)
{
	struct fp_config_listen listen = {0};

	if (value->type == FP_JSON_STRING && parse_listen(reading, value->text, &listen)) {
		if (keep_listen(reading, value, &listen))
			return;
	} else if (!reading->no_memory) {
		fp_reading_problem(reading, value,
			"takes ADDRESS:PORT with a numeric address, such as 127.0.0.1:7878 or "
			"[::1]:7878");
	}
	release_one(&listen);
}

void fp_release_listen(void *base)
{
	struct fp_config *config = base;

	for (size_t i = 0; i < config->listen_count; i++)
		release_one(&config->listen[i]);
	free(config->listen);
	config->listen = NULL;
	config->listen_count = 0;
}

void fp_read_listen(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *base)
{
	struct fp_config *config = base;
	bool list = value->type == FP_JSON_ARRAY;
	size_t at = 0;

	if (list && !fp_reading_is_list(reading, setting, value))
		return;
	fp_release_listen(config);
	config->listen = fp_reading_array(reading, value->count, sizeof(*config->listen));
	if (!config->listen)
		return;
	if (!list)
		add_listen(reading, value);
	for (const struct fp_json_value *item = list ? value->first : NULL; item;
		item = item->next) {
		size_t mark = fp_reading_enter_index(reading, at++);

		add_listen(reading, item);
		fp_reading_leave(reading, mark);
	}
}

void fp_print_listen(struct fp_json *json, const void *base)
{
	const struct fp_config *config = base;

	fp_json_array_begin(json);
	for (size_t i = 0; i < config->listen_count; i++)
		fp_json_text(json, config->listen[i].text);
	fp_json_array_end(json);
}
