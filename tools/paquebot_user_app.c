/*
 * paquebot_user_app.c - passwords of applications.  Such a password is printed
 * once, when it is made; what is stored does not tell it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/json.h"
#include "base/secret.h"
#include "os/clock.h"
#include "os/rand.h"
#include "tools/paquebot_user.h"
#include "trust/app_password.h"

static bool
is_this_app(struct span word, const struct user_job *job)
{
	struct account_app app;

	return span_starts(word, SPAN_LIT("app=")) &&
	    account_app_parse(span_from(word, 4), &app) == 0 &&
	    span_ieq_str(app.name, job->app);
}

static bool
app_exists(const struct user_job *job)
{
	struct span rest = buf_span(&job->a.value), word;

	/* Names cannot stand in the fields before extra: they have no '='. */
	for (int i = 0; i < 6; i++)
		(void)span_cut(&rest, ':');
	while ((word = span_word(&rest)).n > 0)
		if (is_this_app(word, job))
			return true;
	return false;
}

static void
print_new(const struct user_job *job, const char *password)
{
	struct buf out;

	if (!job->json) {
		(void)printf("%s\n", password);
		return;
	}
	buf_init(&out, 4096);
	(void)buf_add_char(&out, '{');
	(void)json_pair(&out, "name", span_str(job->a.name));
	(void)json_pair(&out, "app", span_str(job->app));
	(void)json_pair(&out, "password", span_str(password));
	(void)printf("%s}\n", buf_cstr(&out));
	wipe(out.p, out.n);
	buf_fini(&out);
}

/* " app=name,services,expiry,{SSHA256}..." and the password. */
static int
make_word(const struct user_job *job, char password[APP_PASSWORD_TEXT],
    struct buf *word)
{
	uint8_t octets[APP_PASSWORD_RANDOM], salt[APP_PASSWORD_SALT];
	char plain[APP_PASSWORD_CHARS + 1];
	struct account_app app;
	int rc = EXIT_SUCCESS;

	rand_octets(octets, sizeof(octets));
	rand_octets(salt, sizeof(salt));
	app_password_make(octets, password);
	if (!app_password_plain(span_str(password), plain))
		bug("an app password of ours is none");
	(void)buf_addf(word, " app=%s,%s,%s,{SSHA256}", job->app,
	    job->services != NULL ? job->services : "all",
	    job->expires != NULL ? job->expires : "never");
	if (app_password_hash(plain, salt, word) != 0 || account_app_parse(
	    span_from(buf_span(word), 5), &app) != 0)
		rc = accounts_complain(job->app, "bad name, services (smtp, "
		    "pop3, imap with + between, or all) or day (like "
		    "2027-01-31, or never)");
	else if (app.expires <= clock_wall_s())
		rc = accounts_complain(job->app, "that day is over");
	wipe(octets, sizeof(octets));
	wipe(plain, sizeof(plain));
	return rc;
}

int
user_app_add(struct user_job *job)
{
	char password[APP_PASSWORD_TEXT];
	struct buf word;
	int rc;

	if (app_exists(job))
		return accounts_complain(job->app, "is there already");
	buf_init(&word, 1024);
	rc = make_word(job, password, &word);
	if (rc == EXIT_SUCCESS)
		rc = user_edit(job, &(struct user_edit){
		    .add = buf_span(&word) });
	if (rc == EXIT_SUCCESS)
		print_new(job, password);
	wipe(password, sizeof(password));
	buf_fini(&word);
	return rc;
}

int
user_app_del(struct user_job *job)
{
	if (!app_exists(job))
		return accounts_complain(job->app, "no such app password");
	return user_edit(job, &(struct user_edit){ .drop = is_this_app });
}
