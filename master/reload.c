/*
 * reload - see reload.h.  The file is read and checked
 * whole and new ports are bound before anything changes.  Then every daemon
 * gets its settings; one whose listeners changed gets a successor instead,
 * so that no session is dropped; rows that are wanted newly start, others stop.
 * keyd is the first to hear of it, and the others when it has judged the
 * certificates: so they begin with one only when somebody signs for it.
 * What is built into running processes (roots, ids, the run directory, bounds of
 * acceptors) waits for the next start, and is said.
 */
#include "master/reload.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "conf/keys.h"
#include "conf/load.h"
#include "ipc/control.h"
#include "master/certs.h"
#include "master/master.h"
#include "os/fd.h"

#define JUDGE_S		10	/* keyd reads a hundred keys in less */
#define REFUSED_MAX	(128 * KIB)
/* A pair that was renewed by half when keyd was started: how soon again. */
#define AGAIN_S		10
#define AGAIN_MAX_S	320

struct reloading {
	struct slot   slots[ROWS_MAX];	/* as they are to be */
	uint32_t      changed;		/* listeners */
	bool	      judged;		/* keyd has the settings already */
	struct buf    refused;		/* for the operator */
	int	      tell;		/* his connection, or -1 */
	struct event *too_long;
};

/* For what keyd lacks, its files are looked at again. */
static struct {
	struct event *timer;	/* or NULL */
	unsigned wait_s;	/* until then; 0: it lacks nothing */
	bool	 asked;		/* ... and that is being judged */
} again;

static const char *const fixed[] = { "queue_dir", "run_dir", "map_dir",
	"auth_dir",
	"empty_dir", "operator_group", "confinement", "mailbox_user",
	"mailbox_uids", "mailbox_roots", "mailbox_layout", "mailbox_names",
	"mailbox_escape", "system_users", "pipe_user",
	"dns_servers", "dns_validating", "smtp_clients_max", "smtp_clients_per_address",
	"pop3_clients_max", "imap_clients_max", "mail_clients_per_address",
	"clients_per_network_percent", "tls_handshakes_max",
	"tls_handshakes_per_network" };

static bool
differs(const struct conf_view *a, const struct conf_view *b,
    const char *name)
{
	if (conf_key_find(name)->kind != CONF_LIST)
		return strcmp(conf_str(a, name), conf_str(b, name)) != 0;
	if (conf_count(a, name) != conf_count(b, name))
		return true;
	for (size_t i = 0; i < conf_count(a, name); i++)
		if (strcmp(conf_item(a, name, i), conf_item(b, name, i)) != 0)
			return true;
	return false;
}

static void
say_fixed(const struct conf_view *a, const struct conf_view *b)
{
	for (size_t i = 0; i < COUNT(fixed); i++)
		if (differs(a, b, fixed[i]))
			log_warn(LF_STR("event", "needs-restart"),
			    LF_STR("setting", fixed[i]));
}

static void
apply(struct master *m, struct slot *s, const struct slot *next,
    uint32_t changed)
{
	bool was = s->wanted;

	s->wanted = next->wanted;
	if (!was && next->wanted) {
		s->uid = next->uid;
		s->gid = next->gid;
		s->nuids = next->nuids;
		s->ngids = next->ngids;
		memcpy(s->uids, next->uids, sizeof(s->uids));
		memcpy(s->gids, next->gids, sizeof(s->gids));
	}
	if (!s->wanted) {
		if (s->now != NULL)
			proc_stop(m, s->now);
		s->now = NULL;
	} else if (!was || s->now == NULL) {
		if (slot_start(m, s) != 0)
			watch_restart(s, 0);
	} else if ((s->row->listeners & changed) != 0) {
		s->successor_ms = 0;
		slot_succeed(m, s);
	}
}

/* A daemon before its hello gets the new ones with it. */
static void
send_all(struct master *m, bool but_keyd)
{
	for (size_t i = 0; i < PROCS_MAX; i++)
		if (m->procs[i] != NULL && (!but_keyd ||
		    m->procs[i]->slot->row->role != ROLE_KEYD) &&
		    (m->procs[i]->state == PROC_WIRED ||
		    m->procs[i]->state == PROC_READY))
			proc_send_settings(m, m->procs[i]);
}

/* ------------------------------------------------- from keyd's verdict on */

static void
finish(struct master *m)
{
	struct reloading *r = m->reloading;

	m->reloading = NULL;
	if (!m->stopping) {
		send_all(m, r->judged);
		for (size_t i = 0; i < topology_rows_n; i++)
			apply(m, &m->slots[i], &r->slots[i], r->changed);
	}
	log_info(LF_STR("event", "reloaded"));
	/* A caller who does not read loses the rest: master does not wait. */
	if (r->tell >= 0 && r->refused.n > 0 &&
	    fd_write(r->tell, r->refused.p, r->refused.n) < 0)
		log_debug(LF_STR("event", "control-unread"));
	fd_close(&r->tell);
	event_free(r->too_long);
	buf_fini(&r->refused);
	free(r);
}

static void
on_too_long(evutil_socket_t fd, short what, void *arg)
{
	struct master *m = arg;

	(void)fd;
	(void)what;
	log_warn(LF_STR("event", "not-judged"));
	if (m->reloading->refused.n == 0)
		buf_add_str(&m->reloading->refused, CONTROL_WARNING
		    "keyd did not answer in time\n");
	finish(m);
}

enum verdict
reload_on_refused(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct super_refused *no = msg->body;
	struct proc *p = ipc_peer_get(peer);
	struct master *m = ctx;
	const char *item;

	if (p == NULL || p->judging == 0)
		return VERDICT_CLOSE;
	if (p->judging > 1)
		return VERDICT_OK;	/* of settings that are no more */
	item = certs_refused(m, no->index, no->kept != 0);
	if (item == NULL)
		return VERDICT_CLOSE;
	if (m->reloading != NULL)
		buf_addf(&m->reloading->refused, "%s%s: %s; %s\n",
		    m->reloading->refused.n == 0 ? CONTROL_WARNING
		    "not all certificates were taken\n" : "", item, no->text,
		    no->kept != 0 ? "the pair of before serves on" :
		    "none serves");
	p->refused = true;
	return VERDICT_OK;
}

/* keyd is asked first, if it is there; false: there is nothing to wait for. */
static bool
ask_keyd(struct master *m)
{
	struct slot *s = slot_of(m, ROLE_KEYD);

	if (s->now == NULL || (s->now->state != PROC_WIRED &&
	    s->now->state != PROC_READY) || s->now->peer == NULL ||
	    conf_count(m->conf, "certificates") == 0)
		return false;
	proc_send_settings(m, s->now);
	return true;
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct master *m = arg;

	(void)fd;
	(void)what;
	if (!m->stopping && m->reloading == NULL)
		again.asked = ask_keyd(m);
}

/*
 * The files of what keyd lacks are looked at again, by and by: nobody may be
 * there to order a reload after a renewal that was under way when keyd died.
 */
static void
look_again(struct master *m, bool lacks)
{
	struct timeval after = { .tv_sec = 0 };

	if (again.timer != NULL)
		event_free(again.timer);
	again.timer = NULL;
	again.wait_s = !lacks ? 0 : again.wait_s == 0 ? AGAIN_S :
	    again.wait_s < AGAIN_MAX_S ? again.wait_s * 2 : AGAIN_MAX_S;
	if (!lacks)
		return;
	after.tv_sec = (time_t)again.wait_s;
	again.timer = evtimer_new(m->base, on_again, m);
	if (again.timer == NULL || evtimer_add(again.timer, &after) != 0)
		die(EXIT_OSERR, "no timer");
}

enum verdict
reload_on_judged(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct proc *p = ipc_peer_get(peer);
	struct master *m = ctx;
	bool changed;

	(void)msg;
	if (p == NULL || p->judging == 0)
		return VERDICT_CLOSE;
	if (--p->judging > 0)
		return VERDICT_OK;
	changed = certs_judged(m);
	look_again(m, certs_lack(m));
	if (m->reloading != NULL)
		finish(m);
	else if ((p->refused && !again.asked) || changed)
		/* Who took it for good drops it; and a keyd that was started
		   anew may have found renewed files. */
		send_all(m, true);
	p->refused = again.asked = false;
	return VERDICT_OK;
}

void
reload_lost(struct master *m, const struct proc *p)
{
	if (m->reloading != NULL && p->slot->row->role == ROLE_KEYD)
		finish(m);
}

void
reload_tell(struct master *m, int fd)
{
	if (m->reloading == NULL) {
		fd_close(&fd);
		return;
	}
	m->reloading->tell = fd;
}

static void
begin(struct master *m, const struct slot *slots, uint32_t changed)
{
	static const struct timeval limit = { .tv_sec = JUDGE_S };
	struct reloading *r = xcalloc(1, sizeof(*r));

	r->changed = changed;
	r->tell = -1;
	memcpy(r->slots, slots, sizeof(r->slots));
	buf_init(&r->refused, REFUSED_MAX);
	r->too_long = evtimer_new(m->base, on_too_long, m);
	if (r->too_long == NULL || evtimer_add(r->too_long, &limit) != 0)
		die(EXIT_OSERR, "no timer");
	m->reloading = r;
	r->judged = ask_keyd(m);
	if (!r->judged)
		finish(m);
}

int
reload(struct master *m, struct buf *errors)
{
	struct conf_view *next, *old;
	struct slot slots[ROWS_MAX] = { { .wanted = false } };
	uint32_t changed;

	if (m->stopping) {
		buf_add_str(errors, "the server is stopping\n");
		return -1;
	}
	if (m->reloading != NULL)
		finish(m);	/* what comes now is newer */
	next = conf_load(m->conf_path, errors);
	if (next == NULL)
		return -1;
	if (prepare_slots(m, next, slots, errors) != 0 ||
	    files_check(next, errors) != 0 ||
	    listen_open(m, next, errors) != 0) {
		listen_close_unwanted(m, m->conf);
		conf_view_free(&next);
		return -1;
	}
	old = m->conf;
	changed = listen_changed(old, next);
	say_fixed(old, next);
	m->conf = next;
	listen_close_unwanted(m, next);
	conf_view_free(&old);
	begin(m, slots, changed);
	return 0;
}
