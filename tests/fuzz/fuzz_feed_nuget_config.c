/* NuGet.Config: whatever the bytes, success means a URL. */
#include "forkpoint/feed/nuget_config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *variable(void *context, const char *name)
{
	return strcmp(name, "A") == 0 ? "%A%" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fp_nuget_config_options options = {
		.source = "my feed", .folder = "/etc/nuget", .variable = variable};
	FP_CLEANUP(fp_nuget_source_release) struct fp_nuget_source source = {0};
	if (fp_nuget_config_parse(fp_str_n((const char *)data, size), &options, &source, NULL) ==
			0 &&
		!source.url)
		abort();
	return 0;
}
