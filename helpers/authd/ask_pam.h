/*
 * ask_pam - all that authd asks of pamd.
 */
#ifndef AUTHD_ASK_PAM_H
#define AUTHD_ASK_PAM_H

#include "base/base.h"
#include "base/span.h"
#include "helpers/authd/proof.h"
#include "ipc/server.h"
#include "map/account.h"

#define ASK_PAM_MAX	256	/* questions without an answer */

/*
 * Whose name is it to PAM?  "carol", "Carol@mail.example" -> "carol".
 * hostname  this host's: users of the system have it as domain, or none
 * returns   false: it can be no user of the system
 */
bool	ask_pam_name(struct span user, const char *hostname, char *out,
	    size_t out_size) must_use;

struct ask_pam_try {
	const char *name;	/* of ask_pam_name */
	struct span password;
	const char *client;
};
/*
 * done     called once, from the loop or at once; account: whose mailbox, for
 *          PROOF_HOLDS, valid during the call
 */
void	ask_pam(struct ipc_server *srv, const struct ask_pam_try *try,
	    void (*done)(enum proof_result result,
	    const struct account *account, void *ctx), void *ctx);

/* PAM_REP, as a rule's handler; and the end of pamd, for on_close. */
enum verdict	ask_pam_answered(struct ipc_peer *peer,
		    const struct ipc_msg *msg, void *ctx);
void	ask_pam_closed(const struct ipc_peer *peer);

#endif
