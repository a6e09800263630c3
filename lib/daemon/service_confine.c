/*
 * service_confine - the part of service that gives up the rights.
 * A parent of mailbox owners leaves for a user namespace first: it asks
 * master, who keeps the rights, to write the maps, and waits.  Where that
 * cannot be had and the settings allow it, the parent keeps the four owner
 * capabilities outside, behind the range filter alone, and says so.  A role
 * that runs programs has no such filter and ends instead.
 */
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/state.h"
#include "os/clock.h"

#define MAP_MS		30000
#define OWNER_RANGES	16
#define ONE_USER_NPROC	65535	/* all daemons count as one user then */
#define OTHERS_NPROC	1000	/* of other suites on this host: same users */

/* true: in a namespace with its maps. */
static bool
enter_namespace(struct service_state *s)
{
	const struct super_map_me ask = { 0 };
	struct why why;

	if (namespace_leave(&why) != 0) {
		if (s->identity.required || s->svc->sandbox != SANDBOX_OWNER)
			die(EXIT_CONFIG, "%s: %s", s->svc->name, why.text);
		log_warn(LF_STR("event", "confinement-missing"),
		    LF_STR("layer", "user-namespace"),
		    LF_STR("why", why.text));
		return false;
	}
	if (ipc_client_send(&s->master, &super_map_me_type, 0, &ask, -1,
	    &why) != 0)
		die(EXIT_UNAVAILABLE, "%s", why.text);
	while (!s->mapped)
		if (super_receive(clock_deadline(MAP_MS)) != 0)
			die(EXIT_UNAVAILABLE, "master ended the start");
	/* Nobody inside: there is no way back out of it. */
	if (!s->mapped_ok)
		die(EXIT_OSERR, "%s: namespace: %s", s->svc->name,
		    s->mapped_text);
	return true;
}

static void
judge(const struct service_state *s, const struct confine_report *r)
{
	/* Master in a container, say; a limit is no wall between daemons. */
	if (r->unlocked != 0)
		log_warn(LF_STR("event", "memory-not-locked"),
		    LF_STR("why", strerror(r->unlocked)));
	if (r->missing[0] == '\0')
		return;
	if (s->identity.required)
		die(EXIT_CONFIG, "%s: cannot be had here: %s "
		    "(confinement = required)", s->svc->name, r->missing);
	log_warn(LF_STR("event", "confinement-missing"),
	    LF_STR("layer", r->missing));
}

void
service_confine_ports(const uint16_t *ports, size_t n)
{
	struct service_state *s = service_state();

	s->tcp_ports = ports;
	s->tcp_ports_n = n;
}

void
service_confine(const int *read_dirs, const int *write_dirs)
{
	struct service_state *s = service_state();
	const struct service *svc = s->svc;
	struct id_range uids[OWNER_RANGES], gids[OWNER_RANGES];
	struct confine_report report;
	struct why why;
	bool drop = s->identity.drop != 0;
	struct confine c = {
		.name = svc->name,
		.jail = s->identity.jail[0] != '\0' ? s->identity.jail : NULL,
		.drop_ids = drop,
		.uid = s->identity.uid,
		.gid = s->identity.gid,
		.keep_owner_caps = drop && s->nranges > 0,
		.owner_uids = uids,
		.owner_gids = gids,
		.owner_uids_n = service_ranges(false, uids, COUNT(uids)),
		.owner_gids_n = service_ranges(true, gids, COUNT(gids)),
		.sandbox = svc->sandbox,
		.mem_max_octets = svc->mem_max_octets + (svc->mem_per == NULL ?
		    0 : conf_num(s->conf, svc->mem_per) *
		    svc->mem_each_octets),
		.lock_memory = svc->lock_memory,
		.nofile = svc->nofile,
		.nproc = svc->nproc == 0 ? 0 : !drop ? ONE_USER_NPROC :
		    svc->nproc + OTHERS_NPROC,
		.fsize_octets = svc->file_max_octets,
		.read_dirs = read_dirs,
		.write_dirs = write_dirs,
		.tcp_ports = s->tcp_ports,
		.tcp_ports_n = s->tcp_ports_n,
		.scope_signals = svc->sandbox != SANDBOX_PROGRAMS,
	};

	if (s->identity.namespaced)
		(void)enter_namespace(s);	/* said there if not */
	if (confine(&c, &report, &why) != 0)
		die(EXIT_OSERR, "%s: confinement: %s", svc->name, why.text);
	judge(s, &report);
	log_debug(LF_STR("event", "confined"),
	    LF_NUM("landlock", (uint64_t)report.landlock_abi));
}
