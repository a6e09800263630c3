/*
 * tbs - see tbs.h.
 * TLS 1.3 (RFC 8446 4.4.3): 64 spaces, the context of a server, NUL, a hash of
 * the transcript.  TLS 1.2 (RFC 5246 7.4.3, for elliptic curves RFC 8422 5.4):
 * the randoms of client and server, then curve and point.  The two can
 * not be taken for each other: octet 64 is 'T' in the one and 3 in the other.
 * In a TLS 1.2 text a client chooses 32 octets and a daemon that was taken
 * over 32 more and the point; nothing but a ServerKeyExchange has that form.
 */
#include "helpers/keyd/tbs.h"

#include <string.h>

#include "ipc/msg_sign.h"

#define PAD		64	/* spaces; also the two randoms together */
#define HASH_256	32	/* transcripts: SHA-256 or SHA-384, RFC 8446 B.4 */
#define HASH_384	48
#define NAMED_CURVE	3
#define UNCOMPRESSED	4

/*
 * Those that our daemons offer: NamedCurve, RFC 8422 5.1.1; octets of a point,
 * RFC 8422 5.4.1.
 */
static const struct {
	unsigned curve;
	size_t	 point;
	bool	 form;		/* begins with the octet UNCOMPRESSED */
} curves[] = {
	{ 23, 65, true },	/* secp256r1 */
	{ 24, 97, true },	/* secp384r1 */
	{ 29, 32, false },	/* x25519 */
};

static unsigned
octet(struct span s, size_t i)
{
	return (unsigned char)s.p[i];
}

static bool
is_tls13(struct span text)
{
	/* With the NUL behind it. */
	static const char context[] = "TLS 1.3, server CertificateVerify";
	size_t head = PAD + sizeof(context);

	if (text.n != head + HASH_256 && text.n != head + HASH_384)
		return false;
	for (size_t i = 0; i < PAD; i++)
		if (text.p[i] != ' ')
			return false;
	return memcmp(text.p + PAD, context, sizeof(context)) == 0;
}

static bool
is_tls12(struct span text)
{
	struct span params = span_from(text, PAD);
	unsigned curve;

	if (params.n < 5 || octet(params, 0) != NAMED_CURVE ||
	    params.n != 4 + octet(params, 3))
		return false;
	curve = octet(params, 1) << 8 | octet(params, 2);
	for (size_t i = 0; i < COUNT(curves); i++)
		if (curves[i].curve == curve)
			return octet(params, 3) == curves[i].point &&
			    (!curves[i].form ||
			    octet(params, 4) == UNCOMPRESSED);
	return false;
}

enum tbs
tbs_kind(struct span text)
{
	if (is_tls13(text))
		return TBS_TLS13;
	return is_tls12(text) ? TBS_TLS12 : TBS_OTHER;
}

bool
tbs_scheme_fits(enum tbs kind, unsigned scheme)
{
	switch (scheme) {
	case SIGN_PKCS1_SHA256:
	case SIGN_PKCS1_SHA384:
	case SIGN_PKCS1_SHA512:
		/* RFC 8446 4.4.3: RSA signatures MUST be RSASSA-PSS. */
		return kind == TBS_TLS12;
	case SIGN_ECDSA_SHA256:
	case SIGN_ECDSA_SHA384:
	case SIGN_ECDSA_SHA512:
	case SIGN_PSS_SHA256:
	case SIGN_PSS_SHA384:
	case SIGN_PSS_SHA512:
	case SIGN_ED25519:
		return kind == TBS_TLS12 || kind == TBS_TLS13;
	}
	return false;
}
