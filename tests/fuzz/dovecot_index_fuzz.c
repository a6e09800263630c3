/*
 * Any octets as dovecot.index with its logs, cut in three by two lengths in front
 * (16 bits each), and as the files of Courier: UIDs ascend, texts end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/courier.h"
#include "store/dovecot_index.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
dovecot(struct span in)
{
	struct dovecot_index x;
	size_t index = 0, old = 0;

	if (in.n >= 4) {
		index = (uint8_t)in.p[0] | (size_t)(uint8_t)in.p[1] << 8;
		old = (uint8_t)in.p[2] | (size_t)(uint8_t)in.p[3] << 8;
		in = span_from(in, 4);
	}
	if (dovecot_index_read(&x, span_head(in, index),
	    span_from(in, index + old),
	    span_head(span_from(in, index), old)) == 0)
		for (size_t i = 0; i < x.n; i++)
			if (x.v[i].uid == 0 ||
			    (i > 0 && x.v[i].uid <= x.v[i - 1].uid))
				abort();
	dovecot_index_fini(&x);
}

static void
on_uidl(struct span base, const char *uidl, void *ctx)
{
	(void)ctx;
	if (base.n == 0 || strlen(uidl) >= COURIER_UIDL_SIZE)
		abort();
}

static void
courier(struct span in)
{
	static const uint8_t seed[16];
	struct hash *words = hash_new(10000, seed);
	size_t cut = span_chr(in, '\0'), left = 10000;

	if (courier_pop3_each(in, on_uidl, NULL) && in.p[0] != '/')
		abort();
	courier_keywords_list(span_head(in, cut), words, &left);
	courier_keywords_file(span_head(in, 20), span_from(in, 20), words,
	    &left);
	if (left > 10000)
		abort();
	hash_free(&words, courier_words_free);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	dovecot(span_of(data, size));
	courier(span_of(data, size));
	return 0;
}
