/*
 * paquebot_check.c - looks into the compiled maps, as the daemons do; what
 * the caller may not read is not judged.
 */
#include "tools/paquebot_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "conf/pair.h"
#include "mail/addr.h"
#include "mail/dsn_words.h"
#include "map/bdb.h"
#include "map/fold.h"
#include "map/table.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/path.h"

#define POSTMASTER	"postmaster"
#define REAL_SIZE	1024

/* Also true when it cannot be told. */
static bool
map_has(const char *name, struct span key)
{
	struct map m = { .ops = NULL };
	struct buf value;
	struct why why;
	bool has;

	if (map_bdb_open(&m, name, &why) != 0)
		return true;
	buf_init(&value, MAP_VALUE_MAX);
	has = map_get(&m, key, &value, &why) != MAP_ABSENT;
	buf_fini(&value);
	map_close(&m);
	return has;
}

static bool
domain_has_postmaster(const char *domain)
{
	struct buf address;
	bool has;

	buf_init(&address, MAP_KEY_MAX);
	has = buf_add_str(&address, POSTMASTER "@") == 0 &&
	    fold_domain(span_str(domain), &address) == 0 &&
	    (map_has("virtual", buf_span(&address)) ||
	    map_has("accounts", buf_span(&address)));
	buf_fini(&address);
	return has;
}

static bool
maps_have_postmaster(const struct conf_view *conf)
{
	if (map_has("aliases", SPAN_LIT(POSTMASTER)) ||
	    map_has("accounts", SPAN_LIT(POSTMASTER)) ||
	    domain_has_postmaster(conf_str(conf, "hostname")))
		return true;
	for (size_t i = 0; i < conf_count(conf, "domains"); i++)
		if (!domain_has_postmaster(conf_item(conf, "domains", i)))
			return false;
	return conf_count(conf, "domains") > 0;
}

/* RFC 5321 4.5.1: every host that takes mail must take it for postmaster. */
static bool
has_postmaster(const struct conf_view *conf)
{
	bool has;
	int dir;

	if (conf_str(conf, "postmaster")[0] != '\0')
		return true;
	/* Berkeley DB knows only paths: the maps are the working directory. */
	dir = fs_enter(conf_str(conf, "map_dir"));
	has = dir < 0 || maps_have_postmaster(conf);
	fd_close(&dir);
	return has;
}

/* Symbolic links are followed, as master does.  *name points into real. */
static int
open_dir_of(const char *path, char real[REAL_SIZE], const char **name)
{
	char *slash;

	if (path_real(path, real, REAL_SIZE) != 0)
		return -1;
	slash = strrchr(real, '/');
	*slash = '\0';
	*name = slash + 1;
	return fs_open_top(slash == real ? "/" : real);
}

static int
slurp_path(const char *path, struct buf *out)
{
	char real[REAL_SIZE];
	const char *name;
	int dir = open_dir_of(path, real, &name), rc;

	rc = dir < 0 ? -1 : fs_slurp(dir, name, out);
	fd_close(&dir);
	return rc;
}

int
check_templates(const struct conf_view *conf)
{
	const char *path = conf_str(conf, "report_templates");
	struct dsn_words_file words;
	char wrong[128] = "";
	struct buf text;

	if (*path == '\0')
		return 0;
	buf_init(&text, DSN_WORDS_FILE_MAX);
	errno = 0;
	if (slurp_path(path, &text) != 0) {
		if (text.full || errno != EACCES)
			(void)snprintf(wrong, sizeof(wrong), "%s", text.full ?
			    "too large" : strerror(errno));
	} else if (dsn_words_parse(buf_span(&text), &words, wrong) == 0)
		wrong[0] = '\0';
	buf_fini(&text);
	if (wrong[0] == '\0')
		return 0;
	(void)fprintf(stderr, "paquebot: report_templates: %s: %s\n", path,
	    wrong);
	return -1;
}

/* conf/cross sees the form of UTF-8 alone: master has no library for more. */
static void
check_domains(const struct conf_view *conf, const char *setting)
{
	char canonical[ADDR_DOMAIN_SIZE];

	for (size_t i = 0; i < conf_count(conf, setting); i++) {
		const char *name = conf_item(conf, setting, i);

		if (addr_parse_domain(span_str(name), canonical, NULL) != 0)
			(void)fprintf(stderr, "paquebot: warning: %s: \"%s\" "
			    "is no domain that IDNA allows\n", setting, name);
	}
}

void
check_warnings(const struct conf_view *conf)
{
	check_domains(conf, "domains");
	check_domains(conf, "relay_domains");
	if (!has_postmaster(conf))
		(void)fprintf(stderr, "paquebot: warning: nobody gets the "
		    "mail for postmaster: set postmaster, or make an alias "
		    "of that name\n");
}

/* -1: master would not find it, which was said. */
static int
check_there(const char *setting, const char *path)
{
	char real[REAL_SIZE];
	const char *name;
	struct fs_stat st;
	int dir, rc, error;

	if (path[0] != '/')
		return 0;	/* not set, or not a file */
	dir = open_dir_of(path, real, &name);
	rc = dir < 0 ? -1 : fs_stat(dir, name, &st);
	error = errno;
	fd_close(&dir);
	if (rc == 0 || error == EACCES)
		return 0;
	(void)fprintf(stderr, "%s: %s: %s\n", setting, path, strerror(error));
	return -1;
}

int
check_files(const struct conf_view *conf)
{
	static const char *const settings[] = { "client_certificates",
		"certificate_dir", "oauth_keys", "smtp_out_ca_file" };
	struct conf_pair pair;
	const char *wrong;
	int rc = 0;

	for (size_t i = 0; i < COUNT(settings); i++)
		if (check_there(settings[i], conf_str(conf, settings[i])) != 0)
			rc = -1;
	for (size_t i = 0; i < conf_count(conf, "certificates"); i++) {
		if (conf_pair_parse(conf_item(conf, "certificates", i),
		    &pair, &wrong) != 0)
			continue;	/* said with the settings */
		if (check_there("certificates", pair.certificate) != 0)
			rc = -1;
		if (check_there("certificates", pair.key) != 0)
			rc = -1;
	}
	return rc;
}

static const char *
key_wrong(const char *path)
{
	const char *wrong = NULL, *name;
	char real[REAL_SIZE];
	struct fs_stat st;
	int dir = open_dir_of(path, real, &name);

	if (dir >= 0 && fs_stat(dir, name, &st) == 0)
		wrong = conf_key_mode_wrong(st.mode);
	fd_close(&dir);
	return wrong;
}

/* The passwords by which relays know us: the text, and the map made of it. */
static int
check_relay_auth(const struct conf_view *conf)
{
	static const char *const names[] = { "relay_auth", "relay_auth.db" };
	int dir = fs_open_top(conf_str(conf, "map_dir")), rc = 0;
	struct fs_stat st;

	for (size_t i = 0; dir >= 0 && i < COUNT(names); i++) {
		if (fs_stat(dir, names[i], &st) != 0 || (st.mode & 027) == 0)
			continue;
		(void)fprintf(stderr, "%s/%s: %s\n", conf_str(conf,
		    "map_dir"), names[i], (st.mode & 07) != 0 ?
		    "everybody may open this file of passwords: chmod o= it, "
		    "and think of new ones" :
		    "its group may change this file of passwords: chmod g-w "
		    "it");
		rc = -1;
	}
	fd_close(&dir);
	return rc;
}

int
check_keys(const struct conf_view *conf)
{
	struct conf_pair pair;
	const char *wrong;
	int rc = check_relay_auth(conf);

	for (size_t i = 0; i < conf_count(conf, "certificates"); i++) {
		if (conf_pair_parse(conf_item(conf, "certificates", i),
		    &pair, &wrong) != 0)
			continue;	/* said with the settings */
		wrong = key_wrong(pair.key);
		if (wrong == NULL)
			continue;
		(void)fprintf(stderr, "certificates: %s: %s\n", pair.key,
		    wrong);
		rc = -1;
	}
	return rc;
}
