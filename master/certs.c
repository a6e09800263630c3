/*
 * certs - see certs.h.  Those who serve with a certificate are to have the one
 * that keyd signs for.  At start and at each reload keyd gets what the files
 * hold now, says of each pair whether it is good, and what was good goes to the
 * others; of a pair that was refused they get the certificate of before,
 * also when they are started anew, and however its file was written over.
 * Copies are octets to master; keys are not copied.
 */
#include "master/certs.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/secret.h"
#include "os/fd.h"
#include "os/fs.h"

#define COPY_MAX	(256 * KIB)	/* what daemons read of one */
#define COPY_NAME	"certificate.new"

struct copy {
	char	  *item;		/* of the setting */
	struct buf good, offered;
	bool	   refused;
	bool	   lacks;	/* refused, and there is no good one */
};

struct certs {
	struct copy *v;
	size_t	     n;
};

static void
octets_fini(struct buf *b)
{
	if (b->p != NULL)
		wipe(b->p, b->size);	/* it may be a key by mistake */
	buf_fini(b);
}

static void
certs_free(struct certs **c)
{
	if (*c == NULL)
		return;
	for (size_t i = 0; i < (*c)->n; i++) {
		free((*c)->v[i].item);
		octets_fini(&(*c)->v[i].good);
		octets_fini(&(*c)->v[i].offered);
	}
	free((*c)->v);
	free(*c);
	*c = NULL;
}

/* What was good of an item, or lacked, is so wherever the item stands now. */
static void
inherit(struct certs *before, struct copy *to)
{
	for (size_t i = 0; before != NULL && i < before->n; i++) {
		if (strcmp(before->v[i].item, to->item) != 0)
			continue;
		to->lacks |= before->v[i].lacks;
		if (before->v[i].good.n > 0) {
			to->good = before->v[i].good;
			buf_init(&before->v[i].good, COPY_MAX);
			return;
		}
	}
}

void
certs_begin(struct master *m)
{
	struct certs *before = m->certs, *c = xcalloc(1, sizeof(*c));

	c->n = conf_count(m->conf, "certificates");
	c->v = xcalloc(c->n + 1, sizeof(c->v[0]));
	for (size_t i = 0; i < c->n; i++) {
		c->v[i].item = xstrdup(conf_item(m->conf, "certificates", i));
		buf_init(&c->v[i].good, COPY_MAX);
		buf_init(&c->v[i].offered, COPY_MAX);
		inherit(before, &c->v[i]);
	}
	certs_free(&before);
	m->certs = c;
}

/* A file of its own, that has no name any more: -1 with errno. */
static int
file_of(const struct master *m, struct span octets)
{
	int dir = fs_open_top(conf_str(m->conf, "run_dir"));
	int out = -1, in = -1;

	if (dir < 0)
		return -1;
	(void)fs_discard(dir, COPY_NAME);	/* of one that was killed */
	out = fs_create(dir, COPY_NAME);
	if (out >= 0 && fd_write_all(out, octets.p, octets.n) == 0)
		in = fs_open_read(dir, COPY_NAME);
	(void)fs_discard(dir, COPY_NAME);
	fd_close(&out);
	fd_close(&dir);
	return in;
}

int
certs_offer(struct master *m, size_t i, int fd)
{
	struct copy *c;

	if (m->certs == NULL || i >= m->certs->n)
		return -1;
	c = &m->certs->v[i];
	octets_fini(&c->offered);
	buf_init(&c->offered, COPY_MAX);
	(void)buf_room(&c->offered, COPY_MAX);	/* no copies by growing */
	c->refused = false;
	if (fs_slurp_fd(fd, &c->offered) != 0) {
		octets_fini(&c->offered);
		buf_init(&c->offered, COPY_MAX);
		return -1;
	}
	return file_of(m, buf_span(&c->offered));
}

bool
certs_choose(struct master *m, size_t i, int *fd)
{
	const struct copy *c;

	*fd = -1;
	if (m->certs == NULL || i >= m->certs->n)
		return false;
	c = &m->certs->v[i];
	if (c->good.n > 0)
		*fd = file_of(m, buf_span(&c->good));
	return c->good.n > 0 || c->refused;
}

const char *
certs_refused(struct master *m, size_t i, bool kept)
{
	struct copy *c;

	if (m->certs == NULL || i >= m->certs->n)
		return NULL;
	c = &m->certs->v[i];
	c->refused = true;
	octets_fini(&c->offered);
	buf_init(&c->offered, COPY_MAX);
	if (!kept) {
		octets_fini(&c->good);
		buf_init(&c->good, COPY_MAX);
		c->lacks = true;
	}
	return c->item;
}

static bool
same(const struct copy *c)
{
	return c->good.n == c->offered.n &&
	    memcmp(c->good.p, c->offered.p, c->good.n) == 0;
}

bool
certs_judged(struct master *m)
{
	bool changed = false;

	for (size_t i = 0; m->certs != NULL && i < m->certs->n; i++) {
		struct copy *c = &m->certs->v[i];

		if (c->refused || c->offered.n == 0)
			continue;
		changed |= c->lacks || (c->good.n > 0 && !same(c));
		c->lacks = false;
		octets_fini(&c->good);
		buf_init(&c->good, COPY_MAX);
		(void)buf_add_span(&c->good, buf_span(&c->offered));
		octets_fini(&c->offered);
		buf_init(&c->offered, COPY_MAX);
	}
	return changed;
}

bool
certs_lack(const struct master *m)
{
	for (size_t i = 0; m->certs != NULL && i < m->certs->n; i++)
		if (m->certs->v[i].lacks)
			return true;
	return false;
}
