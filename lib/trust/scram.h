/*
 * scram - SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's
 * side: the keys that are stored in the place of a password, and the exchange.
 * Pure: nonce and salt are passed in.
 *
 *	scram_first(&x, &offer, message)	-- whose key?  x.user
 *	scram_challenge(&x, &key, nonce, &out)	-- to the client
 *	scram_final(&x, message, &out)		-- the proof
 */
#ifndef TRUST_SCRAM_H
#define TRUST_SCRAM_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

enum scram_hash { SCRAM_SHA_1, SCRAM_SHA_256 };

#define SCRAM_HASH_MAX		32	/* octets of a key */
#define SCRAM_SALT_MIN		4
#define SCRAM_SALT_MAX		64
#define SCRAM_SALT_OCTETS	16	/* of salts that we make */
#define SCRAM_ITERATIONS	4096	/* for keys that we make; RFC 7677 3 */
#define SCRAM_ITERATIONS_MIN	4096	/* RFC 5802 5.1, RFC 7677 3 */
#define SCRAM_ITERATIONS_MAX	1000000
#define SCRAM_TEXT_MAX		256	/* of a key as text, without a NUL */

/* What is stored: it lets nobody log in who reads it. */
struct scram_key {
	enum scram_hash hash;
	uint32_t iterations;
	size_t	 salt_len;
	uint8_t	 salt[SCRAM_SALT_MAX];
	uint8_t	 stored[SCRAM_HASH_MAX];	/* StoredKey, RFC 5802 3 */
	uint8_t	 server[SCRAM_HASH_MAX];	/* ServerKey */
};

size_t	scram_size(enum scram_hash hash);	/* octets of its keys */

/*
 * password  as typed; prepared here (RFC 4013)
 * salt      SCRAM_SALT_MIN to SCRAM_SALT_MAX random octets
 * returns   0; -1: the password cannot be prepared, or a bound is broken
 */
int	scram_key_make(struct scram_key *key, enum scram_hash hash,
	    struct span password, struct span salt, uint32_t iterations)
	    must_use;
/*
 * Would this password make this key?  As slow as its iterations; for log-ins
 * that bring the password itself.
 */
bool	scram_key_fits(const struct scram_key *key, struct span password);

/*
 * The text form, as other servers write it:
 * "{SCRAM-SHA-256}4096,salt,StoredKey,ServerKey", the last three in base64.
 * Reading takes what bounds and lengths allow, and -1 for all else.
 */
int	scram_key_read(struct scram_key *key, struct span text) must_use;
int	scram_key_write(const struct scram_key *key, struct buf *out);
/* The same without the word in braces. */
int	scram_key_parse(struct scram_key *key, enum scram_hash hash,
	    struct span text) must_use;

/* ----------------------------------------------------------- the exchange */

#define SCRAM_NONCE_MAX		128	/* octets of the client's part */
#define SCRAM_OUR_NONCE_MIN	18	/* octets of ours, printable, no comma */
#define SCRAM_OUR_NONCE_MAX	32
#define SCRAM_USER_MAX		320
#define SCRAM_MESSAGE_MAX	2048	/* octets of any of its messages */
#define SCRAM_BINDING_MAX	64	/* octets of channel binding data */
#define SCRAM_BINDINGS		2

/* What this side can do on this connection. */
struct scram_offer {
	enum scram_hash hash;
	bool	plus;		/* the -PLUS form was asked for */
	bool	plus_offered;	/* and is in the list that clients see */
	struct {
		const char *name;	/* "tls-exporter"; NULL: none more */
		struct span data;	/* empty: not on this connection */
	} bindings[SCRAM_BINDINGS];
};

struct scram {
	enum scram_hash hash;
	enum { SCRAM_AT_FIRST, SCRAM_AT_KEY, SCRAM_AT_FINAL, SCRAM_OVER }
		 state;
	char	 user[SCRAM_USER_MAX + 1];	/* prepared (RFC 4013) */
	struct buf bare;	/* client-first-message-bare */
	struct buf bound;	/* what c= must say: GS2 header and data */
	struct buf first;	/* server-first-message */
	char	 nonce[SCRAM_NONCE_MAX + SCRAM_OUR_NONCE_MAX + 1];
	struct scram_key key;
};

void	scram_init(struct scram *x);
void	scram_fini(struct scram *x);	/* wipes */

enum scram_result {
	SCRAM_GO_ON,
	SCRAM_WELL,		/* scram_final: the client knows the password */
	SCRAM_WRONG,		/* it does not, or binds to another channel */
	SCRAM_BAD		/* no message of this mechanism */
};
/* client-first-message; SCRAM_GO_ON: x->user is who it says it is. */
enum scram_result scram_first(struct scram *x, const struct scram_offer *offer,
	    struct span message) must_use;
/*
 * key      of that user; or one that nothing fits: the same is then said
 * nonce    our part of it, of random octets, fresh
 * out      server-first-message, appended
 * returns  0, or -1: out is full
 */
int	scram_challenge(struct scram *x, const struct scram_key *key,
	    struct span nonce, struct buf *out) must_use;
/* client-final-message; SCRAM_WELL: server-final-message is appended. */
enum scram_result scram_final(struct scram *x, struct span message,
	    struct buf *out) must_use;

#endif
