/*
 * hosted - pairs of certificate_dir, read when a client first names a host,
 * kept by use.  Master opens the files; until they are there the question
 * waits.
 */
#ifndef KEYD_HOSTED_H
#define KEYD_HOSTED_H

#include "base/base.h"
#include "helpers/keyd/former.h"
#include "helpers/keyd/keys.h"

struct hosted;

enum hosted_found {
	HOSTED_FOUND,
	HOSTED_NOBODY,		/* there is no usable pair for that host */
	HOSTED_LATER,		/* master was asked; again at changed() */
	HOSTED_BUSY		/* too many questions at once */
};

/*
 * former   gets the pairs that are forgotten; outlives it
 * ask      sends the name of a pair to master; -1: it cannot
 * changed  what was LATER may be known now; called from hosted_got()
 */
struct hosted *hosted_new(struct former *former, int (*ask)(const char *stem),
	    void (*changed)(void *ctx), void *ctx);
void	hosted_free(struct hosted **h);
/* Each pair is read again when it is asked for next. */
void	hosted_reload(struct hosted *h);

/* host: as clients say it.  FOUND: *key, until the next call of any kind. */
enum hosted_found hosted_find(struct hosted *h, const char *host,
	    const struct key **key);
/*
 * Master's answer: a file, or -1 for none.
 * fd       the caller's
 */
void	hosted_got(struct hosted *h, const char *stem, bool is_key, int fd);

#endif
