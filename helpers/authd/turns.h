/*
 * turns - who is judged next, when more wait than there are workers.  Pure.
 * Networks take turns, so that a flood from one waits for itself alone; and
 * those who have logged in from where they come now go before strangers, who
 * get every fourth turn all the same.  The caller's objects are linked, not
 * copied.
 */
#ifndef AUTHD_TURNS_H
#define AUTHD_TURNS_H

#include <sys/queue.h>

#include "base/base.h"
#include "base/span.h"

struct turn {			/* part of what waits */
	TAILQ_ENTRY(turn) next;
};

struct turns;

/*
 * all   most that wait; of strangers, three quarters of it
 * each  most that wait of one network
 */
struct turns *turns_new(const uint8_t seed[16], size_t all, size_t each);
/* Nobody waits any more. */
void	turns_free(struct turns **t);

/*
 * network  text of any kind; copied
 * known    this user has logged in from there
 * returns  0, or -1: too many wait already
 */
int	turns_add(struct turns *t, struct turn *turn, struct span network,
	    bool known) must_use;
/* Taken out; NULL: nobody waits. */
struct turn *turns_next(struct turns *t);
size_t	turns_count(const struct turns *t);

#endif
