/*
 * named - see named.h.
 * Names are normalized on their way in, but folders that other programs have
 * made may have names that are not: those are reached as they are written.
 */
#include "imapd/named.h"

#include <string.h>

#include "imapd/list.h"
#include "imapd/reply.h"

bool
named(struct session *s, struct span mailbox, char out[FOLDER_NAME_SIZE])
{
	struct why why;

	if (names_exact(mailbox, &s->names, out, &why) == 0 &&
	    folder_exists(s->how->root, out))
		return true;
	if (names_in(mailbox, &s->names, out, &why) == 0)
		return true;
	reply_why(s, &why);
	return false;
}

struct folder *
named_target(struct session *s, struct span mailbox, bool *own)
{
	char name[FOLDER_NAME_SIZE];
	struct folder *f;
	struct why why;

	*own = false;
	if (!named(s, mailbox, name))
		return NULL;
	if (s->folder != NULL && !folder_read_only(s->folder) &&
	    strcmp(folder_name_of(s->folder), name) == 0)
		return s->folder;
	f = folder_open(s->how->root, name, false, &why);
	*own = f != NULL;
	if (f != NULL)
		named_tell(s, mailbox, name);
	else if (!folder_exists(s->how->root, name))
		reply_no(s, "TRYCREATE", "Mailbox does not exist");
	else
		reply_why(s, &why);
	return f;
}

void
named_tell(struct session *s, struct span mailbox, const char *name)
{
	char seen[NAMES_SIZE];

	names_out(name, &s->names, seen);
	if (session_is_rev2(s) && !span_eq_str(mailbox, seen))
		list_tell_one(s, name, mailbox);
}
