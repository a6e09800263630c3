/*
 * Any octets as the name of a message or of a folder.  A message's name made
 * anew from its parts has the same parts; a folder's name is one directory
 * entry below the root, and its one spelling is spelled like itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/folders.h"
#include "store/maildir.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
message(struct span in)
{
	struct maildir_name m, back;
	char name[MAILDIR_NAME_SIZE];

	if (!maildir_name_parse(in, &m))
		return;
	if (m.base.n == 0 || m.base.n > in.n ||
	    (m.flags & ~MESSAGE_FLAGS_STORED) != 0)
		abort();
	if (maildir_name_make(name, m.base, m.flags, m.keywords,
	    m.others) != 0)
		return;
	if (!maildir_name_parse(span_str(name), &back) ||
	    !span_eq(back.base, m.base) || back.flags != m.flags ||
	    back.keywords != m.keywords || back.has_size != m.has_size ||
	    back.size_octets != m.size_octets ||
	    back.wire_octets != m.wire_octets)
		abort();
}

static void
folder(struct span in)
{
	char name[FOLDER_NAME_SIZE], again[FOLDER_NAME_SIZE];

	if (folder_name(in, name, NULL) != 0)
		return;
	if (strchr(name, '/') != NULL || name[0] == '.' || name[0] == '~' ||
	    strstr(name, "..") != NULL || strlen(name) != in.n)
		abort();
	if (folder_name(span_str(name), again, NULL) != 0 ||
	    strcmp(name, again) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	message(span_of(data, size));
	folder(span_of(data, size));
	return 0;
}
