/*
 * listen - the ports and the local submission socket.  They are bound once
 * and kept open by master, so that a daemon that restarts, or a change of
 * settings, refuses no client.
 */
#include <stdio.h>
#include <string.h>

#include "master/master.h"
#include "os/fd.h"
#include "os/sock.h"

#define KINDS	(LISTENER_IMAPS + 1)

static struct listener *
find(struct master *m, enum listener_kind kind, const char *name)
{
	for (size_t i = 0; i < m->nlisteners; i++)
		if (m->listeners[i].kind == kind &&
		    strcmp(m->listeners[i].name, name) == 0)
			return &m->listeners[i];
	return NULL;
}

static int
add(struct master *m, enum listener_kind kind, const char *name, int fd)
{
	struct listener *l = &m->listeners[m->nlisteners];

	if (m->nlisteners == LISTENERS_MAX ||
	    span_copy(span_str(name), l->name, sizeof(l->name)) != 0) {
		fd_close(&fd);
		return -1;
	}
	l->kind = kind;
	l->fd = fd;
	m->nlisteners++;
	return 0;
}

static int
open_port(struct master *m, enum listener_kind kind, const char *name,
    struct why *why)
{
	struct sock_addr a;
	int fd;

	if (find(m, kind, name) != NULL)
		return 0;
	if (sock_parse_hostport(span_str(name), &a) != 0) {
		why_set(why, WHY_PERM, "5.3.5", "not an address");
		return -1;
	}
	fd = sock_listen(&a, why);
	if (fd < 0)
		return -1;
	why_set(why, WHY_PERM, "5.3.5", "too many listeners");
	return add(m, kind, name, fd);
}

static int
open_local(struct master *m, const struct conf_view *v, struct why *why)
{
	char path[128];
	int fd;

	if (find(m, LISTENER_LOCAL, "local") != NULL)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/submit",
	    conf_str(v, "run_dir"));
	/* Anybody here may hand in mail; smtpd asks the kernel who it is. */
	fd = sock_listen_local(path, 0666, why);
	if (fd < 0)
		return -1;
	why_set(why, WHY_PERM, "5.3.5", "too many listeners");
	return add(m, LISTENER_LOCAL, "local", fd);
}

int
listen_open(struct master *m, const struct conf_view *v, struct buf *errors)
{
	struct why why;
	const char *key, *name;
	int rc = 0;

	for (unsigned kind = 0; kind < KINDS; kind++) {
		key = topology_listen_setting(kind);
		for (size_t i = 0; key != NULL && i < conf_count(v, key); i++) {
			name = conf_item(v, key, i);
			if (open_port(m, kind, name, &why) == 0)
				continue;
			buf_addf(errors, "%s = %s: %s\n", key, name, why.text);
			rc = -1;
		}
	}
	if (conf_bool(v, "local_submission") && open_local(m, v, &why) != 0) {
		buf_addf(errors, "local_submission: %s\n", why.text);
		rc = -1;
	}
	return rc;
}

static bool
wanted(const struct listener *l, const struct conf_view *v)
{
	const char *key = topology_listen_setting(l->kind);

	if (key == NULL)
		return conf_bool(v, "local_submission");
	for (size_t i = 0; i < conf_count(v, key); i++)
		if (strcmp(conf_item(v, key, i), l->name) == 0)
			return true;
	return false;
}

void
listen_close_unwanted(struct master *m, const struct conf_view *v)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->nlisteners; i++) {
		if (wanted(&m->listeners[i], v))
			m->listeners[kept++] = m->listeners[i];
		else
			fd_close(&m->listeners[i].fd);
	}
	m->nlisteners = kept;
}

void
listen_close_all(struct master *m)
{
	for (size_t i = 0; i < m->nlisteners; i++)
		fd_close(&m->listeners[i].fd);
	m->nlisteners = 0;
}

static bool
same_list(const struct conf_view *a, const struct conf_view *b,
    const char *key)
{
	size_t n = conf_count(a, key);

	if (n != conf_count(b, key))
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(conf_item(a, key, i), conf_item(b, key, i)) != 0)
			return false;
	return true;
}

uint32_t
listen_changed(const struct conf_view *a, const struct conf_view *b)
{
	uint32_t bits = 0;
	const char *key;

	for (unsigned kind = 0; kind < KINDS; kind++) {
		key = topology_listen_setting(kind);
		if (key != NULL ? !same_list(a, b, key) :
		    conf_bool(a, "local_submission") !=
		    conf_bool(b, "local_submission"))
			bits |= LISTENER_BIT(kind);
	}
	return bits;
}
