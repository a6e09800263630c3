/*
 * uses - see uses.h.  What cannot be made does not keep anybody from reading
 * mail: it is logged, and the next log-in tries again.
 */
#include "imapd/uses.h"

#include "base/log.h"
#include "store/folders.h"

/* All and Flagged would be views of other folders. */
static bool
is_for_messages(struct span use)
{
	unsigned bits = 0;

	return folder_use_parse(use, &bits);
}

static int
make_one(const struct session_how *how, const char *name, struct why *why)
{
	if (folders_create(how->root, name, why) != 0)
		return -1;
	return how->uses_make == USES_SUBSCRIBE ?
	    folders_subscribe(how->root, name, true, why) : 0;
}

void
uses_make(const struct session_how *how)
{
	struct span all = how->special_use, use, named;
	char name[FOLDER_NAME_SIZE];
	struct why why;

	while (how->uses_make != USES_LEAVE && all.n > 0) {
		use = span_cut(&all, ';');
		named = span_cut(&use, '=');
		if (!is_for_messages(use) ||
		    folder_name(named, name, &why) != 0 ||
		    folder_exists(how->root, name))
			continue;
		if (make_one(how, name, &why) != 0)
			log_warn(LF_STR("event", "folder-not-made"),
			    LF_STR("user", how->user), LF_STR("folder", name),
			    LF_STR("why", why.text));
	}
}
