/*
 * gate.c - names are folded as the maps have them, so that spellings of one
 * name count as one.
 */
#include "helpers/authd/gate.h"

#include "map/fold.h"
#include "os/sock.h"

#define NAME_MAX_OCTETS	320

struct visitor {
	struct throttle_who who;
	char name[NAME_MAX_OCTETS];
};

void
gate_init(struct gate *g, const uint8_t seed[16], int dir, int64_t now_s)
{
	g->throttle = throttle_new(seed);
	g->seen = seen_new(seed, dir, now_s);
}

void
gate_fini(struct gate *g)
{
	throttle_free(&g->throttle);
	seen_free(&g->seen);
}

static void
visitor_of(struct gate *g, const struct gate_who *who, struct visitor *v)
{
	struct sock_addr a;
	size_t n = fold_claimed(who->user, v->name, sizeof(v->name));

	v->who = (struct throttle_who){ .name = span_of(v->name, n) };
	network_of(who->client, &v->who.network);
	v->who.loopback = sock_parse_ip(who->client, &a) == 0 &&
	    sock_is_loopback(&a);
	v->who.known = seen_known(g->seen, v->who.name, &v->who.network,
	    who->now_s, who->since_s);
}

int64_t
gate_before(struct gate *g, const struct gate_who *who, bool *known)
{
	struct visitor v;

	visitor_of(g, who, &v);
	*known = v.who.known != NULL;
	return throttle_before(g->throttle, &v.who, who->now_ms);
}

int64_t
gate_failed(struct gate *g, const struct gate_who *who)
{
	struct visitor v;

	visitor_of(g, who, &v);
	return throttle_failed(g->throttle, &v.who, who->now_ms);
}

void
gate_passed(struct gate *g, const struct gate_who *who, const char *account,
    const char *service, const char *app)
{
	struct visitor v;

	visitor_of(g, who, &v);
	throttle_passed(g->throttle, &v.who, who->now_ms);
	seen_login(g->seen, &(struct seen_login){ .user = span_str(account),
	    .app = span_str(app), .service = span_str(service),
	    .network = v.who.network, .now_s = who->now_s });
}
