/*
 * paquebot_user_show.c - accounts as text and as JSON (RFC 8259).  No hash and
 * no key is ever printed, only of what kind they are.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/date.h"
#include "base/json.h"
#include "map/source.h"
#include "tools/paquebot_user.h"
#include "tools/paquebot_uses.h"

#define SHOWN_MAX	(64 * 1024)	/* octets of one account */

static const char *
kind_of(const struct account *a)
{
	static const char *const names[] = { [HASH_PLAIN] = "clear",
		[HASH_CRYPT] = "crypt", [HASH_SCRAM] = "scram",
		[HASH_NONE] = "none" };
	struct span hash;

	return account_locked(a) ? "locked" :
	    names[account_hash(a->hash, &hash)];
}

static void
add_services(struct buf *out, unsigned services)
{
	static const char *const names[] = { "smtp", "pop3", "imap" };
	const char *plus = "";

	for (unsigned i = 0; i < COUNT(names); i++)
		if ((services & 1U << i) != 0) {
			(void)buf_addf(out, "%s%s", plus, names[i]);
			plus = "+";
		}
}

/* -------------------------------------------------------------- last use */

struct shown {			/* what is being printed */
	struct buf	     out;
	const struct account *account;
	const struct uses    *uses;
};

/* Not that of an account that had the name before. */
static bool
find_use(const struct shown *s, struct span app, struct login_line *l)
{
	return uses_find(s->uses, span_str(s->account->user), app, l) &&
	    l->at_s >= s->account->made_s;
}

/* " last_use=2026-11-22T05:56:00Z imap 192.0.2.0/24"; nothing if unknown. */
static void
text_use(struct shown *s, const char *key, struct span app)
{
	struct login_line l;

	if (!find_use(s, app, &l))
		return;
	(void)buf_add_str(&s->out, key);
	date_iso(&s->out, l.at_s);
	(void)buf_addf(&s->out, " %.*s %.*s", SPAN_ARG(l.service),
	    SPAN_ARG(l.network));
}

static void
json_use(struct shown *s, const char *key, struct span app)
{
	struct login_line l;
	struct buf date;

	(void)json_key(&s->out, key);
	if (!find_use(s, app, &l)) {
		(void)buf_add_str(&s->out, "null");
		return;
	}
	buf_init(&date, 40);
	date_iso(&date, l.at_s);
	(void)buf_add_char(&s->out, '{');
	(void)json_pair(&s->out, "at", buf_span(&date));
	(void)json_pair(&s->out, "service", l.service);
	(void)json_pair(&s->out, "network", l.network);
	(void)buf_add_char(&s->out, '}');
	buf_fini(&date);
}

/* --------------------------------------------------------- app passwords */

static void
text_app(struct shown *s, const struct account_app *app)
{
	struct buf *out = &s->out;

	(void)buf_addf(out, "app=%.*s services=", SPAN_ARG(app->name));
	add_services(out, app->services);
	(void)buf_addf(out, " expires=%.*s", SPAN_ARG(app->expiry));
	text_use(s, " last_use=", app->name);
	(void)buf_add_char(out, '\n');
}

static void
json_app(struct shown *s, const struct account_app *app)
{
	struct buf services, *out = &s->out;

	buf_init(&services, 32);
	add_services(&services, app->services);
	if (out->p[out->n - 1] == '}')
		(void)buf_add_char(out, ',');
	(void)buf_add_char(out, '{');
	(void)json_pair(out, "app", app->name);
	(void)json_pair(out, "services", buf_span(&services));
	(void)json_pair(out, "expires", app->expiry);
	json_use(s, "last_use", app->name);
	(void)buf_add_char(out, '}');
	buf_fini(&services);
}

static void
add_apps(struct shown *s, bool json)
{
	struct span rest = s->account->extra;
	struct account_app app;

	if (json)
		(void)buf_add_char(&s->out, '[');
	while (account_app_next(&rest, &app))
		if (json)
			json_app(s, &app);
		else
			text_app(s, &app);
	if (json)
		(void)buf_add_char(&s->out, ']');
}

/* ------------------------------------------------------------ one account */

static const char *
scram_of(const struct account *a)
{
	bool strong = account_scram(a, "sha-256").n > 0;
	bool weak = account_scram(a, "sha-1").n > 0;

	return strong && weak ? "sha-256 sha-1" : strong ? "sha-256" :
	    weak ? "sha-1" : "";
}

static void
text_account(struct shown *s)
{
	const struct account *a = s->account;
	struct buf *out = &s->out;

	(void)buf_addf(out, "name=%s\nuid=%u\ngid=%u\nhome=%s\nmaildir=%s\n"
	    "quota=%llu\npassword=%s\nscram=%s\n", a->user, a->uid, a->gid,
	    a->home, a->maildir, (unsigned long long)a->quota_octets,
	    kind_of(a), scram_of(a));
	text_use(s, "last_login=", SPAN_LIT("-"));
	(void)buf_add_str(out, out->p[out->n - 1] == '\n' ? "" : "\n");
	add_apps(s, false);
}

static void
json_account(struct shown *s)
{
	const struct account *a = s->account;
	struct buf *out = &s->out;

	(void)buf_add_char(out, '{');
	(void)json_pair(out, "name", span_str(a->user));
	(void)json_pair_u64(out, "uid", a->uid);
	(void)json_pair_u64(out, "gid", a->gid);
	(void)json_pair(out, "home", span_str(a->home));
	(void)json_pair(out, "maildir", span_str(a->maildir));
	(void)json_pair_u64(out, "quota", a->quota_octets);
	(void)json_pair(out, "password", span_str(kind_of(a)));
	(void)json_key(out, "scram");
	(void)buf_add_char(out, '[');
	if (account_scram(a, "sha-256").n > 0)
		(void)buf_add_str(out, "\"sha-256\"");
	if (account_scram(a, "sha-1").n > 0)
		(void)buf_addf(out, "%s\"sha-1\"",
		    out->p[out->n - 1] == '[' ? "" : ",");
	(void)buf_add_char(out, ']');
	json_use(s, "last_login", SPAN_LIT("-"));
	(void)json_key(out, "apps");
	add_apps(s, true);
	(void)buf_add_char(out, '}');
}

static int
print(struct buf *out)
{
	int rc = out->full ? accounts_complain("show", "too long") :
	    EXIT_SUCCESS;

	if (rc == EXIT_SUCCESS)
		(void)printf("%s", buf_cstr(out));
	buf_fini(out);
	return rc;
}

static int
show(struct user_job *job, void (*add)(struct shown *s, bool json))
{
	struct account a;
	struct uses uses;
	struct shown s = { .account = &a, .uses = &uses };
	int rc = accounts_parse(&job->a, span_str(job->a.name),
	    buf_span(&job->a.value), &a);

	if (rc != EXIT_SUCCESS)
		return rc;
	uses_load(&uses, job->a.conf);
	buf_init(&s.out, SHOWN_MAX);
	add(&s, job->json);
	if (job->json)
		(void)buf_add_char(&s.out, '\n');
	rc = print(&s.out);
	uses_fini(&uses);
	return rc;
}

static void
add_account(struct shown *s, bool json)
{
	if (json)
		json_account(s);
	else
		text_account(s);
}

int
user_show(struct user_job *job)
{
	return show(job, add_account);
}

int
user_app_list(struct user_job *job)
{
	return show(job, add_apps);
}

/* ---------------------------------------------------------- all accounts */

struct listing {
	struct user_job *job;
	struct uses uses;
	bool first;
};

static int
list_one(struct span key, struct span value, void *ctx, struct why *why)
{
	struct listing *l = ctx;
	struct account a;
	struct shown s = { .account = &a, .uses = &l->uses };

	(void)why;
	if (!l->job->json) {
		(void)printf("%.*s\n", SPAN_ARG(key));
		return 0;
	}
	if (accounts_parse(&l->job->a, key, value, &a) != EXIT_SUCCESS)
		return -1;
	buf_init(&s.out, SHOWN_MAX);
	(void)buf_add_str(&s.out, l->first ? "" : ",\n");
	l->first = false;
	json_account(&s);
	return print(&s.out) == EXIT_SUCCESS ? 0 : -1;
}

int
user_list(struct user_job *job)
{
	struct listing l = { .job = job, .first = true };
	struct why why;
	int rc = EXIT_SUCCESS;

	uses_load(&l.uses, job->a.conf);
	if (job->json)
		(void)printf("[");
	why_clear(&why);
	if (map_source_parse(buf_span(&job->a.text), list_one, &l, &why) != 0)
		rc = accounts_complain("users", why.text[0] != '\0' ?
		    why.text : "a bad entry");
	if (job->json)
		(void)printf("]\n");
	uses_fini(&l.uses);
	return rc;
}
