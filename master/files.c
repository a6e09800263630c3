/*
 * files - what daemons cannot open themselves: the log, the list of users,
 * certificates, private keys, authorities.  Master opens them, at start and
 * at each reload, and passes the descriptors on.  Keys go to keyd alone, and
 * of certificates copies (certs.c).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "conf/pair.h"
#include "master/certs.h"
#include "master/master.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/path.h"
#include "os/sock_syslog.h"

#define REAL_SIZE	1024

/* Symbolic links are followed: certificates are often renewed behind them. */
static int
open_file(const char *path)
{
	char real[REAL_SIZE], *slash;
	int dir, fd;

	if (path_real(path, real, sizeof(real)) != 0)
		return -1;
	slash = strrchr(real, '/');
	*slash = '\0';
	dir = fs_open_top(slash == real ? "/" : real);
	fd = dir < 0 ? -1 : fs_open_read(dir, slash + 1);
	fd_close(&dir);
	return fd;
}

static void
check_file(const char *setting, const char *path, struct buf *errors)
{
	int fd = open_file(path);

	if (fd < 0)
		buf_addf(errors, "%s: %s: %s\n", setting, path,
		    strerror(errno));
	fd_close(&fd);
}

static int
open_key(const char *path, const char **wrong)
{
	int fd = open_file(path);

	*wrong = fd < 0 ? strerror(errno) : key_file_wrong(fd);
	if (*wrong != NULL)
		fd_close(&fd);
	return fd;
}

static void
check_key(const char *path, struct buf *errors)
{
	const char *wrong;
	int fd = open_key(path, &wrong);

	if (fd < 0)
		buf_addf(errors, "certificates: %s: %s\n", path, wrong);
	fd_close(&fd);
}

/* Where systems keep the authorities that they believe. */
static const char *const authorities[] = {
	"/etc/ssl/certs/ca-certificates.crt",	/* Debian, Alpine */
	"/etc/pki/tls/certs/ca-bundle.crt",	/* Fedora */
	"/etc/ssl/cert.pem",			/* the BSDs */
};

/* Who serves with the certificate must not get the key along with it. */
static void
check_apart(const struct conf_pair *pair, struct buf *errors)
{
	int cert = open_file(pair->certificate), key = open_file(pair->key);
	struct fs_stat a, b;

	if (cert >= 0 && key >= 0 && fs_fstat(cert, &a) == 0 &&
	    fs_fstat(key, &b) == 0 && a.inode == b.inode &&
	    a.device == b.device)
		buf_addf(errors, "certificates: %s: certificate and key need "
		    "files of their own\n", pair->certificate);
	fd_close(&cert);
	fd_close(&key);
}

int
files_check(const struct conf_view *v, struct buf *errors)
{
	const char *cas = conf_str(v, "client_certificates");
	const char *tokens = conf_str(v, "oauth_keys");
	const char *ca = conf_str(v, "smtp_out_ca_file");
	size_t before = errors->n;
	struct conf_pair pair;
	const char *wrong;

	for (size_t i = 0; i < conf_count(v, "certificates"); i++) {
		if (conf_pair_parse(conf_item(v, "certificates", i), &pair,
		    &wrong) != 0)
			continue;	/* the settings were refused for it */
		check_file("certificates", pair.certificate, errors);
		check_key(pair.key, errors);
		check_apart(&pair, errors);
	}
	if (*cas != '\0')
		check_file("client_certificates", cas, errors);
	if (*conf_str(v, "report_templates") != '\0')
		check_file("report_templates",
		    conf_str(v, "report_templates"), errors);
	if (*tokens != '\0')
		check_file("oauth_keys", tokens, errors);
	if (ca[0] == '/')
		check_file("smtp_out_ca_file", ca, errors);
	if (pairs_check(v, errors) != 0)
		return -1;
	return errors->n == before ? 0 : -1;
}

/* fd is closed; -1: there is none, and why. */
static void
send_opened(struct proc *p, const char *path, const char *name, int fd,
    const char *why)
{
	struct super_file msg = { { 0 } };

	span_copy_cut(span_str(name), msg.name, sizeof(msg.name));
	if (fd >= 0)
		proc_tell(p, &super_file_type, &msg, fd);
	else
		log_error(LF_STR("event", "no-file"), LF_STR("path", path),
		    LF_STR("daemon", role_name(p->slot->row->role)),
		    LF_STR("why", why));
	fd_close(&fd);
}

static void
send_file(struct proc *p, const char *path, const char *name)
{
	int fd = open_file(path);

	send_opened(p, path, name, fd, strerror(errno));
}

static void
send_key(struct proc *p, const char *path, size_t i)
{
	char name[32];
	const char *wrong;
	int fd = open_key(path, &wrong);

	(void)snprintf(name, sizeof(name), "key/%zu", i);
	send_opened(p, path, name, fd, wrong);
}

static void
send_certificate(struct master *m, struct proc *p, const char *path,
    size_t i)
{
	bool keyd = p->slot->row->role == ROLE_KEYD;
	struct super_file msg = { { 0 } };
	int file = -1, fd = -1;

	if (keyd) {
		file = open_file(path);
		fd = file < 0 ? -1 : certs_offer(m, i, file);
		fd_close(&file);
	} else if (certs_choose(m, i, &fd) && fd < 0) {
		return;
	}
	(void)snprintf(msg.name, sizeof(msg.name), "cert/%zu", i);
	if (fd < 0) {
		send_file(p, path, msg.name);
		return;
	}
	proc_tell(p, &super_file_type, &msg, fd);
	fd_close(&fd);
}

static bool
serves_tls(enum role role)
{
	return role == ROLE_SMTPD || role == ROLE_POP3_FRONT ||
	    role == ROLE_IMAP_FRONT;
}

static void
send_certificates(struct master *m, struct proc *p)
{
	enum role role = p->slot->row->role;
	const char *cas = conf_str(m->conf, "client_certificates");
	struct conf_pair pair;
	const char *wrong;

	for (size_t i = 0; i < conf_count(m->conf, "certificates"); i++) {
		if (conf_pair_parse(conf_item(m->conf, "certificates", i),
		    &pair, &wrong) != 0)
			continue;	/* as above */
		if (role == ROLE_KEYD || (pair.roles & ROLE_BIT(role)) != 0)
			send_certificate(m, p, pair.certificate, i);
		if (role == ROLE_KEYD)
			send_key(p, pair.key, i);
	}
	if (*cas != '\0' && serves_tls(role))
		send_file(p, cas, "client-ca");
}

/* A system without any is no mistake: then nothing can be verified. */
static void
send_authorities(struct master *m, struct proc *p)
{
	const struct super_file msg = { "ca" };
	const char *path = conf_str(m->conf, "smtp_out_ca_file");
	int fd = -1;

	if (p->slot->row->role != ROLE_SMTP_OUT)
		return;
	if (*path != '\0') {
		send_file(p, path, "ca");
		return;
	}
	for (size_t i = 0; fd < 0 && i < COUNT(authorities); i++)
		fd = open_file(authorities[i]);
	if (fd >= 0)
		proc_tell(p, &super_file_type, &msg, fd);
	fd_close(&fd);
}

/* logd's file or syslog's socket, opened anew at every reload. */
static void
send_log(struct master *m, struct proc *p)
{
	const struct super_file msg = { "log" };
	const char *log = conf_str(m->conf, "log");
	char dir_path[PATH_SIZE], *slash;
	int dir, fd;

	if (p->slot->row->role != ROLE_LOGD || strcmp(log, "stderr") == 0)
		return;
	if (strcmp(log, "syslog") == 0) {
		fd = sock_connect_syslog();
	} else {
		span_copy_cut(span_str(log), dir_path, sizeof(dir_path));
		slash = strrchr(dir_path, '/');
		*slash = '\0';
		dir = fs_open_top(slash == dir_path ? "/" : dir_path);
		fd = dir < 0 ? -1 : fs_open_append(dir, slash + 1);
		fd_close(&dir);
	}
	if (fd >= 0)
		proc_tell(p, &super_file_type, &msg, fd);
	else
		log_error(LF_STR("event", "no-log"), LF_STR("log", log),
		    LF_STR("why", strerror(errno)));
	fd_close(&fd);
}

/*
 * lookupd's list of the system's users, which it cannot see from its root: who
 * they are that hand in mail by the local socket, or have mailboxes;
 * opened anew at every reload, for it is replaced and not written over.
 */
static void
send_passwd(struct master *m, struct proc *p)
{
	const struct super_file msg = { "passwd" };
	int dir, fd;

	if (p->slot->row->role != ROLE_LOOKUPD ||
	    (!conf_bool(m->conf, "system_users") &&
	    !conf_bool(m->conf, "local_submission")))
		return;
	dir = fs_open_top("/etc");
	fd = dir < 0 ? -1 : fs_open_read(dir, "passwd");
	if (fd >= 0)
		proc_tell(p, &super_file_type, &msg, fd);
	else
		log_error(LF_STR("event", "no-system-users"),
		    LF_STR("why", strerror(errno)));
	fd_close(&dir);
	fd_close(&fd);
}

static void
send_templates(struct master *m, struct proc *p)
{
	const char *path = conf_str(m->conf, "report_templates");

	if (p->slot->row->role == ROLE_QMGR && *path != '\0')
		send_file(p, path, "report-templates");
}

static void
send_token_keys(struct master *m, struct proc *p)
{
	const char *path = conf_str(m->conf, "oauth_keys");

	if (p->slot->row->role == ROLE_AUTHD && *path != '\0')
		send_file(p, path, "oauth-keys");
}

void
files_send(struct master *m, struct proc *p)
{
	send_token_keys(m, p);
	send_templates(m, p);
	send_log(m, p);
	send_passwd(m, p);
	send_certificates(m, p);
	send_authorities(m, p);
}
