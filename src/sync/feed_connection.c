/* From a feed's settings and secrets to a feed that can be looked at. */
#include "forkpoint/sync/feed_connection.h"

#include "forkpoint/config/secret.h"

#include <string.h>

enum { SECRET_MAX_BYTES = 64 * 1024 };

static void fill_options(struct fp_feed_connection *connection, const struct fp_config_feed *config,
	const atomic_bool *cancelled)
{
	static const enum fp_feed_kind kinds[] = {
		[FP_FEED_PROTOCOL_AUTO] = FP_FEED_AUTO,
		[FP_FEED_PROTOCOL_V3] = FP_FEED_V3,
		[FP_FEED_PROTOCOL_V2] = FP_FEED_V2,
		[FP_FEED_PROTOCOL_FOLDER] = FP_FEED_FOLDER,
	};
	const struct fp_nuget_source *nuget = &connection->nuget;

	connection->options = (struct fp_feed_options){
		.name = config->name,
		.url = nuget->url ? nuget->url : config->url,
		.kind = kinds[config->protocol],
		.username = nuget->url ? nuget->username : config->username,
		.password = nuget->url		       ? nuget->password
			    : connection->password.len ? connection->password.data
						       : NULL,
		.ca_file = config->ca_file,
		.proxy = config->proxy,
		.connect_timeout_us = config->connect_timeout_us,
		.first_byte_timeout_us = config->first_byte_timeout_us,
		.stall_timeout_us = config->stall_timeout_us,
		.total_timeout_us = config->total_timeout_us,
		.max_document_bytes = config->max_document_bytes,
		.max_versions = config->max_versions,
		.max_pages = config->max_pages,
		.max_depth = config->max_depth,
		.cancelled = cancelled,
	};
}

int fp_feed_connection_open(struct fp_feed_connection *connection,
	const struct fp_config_feed *config, const atomic_bool *cancelled, struct fp_error *error)
{
	int r = 0;

	if (connection->feed)
		return 0;
	fp_feed_connection_close(connection);
	fp_buf_init(&connection->password, SECRET_MAX_BYTES);
	if (config->nuget_config_file)
		r = fp_nuget_config_read(config->nuget_config_file, config->nuget_config_source,
			&connection->nuget, error);
	else if (config->password.env || config->password.file)
		r = fp_config_secret_read(&config->password, &connection->password, error);
	if (r < 0)
		return r;
	fill_options(connection, config, cancelled);
	return fp_feed_new(&connection->options, &connection->feed, error);
}

void fp_feed_connection_close(struct fp_feed_connection *connection)
{
	fp_feed_free(connection->feed);
	if (connection->password.data)
		explicit_bzero(connection->password.data, connection->password.capacity);
	fp_buf_release(&connection->password);
	fp_nuget_source_release(&connection->nuget);
	*connection = (struct fp_feed_connection){0};
}
