/*
 * session.c - one small parent per protocol.  It is told by authd alone which mailbox
 * to open, forks, and the child goes the way that has no return: owner's ids,
 * the Maildir as root directory, no capability, a filter that leaves files and
 * its one connection.  The parent never reads a client's octets.
 */
#include "login/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/log.h"
#include "os/fd.h"
#include "os/memory.h"
#include "os/rand.h"
#include "os/sock.h"
#include "store/kept.h"
#include "store/layout.h"
#include "store/quota.h"
#include "store/root.h"

#define CHILDREN_MAX	100000	/* conf/keys: clients_max at most */

static struct {
	const struct login_session_proto *proto;
	struct mail_roots roots;
	struct confine_filter *filter;	/* of the sessions */
	struct hash *children;	/* pid -> its source */
	struct hash *sources;	/* source -> number of children */
} parent;

/* ------------------------------------------------- how many, and of whom */

static struct sock_source
source_of(const struct session_start *start, bool *local)
{
	struct sock_source s = { .octets = { 0 } };
	struct sock_addr a;

	*local = sock_parse_ip(span_str(start->client), &a) != 0 ||
	    sock_is_loopback(&a);
	if (!*local)
		sock_source_of(&a, &s);
	return s;
}

static struct span
source_key(const struct sock_source *s)
{
	return span_of(s->octets, sizeof(s->octets));
}

static struct span
pid_key(const pid_t *pid)
{
	return span_of(pid, sizeof(*pid));
}

static void
count_up(pid_t pid, const struct session_start *start)
{
	struct sock_source *s = xcalloc(1, sizeof(*s));
	size_t *n;
	bool local;

	*s = source_of(start, &local);
	n = hash_get(parent.sources, source_key(s));
	if (n == NULL) {
		n = xcalloc(1, sizeof(*n));
		if (hash_put(parent.sources, source_key(s), n) != 0)
			bug("more sources than sessions");
	}
	(*n)++;
	if (hash_put(parent.children, pid_key(&pid), s) != 0)
		bug("a process twice");
}

static void
count_down(pid_t pid)
{
	struct sock_source *s = hash_del(parent.children, pid_key(&pid));
	size_t *n;

	if (s == NULL)
		return;
	n = hash_get(parent.sources, source_key(s));
	if (--*n == 0)
		free(hash_del(parent.sources, source_key(s)));
	free(s);
}

/* NULL: there is room for one more. */
static const char *
too_many(const struct session_start *start)
{
	const struct conf_view *conf = service_conf();
	uint64_t most = conf_num(conf, "mail_clients_per_address");
	bool local;
	struct sock_source s = source_of(start, &local);
	const size_t *n = hash_get(parent.sources, source_key(&s));

	if (hash_count(parent.children) >=
	    conf_num(conf, parent.proto->clients_max))
		return "too many sessions";
	if (!local && most > 0 && n != NULL && *n >= most)
		return "too many sessions of this address";
	return NULL;
}

/* --------------------------------------------------------------- a session */

static void
refuse(int client, const struct session_start *start, const char *why)
{
	log_warn(LF_STR("event", "session-refused"),
	    LF_STR("user", start->user), LF_STR("session", start->session),
	    LF_STR("why", why));
	parent.proto->refuse(client, start, why);
}

/* What the mailbox may hold, and keep, where the library finds it. */
static void
limit(const struct login_session *s)
{
	uint64_t octets = s->start->quota_octets;
	struct why why;

	if (octets == 0)
		octets = conf_num(s->conf, "quota");
	if (quota_limit(s->root, true, octets,
	    conf_num(s->conf, "quota_messages"), &why) != 0)
		log_warn(LF_STR("event", "no-quota"),
		    LF_STR("user", s->start->user), LF_STR("why", why.text));
	if (kept_begin(s->root, (unsigned)conf_num(s->conf,
	    "expunge_keep_days"), conf_num(s->conf, "expunge_keep_size"),
	    &why) != 0)
		log_warn(LF_STR("event", "no-kept"),
		    LF_STR("user", s->start->user), LF_STR("why", why.text));
}

/* In the child: become the owner, open the mailbox, serve, end. */
_Noreturn static void
serve(const struct session_start *start, int client)
{
	struct login_session s = { .start = start, .client = client,
		.root = -1, .conf = service_conf() };
	int keep[MAIL_ROOTS_MAX + 1];
	bool alone = !service_privileged();
	struct why why;

	keep[0] = client;
	for (size_t i = 0; i < parent.roots.n; i++)
		keep[1 + i] = parent.roots.fd[i];
	service_after_fork(keep, 1 + parent.roots.n);
	why_clear(&why);
	if (confine_become_owner(start->uid, start->gid, alone, &why) != 0 ||
	    (s.root = mail_roots_open(&parent.roots, start->maildir,
	    &why)) < 0) {
		refuse(client, start, why.text);
		_exit(0);
	}
	mail_roots_close(&parent.roots);
	if (confine_enter_mailbox(s.root, alone, &why) != 0 ||
	    confine_filter_load(parent.filter, &why) != 0) {
		refuse(client, start, why.text);
		_exit(0);
	}
	limit(&s);
	parent.proto->run(&s);
	_exit(0);
}

static enum verdict
on_start(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct session_start *start = msg->body;
	const char *full = too_many(start);
	struct why why;
	pid_t pid;

	(void)peer;
	(void)ctx;
	if (full != NULL) {
		refuse(*msg->fd, start, full);
		return VERDICT_OK;
	}
	pid = spawn_fork();
	if (pid == 0)
		serve(start, *msg->fd);
	if (pid < 0) {
		why_sys(&why, WHY_TEMP, "4.3.2", "no process for the session");
		refuse(*msg->fd, start, why.text);
	} else {
		count_up(pid, start);
	}
	return VERDICT_OK;
}

static void
on_child(const struct spawn_end *end, void *ctx)
{
	(void)ctx;
	count_down(end->pid);
	if (end->fault)
		log_error(LF_STR("event", "session-crashed"),
		    LF_INT("pid", end->pid), LF_INT("signal", end->signal));
}

static void
open_roots(const struct conf_view *conf)
{
	layout_set(conf_str(conf, "mailbox_layout"),
	    conf_str(conf, "mailbox_names"), conf_str(conf, "mailbox_escape"));
	for (size_t i = 0; i < conf_count(conf, "mailbox_roots"); i++)
		mail_roots_use(&parent.roots,
		    conf_item(conf, "mailbox_roots", i));
	parent.roots.fd[parent.roots.n] = -1;
}

static const struct ipc_rule rules[] = {
	{ ROLE_BIT(ROLE_AUTHD), &session_start_type, 0, on_start },
};

int
login_session_main(const struct service *svc,
    const struct login_session_proto *proto, int argc, char **argv)
{
	const struct service_events events = { .child = on_child };
	struct ipc_server *srv;
	uint8_t seed[16];
	struct why why;

	parent.proto = proto;
	service_begin(svc, argc, argv);
	rand_octets(seed, sizeof(seed));
	parent.children = hash_new(CHILDREN_MAX, seed);
	parent.sources = hash_new(CHILDREN_MAX, seed);
	open_roots(service_conf());
	service_confine(NULL, parent.roots.fd);
	parent.filter = confine_filter_new(SANDBOX_FILES, &why);
	if (parent.filter == NULL)
		die(EXIT_OSERR, "%s", why.text);

	srv = ipc_server_new(service_base(), rules, COUNT(rules), NULL);
	service_serve(srv);
	service_on(&events);
	memory_settle();
	service_loop();

	ipc_server_free(&srv);
	hash_free(&parent.children, free);
	hash_free(&parent.sources, free);
	mail_roots_close(&parent.roots);
	confine_filter_free(&parent.filter);
	return service_end();
}
