/* sign - the signatures of keyd. */
#ifndef KEYD_SIGN_H
#define KEYD_SIGN_H

#include "helpers/keyd/keys.h"
#include "ipc/msg_sign.h"

/* -1: this key cannot sign by that scheme. */
int	key_sign(const struct key *key, const struct sign_req *req,
	    struct sign_rep *rep) must_use;

#endif
