/*
 * topology - THE table: which programs run, as whom, in which root directory,
 * and who may talk to whom.  Reading it is reading the security model.
 */
#ifndef MASTER_TOPOLOGY_H
#define MASTER_TOPOLOGY_H

#include "base/base.h"
#include "conf/view.h"
#include "ipc/roles.h"

enum jail {
	JAIL_EMPTY,	/* empty_dir */
	JAIL_MAPS,	/* map_dir */
	JAIL_QUEUE,	/* queue_dir */
	JAIL_ROOT	/* /: it enters the owner's directory later */
};
enum owners {
	OWNERS_NONE,	/* can become nobody */
	OWNERS_MAILBOX,	/* the owners of mailboxes, in a user namespace */
	OWNERS_PIPE	/* pipe_user alone, in a user namespace */
};
/* When a row is started at all. */
enum only_if { IF_ALWAYS, IF_LISTENS, IF_PIPES,
	IF_TLS /* there are certificates */, IF_PAM };

struct topology_row {
	enum role    role;
	const char  *program;
	const char  *word;	/* argv[1], or NULL */
	const char  *user;
	enum jail    jail;
	enum owners  owners;
	uint32_t     listeners;	/* LISTENER_BIT()s that it is given */
	enum only_if only_if;
	uint32_t     serves;	/* IF_LISTENS: these must be configured */
};
#define LISTENER_BIT(kind)	((uint32_t)1 << (kind))

extern const struct topology_row topology_rows[];
extern const size_t topology_rows_n;

struct topology_edge {
	enum role a, b;
};
#define EDGES_MAX	32
extern const struct topology_edge topology_edges[];
extern const size_t topology_edges_n;

/* The setting that lists the listeners of a kind; NULL: LISTENER_LOCAL. */
const char *topology_listen_setting(unsigned kind);
bool	topology_wanted(const struct topology_row *row,
	    const struct conf_view *v);

#endif
