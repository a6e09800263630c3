/*
 * tls_wait - see tls_ask.h; this part is the waiting.
 * For a signature the library calls us deep within a handshake and wants it on
 * return.  Sessions that may wait run their handshake in one of the library's
 * own jobs (ASYNC_start_job(3)), which has its own stack of 32 KiB and is left
 * in the middle; the next tls_handshake() goes on there.  A job that was left
 * can only be ended by going on, so a session that ends while it waits is
 * refused its signature and runs its handshake to the failure that follows.
 * For a certificate nothing is left in the middle: the library asks again from
 * the top.
 */
#include "net/tls_priv.h"

#include <openssl/async.h>
#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

static struct {
	const struct tls_asks *asks;
	struct tls *now;
} wait;

void
tls_on(const struct tls_asks *asks)
{
	wait.asks = asks;
}

struct tls *
tls_current(void)
{
	return wait.now;
}

void
tls_set_current(struct tls *t)
{
	wait.now = t;
}

bool
tls_can_wait(void)
{
	return ASYNC_is_capable() == 1;
}

void
tls_wait_with(struct tls *t, void (*go_on)(void *ctx), void *ctx)
{
	if (!tls_can_wait())
		return;
	t->go_on = go_on;
	t->go_on_ctx = ctx;
	(void)SSL_set_mode(t->ssl, SSL_MODE_ASYNC);
}

bool
tls_may_wait(const struct tls *t)
{
	return t != NULL && t->go_on != NULL && !t->ending;
}

void
tls_set_asked(struct tls *t, void *asked)
{
	t->asked = asked;
}

void *
tls_asked(const struct tls *t)
{
	return t->asked;
}

/* ------------------------------------------------------------- signatures */

/* On the job's stack.  What sig points to stays where it is meanwhile. */
static size_t
leave_until_signed(struct tls *t, uint8_t *sig, size_t sig_max)
{
	size_t n;

	t->waits = WAITS_SIGNATURE;
	while (t->waits == WAITS_SIGNATURE)
		if (ASYNC_pause_job() != 1) {
			tls_wait_end(t);
			return 0;
		}
	n = t->sig_n <= sig_max ? t->sig_n : 0;
	if (n > 0)
		memcpy(sig, t->sig, n);
	free(t->sig);
	t->sig = NULL;
	t->sig_n = 0;
	return n;
}

size_t
tls_ask_signature(struct tls_text *text, uint8_t *sig, size_t sig_max)
{
	struct tls *t = tls_current();
	size_t n;

	if (wait.asks == NULL || (t != NULL && t->ending))
		return 0;
	text->session = t;
	n = wait.asks->sign(text, sig, sig_max);
	if (n == TLS_LATER) {
		if (!tls_may_wait(t) || ASYNC_get_current_job() == NULL)
			bug("a signature later for one who cannot wait");
		n = leave_until_signed(t, sig, sig_max);
	}
	if (n > 0 && n <= sig_max)
		return n;
	/* One that ends meanwhile says nothing about its certificate. */
	if (t != NULL && !t->ending)
		tls_server_unlearn(t);
	return 0;
}

/* The session may be gone when this returns. */
static void
go_on(struct tls *t)
{
	t->waits = WAITS_NOTHING;
	t->asked = NULL;
	t->go_on(t->go_on_ctx);
}

void
tls_signed(struct tls *t, const uint8_t *sig, size_t n)
{
	if (t->waits != WAITS_SIGNATURE)
		bug("a signature for one who did not ask");
	if (n > 0) {
		t->sig = xmalloc(n);
		memcpy(t->sig, sig, n);
		t->sig_n = n;
	}
	go_on(t);
}

/* ----------------------------------------------------------- certificates */

enum tls_found
tls_ask_chain(struct tls *t, const char *host)
{
	enum tls_found found;
	struct buf chain;

	if (wait.asks == NULL || wait.asks->find == NULL || t->asked_chain ||
	    t->ending)
		return TLS_FOUND_NONE;
	t->asked_chain = true;
	buf_init(&chain, TLS_CHAIN_MAX);
	found = wait.asks->find(t, host, &chain);
	if (found == TLS_FOUND_LATER)
		t->waits = WAITS_CHAIN;
	else if (found == TLS_FOUND)
		tls_server_learn(t, buf_span(&chain));
	buf_fini(&chain);
	return found;
}

void
tls_found(struct tls *t, enum tls_found found, struct span chain)
{
	if (t->waits != WAITS_CHAIN)
		bug("a certificate for one who did not ask");
	if (found == TLS_FOUND)
		tls_server_learn(t, chain);
	go_on(t);
}

/* -------------------------------------------------------------------- end */

void
tls_wait_end(struct tls *t)
{
	bool halfway = t->waits == WAITS_SIGNATURE;

	if (t->waits == WAITS_NOTHING)
		return;
	t->waits = WAITS_NOTHING;
	t->ending = true;
	wait.asks->forget(t);
	t->asked = NULL;
	if (halfway && ASYNC_get_current_job() == NULL) {
		tls_set_current(t);
		(void)SSL_do_handshake(t->ssl);
		tls_set_current(NULL);
		t->broken = true;
	}
	ERR_clear_error();
}
