/* Files that name a package's version, of whoever can push. */
#include "forkpoint/service/pin_audit.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fp_pin_settings pins[] = {
		{.element = FP_STR_INIT("Version")},
		{.package = FP_STR_INIT("P")},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(pins); i++) {
		struct fp_buf value;

		fp_buf_init(&value, 4096);
		if (fp_pin_read(fp_str_n((const char *)data, size), &pins[i], &value, NULL) == 0 &&
			(value.len == 0 || value.len > FP_PIN_VALUE_MAX_BYTES))
			abort();
		fp_buf_release(&value);
	}
	return 0;
}
