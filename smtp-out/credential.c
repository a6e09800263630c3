/*
 * credential.c - see credential.h.  What is kept beyond a job is the id, by which
 * a kept connection is known to be that of the same name and password; it is
 * a hash with a key of this process, and tells nothing of them.
 */
#include "smtp-out/credential.h"

#include <string.h>

#include "base/hash.h"
#include "ipc/msg_lookup.h"
#include "os/clock.h"
#include "smtp-out/limits.h"

static uint64_t
identity(const struct credential *c, const uint8_t seed[16])
{
	uint8_t both[sizeof(c->user.p) + sizeof(c->password.p)];
	uint64_t id;

	memcpy(both, c->user.p, c->user.n + 1);		/* NUL between them */
	memcpy(both + c->user.n + 1, c->password.p, c->password.n);
	id = siphash(seed, both, c->user.n + 1 + c->password.n);
	wipe(both, sizeof(both));
	return id != 0 ? id : 1;
}

int
credential_ask(struct ipc_client *lookupd, const char *key,
    const uint8_t seed[16], struct credential *out, struct why *why)
{
	struct relay_ask q;
	struct relay_secret said;
	struct ipc_question question = { .type = &relay_ask_type, .msg = &q,
		.fd = -1, .answer = &relay_secret_type,
		.deadline_ms = clock_deadline(LOOKUP_MS) };
	int rc = -1;

	secret_init(&out->user);
	secret_init(&out->password);
	out->id = 0;
	if (*key == '\0')
		return 0;
	span_copy_cut(span_str(key), q.key, sizeof(q.key));
	if (ipc_call(lookupd, &question, &said, NULL, why) == 0 &&
	    secret_set(&out->user, span_str(said.user)) == 0 &&
	    secret_set(&out->password, span_of((const char *)said.password,
	    said.password_len)) == 0) {
		out->id = identity(out, seed);
		rc = 0;
	} else {
		/* Trouble there is never the end of a message. */
		why->kind = WHY_TEMP;
		why->esc[0] = '4';
	}
	wipe(&said, sizeof(said));
	return rc;
}

void
credential_fini(struct credential *c)
{
	secret_fini(&c->user);
	secret_fini(&c->password);
	c->id = 0;
}
