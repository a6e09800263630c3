/*
 * super - carries out what master says on descriptor 3, before the loop and
 * in it alike: one table of messages.  Settings are collected beside the
 * current ones and take their place at GO, all at once.
 */
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/span.h"
#include "daemon/state.h"
#include "os/fd.h"
#include "os/sink.h"

static int
on_identity(struct service_state *s, struct ipc_got *got)
{
	memcpy(&s->identity, got->msg.octets, sizeof(s->identity));
	return 0;
}

static int
on_range(struct service_state *s, struct ipc_got *got)
{
	if (s->nranges == COUNT(s->ranges))
		return -1;
	memcpy(&s->ranges[s->nranges++], got->msg.octets,
	    sizeof(s->ranges[0]));
	return 0;
}

static int
on_setting(struct service_state *s, struct ipc_got *got)
{
	struct super_setting m;

	memcpy(&m, got->msg.octets, sizeof(m));
	if (s->next_conf == NULL)
		s->next_conf = conf_view_new();
	return conf_view_add(s->next_conf, m.name, m.value);
}

static void
give_peer(struct service_state *s, enum role role, int fd)
{
	if (s->divert != NULL && s->divert_role == role)
		s->divert(fd);
	else if (s->server != NULL)
		/* One too many is closed and logged there. */
		(void)ipc_server_add(s->server, fd, role);
	else
		s->events.peer(role, fd, s->events.ctx);
}

void
super_hand_out_peers(void)
{
	struct service_state *s = service_state();

	if (s->server == NULL && s->events.peer == NULL)
		return;
	for (size_t i = 0; i < s->npeers; i++)
		give_peer(s, s->peers[i].role, s->peers[i].fd);
	s->npeers = 0;
}

static int
on_peer(struct service_state *s, struct ipc_got *got)
{
	struct super_peer m;

	memcpy(&m, got->msg.octets, sizeof(m));
	s->peer_roles |= ROLE_BIT(m.role);
	if (s->server != NULL || s->events.peer != NULL) {
		give_peer(s, m.role, got->fd);
	} else if (s->npeers < COUNT(s->peers)) {
		s->peers[s->npeers].role = m.role;
		s->peers[s->npeers++].fd = got->fd;
	} else {
		return -1;
	}
	got->fd = -1;
	return 0;
}

static int
on_log(struct service_state *s, struct ipc_got *got)
{
	sink_channel(got->fd);		/* closes the old one */
	s->log_fd = got->fd;
	got->fd = -1;
	if (s->events.new_log != NULL)
		s->events.new_log(s->events.ctx);
	return 0;
}

static int
on_listener(struct service_state *s, struct ipc_got *got)
{
	if (s->nlisteners == COUNT(s->listeners))
		return -1;
	memcpy(&s->listeners[s->nlisteners].l, got->msg.octets,
	    sizeof(s->listeners[0].l));
	s->listeners[s->nlisteners++].fd = got->fd;
	got->fd = -1;
	return 0;
}

/* A file of the same name takes the place of the old one. */
static int
on_file(struct service_state *s, struct ipc_got *got)
{
	struct super_file m;
	size_t i = 0;

	memcpy(&m, got->msg.octets, sizeof(m));
	while (i < s->nfiles && strcmp(s->files[i].f.name, m.name) != 0)
		i++;
	if (i == COUNT(s->files))
		return -1;
	if (i == s->nfiles)
		s->nfiles++;
	else
		fd_close(&s->files[i].fd);
	s->files[i].f = m;
	s->files[i].fd = got->fd;
	got->fd = -1;
	return 0;
}

static void
set_level(const struct conf_view *v)
{
	static const char *const names[] = { "error", "warn", "info",
		"debug" };
	const char *level = conf_str(v, "log_level");

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(names[i], level) == 0)
			log_set_level((enum log_level)i);
}

static int
on_go(struct service_state *s, struct ipc_got *got)
{
	struct conf_view *old = s->conf;

	(void)got;
	if (s->next_conf == NULL)
		return -1;
	s->conf = s->next_conf;
	s->next_conf = NULL;
	set_level(s->conf);
	if (s->went && s->events.reload != NULL)
		s->events.reload(s->events.ctx);
	s->went = true;
	conf_view_free(&old);	/* the reload handler has let go of it */
	return 0;
}

static int
on_mapped(struct service_state *s, struct ipc_got *got)
{
	struct super_mapped m;

	memcpy(&m, got->msg.octets, sizeof(m));
	s->mapped = true;
	s->mapped_ok = m.ok != 0;
	span_copy_cut(span_str(m.text), s->mapped_text,
	    sizeof(s->mapped_text));
	return 0;
}

static int
on_control(struct service_state *s, struct ipc_got *got)
{
	struct super_control m;

	memcpy(&m, got->msg.octets, sizeof(m));
	if (s->events.control == NULL)
		return 0;	/* closed: the operator sees the end */
	s->events.control(&m, got->fd, s->events.ctx);
	got->fd = -1;
	return 0;
}

static int
on_pair(struct service_state *s, struct ipc_got *got)
{
	struct super_pair m;

	memcpy(&m, got->msg.octets, sizeof(m));
	if (s->events.pair != NULL)
		s->events.pair(m.stem, m.key != 0, got->fd, s->events.ctx);
	return 0;
}

static int
on_no_pair(struct service_state *s, struct ipc_got *got)
{
	struct super_no_pair m;

	memcpy(&m, got->msg.octets, sizeof(m));
	if (s->events.pair != NULL)
		s->events.pair(m.stem, false, -1, s->events.ctx);
	return 0;
}

static int
on_carry(struct service_state *s, struct ipc_got *got)
{
	struct super_carry m;

	memcpy(&m, got->msg.octets, sizeof(m));
	if (s->events.carry != NULL)
		s->events.carry(&m, s->events.ctx);
	return 0;
}

static int
on_stop(struct service_state *s, struct ipc_got *got)
{
	(void)s;
	(void)got;
	service_stop(false);
	return 0;
}

static const struct {
	const struct ipc_type *type;
	int (*run)(struct service_state *s, struct ipc_got *got);
} orders[] = {
	{ &super_identity_type, on_identity },
	{ &super_range_type, on_range },
	{ &super_setting_type, on_setting },
	{ &super_peer_type, on_peer },
	{ &super_log_type, on_log },
	{ &super_listener_type, on_listener },
	{ &super_file_type, on_file },
	{ &super_go_type, on_go },
	{ &super_mapped_type, on_mapped },
	{ &super_control_type, on_control },
	{ &super_carry_type, on_carry },
	{ &super_stop_type, on_stop },
	{ &super_pair_type, on_pair },
	{ &super_no_pair_type, on_no_pair },
};

int
super_receive(int64_t deadline_ms)
{
	struct service_state *s = service_state();
	const struct ipc_type *types[COUNT(orders)];
	struct ipc_got got;
	struct why why;
	int rc = -1;

	for (size_t i = 0; i < COUNT(orders); i++)
		types[i] = orders[i].type;
	if (ipc_client_recv(&s->master, types, COUNT(types), deadline_ms,
	    &got, &why) != 0)
		return -1;
	for (size_t i = 0; i < COUNT(orders); i++)
		if (orders[i].type == got.type)
			rc = orders[i].run(s, &got);
	fd_close(&got.fd);
	if (rc != 0)
		log_error(LF_STR("event", "master-refused"),
		    LF_STR("type", got.type->name));
	return rc;
}
