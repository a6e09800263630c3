/*
 * hash - a table from octet strings to pointers, keyed by SipHash with a
 * secret seed (no flooding by chosen names); and the same function as a
 * running 64-bit checksum for files.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/base.h"
#include "base/span.h"

struct hash;

/*
 * cap    most entries held; hash_put refuses beyond it
 * seed   16 random octets (lib/os/rand), once per process is enough
 */
struct hash *hash_new(size_t cap, const uint8_t seed[16]);
/* free_value: called for each value left; may be NULL. */
void	hash_free(struct hash **h, void (*free_value)(void *));
void   *hash_get(const struct hash *h, struct span key);
/* The key is copied.  -1: full, or the key is there (hash_get first). */
int	hash_put(struct hash *h, struct span key, void *value) must_use;
/* Removes and returns the value, or NULL. */
void   *hash_del(struct hash *h, struct span key);
size_t	hash_count(const struct hash *h);
/* Calls each() for every entry; each must not change the table. */
void	hash_each(const struct hash *h,
	    void (*each)(struct span key, void *value, void *ctx), void *ctx);

uint64_t	siphash(const uint8_t key[16], const void *p, size_t n);

/* SipHash-1-3 with a fixed key, fed in pieces: against torn files, not foes. */
struct sum64 {
	uint64_t v[4];
	uint64_t total;
	uint8_t  tail[8];
	size_t	 tail_n;
};
void	 sum64_init(struct sum64 *s);
void	 sum64_add(struct sum64 *s, const void *p, size_t n);
uint64_t sum64_end(const struct sum64 *s);	/* may go on after it */

#endif
