/* inbox.h - the folder INBOX of a scratch Maildir, and what was told of it. */
#ifndef TESTS_UNIT_INBOX_H
#define TESTS_UNIT_INBOX_H

#include "scratch.h"
#include "store/folder.h"

static struct why why;

static inline struct folder *
inbox_open(bool read_only)
{
	struct folder *f = folder_open(scratch, "INBOX", read_only, &why);

	T_TRUE(f != NULL);
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	return f;
}

/* A text of UIDs, each behind the mark that says what became of it. */
struct told {
	char   text[256];
	size_t n;
};

static inline void
told_add(struct told *t, char mark, const struct uids *uids)
{
	for (size_t i = 0; i < uids->n; i++)
		t->n += (size_t)snprintf(t->text + t->n,
		    sizeof(t->text) - t->n, "%c%u", mark, uids->v[i]);
}

#endif
