/*
 * gate - what stands before and behind each judgement: throttle and memory of
 * who has logged in, together.
 */
#ifndef AUTHD_GATE_H
#define AUTHD_GATE_H

#include "base/base.h"
#include "base/span.h"
#include "helpers/authd/seen.h"
#include "helpers/authd/throttle.h"

struct gate {
	struct throttle *throttle;
	struct seen	*seen;
};

struct gate_who {
	struct span user;	/* as the client said it */
	struct span client;	/* address as text */
	int64_t	    now_ms, now_s;	/* monotonic; unix time */
	int64_t	    since_s;	/* when the account was made, 0: not said */
};

/* dir: see seen_new. */
void	gate_init(struct gate *g, const uint8_t seed[16], int dir,
	    int64_t now_s);
void	gate_fini(struct gate *g);

/*
 * known    set: this user has logged in from that network
 * returns  milliseconds to wait before the judgement; -1: try again later
 */
int64_t	gate_before(struct gate *g, const struct gate_who *who, bool *known);
/* Milliseconds from the try to the answer. */
int64_t	gate_failed(struct gate *g, const struct gate_who *who);
/* account: its name; app: "" or whose password it was. */
void	gate_passed(struct gate *g, const struct gate_who *who,
	    const char *account, const char *service, const char *app);

#endif
