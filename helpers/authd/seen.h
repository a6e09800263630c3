/*
 * seen - who has logged in, when, by which password and from where; kept over
 * restarts in a small file (map/logins.h).
 */
#ifndef AUTHD_SEEN_H
#define AUTHD_SEEN_H

#include "base/base.h"
#include "base/span.h"
#include "helpers/authd/network.h"
#include "helpers/authd/recent.h"

#define SEEN_KNOWN_S	(90 * 24 * 60 * 60)	/* a network is known so long */
#define SEEN_NEW_MAX	32	/* networks that a user may add in a day */
#define SEEN_SAVE_MS	30000	/* written at most so often */

struct seen;

/*
 * dir      for the file, held open; -1: nothing is kept over restarts
 * now_s    unix time
 */
struct seen *seen_new(const uint8_t seed[16], int dir, int64_t now_s);
void	seen_free(struct seen **s);

struct seen_login {
	struct span user, app, service;	/* app "": the account's own password */
	struct network network;
	int64_t	    now_s;
};
void	seen_login(struct seen *s, const struct seen_login *l);
/*
 * Has this user logged in from this network?
 * since_s  and after that: since when the name is this user's
 * returns  where failures of the two are counted, or NULL: no
 */
struct recent_entry *seen_known(struct seen *s, struct span user,
	    const struct network *from, int64_t now_s, int64_t since_s);

/* Write what has changed, if it is time; at the end, at once. */
void	seen_save(struct seen *s, int64_t now_ms, bool at_once);

#endif
