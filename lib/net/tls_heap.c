/*
 * tls_heap - see tls_priv.h; this part is where the library's memory comes
 * from.  At start it makes 9,000 pieces, 400 KiB, of which a session changes
 * fifty: it counts references in them and takes their locks.  Those lie all over
 * the heap, and a process that was forked to serve has its own copy of each page
 * with one of them: 100 KiB, for 12 KiB.  So pieces of the kinds that change
 * have a place of their own until the first real handshake.  Of which kind a
 * piece is, the library's source file tells; where it does not, or is another,
 * nothing is lost but the saving.
 */
#include "net/tls_priv.h"

#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define PLACE_OCTETS	((size_t)64 * 1024)
#define PIECE_MAX	((size_t)2048)
#define ALIGN		((size_t)16)

/* In front of each piece of the place, which lies on a multiple of ALIGN. */
struct head {
	_Alignas(16) size_t n;
};

static struct {
	bool   open;
	bool   method;		/* the piece before was one of METHOD */
	size_t used;
	_Alignas(4096) uint8_t place[PLACE_OCTETS];
} heap;

/* Each algorithm has one of these, with a lock right behind it that nobody
   ever takes. */
enum changes { NEVER, METHOD, CHANGES };

static const struct {
	const char  *file;
	size_t	     max;	/* octets; larger ones are something else */
	enum changes changes;
} kinds[] = {
	{ "threads_pthread.c", 64, CHANGES },	/* locks */
	{ "digest.c", 0, METHOD },
	{ "evp_enc.c", 200, METHOD },
	{ "keymgmt_meth.c", PIECE_MAX, METHOD },
	{ "signature.c", PIECE_MAX, METHOD },
	{ "exchange.c", PIECE_MAX, METHOD },
	{ "asymcipher.c", 0, METHOD },
	{ "kem.c", 0, METHOD },
	{ "kdf_meth.c", PIECE_MAX, METHOD },
	{ "mac_meth.c", PIECE_MAX, METHOD },
	{ "evp_rand.c", PIECE_MAX, METHOD },
	{ "encoder_meth.c", 0, METHOD },
	{ "decoder_meth.c", 0, METHOD },
	{ "store_meth.c", 0, METHOD },
	{ "p_lib.c", PIECE_MAX, CHANGES },
	{ "drbg.c", PIECE_MAX, CHANGES },
	{ "drbg_ctr.c", PIECE_MAX, CHANGES },
	{ "cipher_aes.c", PIECE_MAX, CHANGES },
	{ "err.c", PIECE_MAX, CHANGES },
	{ "ssl_lib.c", PIECE_MAX, CHANGES },
};

/* Has it a place of its own? */
static bool
changes(size_t n, const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	const char *file = slash != NULL ? slash + 1 : path;
	bool behind = heap.method;

	heap.method = false;
	for (size_t i = 0; file != NULL && i < COUNT(kinds); i++) {
		if (strcmp(kinds[i].file, file) != 0)
			continue;
		heap.method = kinds[i].changes == METHOD;
		return n <= kinds[i].max && (heap.method || !behind);
	}
	return false;
}

static bool
is_ours(const void *p)
{
	return (const uint8_t *)p >= heap.place &&
	    (const uint8_t *)p < heap.place + sizeof(heap.place);
}

static void *
take(size_t n)
{
	struct head *head = (void *)(heap.place + heap.used);
	size_t whole = sizeof(*head) + (n + ALIGN - 1) / ALIGN * ALIGN;

	if (whole > sizeof(heap.place) - heap.used)
		return malloc(n);
	heap.used += whole;
	head->n = n;
	return head + 1;
}

static void *
on_malloc(size_t n, const char *file, int line)
{
	(void)line;
	if (n == 0)
		return NULL;
	return heap.open && changes(n, file) ? take(n) : malloc(n);
}

/* What left its place is not used again: that is but a piece now and then. */
static void
on_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	if (!is_ours(p))
		free(p);
}

static void *
on_realloc(void *p, size_t n, const char *file, int line)
{
	const struct head *head;
	void *fresh;

	if (n == 0) {
		on_free(p, file, line);
		return NULL;
	}
	if (p == NULL || !is_ours(p))
		return realloc(p, n);
	head = (const struct head *)p - 1;
	fresh = malloc(n);
	if (fresh != NULL)
		memcpy(fresh, p, num_min(n, head->n));
	return fresh;
}

void
tls_heap_open(void)
{
	/* Too late if the library has memory already: then all is as ever. */
	heap.open = CRYPTO_set_mem_functions(on_malloc, on_realloc,
	    on_free) == 1;
}

void
tls_heap_close(void)
{
	heap.open = false;
}
