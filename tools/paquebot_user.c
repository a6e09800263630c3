/*
 * paquebot_user.c - accounts in the text users: add, passwd, del, list, show.
 * The text stays the administrator's: only the lines of the account concerned
 * are touched, comments and order are kept.  It is replaced in one step, and the
 * maps follow; a text with a mistake anywhere is not put in place.
 * Passwords come from the terminal or standard input, never from the command
 * line, where other users could see them.
 */
#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/secret.h"
#include "map/account.h"
#include "map/source.h"
#include "map/table.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/prompt.h"
#include "tools/paquebot.h"
#include "tools/paquebot_map.h"

#define USERS		"users"
#define LOCK		"users.lock"
#define LOCK_MS		10000
#define HASH_SIZE	CRYPT_OUTPUT_SIZE

struct job {
	struct conf_view *conf;
	struct maps  maps;
	char	     name[MAP_KEY_MAX + 1];
	struct buf   text;		/* of users */
	size_t	     at, n;	/* where the account's lines stand in it */
	struct buf   value;	/* the account's; empty: there is none */
	int	     lock;
};

static int
complain(const char *name, const char *what)
{
	(void)fprintf(stderr, "paquebot: %s: %s\n", name, what);
	return EXIT_DATA;
}

/* ------------------------------------------------------ the text of users */

static int
take_entry(struct span key, struct span value, void *ctx, struct why *why)
{
	struct job *job = ctx;

	(void)why;
	if (span_eq_str(key, job->name)) {
		buf_clear(&job->value);
		/* Its cap is what an entry may have. */
		(void)buf_add_span(&job->value, value);
	}
	return 0;
}

/* The entry that begins at `at`, with the lines that continue it. */
static size_t
entry_length(struct span text)
{
	size_t n = 0;

	do {
		size_t line = span_chr(span_from(text, n), '\n');

		n = line + n < text.n ? line + n + 1 : text.n;
	} while (n < text.n && (text.p[n] == ' ' || text.p[n] == '\t'));
	return n;
}

static void
find_account(struct job *job)
{
	struct span text = buf_span(&job->text);
	struct why why;

	job->at = text.n;
	job->n = 0;
	for (size_t at = 0; at < text.n; at += job->n) {
		struct span entry = span_from(text, at);

		job->n = entry_length(entry);
		entry = span_head(entry, job->n);
		/* A mistake in it is found when the whole is judged. */
		if (map_source_parse(entry, take_entry, job, &why) == 0 &&
		    job->value.n > 0) {
			job->at = at;
			return;
		}
	}
	job->n = 0;
}

static int
read_users(struct job *job)
{
	if (fs_slurp(job->maps.dir, USERS, &job->text) == 0 || errno == ENOENT)
		return 0;
	(void)fprintf(stderr, "paquebot: %s/" USERS ": %s\n",
	    conf_str(job->conf, "map_dir"), strerror(errno));
	return -1;
}

/* Put line (or nothing) in place of the account's, and make the maps. */
static int
write_users(struct job *job, struct span line)
{
	struct buf fresh;
	struct span old = buf_span(&job->text);
	struct why why;
	int rc = EXIT_DATA;

	buf_init(&fresh, MAP_SOURCE_MAX);
	(void)buf_add_span(&fresh, span_head(old, job->at));
	if (line.n > 0 && fresh.n > 0 && fresh.p[fresh.n - 1] != '\n')
		(void)buf_add_char(&fresh, '\n');
	(void)buf_add_span(&fresh, line);
	(void)buf_add_span(&fresh, span_from(old, job->at + job->n));
	if (fresh.full) {
		rc = complain(USERS, "too long");
	} else if (map_source_parse(buf_span(&fresh), maps_check_user,
	    &job->maps, &why) != 0) {
		rc = complain(USERS, why.text);
	} else if (fs_replace(job->maps.dir, USERS, buf_span(&fresh),
	    0600) != 0) {
		(void)fprintf(stderr, "paquebot: " USERS ": %s\n",
		    strerror(errno));
		rc = EXIT_IOERR;
	} else {
		rc = maps_compile(&job->maps, USERS, true);
	}
	if (fresh.p != NULL)
		wipe(fresh.p, fresh.n);
	buf_fini(&fresh);
	return rc;
}

/* --------------------------------------------------------------- password */

static int
ask(struct secret *password)
{
	struct secret again;
	bool same;

	if (prompt_secret("Password: ", password) != 0 || password->n == 0)
		return complain("password", "none, or too long");
	if (!prompt_person())
		return EXIT_SUCCESS;
	same = prompt_secret("Again: ", &again) == 0 &&
	    secret_eq(span_of(password->p, password->n),
	    span_of(again.p, again.n));
	secret_fini(&again);
	return same ? EXIT_SUCCESS : complain("password", "not the same");
}

/* By the method that this system's crypt(3) prefers. */
static int
hash_password(const struct secret *password, char hash[HASH_SIZE])
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	int rc = -1;

	if (crypt_gensalt_rn(NULL, 0, NULL, 0, salt, sizeof(salt)) != NULL &&
	    crypt_rn(password->p, salt, data, (int)sizeof(*data)) != NULL &&
	    data->output[0] != '*')
		rc = span_copy(span_str(data->output), hash, HASH_SIZE);
	wipe(data, sizeof(*data));
	free(data);
	return rc;
}

static int
new_hash(char hash[HASH_SIZE])
{
	struct secret password;
	int rc;

	secret_init(&password);
	rc = ask(&password);
	if (rc == EXIT_SUCCESS && hash_password(&password, hash) != 0)
		rc = complain("crypt", "no method, or a bad password");
	secret_fini(&password);
	return rc;
}

/* name:hash and what stood behind the old hash. */
static int
write_hash(struct job *job, struct span rest)
{
	char hash[HASH_SIZE] = "";
	struct buf line;
	int rc = new_hash(hash);

	if (rc != EXIT_SUCCESS)
		return rc;
	buf_init(&line, MAP_KEY_MAX + MAP_VALUE_MAX);
	if (buf_addf(&line, "%s:%s%.*s\n", job->name, hash,
	    SPAN_ARG(rest)) != 0)
		rc = complain(job->name, "line too long");
	else
		rc = write_users(job, buf_span(&line));
	wipe(hash, sizeof(hash));
	if (line.p != NULL)
		wipe(line.p, line.n);
	buf_fini(&line);
	return rc;
}

/* --------------------------------------------------------- what can be done */

static int
do_add(struct job *job)
{
	if (job->n > 0)
		return complain(job->name, "is there already");
	return write_hash(job, SPAN_LIT("::::::"));
}

static int
do_passwd(struct job *job)
{
	struct span value = buf_span(&job->value);

	if (job->n == 0)
		return complain(job->name, "no such account");
	return write_hash(job, span_from(value, span_chr(value, ':')));
}

static int
do_del(struct job *job)
{
	if (job->n == 0)
		return complain(job->name, "no such account");
	return write_users(job, SPAN_NONE);
}

static int
print_name(struct span key, struct span value, void *ctx, struct why *why)
{
	(void)value;
	(void)ctx;
	(void)why;
	(void)printf("%.*s\n", SPAN_ARG(key));
	return 0;
}

static int
do_list(struct job *job)
{
	struct why why;

	if (map_source_parse(buf_span(&job->text), print_name, NULL, &why) != 0)
		return complain(USERS, why.text);
	return EXIT_SUCCESS;
}

static int
do_show(struct job *job)
{
	struct account_defaults defaults;
	struct account a;
	struct span hash;
	struct why why;

	if (job->n == 0)
		return complain(job->name, "no such account");
	maps_defaults(&job->maps, &defaults);
	if (account_parse(span_str(job->name), buf_span(&job->value),
	    &defaults, &a, &why) != 0)
		return complain(job->name, why.text);
	(void)printf("name=%s\nuid=%u\ngid=%u\nhome=%s\nmaildir=%s\n"
	    "quota=%llu\nlogin=%s\n", a.user, a.uid, a.gid, a.home, a.maildir,
	    (unsigned long long)a.quota_octets,
	    account_hash(a.hash, &hash) == HASH_NONE ? "no" : "yes");
	return EXIT_SUCCESS;
}

static const struct verb {
	const char *word;
	bool	    named;	/* wants a name */
	bool	    writes;
	int (*run)(struct job *job);
} verbs[] = {
	{ "add", true, true, do_add },
	{ "passwd", true, true, do_passwd },
	{ "del", true, true, do_del },
	{ "list", false, false, do_list },
	{ "show", true, false, do_show },
};

/* Two at once would lose the change of one. */
static int
take_lock(struct job *job)
{
	job->lock = fs_open_append(job->maps.dir, LOCK);
	if (job->lock >= 0 && fs_lock(job->lock, clock_deadline(LOCK_MS)) == 0)
		return 0;
	(void)fprintf(stderr, "paquebot: %s/" LOCK ": %s\n",
	    conf_str(job->conf, "map_dir"), strerror(errno));
	return -1;
}

static int
run_verb(struct job *job, const struct verb *verb)
{
	int rc = EXIT_IOERR;

	if (maps_enter(&job->maps, job->conf) != 0)
		return EXIT_CONFIG;
	buf_init(&job->text, MAP_SOURCE_MAX);
	buf_init(&job->value, MAP_VALUE_MAX);
	if ((!verb->writes || take_lock(job) == 0) && read_users(job) == 0) {
		find_account(job);
		rc = verb->run(job);
	}
	if (job->text.p != NULL)
		wipe(job->text.p, job->text.n);
	if (job->value.p != NULL)
		wipe(job->value.p, job->value.n);
	buf_fini(&job->text);
	buf_fini(&job->value);
	fd_close(&job->lock);
	return rc;
}

static int
run_user(const struct tool *t, int argc, char **argv)
{
	struct job job = { .lock = -1 };
	const struct verb *verb = NULL;
	int rc;

	for (size_t i = 0; argc > 1 && i < COUNT(verbs); i++)
		if (strcmp(verbs[i].word, argv[1]) == 0)
			verb = &verbs[i];
	if (verb == NULL || argc != (verb->named ? 3 : 2))
		return tool_usage(&user_command);
	if (verb->named && (argv[2][0] == '\0' || span_copy(span_str(argv[2]),
	    job.name, sizeof(job.name)) != 0))
		return complain(argv[2], "no name for an account");
	for (char *p = job.name; *p != '\0'; p++) {
		if (*p == ':' || ascii_iscntrl(*p))
			return complain(argv[2], "no name for an account");
		*p = ascii_lower(*p);
	}
	job.conf = tool_conf(t);
	rc = run_verb(&job, verb);
	conf_view_free(&job.conf);
	return rc;
}

const struct subcommand user_command = { "user",
	"add | passwd | del | show name; list",
	"edit the accounts; passwords from standard input", run_user };
