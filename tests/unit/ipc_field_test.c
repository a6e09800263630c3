/*
 * ipc/field, frame, schema and the field tables: the wire form that field.h
 * states, and for each way to break a table a refused message.
 */
#include "ipc/field.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/catalogue.h"
#include "ipc/control.h"
#include "ipc/frame.h"
#include "ipc/msg_auth.h"
#include "ipc/msg_dns.h"
#include "ipc/msg_refusal.h"
#include "ipc/roles.h"
#include "ipc/schema.h"
#include "os/fd.h"
#include "t.h"

struct sample {
	uint8_t	 a;
	uint16_t b;
	uint32_t c;
	uint64_t d;
	char	 text[9];
	uint8_t	 blob[4];
	size_t	 blob_len;
};
static const struct ipc_field sample_fields[] = {
	IPC_U8(sample, a, 1, 3),
	IPC_U16(sample, b, 0, 1000),
	IPC_U32(sample, c, 10, UINT32_MAX),
	IPC_U64(sample, d, 0, UINT64_MAX),
	IPC_TEXT(sample, text, 2, 8),
	IPC_BLOB(sample, blob, 1, 4),
};
static const struct ipc_type sample_type =
    IPC_TYPE(sample, 999, IPC_FD_NONE, sample_fields);

/* By hand, from the rule in field.h: big-endian, 16-bit lengths. */
static const uint8_t good_wire[] = {
	2,  3, 0xe8,  0, 0, 0, 10,  1, 2, 3, 4, 5, 6, 7, 8,
	0, 3, 'a', ' ', 0xc3,  0, 2, 0, 0xff,
};

static struct sample
good(void)
{
	struct sample s = { .a = 2, .b = 1000, .c = 10,
		.d = UINT64_C(0x0102030405060708), .text = "a \xc3",
		.blob = { 0, 0xff }, .blob_len = 2 };

	return s;
}

static void
test_wire(void **state)
{
	struct sample s = good(), back;
	struct buf out;

	(void)state;
	buf_init(&out, IPC_PACKET_MAX);
	T_TRUE(ipc_encode(&sample_type, &s, &out) == 0);
	T_TRUE(out.n == sizeof(good_wire) &&
	    memcmp(out.p, good_wire, out.n) == 0);
	T_TRUE(ipc_decode(&sample_type, good_wire, sizeof(good_wire),
	    &back) == 0);
	T_TRUE(back.a == 2 && back.b == 1000 && back.c == 10);
	T_TRUE(back.d == UINT64_C(0x0102030405060708));
	T_TRUE(strcmp(back.text, "a \xc3") == 0);
	T_TRUE(back.blob_len == 2 && back.blob[1] == 0xff);
	buf_fini(&out);
}

/* One octet of the good form changed: at, to. */
static const struct { const char *what; size_t at; uint8_t to; } broken[] = {
	{ "U8 below its bound", 0, 0 },
	{ "U8 above its bound", 0, 4 },
	{ "U16 above its bound", 2, 0xe9 },
	{ "U32 below its bound", 6, 9 },
	{ "text too short", 16, 1 },
	{ "text too long for its bound", 16, 9 },
	{ "text longer than the message", 15, 1 },
	{ "text with NUL", 17, 0 },
	{ "text with a control character", 18, '\n' },
	{ "text with DEL", 18, 127 },
	{ "blob too short", 21, 0 },
	{ "blob too long for its bound", 21, 5 },
	{ "blob longer than the message", 21, 3 },
	{ "octets left over", 21, 1 },
};

static void
test_refused(void **state)
{
	uint8_t wire[sizeof(good_wire) + 1];
	static const struct sample zero;
	struct sample s;

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		t_case(broken[i].what);
		memcpy(wire, good_wire, sizeof(good_wire));
		wire[broken[i].at] = broken[i].to;
		memset(&s, 0xaa, sizeof(s));
		T_TRUE(ipc_decode(&sample_type, wire, sizeof(good_wire),
		    &s) != 0);
		T_TRUE(memcmp(&s, &zero, sizeof(s)) == 0);
	}
	for (size_t n = 0; n < sizeof(good_wire); n++) {
		t_case("cut off");
		T_TRUE(ipc_decode(&sample_type, good_wire, n, &s) != 0);
	}
	t_case("one octet more");
	memcpy(wire, good_wire, sizeof(good_wire));
	wire[sizeof(good_wire)] = 0;
	T_TRUE(ipc_decode(&sample_type, wire, sizeof(wire), &s) != 0);
}

/* What breaks its own table is never sent, and leaves nothing behind. */
static void
test_encode_refuses(void **state)
{
	struct sample s[5] = { good(), good(), good(), good(), good() };
	struct buf out;

	(void)state;
	buf_init(&out, IPC_PACKET_MAX);
	T_TRUE(buf_add(&out, "x", 1) == 0);
	s[0].a = 4;
	s[1].text[1] = '\0';
	memset(s[2].text, 'a', sizeof(s[2].text));	/* no NUL */
	s[3].blob_len = 5;
	s[4].text[0] = '\r';
	for (size_t i = 0; i < COUNT(s); i++) {
		T_TRUE(ipc_encode(&sample_type, &s[i], &out) != 0);
		T_TRUE(out.n == 1);
	}
	buf_fini(&out);
}

/* Of every type: number and name unique, largest form fits one packet. */
static void
test_catalogue(void **state)
{
	const struct ipc_type *t, *o;

	(void)state;
	for (size_t i = 0; (t = ipc_catalogue[i]) != NULL; i++) {
		uint64_t most = 0;

		t_case(t->name);
		for (size_t j = 0; j < i; j++) {
			o = ipc_catalogue[j];
			T_TRUE(o->num != t->num &&
			    strcmp(o->name, t->name) != 0);
		}
		for (size_t j = 0; j < t->nfields; j++) {
			const struct ipc_field *f = &t->fields[j];

			T_TRUE(f->min <= f->max && f->at < t->size);
			most += f->kind >= IPC_KIND_TEXT ? 2 + f->max : 8;
		}
		T_TRUE(most <= IPC_BODY_MAX);
	}
	T_TRUE(ipc_schema() != 0 && ipc_schema() == ipc_schema());
}

static void
test_roles(void **state)
{
	(void)state;
	for (int r = 0; r < ROLE_COUNT; r++) {
		T_TRUE(role_name((enum role)r)[0] != '\0');
		for (int o = 0; o < r; o++)
			T_TRUE(strcmp(role_name((enum role)o),
			    role_name((enum role)r)) != 0);
	}
	T_TRUE(role_child(ROLE_SMTPD) == ROLE_SMTPD_SESSION);
	T_TRUE(role_child(ROLE_SMTPD_SESSION) == ROLE_COUNT);
	T_TRUE(role_child(ROLE_QMGR) == ROLE_COUNT);
}

static void
test_frame(void **state)
{
	struct sample s = good();
	struct frame f;
	struct buf out;
	int pair[2];

	(void)state;
	T_TRUE(fd_pair(pair) == 0);
	T_TRUE(fd_nonblock(pair[1], true) == 0);
	buf_init(&out, IPC_PACKET_MAX);
	T_TRUE(frame_recv(pair[1], &f) == FRAME_AGAIN && f.fd == -1);
	T_TRUE(frame_pack(&out, &sample_type, 0x01020304, &s) == 0);
	/* type 999 = 0x03e7, request */
	T_TRUE(memcmp(out.p, "\x03\xe7\x01\x02\x03\x04", 6) == 0);
	T_TRUE(fd_send(pair[0], out.p, out.n, pair[0]) == 0);
	T_TRUE(frame_recv(pair[1], &f) == FRAME_OK);
	T_TRUE(f.type == 999 && f.request == 0x01020304 && f.fd >= 0);
	T_TRUE(f.body_len == sizeof(good_wire) &&
	    memcmp(f.body, good_wire, f.body_len) == 0);
	fd_close(&f.fd);
	t_case("no whole header");
	T_TRUE(fd_send(pair[0], out.p, 5, pair[0]) == 0);
	T_TRUE(frame_recv(pair[1], &f) == FRAME_BROKEN && f.fd == -1);
	fd_close(&pair[0]);
	T_TRUE(frame_recv(pair[1], &f) == FRAME_END);
	fd_close(&pair[1]);
	buf_fini(&out);
}

/* unix(7): ECONNRESET comes before what the other end had sent. */
static void
test_frame_after_reset(void **state)
{
	struct sample s = good();
	struct frame f;
	struct buf out;
	int pair[2];

	(void)state;
	T_TRUE(fd_pair(pair) == 0);
	buf_init(&out, IPC_PACKET_MAX);
	T_TRUE(frame_pack(&out, &sample_type, 7, &s) == 0);
	T_TRUE(fd_send(pair[1], out.p, out.n, -1) == 0);	/* unread */
	T_TRUE(fd_send(pair[0], out.p, out.n, -1) == 0);
	fd_close(&pair[0]);
	T_TRUE(frame_recv(pair[1], &f) == FRAME_OK && f.request == 7);
	T_TRUE(frame_recv(pair[1], &f) == FRAME_END);
	fd_close(&pair[1]);
	buf_fini(&out);
}

static void
test_too_long(void **state)
{
	static uint8_t big[IPC_PACKET_MAX + 1];
	struct frame f;
	int pair[2];

	(void)state;
	T_TRUE(fd_pair(pair) == 0);
	T_TRUE(fd_send(pair[0], big, sizeof(big), -1) == 0);
	T_TRUE(frame_recv(pair[1], &f) == FRAME_BROKEN);
	T_TRUE(fd_send(pair[0], big, IPC_PACKET_MAX, -1) == 0);
	T_TRUE(frame_recv(pair[1], &f) == FRAME_OK &&
	    f.body_len == IPC_BODY_MAX);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

static void
test_refusal(void **state)
{
	struct why why, back;
	struct refusal r;

	(void)state;
	why_set(&why, WHY_PERM, "5.7.1", "no %s", "way");
	refusal_from_why(&r, &why);
	refusal_to_why(&r, &back);
	T_TRUE(back.kind == WHY_PERM && strcmp(back.esc, "5.7.1") == 0 &&
	    strcmp(back.text, "no way") == 0);
	why_clear(&why);
	refusal_from_why(&r, &why);
	T_TRUE(r.permanent == 0 && r.esc[0] == '4' && r.text[0] != '\0');
}

static void
test_dns_records(void **state)
{
	static struct dns_answer a;
	struct dns_record r = { .preference = 10 }, back;
	size_t at = 0, n = 0;

	(void)state;
	memcpy(r.text, "mx.example", 11);
	T_TRUE(dns_records_add(&a, DNS_MX, &r) == 0);
	r.preference = 65535;
	r.text[0] = '\0';
	T_TRUE(dns_records_add(&a, DNS_MX, &r) == 0);
	T_TRUE(dns_records_next(&a, DNS_MX, &at, &back) == 1 &&
	    back.preference == 10 && strcmp(back.text, "mx.example") == 0);
	T_TRUE(dns_records_next(&a, DNS_MX, &at, &back) == 1 &&
	    back.preference == 65535 && back.text[0] == '\0');
	T_TRUE(dns_records_next(&a, DNS_MX, &at, &back) == 0);
	t_case("full");
	memset(&a, 0, sizeof(a));
	r.family = 6;
	while (dns_records_add(&a, DNS_ADDRESS, &r) == 0)
		n++;
	T_TRUE(n == DNS_RECORDS_MAX / 17);
	t_case("broken");
	r.family = 5;
	T_TRUE(dns_records_add(&a, DNS_ADDRESS, &r) != 0);
	a.records_len = 16;	/* family 6 needs 17 */
	at = 0;
	T_TRUE(dns_records_next(&a, DNS_ADDRESS, &at, &back) == -1);
	a.records[0] = 200;	/* a text of 200 octets in 16 */
	at = 0;
	T_TRUE(dns_records_next(&a, DNS_TXT, &at, &back) == -1);
	a.records_len = sizeof(a.records) + 1;
	T_TRUE(dns_records_next(&a, DNS_TXT, &at, &back) == -1);
	at = 17;
	a.records_len = 16;
	T_TRUE(dns_records_next(&a, DNS_TXT, &at, &back) == -1);
}

static void
test_control(void **state)
{
	uint8_t octets[CONTROL_SIZE];
	struct super_control c;
	char long_verb[33];

	(void)state;
	T_TRUE(control_format("queue-show", "a b", octets) == 0);
	T_TRUE(control_parse(octets, &c) == 0 &&
	    strcmp(c.verb, "queue-show") == 0 && strcmp(c.args, "a b") == 0);
	octets[31] = 'x';	/* behind the NUL of the verb */
	T_TRUE(control_parse(octets, &c) != 0);
	memset(octets, 'a', sizeof(octets));	/* no NUL at all */
	T_TRUE(control_parse(octets, &c) != 0);
	T_TRUE(control_format("", "x", octets) != 0);
	T_TRUE(control_format("a\nb", "", octets) != 0);
	memset(long_verb, 'v', 32);
	long_verb[32] = '\0';
	T_TRUE(control_format(long_verb, "", octets) != 0);
	long_verb[31] = '\0';
	T_TRUE(control_format(long_verb, "", octets) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_encode_refuses),
		cmocka_unit_test(test_catalogue),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_frame_after_reset),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_dns_records),
		cmocka_unit_test(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
