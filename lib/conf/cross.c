/*
 * cross - see cross.h.
 * Two tables, one of forms (setting, what each value must look like) and one
 * of agreements (functions that look at several settings): a new check is a
 * new row.  All are made, so that one run shows all mistakes.
 */
#include "conf/cross.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/keys.h"
#include "conf/pair.h"
#include "conf/retry_rule.h"
#include "conf/value.h"
#include "os/sock.h"
#include "os/user.h"

struct check {
	const struct conf_view *v;
	const struct conf_complaint *c;
};

static void
complain(const struct check *k, const char *name, size_t item,
    const char *what)
{
	k->c->say(name, item, what, k->c->ctx);
}

/* ------------------------------------------------------ form of one value */

static const char *
form_domain(const char *s)
{
	return conf_is_domain(s) ? NULL :
	    "is not a domain name with a dot, like mail.example.org";
}

static const char *
form_mail_domain(const char *s)
{
	return conf_is_mail_domain(s) ? NULL :
	    "is not a domain name with a dot, like example.org";
}

static const char *
form_hostport(const char *s)
{
	struct sock_addr a;

	return sock_parse_hostport(span_str(s), &a) == 0 && a.port != 0 ?
	    NULL : "is not address:port, like 192.0.2.1:25 or [::1]:25";
}

static const char *
form_net(const char *s)
{
	struct sock_net n;

	return sock_parse_net(span_str(s), &n) == 0 ? NULL :
	    "is not a network, like 192.0.2.0/24 or 2001:db8::/32";
}

static const char *
form_server(const char *s)
{
	struct sock_addr a;

	return sock_parse_ip(span_str(s), &a) == 0 ||
	    (sock_parse_hostport(span_str(s), &a) == 0 && a.port != 0) ?
	    NULL : "is not an address or address:port";
}

static const char *
form_ip(const char *s)
{
	struct sock_addr a;

	return *s == '\0' || sock_parse_ip(span_str(s), &a) == 0 ? NULL :
	    "is not an address";
}

static const char *
form_path(const char *s)
{
	return s[0] == '/' && s[1] != '\0' ? NULL :
	    "is not an absolute path";
}

static const char *
form_path_or_none(const char *s)
{
	return *s == '\0' ? NULL : form_path(s);
}

static const char *
form_log(const char *s)
{
	return strcmp(s, "stderr") == 0 || strcmp(s, "syslog") == 0 ||
	    form_path(s) == NULL ? NULL :
	    "is neither stderr nor syslog nor an absolute path";
}

static const char *
form_range(const char *s)
{
	uint32_t first, last;

	return conf_parse_range(s, &first, &last) == 0 ? NULL :
	    "is not a range of user ids above 0, like 5000-5999";
}

static const char *
form_mailbox(const char *s)
{
	bool name = false;

	if (form_path(s) != NULL)
		return "is not an absolute path";
	while ((s = strchr(s, '%')) != NULL) {
		s++;
		if (*s != 'u' && *s != 'n' && *s != 'd')
			return "has a % that is not %u, %n or %d";
		name = name || *s == 'u' || *s == 'n';
	}
	return name ? NULL : "has no %u or %n: all users would share it";
}

static bool
is_name_char(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '_';
}

static const char *
form_pipe(const char *s)
{
	struct span rest = span_str(s), name = span_cut(&rest, '=');

	if (name.n == 0 || name.n > 63 || rest.p == NULL)
		return "is not name=/path/program word...";
	for (size_t i = 0; i < name.n; i++)
		if (!is_name_char(name.p[i]))
			return "has a name of other than a-z, 0-9, - and _";
	return rest.n > 1 && rest.p[0] == '/' && rest.p[1] != ' ' ? NULL :
	    "needs the absolute path of its program";
}

static const char *
form_separator(const char *s)
{
	return *s == '\0' || (*s > ' ' && *s < 127 && !ascii_isalnum(*s) &&
	    strchr("@\"\\.,;:<>()[]", *s) == NULL) ? NULL :
	    "is not a mark that may separate, like + or -";
}

/* RFC 6154 2: the attributes that there are. */
static bool
is_special_use(struct span use)
{
	static const char *const uses[] = { "All", "Archive", "Drafts",
		"Flagged", "Junk", "Sent", "Trash" };

	for (size_t i = 0; i < COUNT(uses); i++)
		if (span_eq_str(use, uses[i]))
			return true;
	return false;
}

static const char *
form_special_use(const char *s)
{
	struct span all = span_str(s), use, name;

	while (all.n > 0) {
		use = span_cut(&all, ';');
		name = span_cut(&use, '=');
		if (name.n == 0 || !is_special_use(use))
			return "is not name=use;name=use with uses like Sent";
	}
	return NULL;
}

static const char *
form_workarounds(const char *s)
{
	static const char *const known[] = { "delay-newmail",
		"tb-extra-mailbox-sep", "tb-lsub-flags", "netscape-eoh" };
	struct span rest = span_str(s), word;
	bool ok = true;

	while (ok && (word = span_word(&rest)).n > 0) {
		ok = false;
		for (size_t i = 0; i < COUNT(known); i++)
			ok = ok || span_eq_str(word, known[i]);
	}
	return ok ? NULL : "has a word other than delay-newmail, "
	    "tb-extra-mailbox-sep, tb-lsub-flags and netscape-eoh";
}

static const char *
form_make(const char *s)
{
	return strcmp(s, "no") == 0 || strcmp(s, "create") == 0 ||
	    strcmp(s, "subscribe") == 0 ? NULL :
	    "is neither no nor create nor subscribe";
}

static const char *
form_hierarchy(const char *s)
{
	return strcmp(s, ".") == 0 || strcmp(s, "/") == 0 ? NULL :
	    "is neither . nor /";
}

/* Not what separates, patterns, or what modified UTF-7 is made of. */
static const char *
form_escape(const char *s)
{
	return *s == '\0' || (*s > ' ' && *s < 127 && !ascii_isalnum(*s) &&
	    strchr("./~*\"&+,-", *s) == NULL) ? NULL :
	    "is not a mark that may escape, like \\ or ^";
}

static const char *
form_uidl(const char *s)
{
	bool any = false;

	for (; *s != '\0'; s++) {
		if (*s <= ' ' || *s > '~')
			return "has other than printable ASCII";
		if (*s != '%')
			continue;
		for (s++; ascii_isdigit(*s); s++)
			continue;
		s += *s == 'X';
		if (*s == '\0' || strchr("uvfg%", *s) == NULL)
			return "has a % without u, v, f or g";
		any = any || *s == 'u' || *s == 'f' || *s == 'g';
	}
	return any ? NULL : "is the same for all messages";
}

static const char *
form_pair(const char *s)
{
	struct conf_pair pair;
	const char *wrong;

	return conf_pair_parse(s, &pair, &wrong) == 0 ? NULL : wrong;
}

/* It becomes the name of a file. */
static const char *
form_service(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if (!is_name_char(*p))
			return "is no name of a service";
	return NULL;
}

static const char *
form_retry(const char *s)
{
	struct retry_rule rule;
	const char *wrong;

	return retry_rule_parse(s, &rule, &wrong) == 0 ? NULL : wrong;
}

/* A plain name@domain; what more there is to addresses smtpd checks. */
static const char *
form_address_or_none(const char *s)
{
	size_t n = strcspn(s, "@");

	if (*s == '\0')
		return NULL;
	return n > 0 && n <= 64 && s[n] == '@' && s[n + 1] != '\0' &&
	    strchr(s + n + 1, '@') == NULL &&
	    strpbrk(s, " <>\"\\,;:()") == NULL ? NULL :
	    "is not an address like name@domain";
}

static const char *
form_delimiters(const char *s)
{
	return strlen(s) == 2 && strspn(s, "+-=") == 2 ? NULL :
	    "is not two of + - =";
}

static const char *
form_scram(const char *s)
{
	return strcmp(s, "sha-256") == 0 || strcmp(s, "sha-1") == 0 ||
	    strcmp(s, "none") == 0 ? NULL :
	    "is neither sha-256 nor sha-1 nor none";
}

static const char *
form_mechanisms(const char *s)
{
	static const char *const known[] = { "PLAIN", "LOGIN", "SCRAM-SHA-1",
		"SCRAM-SHA-256", "EXTERNAL", "OAUTHBEARER", "XOAUTH2" };
	struct span rest = span_str(s), word;

	while ((word = span_word(&rest)).n > 0) {
		bool found = false;

		for (size_t i = 0; i < COUNT(known) && !found; i++)
			found = span_ieq_str(word, known[i]);
		if (!found)
			return "has a word other than PLAIN, LOGIN, "
			    "SCRAM-SHA-1, SCRAM-SHA-256, EXTERNAL, "
			    "OAUTHBEARER and XOAUTH2";
	}
	return NULL;
}

static const char *
form_classes(const char *s)
{
	static const char *const known[] = { "envelope_sender",
		"envelope_recipient", "header_sender", "header_recipient" };
	struct span rest = span_str(s), word;

	while ((word = span_word(&rest)).n > 0) {
		bool found = false;

		for (size_t i = 0; i < COUNT(known) && !found; i++)
			found = span_eq_str(word, known[i]);
		if (!found)
			return "has a word other than envelope_sender, "
			    "envelope_recipient, header_sender and "
			    "header_recipient";
	}
	return NULL;
}

static const struct {
	const char *name;
	const char *(*wrong)(const char *value);
} forms[] = {
	{ "hostname", form_domain },
	{ "domains", form_mail_domain },
	{ "relay_domains", form_mail_domain },
	{ "subaddress_separator", form_separator },
	{ "queue_dir", form_path },
	{ "run_dir", form_path },
	{ "map_dir", form_path_or_none },
	{ "auth_dir", form_path_or_none },
	{ "empty_dir", form_path },
	{ "log", form_log },
	{ "listen_mx", form_hostport },
	{ "listen_submission", form_hostport },
	{ "listen_lmtp", form_hostport },
	{ "listen_pop3", form_hostport },
	{ "listen_imap", form_hostport },
	{ "listen_submissions", form_hostport },
	{ "listen_pop3s", form_hostport },
	{ "listen_imaps", form_hostport },
	{ "certificates", form_pair },
	{ "certificate_dir", form_path_or_none },
	{ "client_certificates", form_path_or_none },
	{ "sasl_mechanisms", form_mechanisms },
	{ "canonical_classes", form_classes },
	{ "special_use", form_special_use },
	{ "special_use_make", form_make },
	{ "imap_client_workarounds", form_workarounds },
	{ "oauth_keys", form_path_or_none },
	{ "retry_rules", form_retry },
	{ "report_templates", form_path_or_none },
	{ "relay_clients", form_net },
	{ "proxy_clients", form_net },
	{ "xclient_hosts", form_net },
	{ "verp_clients", form_net },
	{ "postmaster", form_address_or_none },
	{ "always_bcc", form_address_or_none },
	{ "verp_delimiters", form_delimiters },
	{ "smtp_out_source", form_ip },
	{ "smtp_out_ca_file", form_path_or_none },
	{ "dns_servers", form_server },
	{ "mailbox_path", form_mailbox },
	{ "mailbox_uids", form_range },
	{ "mailbox_roots", form_path },
	{ "pam_service", form_service },
	{ "scram_keys", form_scram },
	{ "pipes", form_pipe },
	{ "pop3_uidl", form_uidl },
	{ "separator", form_hierarchy },
	{ "mailbox_escape", form_escape },
};

static void
check_forms(const struct check *k)
{
	const char *name, *what;
	size_t n;
	bool list;

	for (size_t i = 0; i < COUNT(forms); i++) {
		name = forms[i].name;
		list = conf_key_find(name)->kind == CONF_LIST;
		n = list ? conf_count(k->v, name) : 1;
		for (size_t j = 0; j < n; j++) {
			what = forms[i].wrong(list ?
			    conf_item(k->v, name, j) : conf_str(k->v, name));
			if (what != NULL)
				complain(k, name, j, what);
		}
	}
}

/* ----------------------------------------------- settings that must agree */

static const char *const listeners[] = { "listen_mx", "listen_submission",
	"listen_lmtp", "listen_pop3", "listen_imap", "listen_submissions",
	"listen_pop3s", "listen_imaps" };
#define PLAIN_LISTENERS	5	/* those behind them need a certificate */

/* How many of item i of listeners[l] stand before or at it. */
static bool
listens_before(const struct check *k, size_t l, size_t i,
    const struct sock_addr *a)
{
	struct sock_addr b;

	for (size_t m = 0; m <= l; m++) {
		size_t n = m == l ? i : conf_count(k->v, listeners[m]);

		for (size_t j = 0; j < n; j++)
			if (sock_parse_hostport(span_str(conf_item(k->v,
			    listeners[m], j)), &b) == 0 &&
			    sock_ip_eq(a, &b) && a->port == b.port)
				return true;
	}
	return false;
}

static void
agree_listeners(const struct check *k)
{
	struct sock_addr a;
	size_t total = 0, n;

	for (size_t l = 0; l < COUNT(listeners); l++) {
		n = conf_count(k->v, listeners[l]);
		total += n;
		if (l >= PLAIN_LISTENERS && n > 0 &&
		    conf_count(k->v, "certificates") == 0)
			complain(k, listeners[l], 0,
			    "needs one of certificates");
		for (size_t i = 0; i < n; i++)
			if (sock_parse_hostport(span_str(conf_item(k->v,
			    listeners[l], i)), &a) == 0 &&
			    listens_before(k, l, i, &a))
				complain(k, listeners[l], i,
				    "is listened on twice");
	}
	if (total == 0 && !conf_bool(k->v, "local_submission"))
		complain(k, "listen_mx", 0,
		    "nothing to do: no listener and no local_submission");
}

static void
agree_domains(const struct check *k)
{
	for (size_t i = 0; i < conf_count(k->v, "relay_domains"); i++)
		for (size_t j = 0; j < conf_count(k->v, "domains"); j++)
			if (span_ieq(span_str(conf_item(k->v, "relay_domains",
			    i)), span_str(conf_item(k->v, "domains", j))))
				complain(k, "relay_domains", i,
				    "is one of domains as well");
}

static void
agree_certificates(const struct check *k)
{
	if (*conf_str(k->v, "certificate_dir") != '\0' &&
	    conf_count(k->v, "certificates") == 0)
		complain(k, "certificate_dir", 0, "needs one of certificates");
}

static void
agree_tokens(const struct check *k)
{
	if (*conf_str(k->v, "oauth_keys") != '\0' &&
	    (*conf_str(k->v, "oauth_issuer") == '\0' ||
	    *conf_str(k->v, "oauth_audience") == '\0'))
		complain(k, "oauth_keys", 0,
		    "needs oauth_issuer and oauth_audience");
}

static void
agree_times(const struct check *k)
{
	if (conf_num(k->v, "retry_min") > conf_num(k->v, "retry_max"))
		complain(k, "retry_min", 0, "is longer than retry_max");
	if (conf_num(k->v, "delay_notice") >= conf_num(k->v, "expire"))
		complain(k, "delay_notice", 0, "is not shorter than expire");
}

static void
agree_mailboxes(const struct check *k)
{
	const char *path = conf_str(k->v, "mailbox_path"), *root;
	size_t n = conf_count(k->v, "mailbox_roots"), len;

	for (size_t i = 0; i < n; i++) {
		root = conf_item(k->v, "mailbox_roots", i);
		len = strlen(root);
		if (strncmp(path, root, len) == 0 &&
		    (path[len] == '/' || (len > 0 && root[len - 1] == '/')))
			return;
	}
	complain(k, "mailbox_path", 0, "is beneath none of mailbox_roots");
}

static struct span
pipe_name(const struct check *k, size_t i)
{
	struct span rest = span_str(conf_item(k->v, "pipes", i));

	return span_cut(&rest, '=');
}

static void
agree_pipes(const struct check *k)
{
	for (size_t i = 0; i < conf_count(k->v, "pipes"); i++)
		for (size_t j = 0; j < i; j++)
			if (span_eq(pipe_name(k, i), pipe_name(k, j)))
				complain(k, "pipes", i, "has a name twice");
}

static void
agree_dane(const struct check *k)
{
	if (span_starts(span_str(conf_str(k->v, "smtp_out_tls")),
	    SPAN_LIT("dane")) && !conf_bool(k->v, "dns_validating"))
		complain(k, "smtp_out_tls", 0, "needs dns_validating");
}

static void (*const agreements[])(const struct check *k) = {
	agree_listeners, agree_domains, agree_times, agree_mailboxes,
	agree_pipes, agree_certificates, agree_dane, agree_tokens,
};

/* -------------------------------------------------- users of this system */

static void
user_exists(const struct check *k, const char *name)
{
	const char *value = conf_str(k->v, name);
	struct user u;
	char what[128];

	if (*value == '\0')
		return;
	if (user_by_name(value, &u) != 0)
		(void)snprintf(what, sizeof(what), "no such user: %s", value);
	else if (u.uid == 0)
		(void)snprintf(what, sizeof(what), "must not be root");
	else
		return;
	complain(k, name, 0, what);
}

static void
check_users(const struct check *k)
{
	const char *group = conf_str(k->v, "operator_group");
	uint32_t gid;

	user_exists(k, "mailbox_user");
	if (conf_count(k->v, "pipes") > 0)
		user_exists(k, "pipe_user");
	if (*group != '\0' && group_by_name(group, &gid) != 0)
		complain(k, "operator_group", 0, "no such group");
}

void
conf_cross_check(const struct conf_view *v, bool root,
    const struct conf_complaint *c)
{
	const struct check k = { v, c };

	check_forms(&k);
	for (size_t i = 0; i < COUNT(agreements); i++)
		agreements[i](&k);
	if (root)
		check_users(&k);
}
