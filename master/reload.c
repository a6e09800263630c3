/*
 * reload - new settings for a running suite.  The file is read and checked
 * whole and new ports are bound before anything changes.  Then every daemon
 * gets its settings; one whose listeners changed gets a successor instead,
 * so that no session is dropped; rows that are wanted newly start, others stop.
 * What is built into running processes (roots, ids, the run directory, bounds of
 * acceptors) waits for the next start, and is said.
 */
#include <string.h>

#include "base/log.h"
#include "conf/keys.h"
#include "conf/load.h"
#include "master/master.h"

static const char *const fixed[] = { "queue_dir", "run_dir", "map_dir",
	"auth_dir",
	"empty_dir", "operator_group", "confinement", "mailbox_user",
	"mailbox_uids", "mailbox_roots", "system_users", "pipe_user",
	"dns_servers", "dns_validating", "smtp_clients_max", "smtp_clients_per_address",
	"pop3_clients_max", "imap_clients_max", "mail_clients_per_address",
	"tls_handshakes_max", "tls_handshakes_per_network" };

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
send_all(struct master *m)
{
	for (size_t i = 0; i < PROCS_MAX; i++)
		if (m->procs[i] != NULL &&
		    (m->procs[i]->state == PROC_WIRED ||
		    m->procs[i]->state == PROC_READY))
			proc_send_settings(m, m->procs[i]);
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
	send_all(m);
	for (size_t i = 0; i < topology_rows_n; i++)
		apply(m, &m->slots[i], &slots[i], changed);
	conf_view_free(&old);
	log_info(LF_STR("event", "reloaded"));
	return 0;
}
