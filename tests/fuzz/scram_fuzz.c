/*
 * Any octets as the client's messages (a line each) and as stored keys: the
 * exchange ends after two, nothing passes without the proof, and a key that is
 * read is written and read again as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trust/saslprep.h"
#include "trust/scram.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
exchange(struct span rest, bool plus)
{
	struct scram_offer offer = { .hash = SCRAM_SHA_256, .plus = plus,
		.plus_offered = true,
		.bindings = { { "tls-exporter", SPAN_LIT("1234") } } };
	struct scram_key key = { .hash = SCRAM_SHA_256, .iterations = 4096,
		.salt_len = 16 };
	struct buf out;
	struct scram x;

	buf_init(&out, SCRAM_MESSAGE_MAX);
	scram_init(&x);
	if (scram_first(&x, &offer, span_cut(&rest, '\n')) == SCRAM_GO_ON) {
		if (x.user[0] == '\0')
			abort();
		if (scram_challenge(&x, &key,
		    SPAN_LIT("abcdefghijklmnopqrstuvwx"), &out) == 0 &&
		    scram_final(&x, rest, &out) == SCRAM_WELL)
			abort();
	}
	scram_fini(&x);
	buf_fini(&out);
}

static void
stored(struct span text)
{
	struct scram_key key, again;
	struct buf out;

	if (scram_key_read(&key, text) != 0)
		return;
	buf_init(&out, SCRAM_TEXT_MAX);
	if (scram_key_write(&key, &out) != 0 ||
	    scram_key_read(&again, buf_span(&out)) != 0 ||
	    memcmp(&key, &again, sizeof(key)) != 0)
		abort();
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct buf out;

	exchange(in, false);
	exchange(in, true);
	stored(in);
	buf_init(&out, 4 * SASLPREP_MAX);
	if (saslprep(in, &out) == 0 && out.n == 0)
		abort();
	buf_fini(&out);
	return 0;
}
