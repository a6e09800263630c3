/*
 * keys - the private keys, each with the names and daemons it may serve.
 */
#ifndef KEYD_KEYS_H
#define KEYD_KEYS_H

#include "base/base.h"
#include "base/buf.h"
#include "conf/view.h"
#include "ipc/msg_sign.h"
#include "ipc/roles.h"
#include "net/cert.h"

struct evp_pkey_st;

struct key {
	struct evp_pkey_st *pkey;
	uint8_t	 id[CERT_ID];		/* of its public half */
	struct cert_names names;	/* of its certificate */
	struct buf chain;		/* its certificates in DER */
	uint64_t sum;			/* sum64 of the chain */
	uint32_t roles;			/* ROLE_BIT()s of those who may ask */
	char	*item;			/* of the setting `certificates`, or
					   its name in certificate_dir */
};

/* Those that serve TLS. */
#define KEY_ROLES_ALL	(ROLE_BIT(ROLE_SMTPD_SESSION) | \
			ROLE_BIT(ROLE_POP3_FRONT) | ROLE_BIT(ROLE_IMAP_FRONT))

/*
 * Read a pair that belongs together into k, which key_fini() frees in every
 * case.
 * shared   others read the certificate's file, so no key may be in it
 * returns  NULL, or why it is not to be used
 */
const char *key_read(struct key *k, int cert_fd, int key_fd, bool shared)
	    must_use;
void	key_fini(struct key *k);	/* wipes; all zero afterwards */
/* Is this the key that is asked for, under one of its names? */
bool	key_is(const struct key *k, const struct sign_req *req);

struct keys;

/* What the library would load late, now.  Once, before confinement. */
void	keys_setup(void);
/*
 * Reads the files "cert/N" and "key/N" of the setting `certificates`, which
 * take gives away (-1: not there).  In place of a pair that is broken or does
 * not belong together stays that of the same item in before (may be NULL), if
 * there is one; it is logged, and refused() told.
 */
struct keys_source {
	int  (*take)(const char *name);
	void (*refused)(size_t index, bool kept, const char *why);
};
struct keys *keys_load(const struct conf_view *conf,
	    const struct keys_source *from, const struct keys *before);
void	keys_free(struct keys **keys);
struct former;
/* The same, but they are kept as former ones. */
void	keys_retire(struct keys **keys, struct former *former);
size_t	keys_count(const struct keys *keys);
/* The key with that id, if role may ask for it under that name; or NULL. */
const struct key *keys_find(const struct keys *keys, enum role role,
	    const struct sign_req *req);

#endif
