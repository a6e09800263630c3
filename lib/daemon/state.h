/*
 * state - what the parts of service know; nobody else includes this.
 */
#ifndef DAEMON_STATE_H
#define DAEMON_STATE_H

#include "daemon/service.h"
#include "ipc/client.h"

#define FD_MASTER	3
#define FD_LOG		4
#define RANGES_MAX	32	/* uid and gid ranges together */
#define PEERS_MAX	32	/* channels not yet taken */
#define LISTENERS_MAX	200
#define FILES_MAX	256	/* certificates and keys of keyd */

struct service_state {
	const struct service *svc;
	struct ipc_client master;
	int		  log_fd;
	struct super_identity identity;
	struct super_range ranges[RANGES_MAX];
	size_t		  nranges;
	struct conf_view *conf, *next_conf;
	struct { enum role role; int fd; } peers[PEERS_MAX];
	size_t		  npeers;
	uint32_t	  peer_roles;	/* ROLE_BIT()s of all that came */
	struct { struct super_listener l; int fd; } listeners[LISTENERS_MAX];
	size_t		  nlisteners;
	struct { struct super_file f; int fd; } files[FILES_MAX];
	size_t		  nfiles;
	const uint16_t	 *tcp_ports;	/* of service_confine_ports() */
	size_t		  tcp_ports_n;
	bool		  went, mapped, mapped_ok;
	char		  mapped_text[256];

	struct event_base *base;
	struct ipc_server *server;
	enum role	  divert_role;
	void		(*divert)(int fd);
	struct service_events events;
	struct event	 *from_master, *on_child, *on_term, *too_long;
	bool		  looping, stopping;
};

struct service_state *service_state(void);
/* One message from master, carried out.  -1: the channel is at its end. */
int	super_receive(int64_t deadline_ms) must_use;
/* Channels that came before anybody could take them go to who can now. */
void	super_hand_out_peers(void);
void	service_stop(bool now);
void	service_watch_signals(void);

#endif
