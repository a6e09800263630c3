/*
 * msg_sign - to keyd: sign this handshake.  The whole text goes along, never a
 * digest, so that keyd can see what it signs.  And: whose certificate is it?
 */
#ifndef IPC_MSG_SIGN_H
#define IPC_MSG_SIGN_H

#include "ipc/catalogue.h"

#define SIGN_HOST_MAX	253	/* octets of a host name */
#define SIGN_KEY_ID	32	/* SHA-256 of the public key as in certificates */
#define SIGN_SIG_MAX	1024	/* of an RSA key of 8192 bits */
/*
 * TLS 1.3: 64 spaces, context with its NUL (34), hash of 32 or 48 octets (RFC
 * 8446 4.4.3).  TLS 1.2: two randoms of 32, then curve and point (RFC 5246
 * 7.4.3): 4 and 32 octets for X25519, 4 and 97 for P-384.
 */
#define SIGN_TBS_MIN	100
#define SIGN_TBS_MAX	165

/* SignatureScheme, RFC 8446 4.2.3. */
enum sign_scheme {
	SIGN_PKCS1_SHA256 = 0x0401,
	SIGN_PKCS1_SHA384 = 0x0501,
	SIGN_PKCS1_SHA512 = 0x0601,
	SIGN_ECDSA_SHA256 = 0x0403,
	SIGN_ECDSA_SHA384 = 0x0503,
	SIGN_ECDSA_SHA512 = 0x0603,
	SIGN_PSS_SHA256 = 0x0804,
	SIGN_PSS_SHA384 = 0x0805,
	SIGN_PSS_SHA512 = 0x0806,
	SIGN_ED25519 = 0x0807
};

struct sign_req {		/* smtpd session, pop3d and imapd front -> keyd */
	uint16_t scheme;
	char	 host[SIGN_HOST_MAX + 1];	/* a name of the certificate */
	uint8_t	 key_id[SIGN_KEY_ID];	/* two certificates may share a name */
	size_t	 key_id_len;
	uint8_t	 tbs[SIGN_TBS_MAX];	/* octets to be signed */
	size_t	 tbs_len;
	uint8_t	 client[16];	/* of smtpd: the client's IPv4 or IPv6 address */
	size_t	 client_len;	/* 4, 16, or 0: none */
};
struct sign_rep {
	uint8_t	 sig[SIGN_SIG_MAX];
	size_t	 sig_len;
};

/*
 * To keyd: the certificate of a host that a client named, in parts of what
 * fits in a packet.  Refused for good: nobody here has that name.
 */
#define CERT_TOTAL_MAX	((size_t)32768)	/* octets of a chain in DER */
#define CERT_PART_MAX	7168

struct cert_req {		/* from whom sign_req is */
	char	 host[SIGN_HOST_MAX + 1];
	uint32_t from;		/* octets had already */
	uint64_t sum;		/* of the chain of which they are; from = 0: any */
};
struct cert_rep {
	uint32_t from;		/* 0: it is another chain now */
	uint32_t total;		/* octets of the whole chain */
	uint64_t sum;		/* sum64 over it */
	uint8_t	 part[CERT_PART_MAX];
	size_t	 part_len;
};

extern const struct ipc_type sign_req_type, sign_rep_type, cert_req_type,
    cert_rep_type;

#endif
