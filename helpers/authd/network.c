/*
 * network.c - as text, which serves as key and in files alike.
 */
#include "helpers/authd/network.h"

#include "base/buf.h"
#include "os/sock.h"

void
network_of(struct span client, struct network *out)
{
	struct sock_addr a;
	struct buf text;

	buf_init(&text, sizeof(out->text) - 1);
	if (sock_parse_ip(client, &a) != 0)
		(void)buf_add_span(&text, span_head(client, 48));
	else if (a.family == 4)
		(void)buf_addf(&text, "%u.%u.%u.0/24", a.ip[0], a.ip[1],
		    a.ip[2]);
	else
		(void)buf_addf(&text, "%x:%x:%x::/48",
		    a.ip[0] << 8 | a.ip[1], a.ip[2] << 8 | a.ip[3],
		    a.ip[4] << 8 | a.ip[5]);
	span_copy_cut(buf_span(&text), out->text, sizeof(out->text));
	buf_fini(&text);
}
