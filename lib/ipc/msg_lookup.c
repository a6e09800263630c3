/*
 * msg_lookup - see msg_lookup.h.
 * Ids of mailbox owners may be 0 here because the other kinds of target have
 * none; whoever becomes an owner refuses 0 (os/confine).
 */
#include "ipc/msg_lookup.h"

#define ADDRESS	LOOKUP_ADDRESS_MAX
#define ID_MOST	(UINT32_MAX - 1)	/* -1 means "leave as it is" */
#define ESC_MOST 9			/* "5.999.999" */
#define TARGETS_MOST 1000000		/* conf/keys: alias_targets_max */

static const struct ipc_field check_fields[] = {
	IPC_TEXT(rcpt_check, address, 1, ADDRESS),
};
const struct ipc_type rcpt_check_type =
    IPC_TYPE(rcpt_check, IPC_NUM_RCPT_CHECK, IPC_FD_NONE, check_fields);

static const struct ipc_field verdict_fields[] = {
	IPC_U8(rcpt_verdict, kind, RCPT_LOCAL, RCPT_UNKNOWN),
	IPC_U8(rcpt_verdict, asks, 0, USE_BIT(USES) - 1),
	IPC_TEXT(rcpt_verdict, address, 0, ADDRESS),
	IPC_TEXT(rcpt_verdict, copy, 0, ADDRESS),
};
const struct ipc_type rcpt_verdict_type =
    IPC_TYPE(rcpt_verdict, IPC_NUM_RCPT_VERDICT, IPC_FD_NONE, verdict_fields);

static const struct ipc_field rewrite_fields[] = {
	IPC_U8(rewrite, use, USE_ENVELOPE_SENDER, USES - 1),
	IPC_TEXT(rewrite, address, 1, ADDRESS),
};
const struct ipc_type rewrite_type =
    IPC_TYPE(rewrite, IPC_NUM_REWRITE, IPC_FD_NONE, rewrite_fields);

static const struct ipc_field rewritten_fields[] = {
	IPC_TEXT(rewritten, address, 0, ADDRESS),
	IPC_TEXT(rewritten, copy, 0, ADDRESS),
};
const struct ipc_type rewritten_type =
    IPC_TYPE(rewritten, IPC_NUM_REWRITTEN, IPC_FD_NONE, rewritten_fields);

static const struct ipc_field relay_ask_fields[] = {
	IPC_TEXT(relay_ask, key, 1, ADDRESS),
};
const struct ipc_type relay_ask_type =
    IPC_TYPE(relay_ask, IPC_NUM_RELAY_ASK, IPC_FD_NONE, relay_ask_fields);

static const struct ipc_field relay_secret_fields[] = {
	IPC_TEXT(relay_secret, user, 1, 255),
	IPC_BLOB(relay_secret, password, 1, 255),
};
const struct ipc_type relay_secret_type = IPC_TYPE(relay_secret,
    IPC_NUM_RELAY_SECRET, IPC_FD_NONE, relay_secret_fields);

static const struct ipc_field resolve_fields[] = {
	IPC_TEXT(resolve, address, 1, ADDRESS),
	IPC_TEXT(resolve, sender, 0, ADDRESS),
};
const struct ipc_type resolve_type =
    IPC_TYPE(resolve, IPC_NUM_RESOLVE, IPC_FD_NONE, resolve_fields);

static const struct ipc_field target_fields[] = {
	IPC_U8(target, kind, TARGET_MAILBOX, TARGET_FAIL),
	IPC_U8(target, permanent, 0, 1),
	IPC_TEXT(target, address, 1, ADDRESS),
	IPC_TEXT(target, user, 0, ADDRESS),
	IPC_U32(target, uid, 0, ID_MOST),
	IPC_U32(target, gid, 0, ID_MOST),
	IPC_TEXT(target, home, 0, 511),
	IPC_TEXT(target, maildir, 0, 511),
	IPC_U8(target, system_user, 0, 1),
	IPC_TEXT(target, detail, 0, 64),
	IPC_U8(target, transport, TRANSPORT_SMTP, TRANSPORT_LMTP),
	IPC_TEXT(target, nexthop, 0, 255),
	IPC_U16(target, port, 0, UINT16_MAX),
	IPC_U8(target, tls, DEMAND_DEFAULT, DEMANDS - 1),
	IPC_TEXT(target, source, 0, LOOKUP_SOURCE_MAX),
	IPC_U8(target, generic, 0, 1),
	IPC_TEXT(target, auth, 0, ADDRESS),
	IPC_TEXT(target, owner, 0, ADDRESS),
	IPC_TEXT(target, esc, 0, ESC_MOST),
	IPC_TEXT(target, text, 0, WHY_TEXT_SIZE - 1),
};
const struct ipc_type target_type =
    IPC_TYPE(target, IPC_NUM_TARGET, IPC_FD_NONE, target_fields);

static const struct ipc_field resolved_fields[] = {
	IPC_U32(resolved, count, 0, TARGETS_MOST),
};
const struct ipc_type resolved_type =
    IPC_TYPE(resolved, IPC_NUM_RESOLVED, IPC_FD_NONE, resolved_fields);

static const struct ipc_field sender_check_fields[] = {
	IPC_TEXT(sender_check, account, 1, ADDRESS),
	IPC_TEXT(sender_check, address, 1, ADDRESS),
};
const struct ipc_type sender_check_type =
    IPC_TYPE(sender_check, IPC_NUM_SENDER_CHECK, IPC_FD_NONE,
    sender_check_fields);

static const struct ipc_field sender_verdict_fields[] = {
	IPC_U8(sender_verdict, own, 0, 1),
};
const struct ipc_type sender_verdict_type =
    IPC_TYPE(sender_verdict, IPC_NUM_SENDER_VERDICT, IPC_FD_NONE,
    sender_verdict_fields);
