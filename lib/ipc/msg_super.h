/*
 * msg_super - between master and each daemon, on descriptor 3 of the daemon.
 *
 * Start: daemon HELLO; master IDENTITY, RANGE*, SETTING*, PEER*, LISTENER*,
 * FILE*, GO; an owner role: MAP_ME, MAPPED; daemon READY.
 * The channel to logd is one socket that a daemon shares with its children: one
 * of them may end it.  Then logd says LOG_ENDED, and master gives a new one:
 * LOG.
 * The channel of an edge ends alone when one side refuses what the other says.
 * Both then say EDGE_ENDED, and master makes another: PEER to both.
 * Reload: SETTING*, FILE*, GO again.  A restarted peer: PEER; a restarted logd:
 * LOG.
 * STOP: drain and end; SIGTERM after it: end now.
 * logd itself gets a PEER for every log channel.
 */
#ifndef IPC_MSG_SUPER_H
#define IPC_MSG_SUPER_H

#include "ipc/catalogue.h"

struct super_hello {
	uint64_t schema;
};
struct super_identity {
	uint8_t	 drop;		/* 1: become uid and gid, chroot into jail */
	uint32_t uid, gid;
	char	 jail[256];	/* absolute path, or "" */
	uint8_t	 required;	/* confinement = required */
	uint8_t	 namespaced;	/* leave for a user namespace */
	uint64_t instance;	/* +1 per start of this daemon */
};
struct super_range {		/* ids of mailbox owners */
	uint8_t	 group;		/* 0: uids, 1: gids */
	uint32_t first, count;
};
struct super_setting {		/* one value; lists come as several, in order */
	char name[64];
	char value[1025];
};
struct super_peer {		/* with a channel */
	uint8_t role;
};
struct super_log { uint8_t unused; };	/* with a new channel to logd */
/* From logd: the newest channel of that role has ended. */
struct super_log_ended {
	uint8_t role;
};
/* No channel to a daemon of that role is left, of those that master gave. */
struct super_edge_ended {
	uint8_t role;
};
enum listener_kind { LISTENER_MX, LISTENER_SUBMISSION, LISTENER_LMTP,
	LISTENER_LOCAL, LISTENER_POP3, LISTENER_IMAP,
	/* the same with TLS from the first octet */
	LISTENER_SUBMISSIONS, LISTENER_POP3S, LISTENER_IMAPS };
struct super_listener {		/* with the listening socket */
	uint8_t kind;
	char	name[128];	/* "127.0.0.1:25" */
};
struct super_file {		/* with a file that master opened */
	char name[256];
};
struct super_go { uint8_t unused; };
struct super_map_me { uint8_t unused; };
struct super_mapped {
	uint8_t ok;
	char	text[256];
};
struct super_ready { uint8_t unused; };
struct super_control {		/* with an operator's connection */
	char verb[32];		/* "queue-list" */
	char args[1025];	/* words separated by one space */
};
/*
 * A listener that has a successor to master, master to the successor: clients
 * of this address that it serves more (less: fewer), or how long the
 * address stays shut out.
 */
struct super_carry {
	uint8_t	 ip[16];
	size_t	 ip_len;	/* 4 or 16 */
	uint8_t	 less;
	uint32_t clients, banned_ms;
};
struct super_successor { uint8_t unused; };
struct super_stop { uint8_t unused; };
/*
 * keyd asks for the files of a name in certificate_dir and gets two PAIR, the
 * certificate first, or NO_PAIR.
 */
#define SUPER_STEM_MAX	255
struct super_pair_ask {
	char stem[SUPER_STEM_MAX + 1];	/* a host name, or "*." and one */
};
struct super_pair {		/* with a file that master opened */
	char	stem[SUPER_STEM_MAX + 1];
	uint8_t key;		/* 0: certificate */
};
struct super_no_pair {
	char stem[SUPER_STEM_MAX + 1];
};

/* keyd at start and reload: REFUSED for each bad pair, then JUDGED. */
#define SUPER_PAIRS_MAX	100	/* of the setting `certificates` */
struct super_refused {
	uint32_t index;		/* in the setting */
	uint8_t	 kept;		/* the pair of before is there */
	char	 text[128];	/* why */
};
struct super_judged { uint8_t unused; };

extern const struct ipc_type super_hello_type, super_identity_type,
    super_range_type, super_setting_type, super_peer_type, super_log_type,
    super_log_ended_type, super_edge_ended_type, super_carry_type,
    super_listener_type, super_file_type, super_go_type, super_map_me_type,
    super_mapped_type, super_ready_type, super_control_type,
    super_successor_type, super_stop_type, super_pair_ask_type,
    super_pair_type, super_no_pair_type, super_refused_type,
    super_judged_type;

#endif
