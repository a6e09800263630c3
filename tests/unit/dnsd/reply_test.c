/*
 * reply: messages by hand (RFC 1035 4.1), true ones and broken ones.
 */
#include "../t.h"

#include <string.h>

#include "base/buf.h"
#include "helpers/dnsd/reply.h"

#define QUERY	"\3far\7example\0\0\17\0\1"	/* far.example MX IN */
#define PTR	"\300\14"			/* to that name */
#define IN(type, ttl, len) \
	"\0" type "\0\1\0\0\0" ttl "\0" len
#define TOP(flags, answers, authority) \
	"ab" flags "\0\1\0" answers "\0" authority "\0\0" QUERY
#define OK	"\201\200"

static struct {
	size_t n;
	struct dns_record last;
	char data[64];
} got;

static void
take(void *ctx, const struct dns_record *r)
{
	(void)ctx;
	got.n++;
	got.last = *r;
	span_copy_cut(r->data, got.data, sizeof(got.data));
}

struct sample {
	const char *name, *octets;
	size_t n;
	enum reply_type type;
	enum reply_got want;
	size_t records;
	const char *text, *canonical;
	uint32_t ttl_s;
};
#define S(name, octets, type, want, records, text, canonical, ttl) \
	{ name, octets, sizeof(octets) - 1, type, want, records, text, \
	    canonical, ttl }

static const struct sample samples[] = {
	S("mx", TOP(OK, "\1", "\0") PTR IN("\17", "\7", "\5")
	    "\0\12\2mx" "\0", REPLY_MX, REPLY_FAILED, 0, "", "", 0),
	S("mx, whole", TOP(OK, "\1", "\0") PTR IN("\17", "\7", "\7")
	    "\0\12\2mx" PTR, REPLY_MX, REPLY_RECORDS, 1, "mx.far.example",
	    "", 7),
	S("null mx", TOP(OK, "\1", "\0") PTR IN("\17", "\7", "\3")
	    "\0\0\0", REPLY_MX, REPLY_RECORDS, 1, "", "", 7),
	S("an alias and its end, the smaller time",
	    TOP(OK, "\2", "\0") PTR IN("\5", "\11", "\4") "\1b" PTR
	    "\1b" PTR IN("\17", "\7", "\7") "\0\12\2mx" PTR, REPLY_MX,
	    REPLY_RECORDS, 1, "mx.far.example", "b.far.example", 7),
	S("the same, the other way round",
	    TOP(OK, "\2", "\0") "\1b" PTR IN("\17", "\7", "\7")
	    "\0\12\2mx" PTR PTR IN("\5", "\11", "\4") "\1b" PTR, REPLY_MX,
	    REPLY_RECORDS, 1, "mx.far.example", "b.far.example", 7),
	S("of another owner", TOP(OK, "\1", "\0") "\1x" PTR
	    IN("\17", "\7", "\7") "\0\12\2mx" PTR, REPLY_MX, REPLY_NODATA, 0,
	    "", "", REPLY_TTL_NEGATIVE_S),
	S("an alias of itself", TOP(OK, "\1", "\0") PTR
	    IN("\5", "\11", "\2") PTR, REPLY_MX, REPLY_FAILED, 0, "", "", 0),
	S("the alias is asked for", TOP(OK, "\1", "\0") PTR
	    IN("\5", "\11", "\4") "\1b" PTR, REPLY_CNAME, REPLY_RECORDS, 1,
	    "b.far.example", "", 9),
	S("tlsa", TOP(OK, "\1", "\0") PTR IN("\64", "\7", "\5")
	    "\3\1\1xy", REPLY_TLSA, REPLY_RECORDS, 1, "", "", 7),
	S("an address of five octets", TOP(OK, "\1", "\0") PTR
	    IN("\1", "\7", "\5") "\1\2\3\4\5", REPLY_A, REPLY_FAILED, 0, "",
	    "", 0),
	S("no such name", TOP("\201\203", "\0", "\0"), REPLY_MX,
	    REPLY_NXDOMAIN, 0, "", "", REPLY_TTL_NEGATIVE_S),
	S("RFC 2308 5: the smaller of two", TOP("\201\203", "\0", "\1") PTR
	    IN("\6", "\50", "\26") "\0\0" "\0\0\0\1\0\0\0\1\0\0\0\1"
	    "\0\0\0\1\0\0\0\36", REPLY_MX, REPLY_NXDOMAIN, 0, "", "", 30),
	S("servfail", TOP("\201\202", "\0", "\0"), REPLY_MX, REPLY_FAILED, 0,
	    "", "", 0),
	S("cut (TC)", TOP("\203\200", "\0", "\0"), REPLY_MX, REPLY_FAILED, 0,
	    "", "", 0),
	S("a question (no QR)", TOP("\1\0", "\0", "\0"), REPLY_MX,
	    REPLY_FAILED, 0, "", "", 0),
	S("fewer records than told", TOP(OK, "\2", "\0") PTR
	    IN("\17", "\7", "\7") "\0\12\2mx" PTR, REPLY_MX, REPLY_FAILED, 0,
	    "", "", 0),
	S("a pointer to itself", TOP(OK, "\1", "\0") PTR
	    IN("\17", "\7", "\4") "\0\12\300\53", REPLY_MX, REPLY_FAILED, 0,
	    "", "", 0),
	S("a pointer forwards", TOP(OK, "\1", "\0") "\300\377"
	    IN("\17", "\7", "\4") "\0\12\300\14", REPLY_MX, REPLY_FAILED, 0,
	    "", "", 0),
	S("a label of neither kind", TOP(OK, "\1", "\0") PTR
	    IN("\17", "\7", "\5") "\0\12\200a\0", REPLY_MX, REPLY_FAILED, 0,
	    "", "", 0),
	S("a host with a dot in a label: left out", TOP(OK, "\1", "\0") PTR
	    IN("\17", "\7", "\6") "\0\12\2..\0", REPLY_MX, REPLY_RECORDS, 0,
	    "", "", 7),
};

static void
messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		const struct sample *s = &samples[i];
		struct reply r = { .take = take };

		t_case(s->name);
		memset(&got, 0, sizeof(got));
		T_INT(reply_read(span_of(s->octets, s->n), "FAR.example",
		    s->type, &r), s->want);
		if (s->want == REPLY_FAILED)
			continue;
		T_INT(got.n, s->records);
		T_TRUE(strcmp(got.last.text, s->text) == 0);
		T_TRUE(strcmp(r.canonical, s->canonical) == 0);
		T_INT(r.ttl_s, s->ttl_s);
		T_TRUE(!r.secure);
		T_TRUE(r.left_out == (strchr(s->name, ':') != NULL &&
		    s->records == 0 && s->want == REPLY_RECORDS));
	}
}

/* Every beginning of a message is either nothing or no crash (ASan). */
static void
beginnings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		for (size_t n = 0; n < samples[i].n; n++) {
			char *copy = malloc(n + 1);
			struct reply r = { .take = take };

			memcpy(copy, samples[i].octets, n);
			t_case(samples[i].name);
			if (samples[i].want == REPLY_RECORDS)
				T_INT(reply_read(span_of(copy, n),
				    "far.example", samples[i].type, &r),
				    REPLY_FAILED);
			else
				(void)reply_read(span_of(copy, n),
				    "far.example", samples[i].type, &r);
			free(copy);
		}
}

/*
 * Each name goes through a chain of pointers: as long as a name may have labels
 * it is followed, one more and the message is broken.
 */
static void
chains(void **state)
{
	(void)state;
	for (size_t jumps = 127; jumps <= 128; jumps++) {
		struct reply r = { .take = take };
		struct buf b;

		buf_init(&b, 1000);
		/* Names of the questions: the root, then pointer upon pointer. */
		(void)buf_add(&b, "ab\201\200\0\0\0\0\0\0\0\0", 12);
		(void)buf_add(&b, "\0\0\17\0\1", 5);
		for (size_t i = 1, at = 12; i <= jumps; i++) {
			char here[6] = { (char)(0xc0 | at >> 8), (char)at, 0,
				15, 0, 1 };

			at = b.n;
			(void)buf_add(&b, here, sizeof(here));
		}
		b.p[4] = (char)((jumps + 1) >> 8);
		b.p[5] = (char)(jumps + 1);
		T_INT(reply_read(buf_span(&b), "far.example", REPLY_MX, &r),
		    jumps == 127 ? REPLY_NODATA : REPLY_FAILED);
		buf_fini(&b);
	}
}

static void
vouched_for(void **state)
{
	static const char octets[] = TOP("\201\240", "\1", "\0") PTR
	    IN("\64", "\7", "\5") "\3\1\1xy";
	struct reply r = { .take = take };

	(void)state;
	T_INT(reply_read(span_of(octets, sizeof(octets) - 1), "far.example",
	    REPLY_TLSA, &r), REPLY_RECORDS);
	T_TRUE(r.secure);
	T_TRUE(memcmp(got.data, "\3\1\1xy", 6) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages), cmocka_unit_test(beginnings),
		cmocka_unit_test(chains), cmocka_unit_test(vouched_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
