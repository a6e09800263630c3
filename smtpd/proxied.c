/*
 * proxied - see proxied.h.
 * The header is read from the socket itself and not one octet more: what comes
 * behind it may be a TLS handshake, which the library reads.  A proxy that is
 * listed has to send it: a connection without one would count as the proxy's
 * own and have its rights.  From others it is a command that nobody knows.
 */
#include "smtpd/proxied.h"

#include <errno.h>

#include "base/log.h"
#include "net/proxyproto.h"
#include "os/clock.h"
#include "os/fd.h"

/* Exactly n octets behind what is in head; false: they did not come. */
static bool
read_more(int fd, char *head, size_t *have, size_t n, int64_t deadline)
{
	while (n > 0) {
		ssize_t got = fd_read(fd, head + *have, n);

		if (got < 0 && errno == EAGAIN) {
			if (fd_wait(fd, FD_READ, deadline) <= 0)
				return false;
			continue;
		}
		if (got <= 0)
			return false;
		*have += (size_t)got;
		n -= (size_t)got;
	}
	return true;
}

static bool
read_head(int fd, struct proxyproto *out)
{
	int64_t deadline = clock_deadline(LIMIT_PROXY_MS);
	char head[PROXYPROTO_MAX];
	size_t have = 0;
	enum proxyproto_got got;

	while ((got = proxyproto_parse(span_of(head, have), out)) ==
	    PROXYPROTO_MORE)
		if (out->want > sizeof(head) - have ||
		    !read_more(fd, head, &have, out->want, deadline))
			return false;
	return got == PROXYPROTO_DONE;
}

bool
proxied_begin(struct session *s)
{
	char proxy[SOCK_IP_SIZE];
	struct proxyproto h;

	if (!settings_has(&s->set->proxies, &s->peer))
		return true;
	s->behind = true;
	if (!read_head(s->net.fd, &h)) {
		session_lost(s, "no header of the proxy");
		return false;
	}
	if (!h.known) {
		session_is_unknown(s);
		return true;
	}
	sock_format_ip(&s->peer, proxy);
	session_is_from(s, &h.client);
	log_debug(LF_STR("event", "proxied"), LF_STR("session", s->id),
	    LF_STR("client", s->client), LF_STR("proxy", proxy));
	return true;
}
