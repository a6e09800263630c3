/*
 * roles - see roles.h.
 * The two tables stand side by side: a name for people, and who may bring
 * whom along.
 */
#include "ipc/roles.h"

static const struct {
	const char *name;
	enum role   child;
} roles[ROLE_COUNT] = {
	[ROLE_MASTER] = { "master", ROLE_COUNT },
	[ROLE_LOGD] = { "logd", ROLE_COUNT },
	[ROLE_KEYD] = { "keyd", ROLE_COUNT },
	[ROLE_LOOKUPD] = { "lookupd", ROLE_COUNT },
	[ROLE_AUTHD] = { "authd", ROLE_COUNT },
	[ROLE_DNSD] = { "dnsd", ROLE_COUNT },
	[ROLE_QMGR] = { "qmgr", ROLE_COUNT },
	[ROLE_SMTPD] = { "smtpd", ROLE_SMTPD_SESSION },
	[ROLE_SMTPD_SESSION] = { "smtpd-session", ROLE_COUNT },
	[ROLE_SMTP_OUT] = { "smtp-out", ROLE_SMTP_OUT_WORKER },
	[ROLE_SMTP_OUT_WORKER] = { "smtp-out-worker", ROLE_COUNT },
	[ROLE_DELIVER] = { "deliver", ROLE_DELIVER_WORKER },
	[ROLE_DELIVER_WORKER] = { "deliver-worker", ROLE_COUNT },
	[ROLE_PIPE] = { "pipe", ROLE_PIPE_WORKER },
	[ROLE_PIPE_WORKER] = { "pipe-worker", ROLE_COUNT },
	[ROLE_POP3_FRONT] = { "pop3-front", ROLE_COUNT },
	[ROLE_POP3_SESSION] = { "pop3-session", ROLE_COUNT },
	[ROLE_IMAP_FRONT] = { "imap-front", ROLE_COUNT },
	[ROLE_IMAP_SESSION] = { "imap-session", ROLE_COUNT },
	[ROLE_PAMD] = { "pamd", ROLE_COUNT },
};

const char *
role_name(enum role role)
{
	return (unsigned)role < ROLE_COUNT ? roles[role].name : "nobody";
}

enum role
role_child(enum role listener)
{
	return (unsigned)listener < ROLE_COUNT ? roles[listener].child :
	    ROLE_COUNT;
}
