/*
 * catalogue - the numbers of all message types.  A number is never used again
 * for another message.  schema.c hashes the tables of all of them.
 */
#ifndef IPC_CATALOGUE_H
#define IPC_CATALOGUE_H

#include "ipc/field.h"

enum ipc_num {
	/* any answer: msg_refusal.h */
	IPC_NUM_REFUSAL = 1,

	/* master <-> all: msg_super.h */
	IPC_NUM_SUPER_HELLO = 16,
	IPC_NUM_SUPER_IDENTITY,
	IPC_NUM_SUPER_RANGE,
	IPC_NUM_SUPER_SETTING,
	IPC_NUM_SUPER_PEER,
	IPC_NUM_SUPER_LISTENER,
	IPC_NUM_SUPER_FILE,
	IPC_NUM_SUPER_GO,
	IPC_NUM_SUPER_MAP_ME,
	IPC_NUM_SUPER_MAPPED,
	IPC_NUM_SUPER_READY,
	IPC_NUM_SUPER_CONTROL,
	IPC_NUM_SUPER_SUCCESSOR,
	IPC_NUM_SUPER_STOP,
	IPC_NUM_SUPER_LOG,
	IPC_NUM_SUPER_LOG_ENDED,
	IPC_NUM_SUPER_PAIR_ASK,
	IPC_NUM_SUPER_PAIR,
	IPC_NUM_SUPER_NO_PAIR,
	IPC_NUM_SUPER_CARRY,
	IPC_NUM_SUPER_REFUSED,
	IPC_NUM_SUPER_JUDGED,
	IPC_NUM_SUPER_EDGE_ENDED,

	/* a listener introduces a session: msg_chan.h */
	IPC_NUM_CHAN_NEW = 48,

	/* -> lookupd: msg_lookup.h */
	IPC_NUM_RCPT_CHECK = 64,
	IPC_NUM_RCPT_VERDICT,
	IPC_NUM_RESOLVE,
	IPC_NUM_TARGET,
	IPC_NUM_RESOLVED,
	IPC_NUM_SENDER_CHECK,
	IPC_NUM_SENDER_VERDICT,
	IPC_NUM_REWRITE,
	IPC_NUM_REWRITTEN,
	IPC_NUM_RELAY_ASK,
	IPC_NUM_RELAY_SECRET,

	/* -> authd, authd -> session parents: msg_auth.h */
	IPC_NUM_AUTH_REQ = 80,
	IPC_NUM_AUTH_REP,
	IPC_NUM_LOGIN_REQ,
	IPC_NUM_LOGIN_REP,
	IPC_NUM_SESSION_START,
	IPC_NUM_SASL_BEGIN,
	IPC_NUM_SASL_MORE,
	IPC_NUM_SASL_END,
	IPC_NUM_SASL_REP,
	IPC_NUM_LOGIN_CLAIM,

	/* -> dnsd: msg_dns.h */
	IPC_NUM_DNS_ASK = 96,
	IPC_NUM_DNS_ANSWER,

	/* smtpd -> qmgr: msg_queue.h */
	IPC_NUM_QUEUE_NEW = 112,
	IPC_NUM_QUEUE_FILE,
	IPC_NUM_QUEUE_COMMIT,
	IPC_NUM_QUEUE_COMMITTED,
	IPC_NUM_QUEUE_ABORT,
	IPC_NUM_QUEUE_MINE,

	/* qmgr <-> deliverers: msg_deliver.h */
	IPC_NUM_OUT_WORKER = 128,
	IPC_NUM_LOCAL_WORKER,
	IPC_NUM_JOB,
	IPC_NUM_JOB_RCPT,
	IPC_NUM_JOB_GO,
	IPC_NUM_RESULT,
	IPC_NUM_RESULT_FORWARD,
	IPC_NUM_JOB_END,
	IPC_NUM_ORPHAN,
	IPC_NUM_ORPHAN_RESULT,

	/* -> keyd: msg_sign.h */
	IPC_NUM_SIGN_REQ = 144,
	IPC_NUM_SIGN_REP,
	IPC_NUM_CERT_REQ,
	IPC_NUM_CERT_REP,

	/* authd -> pamd: msg_pam.h */
	IPC_NUM_PAM_REQ = 160,
	IPC_NUM_PAM_REP,
};

/* All types, ended by NULL; in schema.c. */
extern const struct ipc_type *const ipc_catalogue[];

#endif
