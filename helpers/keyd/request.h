/* request - all that others may ask of keyd. */
#ifndef KEYD_REQUEST_H
#define KEYD_REQUEST_H

#include <sys/queue.h>

#include "helpers/keyd/former.h"
#include "helpers/keyd/hosted.h"
#include "helpers/keyd/keys.h"
#include "helpers/keyd/rate.h"
#include "ipc/server.h"
#include "net/pace.h"

struct request_state {
	struct keys   *keys;
	struct former *former;		/* until a reload is long ago */
	struct hosted *hosted;		/* NULL: no certificate_dir */
	unsigned       per_channel, in_all;	/* signatures a second */
	struct rate    all, sessions;	/* sessions: those of smtpd together */
	struct pace   *networks;	/* of clients of smtpd, or NULL */
	int64_t	       said_ms;		/* when a refusal was last logged */
	uint64_t       unsaid;
	TAILQ_HEAD(waiting_list, waiting) waiting;	/* for files */
	size_t	       waiting_n;
};

void	request_init(struct request_state *s);

extern const struct ipc_rule request_rules[];	/* ctx: request_state */
extern const size_t request_rules_n;

/* For ipc_server_on_close. */
void	request_peer_closed(struct ipc_peer *peer, void *ctx);
/* For hosted_new, with the request_state: questions that wait, once more. */
void	request_again(void *ctx);

#endif
