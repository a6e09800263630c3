/*
 * cmd_quota - GETQUOTA and GETQUOTAROOT (RFC 9208 4.1).  All folders are of
 * one quota root, whose name is "".  Limits are the operator's alone: there is
 * no SETQUOTA.
 */
#include "imapd/command.h"
#include "imapd/names.h"
#include "imapd/quota.h"
#include "imapd/reply.h"
#include "store/quota.h"

/* RFC 9208 5.1: storage in units of 1024 octets. */
static uint64_t
kib(uint64_t octets)
{
	return octets / 1024 + (octets % 1024 != 0);
}

static void
put_resource(struct buf *out, const char *name, uint64_t is, uint64_t max)
{
	if (max == 0)		/* 4.2.1: what is not named has no limit */
		return;
	buf_addf(out, "%s%s %llu %llu", out->p[out->n - 1] == '(' ? "" : " ",
	    name, (unsigned long long)is, (unsigned long long)max);
}

static uint64_t
not_negative(int64_t n)
{
	return n < 0 ? 0 : (uint64_t)n;
}

/* false: the answer is given. */
static bool
tell_quota(struct session *s)
{
	struct quota q;
	struct buf line;
	struct why why;
	size_t folders;

	if (quota_read(s->how->root, &q, &why) != 0 ||
	    quota_folders(s, &folders, &why) != 0) {
		reply_why(s, &why);
		return false;
	}
	buf_init(&line, KIB);
	buf_add_str(&line, "QUOTA \"\" (");
	put_resource(&line, "STORAGE", kib(not_negative(q.octets)),
	    kib(q.octets_max));
	put_resource(&line, "MESSAGE", not_negative(q.messages),
	    q.messages_max);
	put_resource(&line, "MAILBOX", folders, s->how->folders_max);
	buf_add_char(&line, ')');
	reply_untagged_span(s, buf_span(&line));
	buf_fini(&line);
	return true;
}

int
quota_folders(const struct session *s, size_t *n, struct why *why)
{
	struct folders fs;

	*n = 0;
	if (s->how->folders_max == 0)
		return 0;
	if (folders_list(s->how->root, false, &fs, why) != 0)
		return -1;
	for (size_t i = 0; i < fs.n; i++)
		*n += fs.v[i].exists;
	folders_fini(&fs);
	return 0;
}

void
cmd_getquota(struct session *s, const union args *a)
{
	if (a->one.mailbox.n > 0)
		reply_no(s, "NONEXISTENT", "No such quota root");
	else if (tell_quota(s))
		reply_ok(s, NULL, "Getquota completed");
}

void
cmd_getquotaroot(struct session *s, const union args *a)
{
	char name[FOLDER_NAME_SIZE];
	struct buf line;
	struct why why;

	/* 4.1.2: the mailbox need not be there. */
	if (names_in(a->one.mailbox, &s->names, name, &why) != 0) {
		reply_why(s, &why);
		return;
	}
	buf_init(&line, 2 * KIB);
	buf_add_str(&line, "QUOTAROOT ");
	names_put(&line, name, &s->names);
	buf_add_str(&line, " \"\"");
	reply_untagged_span(s, buf_span(&line));
	buf_fini(&line);
	if (tell_quota(s))
		reply_ok(s, NULL, "Getquotaroot completed");
}
