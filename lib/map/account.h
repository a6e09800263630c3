/*
 * account - one line of the user file: passwd-style, as Dovecot's passwd-file:
 *
 *	name:hash:uid:gid:gecos:home:shell:extra
 *
 * The key of the map is the name, the value what stands behind it.  All but
 * the hash may be empty or missing: uid and gid are then mailbox_user's, the Maildir
 * is mailbox_path, or home/Maildir where a home is given.  extra is words
 * separated by spaces: "userdb_mail=maildir:/path", "quota=100M"; unknown
 * words are passed over.
 */
#ifndef MAP_ACCOUNT_H
#define MAP_ACCOUNT_H

#include "base/base.h"
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
	struct span hash;	/* points into the value */
	uint32_t    uid, gid;
	char	    home[512];
	char	    maildir[512];
	uint64_t    quota_octets;	/* 0: none */
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

/* The password field of a passwd line, scheme prefix split off. */
enum hash_scheme { HASH_PLAIN, HASH_CRYPT, HASH_NONE /* no login */ };
enum hash_scheme account_hash(struct span field, struct span *hash);

#endif
