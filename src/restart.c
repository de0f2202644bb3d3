/* What a configuration that is read again cannot change. */
#include "restart.h"

#include <string.h>

bool fp_config_needs_restart(const struct fp_config *old, const struct fp_config *new)
{
	if (strcmp(old->data_dir, new->data_dir) != 0 || old->listen_count != new->listen_count)
		return true;
	for (size_t i = 0; i < old->listen_count; i++)
		if (strcmp(old->listen[i].text, new->listen[i].text) != 0)
			return true;
	if (!old->http_allow_origin != !new->http_allow_origin ||
		(old->http_allow_origin &&
			strcmp(old->http_allow_origin, new->http_allow_origin) != 0))
		return true;
	return old->http_threads != new->http_threads ||
	       old->http_max_connections != new->http_max_connections ||
	       old->history_journal_bytes != new->history_journal_bytes ||
	       old->history_durability != new->history_durability ||
	       old->history_when_full != new->history_when_full;
}
