/*
 * folder_use - what a folder is for, as its maker said (RFC 6154 section 3): a
 * small file in the folder's own directory, so that it goes where the folder
 * goes, and with it.  One use a line.  Dovecot and Courier pass over the file.
 */
#include <errno.h>
#include <stdio.h>

#include "os/fd.h"
#include "os/fs.h"
#include "store/folders.h"
#include "store/layout.h"

#define USE_NAME	"paquebot-use"

static const char *const names[] = { "Archive", "Drafts", "Junk", "Sent",
	"Trash" };

bool
folder_use_parse(struct span name, unsigned *uses)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (span_ieq_str(name, names[i])) {
			*uses |= 1U << i;
			return true;
		}
	return false;
}

const char *
folder_use_name(unsigned i)
{
	return i < COUNT(names) ? names[i] : NULL;
}

unsigned
folder_uses(int root, const char *name)
{
	char dir[LAYOUT_PATH_SIZE];
	char path[LAYOUT_PATH_SIZE + sizeof("/" USE_NAME)];
	struct buf text;
	struct span rest;
	unsigned uses = 0;

	if (folder_is_inbox(name) || layout_path(name, dir) != 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/" USE_NAME, dir);
	buf_init(&text, KIB);
	/* None, or not to be read: nothing is known. */
	if (fs_slurp(root, path, &text) == 0) {
		rest = buf_span(&text);
		while (rest.n > 0)
			(void)!folder_use_parse(span_cut(&rest, '\n'), &uses);
	}
	buf_fini(&text);
	return uses;
}

int
folder_use_write(int dir, unsigned uses)
{
	struct buf text;
	int rc;

	if (uses == 0)
		return 0;
	buf_init(&text, KIB);
	for (size_t i = 0; i < COUNT(names); i++)
		if ((uses & 1U << i) != 0)
			(void)buf_addf(&text, "%s\n", names[i]);
	rc = fs_replace(dir, USE_NAME, buf_span(&text), 0600);
	buf_fini(&text);
	return rc;
}
