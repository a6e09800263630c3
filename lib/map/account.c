/*
 * account.c - fields by position, then the defaults.  Names become parts of
 * paths, so a name that could leave its directory is refused here whatever the
 * map says.
 */
#include "map/account.h"

#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "os/user.h"

enum { F_HASH, F_UID, F_GID, F_GECOS, F_HOME, F_SHELL, F_EXTRA, FIELDS };

void
account_defaults_find(struct account_defaults *d, const char *path,
    const char *owner)
{
	struct user user;

	*d = (struct account_defaults){ .path = path };
	if (user_by_name(owner, &user) != 0)
		return;
	d->have_owner = true;
	d->uid = user.uid;
	d->gid = user.gid;
}

/* No '/', no control character, not empty, no leading dot. */
static bool
name_is_component(struct span s)
{
	if (s.n == 0 || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '/' || ascii_iscntrl(s.p[i]))
			return false;
	return true;
}

static bool
path_is_absolute(struct span s)
{
	return s.n > 1 && s.p[0] == '/' &&
	    span_find(s, SPAN_LIT("/../")) == s.n && !span_has(s, '\0') &&
	    !span_ends(s, SPAN_LIT("/.."));
}

static int
number(struct span s, const char *what, uint32_t *out, struct why *why)
{
	uint64_t v;

	/* 0 is root, who has no mailbox; the last one means "none". */
	if (num_parse(s, 1, UINT32_MAX - 1, &v) != 0) {
		why_set(why, WHY_TEMP, "4.3.5", "bad %s", what);
		return -1;
	}
	*out = (uint32_t)v;
	return 0;
}

/* mailbox_path with %u %n %d filled in. */
static int
expand_path(const char *pattern, struct span name, struct buf *out)
{
	size_t at = span_rchr(name, '@');
	struct span local = span_head(name, at);
	struct span domain = at < name.n ? span_from(name, at + 1) : SPAN_NONE;

	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p != '%' || p[1] == '\0') {
			(void)buf_add_char(out, *p);
			continue;
		}
		p++;
		if (*p == 'u')
			(void)buf_add_span(out, name);
		else if (*p == 'n')
			(void)buf_add_span(out, local);
		else if (*p == 'd')
			(void)buf_add_span(out, domain);
		else
			(void)buf_add_char(out, *p);
	}
	return out->full ? -1 : 0;
}

/* "made=": by `paquebot user add`, so that a name that is given anew inherits
   nothing. */
static int
set_made(struct span word, struct account *a, struct why *why)
{
	static const struct span made = SPAN_LIT("made=");
	uint64_t v;

	if (!span_starts(word, made))
		return 0;
	if (num_parse(span_from(word, made.n), 0, UINT32_MAX, &v) != 0) {
		why_set(why, WHY_TEMP, "4.3.5", "bad made");
		return -1;
	}
	a->made_s = (int64_t)v;
	return 0;
}

static int
set_extra(struct span extra, struct account *a, struct why *why)
{
	static const struct span mail = SPAN_LIT("userdb_mail=maildir:");
	static const struct span quota = SPAN_LIT("quota=");

	for (;;) {
		struct span word = span_word(&extra);

		if (word.n == 0)
			return 0;
		if (set_made(word, a, why) != 0)
			return -1;
		if (span_starts(word, mail)) {
			struct span path = span_from(word, mail.n);

			if (!path_is_absolute(path) || span_copy(path,
			    a->maildir, sizeof(a->maildir)) != 0) {
				why_set(why, WHY_TEMP, "4.3.5",
				    "bad userdb_mail");
				return -1;
			}
		} else if (span_starts(word, quota) &&
		    num_parse_size(span_from(word, quota.n),
		    UINT64_MAX / 2, &a->quota_octets) != 0) {
			why_set(why, WHY_TEMP, "4.3.5", "bad quota");
			return -1;
		}
	}
}

static int
set_maildir(struct span home, const struct account_defaults *d,
    struct account *a, struct why *why)
{
	struct buf path;
	int rc = -1;

	buf_init(&path, sizeof(a->maildir) - 1);
	if (home.n > 0) {
		(void)buf_add_span(&path, home);
		(void)buf_add_str(&path, "/Maildir");
	} else {
		(void)expand_path(d->path, span_str(a->user), &path);
	}
	if (!path.full && path_is_absolute(buf_span(&path)) &&
	    span_copy(buf_span(&path), a->maildir, sizeof(a->maildir)) == 0 &&
	    span_copy(home.n > 0 ? home : buf_span(&path), a->home,
	    sizeof(a->home)) == 0)
		rc = 0;
	else
		why_set(why, WHY_TEMP, "4.3.5", "bad home or mailbox_path");
	buf_fini(&path);
	return rc;
}

int
account_parse(struct span name, struct span value,
    const struct account_defaults *d, struct account *out, struct why *why)
{
	struct span f[FIELDS] = { { NULL, 0 } }, rest = value;

	memset(out, 0, sizeof(*out));
	/* The last field may hold colons: "userdb_mail=maildir:/path". */
	for (size_t i = 0; i < FIELDS && rest.p != NULL; i++) {
		f[i] = i + 1 < FIELDS ? span_cut(&rest, ':') : rest;
		f[i] = span_trim(f[i]);
	}
	if (!name_is_component(name) ||
	    span_copy(name, out->user, sizeof(out->user)) != 0) {
		why_set(why, WHY_TEMP, "4.3.5", "bad account name");
		return -1;
	}
	out->hash = f[F_HASH];
	out->extra = f[F_EXTRA];
	out->uid = d->uid;
	out->gid = d->gid;
	if (f[F_UID].n > 0 && number(f[F_UID], "uid", &out->uid, why) != 0)
		return -1;
	if (f[F_GID].n > 0 && number(f[F_GID], "gid", &out->gid, why) != 0)
		return -1;
	if ((f[F_UID].n == 0 || f[F_GID].n == 0) && !d->have_owner) {
		why_set(why, WHY_TEMP, "4.3.5",
		    "no uid and gid, and mailbox_user does not exist");
		return -1;
	}
	if (set_maildir(f[F_HOME], d, out, why) != 0)
		return -1;
	return set_extra(f[F_EXTRA], out, why) == 0 ?
	    account_proofs_check(f[F_EXTRA], why) : -1;
}
