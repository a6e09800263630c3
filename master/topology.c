/*
 * topology - see topology.h.
 * Nothing reaches a daemon that is not in these two tables: for every edge
 * master makes a socket pair, for every listener kind it passes the sockets.
 * Every daemon also has the channel to master and one to logd.
 */
#include "master/topology.h"

#include "ipc/msg_super.h"

#define L(kind)	LISTENER_BIT(LISTENER_##kind)
#define SMTP	(L(MX) | L(SUBMISSION) | L(LMTP) | L(LOCAL) | L(SUBMISSIONS))
#define POP	(L(POP3) | L(POP3S))
#define IMAP	(L(IMAP) | L(IMAPS))

const struct topology_row topology_rows[] = {
	/* role			program, word		user
	     root directory	can become	listeners	only if */
	{ ROLE_LOGD,		"logd", NULL,		"_paqlog",
	    JAIL_EMPTY,		OWNERS_NONE,	0,		IF_ALWAYS, 0 },
	{ ROLE_KEYD,		"keyd", NULL,		"_paqkey",
	    JAIL_EMPTY,		OWNERS_NONE,	0,		IF_TLS, 0 },
	{ ROLE_LOOKUPD,		"lookupd", NULL,	"_paqlook",
	    JAIL_MAPS,		OWNERS_NONE,	0,		IF_ALWAYS, 0 },
	{ ROLE_AUTHD,		"authd", NULL,		"_paqauth",
	    JAIL_MAPS,		OWNERS_NONE,	0,		IF_ALWAYS, 0 },
	{ ROLE_PAMD,		"pamd", NULL,		"_paqpam",
	    JAIL_ROOT,		OWNERS_NONE,	0,		IF_PAM, 0 },
	{ ROLE_DNSD,		"dnsd", NULL,		"_paqdns",
	    JAIL_EMPTY,		OWNERS_NONE,	0,		IF_ALWAYS, 0 },
	{ ROLE_QMGR,		"qmgr", NULL,		"_paqqueue",
	    JAIL_QUEUE,		OWNERS_NONE,	0,		IF_ALWAYS, 0 },
	{ ROLE_SMTPD,		"smtpd", NULL,		"_paqsmtpd",
	    JAIL_EMPTY,		OWNERS_NONE,	SMTP,		IF_LISTENS,
	    SMTP },
	{ ROLE_SMTP_OUT,	"smtp-out", NULL,	"_paqout",
	    JAIL_EMPTY,		OWNERS_NONE,	0,		IF_ALWAYS, 0 },
	{ ROLE_DELIVER,		"local-deliver", "deliver", "_paqdlv",
	    JAIL_ROOT,		OWNERS_MAILBOX,	0,		IF_ALWAYS, 0 },
	{ ROLE_PIPE,		"local-deliver", "pipe", "_paqpipe",
	    JAIL_ROOT,		OWNERS_PIPE,	0,		IF_PIPES, 0 },
	{ ROLE_POP3_FRONT,	"pop3d", "front",	"_paqpop",
	    JAIL_EMPTY,		OWNERS_NONE,	POP,		IF_LISTENS,
	    POP },
	{ ROLE_POP3_SESSION,	"pop3d", "session",	"_paqpops",
	    JAIL_ROOT,		OWNERS_MAILBOX,	0,		IF_LISTENS,
	    POP },
	{ ROLE_IMAP_FRONT,	"imapd", "front",	"_paqimap",
	    JAIL_EMPTY,		OWNERS_NONE,	IMAP,		IF_LISTENS,
	    IMAP },
	{ ROLE_IMAP_SESSION,	"imapd", "session",	"_paqimaps",
	    JAIL_ROOT,		OWNERS_MAILBOX,	0,		IF_LISTENS,
	    IMAP },
};
const size_t topology_rows_n = COUNT(topology_rows);

const struct topology_edge topology_edges[] = {
	{ ROLE_SMTPD, ROLE_QMGR },	/* a new message */
	{ ROLE_SMTPD, ROLE_LOOKUPD },	/* may it come in? */
	{ ROLE_SMTPD, ROLE_AUTHD },	/* who is this? */
	{ ROLE_SMTPD, ROLE_KEYD },	/* signatures of TLS handshakes */
	{ ROLE_POP3_FRONT, ROLE_KEYD },
	{ ROLE_IMAP_FRONT, ROLE_KEYD },
	{ ROLE_AUTHD, ROLE_PAMD },	/* is it a user of the system? */
	{ ROLE_QMGR, ROLE_LOOKUPD },	/* where does it go? */
	{ ROLE_QMGR, ROLE_SMTP_OUT },	/* jobs */
	{ ROLE_QMGR, ROLE_DELIVER },
	{ ROLE_QMGR, ROLE_PIPE },
	{ ROLE_SMTP_OUT, ROLE_DNSD },	/* names */
	{ ROLE_SMTP_OUT, ROLE_LOOKUPD },	/* what stands for an address */
	{ ROLE_POP3_FRONT, ROLE_AUTHD },	/* log-in */
	{ ROLE_AUTHD, ROLE_POP3_SESSION },	/* which mailbox */
	{ ROLE_IMAP_FRONT, ROLE_AUTHD },
	{ ROLE_AUTHD, ROLE_IMAP_SESSION },
};
const size_t topology_edges_n = COUNT(topology_edges);
_Static_assert(COUNT(topology_edges) <= EDGES_MAX, "master counts them");

static const char *const settings[] = {
	[LISTENER_MX] = "listen_mx",
	[LISTENER_SUBMISSION] = "listen_submission",
	[LISTENER_LMTP] = "listen_lmtp",
	[LISTENER_LOCAL] = NULL,
	[LISTENER_POP3] = "listen_pop3",
	[LISTENER_IMAP] = "listen_imap",
	[LISTENER_SUBMISSIONS] = "listen_submissions",
	[LISTENER_POP3S] = "listen_pop3s",
	[LISTENER_IMAPS] = "listen_imaps",
};

const char *
topology_listen_setting(unsigned kind)
{
	return kind < COUNT(settings) ? settings[kind] : NULL;
}

static bool
kind_configured(unsigned kind, const struct conf_view *v)
{
	if (kind == LISTENER_LOCAL)
		return conf_bool(v, "local_submission");
	return conf_count(v, settings[kind]) > 0;
}

bool
topology_wanted(const struct topology_row *row, const struct conf_view *v)
{
	switch (row->only_if) {
	case IF_ALWAYS:
		return true;
	case IF_PIPES:
		return conf_count(v, "pipes") > 0;
	case IF_TLS:
		return conf_count(v, "certificates") > 0;
	case IF_PAM:
		return conf_str(v, "pam_service")[0] != '\0';
	case IF_LISTENS:
		break;
	}
	for (unsigned kind = 0; kind < COUNT(settings); kind++)
		if ((row->serves & LISTENER_BIT(kind)) != 0 &&
		    kind_configured(kind, v))
			return true;
	return false;
}
