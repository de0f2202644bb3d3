/* Nuspec files: whatever the bytes, success means an id and a version. */
#include "forkpoint/feed/nuspec.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FP_CLEANUP_BUF struct fp_buf id;
	FP_CLEANUP_BUF struct fp_buf version;
	fp_buf_init(&id, 1024);
	fp_buf_init(&version, 1024);
	if (fp_nuspec_read(fp_str_n((const char *)data, size), &id, &version, NULL) == 0 &&
		(id.len == 0 || version.len == 0))
		abort();
	return 0;
}
