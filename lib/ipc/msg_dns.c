/*
 * msg_dns - see msg_dns.h.
 * Records inside the blob, one after the other, big-endian:
 *	MX	preference 16 bits, length 8 bits, host
 *	address	family 8 bits, 4 or 16 octets
 *	PTR	length 8 bits, host
 *	CNAME	length 8 bits, host
 *	TXT	length 8 bits, text (any octet but NUL)
 *	TLSA	length 16 bits, data
 * A reader that finds something else stops: the answer is broken.
 */
#include "ipc/msg_dns.h"

#include <string.h>

static const struct ipc_field ask_fields[] = {
	IPC_U8(dns_ask, kind, DNS_MX, DNS_CNAME),
	IPC_TEXT(dns_ask, name, 1, 255),
};
const struct ipc_type dns_ask_type =
    IPC_TYPE(dns_ask, IPC_NUM_DNS_ASK, IPC_FD_NONE, ask_fields);

static const struct ipc_field answer_fields[] = {
	IPC_U8(dns_answer, status, DNS_OK, DNS_TEMPORARY),
	IPC_U8(dns_answer, secure, 0, 1),
	/* Times to live have 31 bits. */
	IPC_U32(dns_answer, ttl_s, 0, INT32_MAX),
	IPC_TEXT(dns_answer, canonical, 0, 255),
	IPC_BLOB(dns_answer, records, 0, DNS_RECORDS_MAX),
};
const struct ipc_type dns_answer_type =
    IPC_TYPE(dns_answer, IPC_NUM_DNS_ANSWER, IPC_FD_NONE, answer_fields);

#define RECORD_MOST (2 + 1 + 255)	/* octets on the wire */

static size_t
put_text(uint8_t *wire, const char *text)
{
	size_t n = strlen(text);

	wire[0] = (uint8_t)n;
	memcpy(wire + 1, text, n);
	return 1 + n;
}

/* The packed record in wire; 0: it is none of that kind. */
static size_t
pack(uint8_t kind, const struct dns_record *r, uint8_t wire[RECORD_MOST])
{
	size_t n;

	if (kind == DNS_ADDRESS) {
		if (r->family != 4 && r->family != 6)
			return 0;
		n = r->family == 4 ? 4 : 16;
		wire[0] = r->family;
		memcpy(wire + 1, r->ip, n);
		return 1 + n;
	}
	if (strnlen(r->text, sizeof(r->text)) == sizeof(r->text))
		return 0;
	if (kind != DNS_MX)
		return put_text(wire, r->text);
	wire[0] = (uint8_t)(r->preference >> 8);
	wire[1] = (uint8_t)r->preference;
	return 2 + put_text(wire + 2, r->text);
}

static int
add_data(struct dns_answer *a, struct span data)
{
	uint8_t *to = a->records + a->records_len;

	if (data.n == 0 || data.n > UINT16_MAX ||
	    data.n + 2 > sizeof(a->records) - a->records_len)
		return -1;
	to[0] = (uint8_t)(data.n >> 8);
	to[1] = (uint8_t)data.n;
	memcpy(to + 2, data.p, data.n);
	a->records_len += 2 + data.n;
	return 0;
}

int
dns_records_add(struct dns_answer *a, uint8_t kind, const struct dns_record *r)
{
	uint8_t wire[RECORD_MOST];
	size_t n;

	if (kind == DNS_TLSA)
		return add_data(a, r->data);
	n = pack(kind, r, wire);
	if (n == 0 || n > sizeof(a->records) - a->records_len)
		return -1;
	memcpy(a->records + a->records_len, wire, n);
	a->records_len += n;
	return 0;
}

/* Octets taken, or 0: broken. */
static size_t
get_text(const uint8_t *p, size_t left, char text[256])
{
	size_t n;

	if (left < 1 || (size_t)p[0] > left - 1)
		return 0;
	n = p[0];
	if (memchr(p + 1, '\0', n) != NULL)
		return 0;
	memcpy(text, p + 1, n);
	text[n] = '\0';
	return 1 + n;
}

static size_t
get_address(const uint8_t *p, size_t left, struct dns_record *r)
{
	size_t n;

	if (left < 1 || (p[0] != 4 && p[0] != 6))
		return 0;
	n = p[0] == 4 ? 4 : 16;
	if (left < 1 + n)
		return 0;
	r->family = p[0];
	memcpy(r->ip, p + 1, n);
	return 1 + n;
}

static size_t
get_data(const uint8_t *p, size_t left, struct dns_record *r)
{
	size_t n;

	if (left < 2)
		return 0;
	n = (size_t)p[0] << 8 | p[1];
	if (n == 0 || n > left - 2)
		return 0;
	r->data = span_of(p + 2, n);
	return 2 + n;
}

int
dns_records_next(const struct dns_answer *a, uint8_t kind, size_t *at,
    struct dns_record *r)
{
	const uint8_t *p;
	size_t left, n;

	memset(r, 0, sizeof(*r));
	if (a->records_len > sizeof(a->records) || *at > a->records_len)
		return -1;
	left = a->records_len - *at;
	if (left == 0)
		return 0;
	p = a->records + *at;
	if (kind == DNS_ADDRESS) {
		n = get_address(p, left, r);
	} else if (kind == DNS_TLSA) {
		n = get_data(p, left, r);
	} else if (kind == DNS_MX) {
		if (left < 2)
			return -1;
		r->preference = (uint16_t)(p[0] << 8 | p[1]);
		n = get_text(p + 2, left - 2, r->text);
		n = n > 0 ? n + 2 : 0;
	} else {
		n = get_text(p, left, r->text);
	}
	if (n == 0)
		return -1;
	*at += n;
	return 1;
}
