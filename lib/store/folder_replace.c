/*
 * folder_replace - one message in the place of another, which may be in another
 * folder (RFC 8508 3.4).
 * The new message is on stable storage before the old one goes: a stop leaves
 * the old one, both, or the new one.  If the old one cannot be removed, the new
 * one is taken out again, so that a failure changes nothing.  Once the old one is
 * gone it is no failure if that cannot be synced: a stop might bring it back, but
 * who is told of a failure would put the new one there twice.
 */
#include "os/fs.h"
#include "store/folder_commit.h"
#include "store/quota.h"

/* RFC 8508 3.4: only the net consumption is considered. */
static int
has_room(struct folder *f, uint64_t more, uint64_t less, struct why *why)
{
	return more <= less ? 0 : quota_room(f->root, more - less, 0, why);
}

/* As if it had never been; its UID is not given again. */
static void
take_back(struct folder *to, const struct arrival *a, uint64_t octets)
{
	int dir = a->to_new ? to->new_dir : to->cur_dir;

	/* If this fails, too, there are both: nothing is lost. */
	if (fs_unlink(dir, a->name) == 0 && fs_dirsync(dir) == 0)
		quota_add(to->root, -(int64_t)octets, -1);
}

int
commit_replace(struct folder *f, const struct folder_change *c,
    struct folder_result *r, struct why *why)
{
	struct folder *to = c->to;
	uint64_t octets = folder_append_octets(*c->append);
	uint32_t uidvalidity = 0;
	const struct message *old;
	struct arrival a;
	int rc;

	/* Who comes second is told so, and leaves no second message. */
	if (folder_refresh(f, why) != 0)
		return -1;
	old = folder_need(f, c->uids[0], NEED_SIZE, why);
	if (old == NULL || append_finish(*c->append, c->date_s, &a, why) != 0 ||
	    commit_name(to, c, &a, r, why) != 0 ||
	    has_room(f, octets, old->size_octets, why) != 0 ||
	    folder_place(to, &a, 1, PLACE_ALL, &uidvalidity, why) != 0)
		return -1;
	(*c->append)->tmp[0] = '\0';	/* it has moved */
	quota_add(to->root, (int64_t)octets, 1);
	rc = commit_expunge(f, c, true, r, why);
	if (rc != 0 && r->done.n == 0) {
		take_back(to, &a, octets);
		return -1;
	}
	uids_add(&r->made, a.uid);
	r->made_uidvalidity = uidvalidity;
	return 0;
}
