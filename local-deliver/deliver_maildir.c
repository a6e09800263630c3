/*
 * deliver_maildir.c - added fields and message into tmp/, synced, renamed to
 * new/, directory synced, and a UID if the uidlist's lock is free: all that is
 * lib/store's.  Several messages take each of these steps together.  After a
 * failure nothing is visible in the mailbox.
 */
#include "local-deliver/deliver_maildir.h"

#include "base/buf.h"
#include "local-deliver/body.h"
#include "local-deliver/limits.h"
#include "mail/header.h"
#include "mail/received.h"

int
deliver_check_loop(const struct job_in *j, const struct job_rcpt *rcpt,
    struct why *why)
{
	struct span header, body;
	struct buf head;
	int rc = -1;

	buf_init(&head, HEAD_MAX);
	if (body_head(j, &head, why) != 0)
		goto out;
	header_split(buf_span(&head), &header, &body);
	if (received_delivered_to(header, span_str(rcpt->address)))
		/* RFC 3463 3.5: X.4.6 routing loop detected */
		why_set(why, WHY_PERM, "5.4.6",
		    "mail for %s has been here before", rcpt->address);
	else
		rc = 0;
out:
	buf_fini(&head);
	return rc;
}

static int
write_added(struct folder_append *a, const struct job_in *j,
    const struct job_rcpt *rcpt, struct why *why)
{
	struct buf added;
	int rc = -1;

	buf_init(&added, ADDED_MAX);
	if (body_added(&added, j, rcpt) != 0)
		why_set(why, WHY_TEMP, "4.3.0", "addresses are too long");
	else
		rc = folder_append_write(a, added.p, added.n, why);
	buf_fini(&added);
	return rc;
}

static int
write_message(struct folder_append *a, const struct job_in *j,
    struct why *why)
{
	char text[READ_STEP];
	uint64_t at = 0, left;
	size_t n;

	while ((left = j->head.size_octets - at) > 0) {
		n = left < sizeof(text) ? (size_t)left : sizeof(text);
		if (body_read(j, at, text, n, why) != 0 ||
		    folder_append_write(a, text, n, why) != 0)
			return -1;
		at += n;
	}
	return 0;
}

static struct folder_append *
stage(struct folder *inbox, const struct delivery *d, struct why *why)
{
	struct folder_append *a;

	a = folder_append_begin(inbox, UINT64_MAX >> 1, why);
	if (a != NULL && (write_added(a, d->job, d->rcpt, why) != 0 ||
	    write_message(a, d->job, why) != 0))
		folder_append_abort(&a);
	return a;
}

int
deliver_maildir(struct folder *inbox, struct delivery *v, size_t n,
    struct why *why)
{
	struct folder_append *a[JOB_ROW_MOST] = { NULL };
	struct folder_change c[JOB_ROW_MOST];
	struct folder_result r;
	size_t staged = 0;
	int rc = -1;

	folder_result_init(&r);
	while (staged < n &&
	    (a[staged] = stage(inbox, &v[staged], why)) != NULL) {
		c[staged] = (struct folder_change){ .kind = CHANGE_DELIVER,
		    .append = &a[staged] };
		staged++;
	}
	if (staged == n)
		rc = folder_commit(inbox, c, n, &r, why);
	for (size_t i = 0; i < n; i++) {
		folder_append_abort(&a[i]);	/* NULL after folder_commit() */
		v[i].uid = rc == 0 ? r.made.v[i] : 0;
	}
	folder_result_fini(&r);
	return rc;
}
