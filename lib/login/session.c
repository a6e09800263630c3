/*
 * session.c - one small parent per protocol.  It is told by authd alone which mailbox
 * to open, forks, and the child goes the way that has no return: owner's ids,
 * the Maildir as root directory, no capability, a filter that leaves files and
 * its one connection.  The parent never reads a client's octets.
 */
#include "login/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "os/clock.h"
#include "os/fd.h"
#include "store/root.h"

static struct {
	const struct login_session_proto *proto;
	struct mail_roots roots;
	size_t count;
} parent;

static void
refuse(int client, const struct session_start *start, const char *why)
{
	log_warn(LF_STR("event", "session-refused"),
	    LF_STR("user", start->user), LF_STR("session", start->session),
	    LF_STR("why", why));
	parent.proto->refuse(client, start, why);
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
		exit(0);
	}
	mail_roots_close(&parent.roots);
	if (confine_enter_mailbox(s.root, alone, &why) != 0 ||
	    confine_narrow(SANDBOX_FILES, &why) != 0) {
		refuse(client, start, why.text);
		exit(0);
	}
	parent.proto->run(&s);
	exit(0);
}

static enum verdict
on_start(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct session_start *start = msg->body;
	pid_t pid;

	(void)peer;
	(void)ctx;
	if (parent.count >= conf_num(service_conf(),
	    parent.proto->clients_max)) {
		refuse(*msg->fd, start, "too many sessions");
		return VERDICT_OK;
	}
	pid = spawn_fork();
	if (pid == 0)
		serve(start, *msg->fd);
	if (pid < 0)
		refuse(*msg->fd, start, "no process for the session");
	else
		parent.count++;
	return VERDICT_OK;
}

static void
on_child(const struct spawn_end *end, void *ctx)
{
	(void)ctx;
	if (parent.count > 0)
		parent.count--;
	if (end->fault)
		log_error(LF_STR("event", "session-crashed"),
		    LF_INT("pid", end->pid), LF_INT("signal", end->signal));
}

static void
open_roots(const struct conf_view *conf)
{
	for (size_t i = 0; i < conf_count(conf, "mailbox_roots"); i++) {
		const char *path = conf_item(conf, "mailbox_roots", i);

		/* One that is not there yet hides the others from nobody. */
		if (mail_roots_add(&parent.roots, path) != 0)
			log_warn(LF_STR("event", "no-mailbox-root"),
			    LF_STR("path", path));
	}
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

	parent.proto = proto;
	service_begin(svc, argc, argv);
	open_roots(service_conf());
	service_confine(NULL, parent.roots.fd);

	srv = ipc_server_new(service_base(), rules, COUNT(rules), NULL);
	service_serve(srv);
	service_on(&events);
	service_loop();

	ipc_server_free(&srv);
	return service_end();
}
