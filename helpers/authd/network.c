/*
 * network.c - as text, which serves as key and in files alike.
 */
#include "helpers/authd/network.h"

#include "base/buf.h"
#include "os/sock.h"

static void
add_network(struct buf *text, const struct sock_addr *a)
{
	struct sock_network n;
	const uint8_t *o = n.octets + 1;

	sock_network_of(a, &n);
	if (a->family == 4)
		(void)buf_addf(text, "%u.%u.%u.0/24", o[0], o[1], o[2]);
	else
		(void)buf_addf(text, "%x:%x:%x::/48", o[0] << 8 | o[1],
		    o[2] << 8 | o[3], o[4] << 8 | o[5]);
}

void
network_of(struct span client, struct network *out)
{
	struct sock_addr a;
	struct buf text;

	buf_init(&text, sizeof(out->text) - 1);
	if (sock_parse_ip(client, &a) == 0)
		add_network(&text, &a);
	else
		(void)buf_add_span(&text, span_head(client, 48));
	span_copy_cut(buf_span(&text), out->text, sizeof(out->text));
	buf_fini(&text);
}
