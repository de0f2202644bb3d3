/* Version files and PowerShell scripts of whoever can push. */
#include "forkpoint/mirror/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"M", "N", "VersionMajor"};
	struct fp_str text = fp_str_n((const char *)data, size);
	struct fp_buf values[FP_ARRAY_SIZE(names)], value;

	for (size_t i = 0; i < FP_ARRAY_SIZE(names); i++)
		fp_buf_init(&values[i], 1024);
	fp_source_xml_values(text, names, FP_ARRAY_SIZE(names), values, NULL);
	for (size_t i = 0; i < FP_ARRAY_SIZE(names); i++)
		fp_buf_release(&values[i]);
	fp_buf_init(&value, 1024);
	fp_source_powershell_value(text, "pgoBranch", &value);
	fp_buf_release(&value);
	return 0;
}
