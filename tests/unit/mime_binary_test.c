/*
 * mime_binary: expected texts by RFC 2045 2.7, 2.8, 6.4, 6.8 and RFC 2046
 * 5.1.1, base64 by RFC 4648 4.  Each case is tried whole, octet by octet, and
 * cut at each place: the pieces must not matter.
 */
#include "t.h"

#include <string.h>

#include "base/b64.h"
#include "base/buf.h"
#include "mail/mime_binary.h"
#include "mail/mime_cut.h"
#include "mail/mime_leaf.h"

static void
gather(void *ctx, struct span octets)
{
	struct buf *b = ctx;

	T_INT(buf_add_span(b, octets), 0);
}

static const struct mime_binary_limits limits = { 4096, 50 };

struct result {
	enum mime_binary_state state;
	bool eight_bit;
	struct buf out;
};

/* In pieces of so many octets, the first one of another size. */
static void
convert(struct span in, size_t first, size_t step, struct result *r)
{
	struct mime_binary_sink sink = { gather, &r->out };
	struct mime_binary *b;

	buf_init(&r->out, 8 * in.n + 4096);
	b = mime_binary_new(&limits, &sink);
	mime_binary_add(b, span_head(in, first));
	for (in = span_from(in, first); in.n > 0; in = span_from(in, step))
		mime_binary_add(b, span_head(in, step));
	mime_binary_end(b);
	r->state = mime_binary_state(b);
	r->eight_bit = mime_binary_eight_bit(b);
	T_INT((long long)mime_binary_octets(b), (long long)r->out.n);
	mime_binary_free(&b);
}

#define V	"MIME-Version: 1.0\r\n"
#define OCTETS	"Content-Type: application/octet-stream\r\n"
#define PLAIN	"Content-Type: text/plain; charset=utf-8\r\n"
#define MULTI(type)	V "Content-Type: multipart/" type "; boundary=b\r\n"
#define CTE(how)	"Content-Transfer-Encoding: " how "\r\n"
/* What no line may hold, and the same in base64. */
#define RAW	"\0\n\r\xff"
#define RAW64	"AAoN/w=="

static const struct {
	const char *name;
	struct span in;
	enum mime_binary_state state;
	const char *out;
} cases[] = {
	{ "nothing at all", SPAN_LIT(""), MIME_BINARY_GOOD, "" },
	{ "no MIME, lines", SPAN_LIT("Subject: x\r\n\r\nbody\r\n"),
	    MIME_BINARY_GOOD, "Subject: x\r\n\r\nbody\r\n" },
	{ "no MIME, no last line end", SPAN_LIT("Subject: x\r\n\r\nbody"),
	    MIME_BINARY_GOOD, "Subject: x\r\n\r\nbody\r\n" },
	{ "no MIME, no lines (RFC 5321 2.3.8)",
	    SPAN_LIT("Subject: x\r\n\r\nbo\ndy\r\n"), MIME_BINARY_LINES, NULL },
	{ "no MIME, NUL", SPAN_LIT("Subject: x\r\n\r\nbo\0dy\r\n"),
	    MIME_BINARY_LINES, NULL },
	{ "no MIME, bare CR at the end",
	    SPAN_LIT("Subject: x\r\n\r\nbody\r"), MIME_BINARY_LINES, NULL },
	{ "bare CR at the end of a header",
	    SPAN_LIT("Subject: x\r"), MIME_BINARY_LINES, NULL },
	{ "not declared: 8bit", SPAN_LIT(V OCTETS CTE("8bit") "\r\n" RAW),
	    MIME_BINARY_LINES, NULL },
	{ "bare LF in the header", SPAN_LIT(V OCTETS
	    "Content-Transfer-Encoding: binary\n\r\nx"),
	    MIME_BINARY_LINES, NULL },
	{ "NUL in a header", SPAN_LIT("Subject: \0\r\n" V OCTETS
	    CTE("binary") "\r\nx"), MIME_BINARY_LINES, NULL },
	{ "octets", SPAN_LIT(V OCTETS CTE("binary") "\r\n" RAW),
	    MIME_BINARY_GOOD, V OCTETS CTE("base64") "\r\n" RAW64 "\r\n" },
	{ "octets without MIME-Version (RFC 2045 4)",
	    SPAN_LIT(OCTETS CTE("Binary (x)") "Subject: x\r\n\r\n" RAW),
	    MIME_BINARY_GOOD,
	    V OCTETS CTE("base64") "Subject: x\r\n\r\n" RAW64 "\r\n" },
	{ "57 octets are a line, and one more",
	    SPAN_LIT(V OCTETS CTE("binary") "\r\n"
	    "aaabbbcccdddeeefffggghhhiiijjjkkklllmmmnnnooopppqqqrrrsss" "t"),
	    MIME_BINARY_GOOD, V OCTETS CTE("base64") "\r\n"
	    "YWFhYmJiY2NjZGRkZWVlZmZmZ2dnaGhoaWlpampqa2trbGxsbW1tbm5ub29v"
	    "cHBwcXFxcnJyc3Nz\r\ndA==\r\n" },
	{ "text of lines", SPAN_LIT(V PLAIN CTE("binary")
	    "\r\ncaf\xc3\xa9\r\n"), MIME_BINARY_GOOD, V PLAIN CTE("8bit") "\r\ncaf\xc3\xa9\r\n" },
	{ "text of 7 bits", SPAN_LIT(V PLAIN CTE("binary") "\r\ncafe\r\n"),
	    MIME_BINARY_GOOD, V PLAIN CTE("7bit") "\r\ncafe\r\n" },
	{ "text without its last line end", SPAN_LIT(V PLAIN CTE("binary")
	    "\r\ncafe"), MIME_BINARY_GOOD, V PLAIN CTE("base64")
	    "\r\nY2FmZQ==\r\n" },
	{ "text with a bare LF", SPAN_LIT(V PLAIN CTE("binary")
	    "\r\na\nb\r\n"), MIME_BINARY_GOOD, V PLAIN CTE("base64")
	    "\r\nYQpiDQo=\r\n" },
	{ "text with UTF-16 in it", SPAN_LIT(V PLAIN CTE("binary") "\r\n"
	    "a\0\r\0\n\0"), MIME_BINARY_GOOD, V PLAIN CTE("base64")
	    "\r\nYQANAAoA\r\n" },
	{ "a line that looks like the end of DATA", SPAN_LIT(V OCTETS
	    CTE("binary") "\r\nx\r\n.\r\nMAIL FROM:<a@b>\r\n"),
	    MIME_BINARY_GOOD, V OCTETS CTE("base64")
	    "\r\neA0KLg0KTUFJTCBGUk9NOjxhQGI+DQo=\r\n" },
	{ "no type at all is text", SPAN_LIT(V CTE("binary") "\r\nx\r\n"),
	    MIME_BINARY_GOOD, V CTE("7bit") "\r\nx\r\n" },
	{ "nor MIME-Version", SPAN_LIT(CTE("binary") "\r\nx\r\n"),
	    MIME_BINARY_GOOD, V CTE("7bit") "\r\nx\r\n" },
	{ "an encoding that says nothing does not count",
	    SPAN_LIT(V CTE("") OCTETS CTE("binary") "\r\n" RAW),
	    MIME_BINARY_GOOD, V CTE("base64") OCTETS "\r\n" RAW64 "\r\n" },
	{ "an encoding too many: the first counts",
	    SPAN_LIT(V CTE("binary") OCTETS CTE("base64") "\r\n" RAW),
	    MIME_BINARY_GOOD, V CTE("base64") OCTETS "\r\n" RAW64 "\r\n" },
	{ "and the first is not binary",
	    SPAN_LIT(V CTE("base64") OCTETS CTE("binary") "\r\n" RAW),
	    MIME_BINARY_LINES, NULL },
	{ "a stray line ends the header",
	    SPAN_LIT(V OCTETS CTE("binary") "x y\r\n"), MIME_BINARY_GOOD,
	    V OCTETS CTE("base64") "\r\neCB5DQo=\r\n" },
	{ "also that of a multipart", SPAN_LIT(MULTI("mixed") CTE("binary")
	    "x y\r\n--b--\r\n"), MIME_BINARY_GOOD, MULTI("mixed")
	    CTE("8bit") "\r\nx y\r\n--b--\r\n" },
	{ "no body", SPAN_LIT(V OCTETS CTE("binary")), MIME_BINARY_GOOD,
	    V OCTETS CTE("7bit") },
	{ "no body, no line end", SPAN_LIT(V "Content-Transfer-Encoding: "
	    "binary\r\nSubject: x"), MIME_BINARY_GOOD,
	    V CTE("7bit") "Subject: x\r\n" },
	{ "two parts",
	    SPAN_LIT(MULTI("mixed") CTE("binary") "\r\npre\r\n--b\r\n" PLAIN
	    CTE("8bit") "\r\n\xc3\xa9\r\n--b\r\n" OCTETS CTE("BINARY") "\r\n"
	    RAW "\r\n--b--\r\npost\r\n"),
	    MIME_BINARY_GOOD, MULTI("mixed") CTE("8bit")
	    "\r\npre\r\n--b\r\n" PLAIN CTE("8bit") "\r\n\xc3\xa9\r\n--b\r\n"
	    OCTETS CTE("base64") "\r\n" RAW64 "\r\n--b--\r\npost\r\n" },
	{ "the line end in front of a delimiter is its own (RFC 2046 5.1.1)",
	    SPAN_LIT(MULTI("mixed") "\r\n--b\r\n" OCTETS CTE("binary")
	    "\r\nx\r\n\r\n--b\r\n" PLAIN CTE("binary")
	    "\r\ny\r\n--b--"), MIME_BINARY_GOOD, MULTI("mixed")
	    "\r\n--b\r\n" OCTETS CTE("base64") "\r\neA0K\r\n--b\r\n" PLAIN
	    CTE("7bit") "\r\ny\r\n--b--\r\n" },
	{ "empty parts", SPAN_LIT(MULTI("mixed") "\r\n--b\r\n" OCTETS
	    CTE("binary") "\r\n--b\r\n" OCTETS CTE("binary") "\r\n\r\n--b\r\n"
	    OCTETS CTE("binary") "--b--\r\n"), MIME_BINARY_GOOD,
	    MULTI("mixed") "\r\n--b\r\n" OCTETS CTE("base64") "\r\n--b\r\n"
	    OCTETS CTE("base64") "\r\n\r\n--b\r\n" OCTETS CTE("7bit")
	    "--b--\r\n" },
	{ "no delimiters: bare line ends, another word, within a line",
	    SPAN_LIT(MULTI("mixed") "\r\n--b\r\n" OCTETS CTE("binary")
	    "\r\n\n--b--\r\n\r--b\r\nx--b\r\n--bb\r\n--b\n--\r\n-\r\r\n--b\r"
	    "\r\n--b-- \t\r\n"),
	    MIME_BINARY_GOOD, MULTI("mixed") "\r\n--b\r\n" OCTETS
	    CTE("base64") "\r\nCi0tYi0tDQoNLS1iDQp4LS1iDQotLWJiDQotLWIKLS0"
	    "NCi0NDQotLWIN\r\n--b-- \t\r\n" },
	{ "no delimiter within a header is a field",
	    SPAN_LIT(V "Content-Type: multipart/mixed; boundary=\"a:b\"\r\n"
	    "\r\n--a:b\r\n" OCTETS CTE("binary") "--a:b\r\n" OCTETS
	    CTE("binary") "\r\n" RAW "\r\n--a:b--\r\n"), MIME_BINARY_GOOD,
	    V "Content-Type: multipart/mixed; boundary=\"a:b\"\r\n"
	    "\r\n--a:b\r\n" OCTETS CTE("7bit") "--a:b\r\n" OCTETS
	    CTE("base64") "\r\n" RAW64 "\r\n--a:b--\r\n" },
	{ "never closed", SPAN_LIT(MULTI("mixed") "\r\n--b\r\n" OCTETS
	    CTE("binary") "\r\n" RAW "\r\n"), MIME_BINARY_GOOD,
	    MULTI("mixed") "\r\n--b\r\n" OCTETS CTE("base64")
	    "\r\nAAoN/w0K\r\n" },
	{ "closed is closed", SPAN_LIT(MULTI("mixed") "\r\n--b\r\n\r\nx\r\n"
	    "--b--\r\n--b\r\n" OCTETS CTE("binary") "\r\ny\r\n"),
	    MIME_BINARY_GOOD, MULTI("mixed") "\r\n--b\r\n\r\nx\r\n"
	    "--b--\r\n--b\r\n" OCTETS CTE("binary") "\r\ny\r\n" },
	{ "of equal boundaries the innermost counts",
	    SPAN_LIT(MULTI("mixed") "\r\n--b\r\nContent-Type: multipart/x; "
	    "boundary=b\r\n\r\n--b\r\n" OCTETS CTE("binary") "\r\n" RAW
	    "\r\n--b--\r\n\r\n--b\r\n" OCTETS CTE("binary") "\r\n" RAW
	    "\r\n--b--\r\n"), MIME_BINARY_GOOD, MULTI("mixed")
	    "\r\n--b\r\nContent-Type: multipart/x; boundary=b\r\n\r\n"
	    "--b\r\n" OCTETS CTE("base64") "\r\n" RAW64
	    "\r\n--b--\r\n\r\n--b\r\n" OCTETS CTE("base64") "\r\n" RAW64
	    "\r\n--b--\r\n" },
	{ "encoded against RFC 2045 6.4: nobody looks into it",
	    SPAN_LIT(MULTI("mixed") CTE("base64") "\r\n--b\r\n" CTE("binary")
	    "\r\nx\r\n--b--\r\n"), MIME_BINARY_GOOD, MULTI("mixed")
	    CTE("base64") "\r\n--b\r\n" CTE("binary")
	    "\r\nx\r\n--b--\r\n" },
	{ "nor into such a message", SPAN_LIT(V
	    "Content-Type: message/rfc822\r\n" CTE("base64") "\r\n"
	    CTE("binary") "\r\nx\r\n"), MIME_BINARY_GOOD, V
	    "Content-Type: message/rfc822\r\n" CTE("base64") "\r\n"
	    CTE("binary") "\r\nx\r\n" },
	{ "no lines between the parts", SPAN_LIT(MULTI("mixed") CTE("binary")
	    "\r\npre\n\r\n--b\r\n\r\nx\r\n--b--\r\n"), MIME_BINARY_LINES,
	    NULL },
	{ "no lines behind the last part", SPAN_LIT(MULTI("mixed")
	    CTE("binary") "\r\n--b\r\n\r\nx\r\n--b--\r\n\n"),
	    MIME_BINARY_LINES, NULL },
	{ "a bare CR in front of a delimiter", SPAN_LIT(MULTI("mixed")
	    CTE("binary") "\r\n--b\r\n\r\nx\r\r\n--b--\r\n"),
	    MIME_BINARY_LINES, NULL },
	{ "the same in a binary text", SPAN_LIT(MULTI("mixed") "\r\n--b\r\n"
	    PLAIN CTE("binary") "\r\nx\r\r\n--b--\r\n"), MIME_BINARY_GOOD,
	    MULTI("mixed") "\r\n--b\r\n" PLAIN CTE("base64")
	    "\r\neA0=\r\n--b--\r\n" },
	{ "a multipart in a multipart; the outer one ends it",
	    SPAN_LIT(MULTI("mixed") CTE("binary") "\r\n--b\r\nContent-Type: "
	    "multipart/related; boundary=c\r\n" CTE("binary") "\r\n--c\r\n"
	    OCTETS CTE("binary") "\r\n" RAW "\r\n--b\r\n" OCTETS
	    CTE("binary") "\r\n" RAW "\r\n--c--\r\n--b--\r\n"),
	    MIME_BINARY_GOOD,
	    MULTI("mixed") CTE("8bit") "\r\n--b\r\nContent-Type: "
	    "multipart/related; boundary=c\r\n" CTE("8bit") "\r\n--c\r\n"
	    OCTETS CTE("base64") "\r\n" RAW64 "\r\n--b\r\n" OCTETS
	    CTE("base64") "\r\nAAoN/w0KLS1jLS0=\r\n--b--\r\n" },
	{ "a message in a message",
	    SPAN_LIT(V "Content-Type: message/rfc822\r\n" CTE("binary")
	    "\r\nSubject: in\r\n" V OCTETS CTE("binary") "\r\n" RAW),
	    MIME_BINARY_GOOD, V "Content-Type: message/rfc822\r\n"
	    CTE("8bit") "\r\nSubject: in\r\n" V OCTETS CTE("base64")
	    "\r\n" RAW64 "\r\n" },
	{ "in a digest a message is meant (RFC 2046 5.1.5)",
	    SPAN_LIT(MULTI("digest") CTE("binary") "\r\n--b\r\n\r\n" V OCTETS
	    CTE("binary") "\r\n" RAW "\r\n--b--\r\n"), MIME_BINARY_GOOD,
	    MULTI("digest") CTE("8bit") "\r\n--b\r\n\r\n" V OCTETS
	    CTE("base64") "\r\n" RAW64 "\r\n--b--\r\n" },
	{ "a message that cannot be encoded (RFC 2046 5.2.2)",
	    SPAN_LIT(V "Content-Type: message/partial; id=x\r\n" CTE("binary")
	    "\r\nx\r\n"), MIME_BINARY_GOOD, V
	    "Content-Type: message/partial; id=x\r\n" CTE("8bit")
	    "\r\nx\r\n" },
	{ "and is not made of lines",
	    SPAN_LIT(V "Content-Type: message/partial; id=x\r\n" CTE("binary")
	    "\r\n" RAW), MIME_BINARY_LINES, NULL },
	{ "a multipart without boundary", SPAN_LIT(V
	    "Content-Type: multipart/mixed\r\n" CTE("binary") "\r\nx\r\n"),
	    MIME_BINARY_GOOD, V "Content-Type: multipart/mixed\r\n"
	    CTE("8bit") "\r\nx\r\n" },
	{ "an encoding of nobody's", SPAN_LIT(V OCTETS CTE("x-binary")
	    "\r\n" RAW), MIME_BINARY_LINES, NULL },
	{ "signed: lines", SPAN_LIT(MULTI("signed") CTE("binary") "\r\n--b\r\n"
	    PLAIN "\r\nx\r\n--b--\r\n"), MIME_BINARY_GOOD, MULTI("signed")
	    CTE("8bit") "\r\n--b\r\n" PLAIN "\r\nx\r\n--b--\r\n" },
	{ "signed: binary", SPAN_LIT(MULTI("signed") "\r\n--b\r\n" PLAIN
	    CTE("binary") "\r\nx\r\n--b--\r\n"), MIME_BINARY_SIGNED, NULL },
	{ "signed: binary further down", SPAN_LIT(MULTI("signed")
	    "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" V OCTETS
	    CTE("binary") "\r\n" RAW "\r\n--b--\r\n"), MIME_BINARY_SIGNED,
	    NULL },
};

static void
check(size_t i, size_t first, size_t step)
{
	struct result r;

	convert(cases[i].in, first, step, &r);
	T_INT(r.state, cases[i].state);
	if (cases[i].out != NULL)
		T_STR(buf_span(&r.out), cases[i].out);
	buf_fini(&r.out);
}

static void
conversions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].name);
		check(i, cases[i].in.n, 1);
		check(i, 0, 1);
		for (size_t cut = 0; cut < cases[i].in.n; cut++)
			check(i, cut, cases[i].in.n);
	}
}

/* ---------------------------------------------------------------- budgets */

static enum mime_binary_state
judged(struct buf *in)
{
	struct result r;
	enum mime_binary_state state;

	convert(buf_span(in), 0, 1000, &r);
	state = r.state;
	buf_fini(&r.out);
	buf_clear(in);
	return state;
}

/* So many multiparts or messages in each other. */
static void
nest(struct buf *in, int levels, const char *how)
{
	for (int i = 0; i < levels; i++)
		if (strcmp(how, "message") == 0)
			(void)buf_add_str(in,
			    "Content-Type: message/rfc822\r\n\r\n");
		else
			(void)buf_addf(in, "Content-Type: multipart/mixed; "
			    "boundary=b%d\r\n\r\n--b%d\r\n", i, i);
	(void)buf_add_str(in, "\r\nx\r\n");
}

static void
budgets(void **state)
{
	struct buf in;

	(void)state;
	buf_init(&in, 100000);
	t_case("depth");
	nest(&in, MIME_BINARY_DEPTH, "multipart");
	T_INT(judged(&in), MIME_BINARY_GOOD);
	nest(&in, MIME_BINARY_DEPTH + 1, "multipart");
	T_INT(judged(&in), MIME_BINARY_DEEP);
	nest(&in, MIME_BINARY_DEPTH, "message");
	T_INT(judged(&in), MIME_BINARY_GOOD);
	nest(&in, MIME_BINARY_DEPTH + 1, "message");
	T_INT(judged(&in), MIME_BINARY_DEEP);

	t_case("fields");
	for (int i = 0; i < 51; i++)
		(void)buf_add_str(&in, "a:\r\n");
	T_INT(judged(&in), MIME_BINARY_HEADER);
	for (int i = 0; i < 50; i++)
		(void)buf_add_str(&in, "a:\r\n");
	T_INT(judged(&in), MIME_BINARY_GOOD);

	t_case("octets of a header");
	(void)buf_addf(&in, "a: %4100d\r\n", 1);
	T_INT(judged(&in), MIME_BINARY_HEADER);
	(void)buf_addf(&in, "Content-Type: message/rfc822\r\n\r\na: %4100d",
	    1);
	T_INT(judged(&in), MIME_BINARY_HEADER);

	t_case("boundary");
	(void)buf_addf(&in, "Content-Type: multipart/mixed; "
	    "boundary=\"x%0999d\"\r\n\r\n", 1);
	T_INT(judged(&in), MIME_BINARY_GOOD);
	(void)buf_addf(&in, "Content-Type: multipart/mixed; "
	    "boundary=\"x%01000d\"\r\n\r\n", 1);
	T_INT(judged(&in), MIME_BINARY_DEEP);
	buf_fini(&in);
}

/* ----------------------------------------------------------- what is large */

/* Decoded, the part is what it was; no line is too long. */
static void
decodes(struct span in, struct span body, const char *encoding)
{
	struct result r;
	struct buf plain;
	size_t at, longest = 0, n = 0;

	convert(in, 0, 4096, &r);
	T_INT(r.state, MIME_BINARY_GOOD);
	at = span_find(buf_span(&r.out), span_str(encoding));
	T_TRUE(at < r.out.n);
	at += strlen(encoding);
	for (size_t i = at; i < r.out.n; i++) {
		n = r.out.p[i] == '\n' ? 0 : n + 1;
		longest = n > longest ? n : longest;
	}
	T_TRUE(longest <= 999);		/* with CR */
	buf_init(&plain, in.n + 100);
	if (strstr(encoding, "base64") != NULL) {
		T_TRUE(longest <= 77);
		T_INT(b64_decode_mime(&plain, span_from(buf_span(&r.out),
		    at)), 0);
	} else {
		T_INT(buf_add_span(&plain, span_from(buf_span(&r.out), at)),
		    0);
	}
	T_TRUE(span_eq(buf_span(&plain), body));
	buf_fini(&plain);
	buf_fini(&r.out);
}

static void
large(void **state)
{
	struct buf in;
	size_t at;

	(void)state;
	buf_init(&in, 4 * MIME_LEAF_HOLD);
	t_case("a long text");
	(void)buf_add_str(&in, V PLAIN CTE("binary") "\r\n");
	at = in.n;
	while (in.n - at < MIME_LEAF_HOLD)
		(void)buf_add_str(&in, "abcdefghijklmnopqrstuvwxyz0123\r\n");
	T_INT((long long)(in.n - at), MIME_LEAF_HOLD);
	decodes(buf_span(&in), span_from(buf_span(&in), at), "7bit\r\n\r\n");
	(void)buf_add_str(&in, "one line more\r\n");
	decodes(buf_span(&in), span_from(buf_span(&in), at),
	    "base64\r\n\r\n");

	t_case("long lines");
	buf_cut(&in, at);
	(void)buf_addf(&in, "%998d\r\n", 1);
	decodes(buf_span(&in), span_from(buf_span(&in), at), "7bit\r\n\r\n");
	(void)buf_addf(&in, "%999d\r\n", 1);
	decodes(buf_span(&in), span_from(buf_span(&in), at),
	    "base64\r\n\r\n");

	t_case("octets");
	buf_clear(&in);
	(void)buf_add_str(&in, V OCTETS CTE("binary") "\r\n");
	at = in.n;
	for (uint32_t v = 1; in.n - at < 2 * MIME_LEAF_HOLD; v = v * 1103515245
	    + 12345)
		(void)buf_add_char(&in, (char)(v >> 16));
	decodes(buf_span(&in), span_from(buf_span(&in), at),
	    "base64\r\n\r\n");
	buf_fini(&in);
}

#define DASHED	MULTI("mixed") "\r\n--b\r\n" OCTETS

/* A line that is too long to be a delimiter hides none behind it. */
static void
long_dashes(void **state)
{
	static const char tail[] = "\r\n--b--\r\n";
	struct buf in, plain;
	struct result r;
	struct span body;

	(void)state;
	buf_init(&in, 8192);
	buf_init(&plain, 8192);
	for (size_t n = MIME_CUT_LINE - 4; n < MIME_CUT_LINE + 4; n++) {
		(void)buf_add_str(&in, DASHED CTE("binary") "\r\n");
		for (size_t i = 0; i < n; i++)
			(void)buf_add_char(&in, '-');
		(void)buf_add_str(&in, tail);
		for (size_t step = 1; step <= in.n; step += in.n - 1) {
			convert(buf_span(&in), 0, step, &r);
			T_INT(r.state, MIME_BINARY_GOOD);
			body = buf_span(&r.out);
			T_TRUE(span_ends(body, span_str(tail)));
			body = span_from(span_head(body, body.n -
			    strlen(tail)), strlen(DASHED CTE("base64") "\r\n"));
			T_INT(b64_decode_mime(&plain, body), 0);
			T_INT((long long)plain.n, (long long)n);
			buf_clear(&plain);
			buf_fini(&r.out);
		}
		buf_clear(&in);
	}
	buf_fini(&in);
	buf_fini(&plain);
}

static void
eight_bit(void **state)
{
	static const struct {
		const char *name;
		struct span in;
		bool want;
	} rows[] = {
		{ "encoded", SPAN_LIT(V OCTETS CTE("binary") "\r\n\xff"),
		    false },
		{ "text", SPAN_LIT(V CTE("binary") "\r\n\xff\r\n"), true },
		{ "header", SPAN_LIT("Subject: \xff\r\n\r\n"), true },
	};
	struct result r;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		t_case(rows[i].name);
		convert(rows[i].in, 0, 1, &r);
		T_TRUE(r.eight_bit == rows[i].want);
		buf_fini(&r.out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversions),
		cmocka_unit_test(budgets),
		cmocka_unit_test(large),
		cmocka_unit_test(long_dashes),
		cmocka_unit_test(eight_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
