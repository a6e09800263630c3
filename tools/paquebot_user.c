/*
 * paquebot_user.c - accounts in the text users: the table of verbs, and those
 * that change a password.  The mailbox of an account is never touched.
 */
#include "tools/paquebot_user.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/clock.h"
#include "tools/paquebot.h"
#include "tools/paquebot_password.h"

#define FIELDS	6	/* before extra */

int
user_edit(struct user_job *job, const struct user_edit *e)
{
	struct span rest = buf_span(&job->a.value), word;
	const char *space = "";
	struct buf value;
	int rc;

	buf_init(&value, MAP_VALUE_MAX);
	for (int i = 0; i < FIELDS; i++) {
		word = span_trim(span_cut(&rest, ':'));
		(void)buf_add_span(&value, i == 0 && e->hash != NULL ?
		    span_str(e->hash) : word);
		(void)buf_add_char(&value, ':');
	}
	while ((word = span_word(&rest)).n > 0) {
		if (e->drop != NULL && e->drop(word, job))
			continue;
		(void)buf_addf(&value, "%s%.*s", space, SPAN_ARG(word));
		space = " ";
	}
	(void)buf_add_span(&value, space[0] == '\0' && e->add.n > 0 ?
	    span_from(e->add, 1) : e->add);
	rc = value.full ? accounts_complain(job->a.name, "line too long") :
	    accounts_write(&job->a, buf_span(&value));
	if (value.p != NULL)
		wipe(value.p, value.n);
	buf_fini(&value);
	return rc;
}

static bool
is_scram(struct span word, const struct user_job *job)
{
	(void)job;
	return span_starts(word, SPAN_LIT("scram-"));
}

static int
write_password(struct user_job *job)
{
	struct password_stored stored = { .hash = "" };
	struct secret password;
	int rc;

	secret_init(&password);
	rc = password_ask(job->piped, &password);
	if (rc == EXIT_SUCCESS)
		rc = password_store(job->a.conf, &password, &stored);
	secret_fini(&password);
	if (rc == EXIT_SUCCESS && job->a.n == 0)	/* map/account.h */
		(void)buf_addf(&stored.keys, " made=%lld",
		    (long long)clock_wall_s());
	if (rc == EXIT_SUCCESS)
		rc = user_edit(job, &(struct user_edit){ .hash = stored.hash,
		    .drop = is_scram, .add = buf_span(&stored.keys) });
	password_wipe(&stored);
	return rc;
}

static int
do_add(struct user_job *job)
{
	if (job->a.n > 0)
		return accounts_complain(job->a.name, "is there already");
	return write_password(job);
}

static int
do_del(struct user_job *job)
{
	return accounts_write(&job->a, SPAN_NONE);
}

/* ------------------------------------------------------------------ verbs */

static const struct verb {
	const char *word, *options;
	int	    words;	/* wanted behind it: name, name of an app */
	bool	    writes, must;	/* the account must be there */
	int (*run)(struct user_job *job);
} verbs[] = {
	{ "add", "i", 1, true, false, do_add },
	{ "passwd", "i", 1, true, true, write_password },
	{ "del", "", 1, true, true, do_del },
	{ "list", "j", 0, false, false, user_list },
	{ "show", "j", 1, false, true, user_show },
	{ "app-add", "jse", 2, true, true, user_app_add },
	{ "app-del", "", 2, true, true, user_app_del },
	{ "app-list", "j", 1, false, true, user_app_list },
};

static const struct option options[] = {
	{ "stdin", no_argument, NULL, 'i' },
	{ "json", no_argument, NULL, 'j' },
	{ "services", required_argument, NULL, 's' },
	{ "expires", required_argument, NULL, 'e' },
	{ NULL, 0, NULL, 0 }
};

/* false: an option that this verb does not have. */
static bool
take_options(const struct verb *verb, int argc, char **argv,
    struct user_job *job)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?' || strchr(verb->options, c) == NULL)
			return false;
		job->piped = job->piped || c == 'i';
		job->json = job->json || c == 'j';
		job->services = c == 's' ? optarg : job->services;
		job->expires = c == 'e' ? optarg : job->expires;
	}
	return argc - optind == verb->words;
}

static int
run_verb(const struct tool *t, const struct verb *verb, char **words,
    struct user_job *job)
{
	struct conf_view *conf = tool_conf(t);
	const char *name = verb->words > 0 ? words[0] : NULL;
	int rc = accounts_open(&job->a, conf, name, verb->writes);

	job->app = verb->words > 1 ? words[1] : NULL;
	if (rc == EXIT_SUCCESS && verb->must && job->a.n == 0)
		rc = accounts_complain(job->a.name, "no such account");
	if (rc == EXIT_SUCCESS)
		rc = verb->run(job);
	accounts_close(&job->a);
	conf_view_free(&conf);
	return rc;
}

static int
run_user(const struct tool *t, int argc, char **argv)
{
	const struct verb *verb = NULL;
	struct user_job job = { .app = NULL };

	for (size_t i = 0; argc > 1 && i < COUNT(verbs); i++)
		if (strcmp(verbs[i].word, argv[1]) == 0)
			verb = &verbs[i];
	if (verb == NULL || !take_options(verb, argc - 1, argv + 1, &job))
		return tool_usage(&user_command);
	return run_verb(t, verb, argv + 1 + optind, &job);
}

const struct subcommand user_command = { "user",
	"add | passwd [--stdin] name; del name; list [--json]; show [--json] "
	"name; app-add [--json] [--services s] [--expires day] name app; "
	"app-del name app; app-list [--json] name",
	"edit the accounts; passwords from the terminal or standard input",
	run_user };
