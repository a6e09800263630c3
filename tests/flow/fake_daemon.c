/*
 * fake_daemon - stands in for any daemon of the suite where only master is
 * tested: it does all that lib/daemon does, says in the log which peers,
 * listeners and settings it got, and serves nobody.
 */
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "os/clock.h"
#include "os/fd.h"

#define FLOOD_LINES	30000

static const struct { const char *program, *word; enum role role; } names[] = {
	{ "lookupd", NULL, ROLE_LOOKUPD }, { "authd", NULL, ROLE_AUTHD },
	{ "dnsd", NULL, ROLE_DNSD }, { "qmgr", NULL, ROLE_QMGR },
	{ "smtpd", NULL, ROLE_SMTPD }, { "smtp-out", NULL, ROLE_SMTP_OUT },
	{ "local-deliver", "deliver", ROLE_DELIVER },
	{ "local-deliver", "pipe", ROLE_PIPE },
	{ "pop3d", "front", ROLE_POP3_FRONT },
	{ "pop3d", "session", ROLE_POP3_SESSION },
	{ "imapd", "front", ROLE_IMAP_FRONT },
	{ "imapd", "session", ROLE_IMAP_SESSION },
};

static void
say_settings(const char *event)
{
	struct service_listener l;

	log_info(LF_STR("event", event),
	    LF_STR("hostname", conf_str(service_conf(), "hostname")),
	    LF_NUM("instance", service_instance()));
	for (size_t i = 0; service_listener(i, &l); i++)
		log_info(LF_STR("event", "fake-listener"),
		    LF_STR("name", l.name));
}

static void
on_peer(enum role role, int fd, void *ctx)
{
	(void)ctx;
	log_info(LF_STR("event", "fake-peer"), LF_STR("role",
	    role_name(role)));
	(void)fd;	/* held open up to the end of this process */
}

/* A listener that is told this name does as after a crash of a session. */
static void
on_reload(void *ctx)
{
	struct service_listener l;

	(void)ctx;
	say_settings("fake-reload");
	if (service_listener(0, &l) && strcmp(conf_str(service_conf(),
	    "hostname"), "successor.example") == 0)
		service_ask_successor();
}

static void
on_control(const struct super_control *c, int fd, void *ctx)
{
	(void)ctx;
	for (uint64_t i = 0; strcmp(c->verb, "queue-flood") == 0 &&
	    i < FLOOD_LINES; i++) {
		log_info(LF_STR("event", "flood"), LF_NUM("n", i));
		if (i % 100 == 99)
			clock_sleep_ms(1);	/* logd must get to see them */
	}
	if (fd_write_all(fd, c->args, strlen(c->args)) != 0)
		log_error(LF_STR("event", "fake-unsent"));
	fd_close(&fd);
}

static void
on_stop(void *ctx)
{
	(void)ctx;
	log_info(LF_STR("event", "fake-stop"));
	service_loop_end();
}

int
main(int argc, char **argv)
{
	static const struct service_events events = { .peer = on_peer,
		.reload = on_reload, .control = on_control, .stop = on_stop };
	struct service svc = { .name = argv[0], .role = ROLE_COUNT,
		.nofile = 256 };

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(argv[0], names[i].program) == 0 &&
		    (names[i].word == NULL || (argc > 1 &&
		    strcmp(argv[1], names[i].word) == 0)))
			svc.role = names[i].role;
	if (svc.role == ROLE_COUNT)
		die(EXIT_USAGE, "which daemon is %s?", argv[0]);
	svc.sandbox = svc.role == ROLE_PIPE ? SANDBOX_PROGRAMS :
	    svc.role == ROLE_DELIVER || svc.role == ROLE_POP3_SESSION ||
	    svc.role == ROLE_IMAP_SESSION ? SANDBOX_OWNER : SANDBOX_STDIO;
	service_begin(&svc, argc, argv);
	service_confine(NULL, NULL);
	service_on(&events);
	say_settings("fake-ready");
	service_loop();
	return service_end();
}
