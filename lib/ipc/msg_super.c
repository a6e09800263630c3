/*
 * msg_super - see msg_super.h.
 * Master is trusted by its daemons and still checked by the same tables;
 * what daemons say to master is five bare messages, one number and one name.
 */
#include "ipc/msg_super.h"

#include "ipc/roles.h"

#define ID_MOST	(UINT32_MAX - 1)	/* -1 means "leave as it is" */

static const struct ipc_field hello_fields[] = {
	IPC_U64(super_hello, schema, 0, UINT64_MAX),
};
const struct ipc_type super_hello_type =
    IPC_TYPE(super_hello, IPC_NUM_SUPER_HELLO, IPC_FD_NONE, hello_fields);

static const struct ipc_field identity_fields[] = {
	IPC_U8(super_identity, drop, 0, 1),
	IPC_U32(super_identity, uid, 0, ID_MOST),
	IPC_U32(super_identity, gid, 0, ID_MOST),
	IPC_TEXT(super_identity, jail, 0, 255),
	IPC_U8(super_identity, required, 0, 1),
	IPC_U8(super_identity, namespaced, 0, 1),
	IPC_U64(super_identity, instance, 1, UINT64_MAX),
};
const struct ipc_type super_identity_type = IPC_TYPE(super_identity,
    IPC_NUM_SUPER_IDENTITY, IPC_FD_NONE, identity_fields);

static const struct ipc_field range_fields[] = {
	IPC_U8(super_range, group, 0, 1),
	IPC_U32(super_range, first, 1, ID_MOST),
	IPC_U32(super_range, count, 1, ID_MOST),
};
const struct ipc_type super_range_type =
    IPC_TYPE(super_range, IPC_NUM_SUPER_RANGE, IPC_FD_NONE, range_fields);

static const struct ipc_field setting_fields[] = {
	IPC_TEXT(super_setting, name, 1, 63),
	IPC_TEXT(super_setting, value, 0, 1024),
};
const struct ipc_type super_setting_type = IPC_TYPE(super_setting,
    IPC_NUM_SUPER_SETTING, IPC_FD_NONE, setting_fields);

static const struct ipc_field peer_fields[] = {
	IPC_U8(super_peer, role, 0, ROLE_COUNT - 1),
};
const struct ipc_type super_peer_type =
    IPC_TYPE(super_peer, IPC_NUM_SUPER_PEER, IPC_FD_ONE, peer_fields);

const struct ipc_type super_log_type =
    IPC_TYPE_BARE(super_log, IPC_NUM_SUPER_LOG, IPC_FD_ONE);

static const struct ipc_field log_ended_fields[] = {
	IPC_U8(super_log_ended, role, 0, ROLE_COUNT - 1),
};
const struct ipc_type super_log_ended_type =
    IPC_TYPE(super_log_ended, IPC_NUM_SUPER_LOG_ENDED, IPC_FD_NONE,
    log_ended_fields);

static const struct ipc_field edge_ended_fields[] = {
	IPC_U8(super_edge_ended, role, 0, ROLE_COUNT - 1),
};
const struct ipc_type super_edge_ended_type =
    IPC_TYPE(super_edge_ended, IPC_NUM_SUPER_EDGE_ENDED, IPC_FD_NONE,
    edge_ended_fields);

static const struct ipc_field carry_fields[] = {
	IPC_BLOB(super_carry, ip, 4, 16),
	IPC_U8(super_carry, less, 0, 1),
	IPC_U32(super_carry, clients, 0, 100000),
	IPC_U32(super_carry, banned_ms, 0, 3600000),
};
const struct ipc_type super_carry_type =
    IPC_TYPE(super_carry, IPC_NUM_SUPER_CARRY, IPC_FD_NONE, carry_fields);

static const struct ipc_field listener_fields[] = {
	IPC_U8(super_listener, kind, LISTENER_MX, LISTENER_IMAPS),
	IPC_TEXT(super_listener, name, 1, 127),
};
const struct ipc_type super_listener_type = IPC_TYPE(super_listener,
    IPC_NUM_SUPER_LISTENER, IPC_FD_ONE, listener_fields);

static const struct ipc_field file_fields[] = {
	IPC_TEXT(super_file, name, 1, 255),
};
const struct ipc_type super_file_type =
    IPC_TYPE(super_file, IPC_NUM_SUPER_FILE, IPC_FD_ONE, file_fields);

const struct ipc_type super_go_type =
    IPC_TYPE_BARE(super_go, IPC_NUM_SUPER_GO, IPC_FD_NONE);
const struct ipc_type super_map_me_type =
    IPC_TYPE_BARE(super_map_me, IPC_NUM_SUPER_MAP_ME, IPC_FD_NONE);

static const struct ipc_field mapped_fields[] = {
	IPC_U8(super_mapped, ok, 0, 1),
	IPC_TEXT(super_mapped, text, 0, 255),
};
const struct ipc_type super_mapped_type =
    IPC_TYPE(super_mapped, IPC_NUM_SUPER_MAPPED, IPC_FD_NONE, mapped_fields);

const struct ipc_type super_ready_type =
    IPC_TYPE_BARE(super_ready, IPC_NUM_SUPER_READY, IPC_FD_NONE);

static const struct ipc_field control_fields[] = {
	IPC_TEXT(super_control, verb, 1, 31),
	IPC_TEXT(super_control, args, 0, 1024),
};
const struct ipc_type super_control_type = IPC_TYPE(super_control,
    IPC_NUM_SUPER_CONTROL, IPC_FD_ONE, control_fields);

const struct ipc_type super_successor_type =
    IPC_TYPE_BARE(super_successor, IPC_NUM_SUPER_SUCCESSOR, IPC_FD_NONE);
const struct ipc_type super_stop_type =
    IPC_TYPE_BARE(super_stop, IPC_NUM_SUPER_STOP, IPC_FD_NONE);

static const struct ipc_field pair_ask_fields[] = {
	IPC_TEXT(super_pair_ask, stem, 1, SUPER_STEM_MAX),
};
const struct ipc_type super_pair_ask_type = IPC_TYPE(super_pair_ask,
    IPC_NUM_SUPER_PAIR_ASK, IPC_FD_NONE, pair_ask_fields);

static const struct ipc_field pair_fields[] = {
	IPC_TEXT(super_pair, stem, 1, SUPER_STEM_MAX),
	IPC_U8(super_pair, key, 0, 1),
};
const struct ipc_type super_pair_type =
    IPC_TYPE(super_pair, IPC_NUM_SUPER_PAIR, IPC_FD_ONE, pair_fields);

static const struct ipc_field no_pair_fields[] = {
	IPC_TEXT(super_no_pair, stem, 1, SUPER_STEM_MAX),
};
const struct ipc_type super_no_pair_type = IPC_TYPE(super_no_pair,
    IPC_NUM_SUPER_NO_PAIR, IPC_FD_NONE, no_pair_fields);

static const struct ipc_field refused_fields[] = {
	IPC_U32(super_refused, index, 0, SUPER_PAIRS_MAX - 1),
	IPC_U8(super_refused, kept, 0, 1),
	IPC_TEXT(super_refused, text, 1, 127),
};
const struct ipc_type super_refused_type = IPC_TYPE(super_refused,
    IPC_NUM_SUPER_REFUSED, IPC_FD_NONE, refused_fields);
const struct ipc_type super_judged_type =
    IPC_TYPE_BARE(super_judged, IPC_NUM_SUPER_JUDGED, IPC_FD_NONE);
