/*
 * Any octets as an operator's request, which root reads: what is taken is
 * clean text, and is written as it was read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/control.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_clean(const char *text, size_t room)
{
	size_t n = strnlen(text, room);

	if (n == room)
		abort();
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t octets[CONTROL_SIZE] = { 0 }, again[CONTROL_SIZE];
	struct super_control request;

	memcpy(octets, data, size < CONTROL_SIZE ? size : CONTROL_SIZE);
	if (control_parse(octets, &request) != 0)
		return 0;
	check_clean(request.verb, sizeof(request.verb));
	check_clean(request.args, sizeof(request.args));
	if (control_format(request.verb, request.args, again) != 0 ||
	    memcmp(octets, again, CONTROL_SIZE) != 0)
		abort();
	return 0;
}
