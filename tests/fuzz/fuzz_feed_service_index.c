/* Service indexes: whatever the bytes, every URL that comes out is one that may be asked. */
#include "forkpoint/feed/service_index.h"
#include "forkpoint/feed/url.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FP_CLEANUP(fp_service_index_release) struct fp_service_index index = {0};
	if (fp_service_index_read(fp_str_n((const char *)data, size),
		    "https://feed.example/v3/index.json", &index, NULL) < 0)
		return 0;
	for (size_t i = 0; i < FP_RESOURCE_COUNT; i++)
		if (index.url[i] && (!fp_url_is_http(index.url[i]) || !index.type[i]))
			abort();
	return 0;
}
