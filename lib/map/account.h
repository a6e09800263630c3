/*
 * account - one line of the user file: passwd-style, as Dovecot's passwd-file:
 *
 *	name:hash:uid:gid:gecos:home:shell:extra
 *
 * The key of the map is the name, the value what stands behind it.  All but
 * the hash may be empty or missing: uid and gid are then mailbox_user's, the
 * Maildir is mailbox_path, or home/Maildir where a home is given.  extra is
 * words separated by spaces; unknown ones are passed over.  Where it is:
 *
 *	userdb_mail=maildir:/path	quota=100M
 *	made=1795000000		when it was added (unix time): what was
 *				remembered of that name before is another's
 *
 * and by what else somebody proves that it is his:
 *
 *	scram-sha-256=4096,salt,stored,server	stored keys of SCRAM (RFC 5802 3),
 *	scram-sha-1=...		as Dovecot writes them behind {SCRAM-SHA-256}
 *	app=name,services,expiry,{SSHA256}...	a password of an application
 *
 * name is [A-Za-z0-9._-], once in an account; services "all" or some of smtp,
 * pop3, imap, joined by '+'; expiry "never" or the last day on which it is
 * good, 2027-01-31 (UTC); the last field base64 of SHA-256(password, salt) and
 * salt.  A fast hash will do, because such passwords are made, not chosen: 100
 * random bits.
 */
#ifndef MAP_ACCOUNT_H
#define MAP_ACCOUNT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"

struct account_defaults {
	bool	    have_owner;	/* mailbox_user exists */
	uint32_t    uid, gid;
	const char *path;	/* mailbox_path: %u %n %d */
};

/*
 * path     mailbox_path; borrowed
 * owner    mailbox_user; looked up now, before confinement; may not exist
 */
void	account_defaults_find(struct account_defaults *d, const char *path,
	    const char *owner);

struct account {
	char	    user[321];	/* canonical name */
	struct span hash;	/* both point into the value */
	struct span extra;
	uint32_t    uid, gid;
	char	    home[512];
	char	    maildir[512];
	uint64_t    quota_octets;	/* 0: none */
	int64_t	    made_s;	/* unix time, 0: not said */
	bool	    system;	/* a user of the system */
};

/*
 * Pure.
 * name     as in the map (lower case)
 * returns  0, or -1 with why: the line makes no sense (WHY_TEMP: it is the
 *          operator's mistake, so mail waits)
 */
int	account_parse(struct span name, struct span value,
	    const struct account_defaults *d, struct account *out,
	    struct why *why) must_use;

/*
 * The password field of a passwd line, scheme prefix split off.  All that
 * crypt(3) knows by itself may have Dovecot's prefix or none.
 */
enum hash_scheme {
	HASH_PLAIN,
	HASH_CRYPT,
	HASH_SCRAM,	/* "4096,salt,stored,server": see account_scram */
	HASH_NONE	/* no log-in by a password of this kind */
};
enum hash_scheme account_hash(struct span field, struct span *hash);

/* The hash field begins with '!' or '*': no proof of any kind holds. */
bool	account_locked(const struct account *a);

/*
 * Stored keys of SCRAM, none when the account is locked, from the hash field or
 * a word of extra.
 * which    "sha-1", "sha-256"
 * returns  "4096,salt,stored,server", or SPAN_NONE: there are none
 */
struct span	account_scram(const struct account *a, const char *which);

#define ACCOUNT_APPS_MAX	32	/* in one account */
#define ACCOUNT_APP_NAME_MAX	32

enum account_service {		/* bits */
	ACCOUNT_SMTP = 1, ACCOUNT_POP3 = 2, ACCOUNT_IMAP = 4
};
#define ACCOUNT_SERVICES_ALL	(ACCOUNT_SMTP | ACCOUNT_POP3 | ACCOUNT_IMAP)

struct account_app {
	struct span name, expiry;	/* as written */
	unsigned    services;
	int64_t	    expires;	/* unix time from which it is no longer good */
	struct span hash;	/* base64 of digest and salt */
};

/*
 * The next application password of an account that account_parse found good
 * (so there are no more than ACCOUNT_APPS_MAX).
 * rest     at first the account's extra
 */
bool	account_app_next(struct span *rest, struct account_app *out);
/* What stands behind "app="; -1: bad. */
int	account_app_parse(struct span word, struct account_app *out) must_use;
/* Are all words that prove something good, each once?  Else why is set. */
int	account_proofs_check(struct span extra, struct why *why) must_use;
/* "all", "smtp", "pop3+imap": bits, or 0: bad. */
unsigned account_services(struct span text);

/*
 * The value without what proves anything: without hash, scram and app words.
 * returns  0, or -1: the cap of out is reached
 */
int	account_public(struct span value, struct buf *out) must_use;

#endif
