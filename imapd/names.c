/*
 * names - see names.h.
 * lib/store separates by '.'.  Where clients see another separator, a '.' in
 * a client's name has no place on disk and is refused; what lib/store then
 * thinks of the name is its affair (folder_name).
 */
#include "imapd/names.h"

#include "imapd/limits.h"
#include "imapd/strings.h"

int
names_in(struct span in, char separator, char out[FOLDER_NAME_SIZE],
    struct why *why)
{
	char name[IMAP_NAME_MAX];

	if (in.n > sizeof(name) ||
	    (separator != FOLDER_SEPARATOR && span_has(in, FOLDER_SEPARATOR))) {
		why_set(why, WHY_PERM, "5.1.0", "Invalid mailbox name");
		return -1;
	}
	for (size_t i = 0; i < in.n; i++)
		name[i] = in.p[i] == separator ? FOLDER_SEPARATOR : in.p[i];
	return folder_name(span_of(name, in.n), out, why);
}

void
names_out(const char *name, char separator, char out[FOLDER_NAME_SIZE])
{
	size_t i = 0;

	for (; name[i] != '\0' && i < FOLDER_NAME_MAX; i++)
		out[i] = name[i] == FOLDER_SEPARATOR ? separator : name[i];
	out[i] = '\0';
}

void
names_put(struct buf *out, const char *name, char separator)
{
	char seen[FOLDER_NAME_SIZE];

	names_out(name, separator, seen);
	strings_put_astring(out, span_str(seen));
}
