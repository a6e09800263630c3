/*
 * expand - recipients to routes, by way of lookupd.
 *
 * A recipient that leads to one place takes that place's route, and nothing
 * is written: its number stands for the place.  One that leads to several
 * (an alias) becomes EXPANDED: its targets are further recipients, written
 * into the log with their routes and synced before any of them is tried.
 * From then on they are never expanded again; a later pass asks only whether
 * their place has a new route.
 */
#ifndef QMGR_EXPAND_H
#define QMGR_EXPAND_H

#include "ipc/server.h"
#include "qmgr/message.h"

struct expand;

struct expand *expand_new(struct qmgr *q);

/* The message has NEW recipients: ask for them in its turn. */
void	expand_message(struct message *m);
/* It has none any more. */
void	expand_forget(struct message *m);
/* Send as many questions as may be out. */
void	expand_turn(struct qmgr *q);
/* Once a second: questions without an answer are given up. */
void	expand_tick(struct qmgr *q, int64_t now_ms);
/* A lookupd is gone: its questions are asked again. */
void	expand_peer_gone(struct qmgr *q, const struct ipc_peer *peer);

enum verdict expand_on_target(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);
enum verdict expand_on_resolved(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);
enum verdict expand_on_refusal(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);

#endif
