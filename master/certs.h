/*
 * certs - copies of the certificates of the setting `certificates`, by their
 * place in it.
 */
#ifndef MASTER_CERTS_H
#define MASTER_CERTS_H

#include "master/master.h"

/* For the settings of now; what was good of their items stays. */
void	certs_begin(struct master *m);
/* For keyd: what this file holds.  -1: it cannot be copied. */
int	certs_offer(struct master *m, size_t i, int fd) must_use;
/*
 * For those who serve.  false: keyd has not judged any yet, the file itself
 * may do; else *fd is the good one, the caller's, or -1: there is none.
 */
bool	certs_choose(struct master *m, size_t i, int *fd) must_use;
/* keyd said so; the item's text, or NULL: there is no such item. */
const char *certs_refused(struct master *m, size_t i, bool kept);
/*
 * All that were offered and not refused are good.  true: other octets than
 * were good before, or some where none were; those who serve do not know yet.
 */
bool	certs_judged(struct master *m);
/* Is there an item for which no pair serves? */
bool	certs_lack(const struct master *m);

#endif
