/*
 * kept_restore - see kept.h.
 * Each file is renamed into cur/ of its folder as a copy would be: with a base
 * of its own, a line in the uidlist with the next UID, and the name that it had
 * as its GUID.  So a stop leaves each message in exactly one place, and clients
 * see new messages, as IMAP allows none to come back (RFC 3501 2.3.1.1).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/folder_priv.h"
#include "store/kept.h"
#include "store/keywords.h"
#include "store/quota.h"

#define BATCH		500	/* files of one folder at once */
#define NS_PER_S	INT64_C(1000000000)

struct restore {
	int	 root;
	char	 folder[FOLDER_NAME_SIZE];
	int	 dir;		/* of what is kept of that folder */
	struct arrival *v;
	int64_t	*gone_s;	/* of each: when it was expunged */
	uint64_t *octets;	/* of each, on disk */
	size_t	 n;
};

/* Its size, in a fresh base; its flags; its GUID. */
static int
name_again(const struct kept_item *item, struct arrival *a, uint64_t *octets)
{
	struct message old = { .name = NULL };
	struct maildir_name parts;
	char base[MAILDIR_NAME_SIZE], guid[MAILDIR_NAME_SIZE];
	struct fs_stat st;
	struct buf full;
	int rc;

	if (!maildir_name_parse(item->name, &parts) ||
	    fs_stat(item->dir, item->file, &st) != 0)
		return -1;
	maildir_unique(base);
	buf_init(&full, MAILDIR_NAME_MAX);
	(void)buf_addf(&full, "%s,S=%llu", base,	/* short: fits */
	    (unsigned long long)st.size_octets);
	if (parts.has_wire)
		(void)buf_addf(&full, ",W=%llu",
		    (unsigned long long)parts.wire_octets);
	rc = maildir_name_make(a->name, buf_span(&full),
	    parts.flags & (uint8_t)~MESSAGE_DELETED, parts.keywords,
	    parts.others);
	a->base_n = full.n;
	buf_fini(&full);
	old.name = xmemdup_str(parts.base.p, parts.base.n);
	message_guid(&old, guid);
	free(old.name);
	(void)snprintf(a->ext, sizeof(a->ext), "G%s", guid);
	a->from_dir = item->dir;
	*octets = st.size_octets;
	return rc != 0 ? rc : span_copy(span_str(item->file), a->from,
	    sizeof(a->from));
}

/* The next of one folder; 1: enough, or another folder. */
static int
gather(const struct kept_item *item, void *ctx)
{
	struct restore *r = ctx;

	if (r->n == BATCH || (r->n > 0 && strcmp(r->folder,
	    item->folder) != 0))
		return 1;
	r->v[r->n] = (struct arrival){ .to_new = false };
	if (name_again(item, &r->v[r->n], &r->octets[r->n]) != 0)
		return 0;	/* no message: it stays */
	if (r->n == 0) {
		memcpy(r->folder, item->folder, sizeof(r->folder));
		r->dir = fd_dup(item->dir);
		if (r->dir < 0)
			return -1;
	}
	r->v[r->n].from_dir = r->dir;
	r->gone_s[r->n++] = item->gone_s;
	return 0;
}

/*
 * Letters mean the keywords that they did only if the folder has had no other
 * table of names since; a wrong keyword would be worse than none.
 */
static void
drop_strange_keywords(struct restore *r, const struct folder *to)
{
	struct fs_stat table;
	bool is_there = fs_stat(to->dir, KEYWORDS_NAME, &table) == 0;

	for (size_t i = 0; i < r->n; i++) {
		char *letter = r->v[i].name + r->v[i].base_n, *end = letter;

		if (is_there && table.mtime_ns / NS_PER_S <= r->gone_s[i])
			continue;
		for (; *letter != '\0'; letter++)
			if (*letter < 'a' || *letter > 'z')
				*end++ = *letter;
		*end = '\0';
	}
}

/* The folder that is theirs, made if it is gone. */
static struct folder *
open_target(const struct restore *r, struct why *why)
{
	if (!folder_exists(r->root, r->folder) &&
	    folders_create(r->root, r->folder, why) != 0)
		return NULL;
	return folder_open(r->root, r->folder, false, why);
}

static int
put_back(struct restore *r, size_t *n, struct why *why)
{
	struct folder *to = open_target(r, why);
	uint32_t uidvalidity;
	uint64_t octets = 0;
	size_t placed = 0;
	int rc;

	if (to == NULL)
		return -1;
	drop_strange_keywords(r, to);
	rc = folder_place(to, r->v, r->n, PLACE_EACH, &uidvalidity, why);
	for (size_t i = 0; i < r->n; i++) {
		placed += r->v[i].placed;
		octets += r->v[i].placed ? r->octets[i] : 0;
	}
	folder_close(&to);
	quota_add(r->root, (int64_t)octets, (int64_t)placed);
	if (fs_dirsync(r->dir) != 0 && rc == 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot sync " KEPT_DIR);
		rc = -1;
	}
	*n += placed;
	return rc;
}

int
kept_restore(int root, const struct kept_choice *c, size_t *n,
    struct why *why)
{
	struct restore r = { .root = root,
	    .v = xcalloc(BATCH, sizeof(r.v[0])),
	    .gone_s = xcalloc(BATCH, sizeof(r.gone_s[0])),
	    .octets = xcalloc(BATCH, sizeof(r.octets[0])) };
	int rc;

	*n = 0;
	do {
		r.n = 0;
		r.dir = -1;
		why_set(why, WHY_TEMP, "4.3.0", "cannot restore");
		rc = kept_each(root, c, gather, &r, why);
		if (rc >= 0 && r.n > 0)
			rc = put_back(&r, n, why) != 0 ? -1 : 1;
		fd_close(&r.dir);
	} while (rc > 0);
	free(r.octets);
	free(r.gone_s);
	free(r.v);
	return rc;
}
