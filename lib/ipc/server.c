/*
 * server - see server.h.
 * A peer is read a few packets at a time, so that none starves the others.
 * Peers that end are taken off the list at once and freed only when no
 * handler is running (`busy`), because a handler may close any peer, itself
 * included.  A peer that can no longer be written to is still read to its
 * end: what it had said before it went (a worker's last result) counts.
 */
#include "ipc/server.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/secret.h"
#include "ipc/server_priv.h"
#include "os/fd.h"

#define PEERS_DEFAULT	1024
#define OUT_OCTETS	(1 * MIB)	/* unread by one peer */
#define OUT_PACKETS	4096
#define READ_AT_ONCE	4	/* groups of packets of a peer per turn */

static void	on_readable(evutil_socket_t fd, short what, void *arg);

static void
reap(struct ipc_server *s)
{
	struct ipc_peer *p;

	while (s->busy == 0 && (p = TAILQ_FIRST(&s->dying)) != NULL) {
		TAILQ_REMOVE(&s->dying, p, next);
		s->busy++;
		if (s->closed != NULL)
			s->closed(p, s->ctx);
		if (s->none != NULL && p->last && s->count[p->role] == 0)
			s->none(p->role);
		s->busy--;
		free(p);
	}
}

static void
on_reaper(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	reap(arg);
}

static void
leave(struct ipc_server *s)
{
	s->busy--;
	reap(s);
}

/* Off the list and its channel closed; freed by reap(). */
static void
mark_closing(struct ipc_peer *p)
{
	struct ipc_server *s = p->server;

	if (p->closing)
		return;
	p->closing = true;
	event_free(p->readable);
	event_free(p->writable);
	if (p->rested != NULL)
		event_free(p->rested);
	fd_close(&p->fd);
	outq_fini(&p->out);
	p->last = --s->count[p->role] == 0;
	TAILQ_REMOVE(&s->open, p, next);
	TAILQ_INSERT_TAIL(&s->dying, p, next);
	event_active(s->reaper, EV_TIMEOUT, 1);
}

void
peer_refused(struct ipc_peer *p, const char *type, const char *reason)
{
	log_warn(LF_STR("event", "ipc-refused"),
	    LF_STR("daemon", role_name(p->role)), LF_STR("type", type),
	    LF_STR("why", reason));
	mark_closing(p);
}

struct ipc_server *
ipc_server_new(struct event_base *base, const struct ipc_rule *rules,
    size_t nrules, void *ctx)
{
	struct ipc_server *s = xcalloc(1, sizeof(*s));

	s->base = base;
	s->rules = rules;
	s->nrules = nrules;
	s->ctx = ctx;
	s->out_octets = OUT_OCTETS;
	s->out_packets = OUT_PACKETS;
	TAILQ_INIT(&s->open);
	TAILQ_INIT(&s->dying);
	for (size_t i = 0; i < ROLE_COUNT; i++)
		s->limit[i] = PEERS_DEFAULT;
	s->reaper = event_new(base, -1, 0, on_reaper, s);
	if (s->reaper == NULL)
		die(EXIT_OSERR, "event_new failed");
	s->frames = xcalloc(FRAMES_AT_ONCE, sizeof(s->frames[0]));
	return s;
}

void
ipc_server_free(struct ipc_server **s)
{
	struct ipc_peer *p;

	if (*s == NULL)
		return;
	while ((p = TAILQ_FIRST(&(*s)->open)) != NULL)
		mark_closing(p);
	reap(*s);
	event_free((*s)->reaper);
	free((*s)->frames);
	free(*s);
	*s = NULL;
}

void
ipc_server_on_close(struct ipc_server *s,
    void (*closed)(struct ipc_peer *peer, void *ctx))
{
	s->closed = closed;
}

void
ipc_server_on_none(struct ipc_server *s, void (*none)(enum role role))
{
	s->none = none;
}

void
ipc_server_on_lost(struct ipc_server *s, void (*lost)(struct ipc_peer *peer,
    const struct ipc_type *type, uint32_t request, void *ctx))
{
	s->lost = lost;
}

struct ipc_peer *
ipc_server_add(struct ipc_server *s, int fd, enum role role)
{
	bool full = s->count[role] >= s->limit[role];
	struct ipc_peer *p;

	if (full || !fd_is_channel(fd) || fd_nonblock(fd, true) != 0) {
		log_warn(LF_STR("event", "ipc-refused"),
		    LF_STR("daemon", role_name(role)),
		    LF_STR("why", full ? "too many peers" : "no channel"));
		fd_close(&fd);
		return NULL;
	}
	p = xcalloc(1, sizeof(*p) + s->nrules * sizeof(p->buckets[0]));
	p->server = s;
	p->role = role;
	p->fd = fd;
	p->request = 1;
	outq_init(&p->out, s->out_octets, s->out_packets);
	pace_init(p);
	p->readable = event_new(s->base, fd, EV_READ | EV_PERSIST,
	    on_readable, p);
	p->writable = event_new(s->base, fd, EV_WRITE, peer_writable, p);
	if (p->readable == NULL || p->writable == NULL ||
	    event_add(p->readable, NULL) != 0)
		die(EXIT_OSERR, "event_new failed");
	s->count[role]++;
	TAILQ_INSERT_HEAD(&s->open, p, next);
	return p;
}

struct ipc_peer *
ipc_server_peer(struct ipc_server *s, enum role role)
{
	struct ipc_peer *p;

	TAILQ_FOREACH(p, &s->open, next)
		if (p->role == role && !p->deaf)
			return p;
	return NULL;
}

size_t
ipc_server_count(const struct ipc_server *s, enum role role)
{
	return s->count[role];
}

void
ipc_server_limit(struct ipc_server *s, enum role role, size_t most)
{
	s->limit[role] = most;
}

void
ipc_server_each(struct ipc_server *s, enum role role,
    void (*each)(struct ipc_peer *peer, void *arg), void *arg)
{
	struct ipc_peer *p, **found;
	size_t n = 0;

	if (s->count[role] == 0)
		return;
	/* A list of its own: each() may close any of them.  busy keeps them. */
	found = xcalloc(s->count[role], sizeof(*found));
	TAILQ_FOREACH(p, &s->open, next)
		if (p->role == role)
			found[n++] = p;
	s->busy++;
	for (size_t i = 0; i < n; i++)
		if (!found[i]->closing)
			each(found[i], arg);
	leave(s);
	free(found);
}

void
ipc_server_bound(struct ipc_server *s, size_t octets, size_t packets)
{
	s->out_octets = octets;
	s->out_packets = packets;
}

enum role
ipc_peer_role(const struct ipc_peer *p)
{
	return p->role;
}

void
ipc_peer_set(struct ipc_peer *p, void *data)
{
	p->data = data;
}

void *
ipc_peer_get(const struct ipc_peer *p)
{
	return p->data;
}

struct ipc_server *
ipc_peer_server(struct ipc_peer *p)
{
	return p->server;
}

void
ipc_peer_close(struct ipc_peer *p)
{
	struct ipc_server *s = p->server;

	mark_closing(p);
	reap(s);
}

uint32_t
ipc_peer_request(struct ipc_peer *p)
{
	return p->request++;
}

static const struct ipc_type *
type_by_num(const struct ipc_server *s, uint16_t num)
{
	for (size_t i = 0; i < s->nrules; i++)
		if (s->rules[i].type->num == num)
			return s->rules[i].type;
	return NULL;
}

static void
run(struct ipc_peer *p, const struct ipc_rule *rule, struct frame *f)
{
	void *body = xmalloc(rule->type->size);
	struct ipc_msg msg = { .type = rule->type, .request = f->request,
		.body = body, .fd = &f->fd };

	if (ipc_decode(rule->type, f->body, f->body_len, body) != 0)
		peer_refused(p, rule->type->name, "malformed");
	else if (rule->run(p, &msg, p->server->ctx) != VERDICT_OK &&
	    !p->closing)
		peer_refused(p, rule->type->name, "handler");
	explicit_bzero(body, rule->type->size);	/* it may hold a password */
	free(body);
}

static void
dispatch(struct ipc_peer *p, struct frame *f)
{
	struct ipc_server *s = p->server;
	const struct ipc_type *known = type_by_num(s, f->type);
	size_t i = 0;

	while (i < s->nrules && (s->rules[i].type != known ||
	    (s->rules[i].from & ROLE_BIT(p->role)) == 0))
		i++;
	if (known == NULL)
		peer_refused(p, NULL, "unknown type");
	else if (i == s->nrules)
		peer_refused(p, known->name, "not from this role");
	else if ((known->fd == IPC_FD_ONE) != (f->fd >= 0))
		peer_refused(p, known->name, "descriptor");
	else if (pace_allows(p, i))
		run(p, &s->rules[i], f);
	fd_close(&f->fd);
}

/* One packet is lost; its sender sees the end of what it passed. */
static void
no_room(struct ipc_peer *p, const struct frame *f)
{
	struct ipc_server *s = p->server;

	log_error(LF_STR("event", "ipc-lost"),
	    LF_STR("daemon", role_name(p->role)),
	    LF_STR("why", "too many descriptors"));
	for (size_t i = 0; i < s->nrules && s->lost != NULL; i++)
		if (s->rules[i].type->num == f->type &&
		    (s->rules[i].from & ROLE_BIT(p->role)) != 0) {
			s->lost(p, s->rules[i].type, f->request, s->ctx);
			break;
		}
}

/*
 * One group of packets: all that is there, if it is not much.
 * returns  whether there may be more
 */
static bool
read_group(struct ipc_peer *p)
{
	struct frame *f = p->server->frames;
	enum frame_got got[FRAMES_AT_ONCE];
	size_t n = frame_recv_many(p->fd, f, got);

	for (size_t i = 0; i < n; i++) {
		/* A handler may have closed it. */
		if (p->closing)
			fd_close(&f[i].fd);
		else if (got[i] == FRAME_OK)
			dispatch(p, &f[i]);
		else if (got[i] == FRAME_NO_ROOM)
			no_room(p, &f[i]);
		else if (got[i] == FRAME_END)
			mark_closing(p);
		else if (got[i] == FRAME_BROKEN)
			peer_refused(p, NULL, "broken packet");
		wipe(f[i].body, f[i].body_len);
	}
	return n == FRAMES_AT_ONCE && !p->closing && !p->resting;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_peer *p = arg;
	struct ipc_server *s = p->server;

	(void)fd;
	(void)what;
	s->busy++;
	for (int i = 0; i < READ_AT_ONCE && read_group(p); i++)
		;
	leave(s);
}
