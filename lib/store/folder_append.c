/*
 * folder_append - a message on its way into a folder: a file in tmp/, written
 * with LF line ends.
 * CRLF becomes LF, but only where the octet before it is no CR: what is read
 * back with "LF without CR before it becomes CRLF" is then what came, octet
 * for octet, unless it had bare LFs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/num.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/folder_priv.h"

#define NS_PER_S	INT64_C(1000000000)

static void
why_io(struct why *why, const char *what)
{
	/* RFC 3463 X.3.1: mail system full; X.2.2: mailbox full. */
	if (errno == ENOSPC)
		why_sys(why, WHY_TEMP, "4.3.1", "%s", what);
	else if (errno == EDQUOT)
		why_sys(why, WHY_TEMP, "4.2.2", "%s", what);
	else
		why_sys(why, WHY_TEMP, "4.3.0", "%s", what);
}

struct folder_append *
folder_append_begin(struct folder *f, uint64_t max_octets, struct why *why)
{
	struct folder_append *a = xcalloc(1, sizeof(*a));

	a->f = f;
	a->max_octets = max_octets;
	maildir_unique(a->tmp);
	a->fd = fs_create(f->tmp_dir, a->tmp);
	if (a->fd < 0) {
		why_io(why, "cannot make a file in tmp");
		a->tmp[0] = '\0';
		folder_append_abort(&a);
	}
	return a;
}

uint64_t
folder_append_octets(const struct folder_append *a)
{
	return a->size_octets + a->crs;
}

void
folder_append_abort(struct folder_append **ap)
{
	struct folder_append *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	fd_close(&a->fd);
	if (a->tmp[0] != '\0')
		(void)fs_discard(a->f->tmp_dir, a->tmp); /* else the sweep */
	free(a);
}

static int
flush(struct folder_append *a)
{
	if (a->kept_n > 0 && fd_write_all(a->fd, a->kept, a->kept_n) != 0)
		return -1;
	a->kept_n = 0;
	return 0;
}

static int
add(struct folder_append *a, char octet)
{
	if (a->kept_n == sizeof(a->kept) && flush(a) != 0)
		return -1;
	a->kept[a->kept_n++] = octet;
	a->size_octets++;
	a->wire_octets += octet == '\n' && !a->cr_last ? 2 : 1;
	a->cr_last = octet == '\r';
	return 0;
}

/* What has no CR in it, nor one in front of it. */
static int
add_run(struct folder_append *a, const char *p, size_t n)
{
	size_t part;

	for (const char *lf = p, *end = p + n;
	    (lf = memchr(lf, '\n', (size_t)(end - lf))) != NULL; lf++)
		a->wire_octets++;
	a->size_octets += n;
	a->wire_octets += n;
	while (n > 0) {
		if (a->kept_n == sizeof(a->kept) && flush(a) != 0)
			return -1;
		part = num_min(n, sizeof(a->kept) - a->kept_n);
		memcpy(a->kept + a->kept_n, p, part);
		a->kept_n += part;
		p += part;
		n -= part;
	}
	return 0;
}

/* The CRs that were held back, but the last `but` of them. */
static int
put_crs(struct folder_append *a, unsigned but)
{
	while (a->crs > but) {
		if (add(a, '\r') != 0)
			return -1;
		a->crs--;
	}
	return 0;
}

static int
put_octet(struct folder_append *a, char octet)
{
	if (octet == '\r') {
		a->crs++;
		/* Two in a row stay what they are. */
		return a->crs > 2 ? put_crs(a, 2) : 0;
	}
	if (octet == '\n' && a->crs == 1 && !a->cr_last)
		a->crs = 0;
	if (put_crs(a, 0) != 0)
		return -1;
	return add(a, octet);
}

/* How many octets from p on are before the next CR, if none is held back. */
static size_t
run_of(const struct folder_append *a, const char *p, size_t n)
{
	const char *cr;

	if (a->crs > 0 || a->cr_last)
		return 0;
	cr = memchr(p, '\r', n);
	return cr != NULL ? (size_t)(cr - p) : n;
}

int
folder_append_write(struct folder_append *a, const void *p, size_t n,
    struct why *why)
{
	const char *from = p, *end = from + n;
	size_t run;
	int rc = 0;

	if (a->failed || a->wire_octets + n > a->max_octets) {
		why_set(why, WHY_PERM, "5.2.3", "the message is too big");
		return -1;
	}
	while (rc == 0 && from < end) {
		run = run_of(a, from, (size_t)(end - from));
		if (run > 0) {
			rc = add_run(a, from, run);
			from += run;
		} else
			rc = put_octet(a, *from++);
	}
	if (rc != 0) {
		why_io(why, "cannot write the message");
		a->failed = true;
	}
	return rc;
}

int
append_finish(struct folder_append *a, int64_t date_s, struct arrival *out,
    struct why *why)
{
	int n;

	if (a->failed) {
		why_set(why, WHY_TEMP, "4.3.0", "the message is not whole");
		return -1;
	}
	*out = (struct arrival){ .from_dir = a->f->tmp_dir };
	n = snprintf(out->name, sizeof(out->name), "%s,S=%llu,W=%llu", a->tmp,
	    (unsigned long long)(a->size_octets + a->crs),
	    (unsigned long long)(a->wire_octets + a->crs));
	out->base_n = (size_t)n;	/* fits: maildir_unique() is short */
	memcpy(out->from, a->tmp, sizeof(out->from));
	if (put_crs(a, 0) != 0 || flush(a) != 0 ||
	    (date_s != 0 && fs_fset_mtime(a->fd, date_s * NS_PER_S) != 0)) {
		why_io(why, "cannot write the message");
		return -1;
	}
	return 0;
}

int
append_sync(struct folder_append *a, struct why *why)
{
	if (fs_sync(a->fd) != 0 || fd_close_check(&a->fd) != 0) {
		/* RFC 5321 4.2.5: never said to be ours if this fails. */
		why_io(why, "cannot store the message");
		return -1;
	}
	return 0;
}
