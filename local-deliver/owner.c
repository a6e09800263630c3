/*
 * owner.c - ids, forward file, mailbox, root directory, filter, in this order:
 * the forward file lies beside the mailbox and is out of reach afterwards.
 * A mailbox that cannot be opened is no reason to end: the jobs for it get
 * their answer, from a process that has no files at all.
 */
#include "local-deliver/owner.h"

#include "base/bug.h"
#include "local-deliver/deliver_forward.h"
#include "local-deliver/limits.h"
#include "os/confine.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/user.h"
#include "store/maildir.h"

static void
open_mailbox(struct owner *o, const struct local_worker *w,
    struct mail_roots *roots)
{
	if (w->system_user)
		forward_read(roots, w->home, w->uid, &o->forward);
	o->root = mail_roots_open(roots, w->maildir, &o->why);
	mail_roots_close(roots);
}

static void
sweep(int root)
{
	int tmp = fs_open_dir(root, "tmp");

	if (tmp >= 0)
		maildir_sweep_tmp(tmp);
	fd_close(&tmp);
}

void
owner_become(struct owner *o, const struct local_worker *w,
    struct mail_roots *roots, const struct confine_filter *files,
    bool privileged)
{
	struct why why;

	*o = (struct owner){ .root = -1 };
	buf_init(&o->forward, FORWARD_FILE_MAX);
	maildir_learn_host();
	if (!privileged && w->uid != user_self())
		die(EXIT_CONFIG, "%s belongs to another user", w->user);
	if (confine_become_owner(w->uid, w->gid, !privileged, &why) != 0)
		die(EXIT_OSERR, "%s: %s", w->user, why.text);
	open_mailbox(o, w, roots);
	if (confine_enter_mailbox(o->root, !privileged, &why) != 0 ||
	    (o->root >= 0 ? confine_filter_load(files, &why) :
	    confine_narrow(SANDBOX_STDIO, &why)) != 0)
		die(EXIT_OSERR, "%s: %s", w->user, why.text);
	if (o->root < 0)
		return;
	sweep(o->root);
	o->inbox = folder_open(o->root, "INBOX", false, &o->why);
}

void
owner_fini(struct owner *o)
{
	folder_close(&o->inbox);
	fd_close(&o->root);
	buf_fini(&o->forward);
}
