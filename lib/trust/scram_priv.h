/*
 * scram_priv - what the files of scram share; nobody else includes this.
 */
#ifndef TRUST_SCRAM_PRIV_H
#define TRUST_SCRAM_PRIV_H

#include "trust/scram.h"

/* RFC 5802 2.2, HMAC() and H(): keys and results have scram_size() octets. */
int	scram_hmac(enum scram_hash hash, const uint8_t *key, struct span text,
	    uint8_t out[SCRAM_HASH_MAX]) must_use;
int	scram_h(enum scram_hash hash, const uint8_t *in,
	    uint8_t out[SCRAM_HASH_MAX]) must_use;

#endif
