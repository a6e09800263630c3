/*
 * outcome.c - a table from sysexits(3) to RFC 3463 codes.
 * A code that is not in it says that the program is broken and not that the
 * mail is, and EX_USAGE that the setting that names it is wrong: it is tried
 * again, and given up in the end with the program's words.
 */
#include "local-deliver/outcome.h"

#include <stdio.h>
#include <string.h>

static const struct {
	int	    code;
	uint8_t	    kind;
	const char *esc, *text;
} exits[] = {
	{ 0,  RESULT_DONE,  "2.0.0", "delivered to the program" },
	{ 64, RESULT_LATER, "4.3.5", "usage error" },		/* EX_USAGE */
	{ 65, RESULT_NEVER, "5.6.0", "data format error" },	/* EX_DATAERR */
	{ 66, RESULT_NEVER, "5.3.0", "cannot open input" },	/* EX_NOINPUT */
	{ 67, RESULT_NEVER, "5.1.1", "no such user" },		/* EX_NOUSER */
	{ 68, RESULT_NEVER, "5.1.2", "no such host" },		/* EX_NOHOST */
	{ 69, RESULT_NEVER, "5.3.0", "service unavailable" }, /* EX_UNAVAILABLE */
	{ 70, RESULT_LATER, "4.3.0", "software error" },	/* EX_SOFTWARE */
	{ 71, RESULT_LATER, "4.3.0", "system error" },		/* EX_OSERR */
	{ 72, RESULT_LATER, "4.3.5", "system file missing" },	/* EX_OSFILE */
	{ 73, RESULT_NEVER, "5.3.0", "cannot create output" }, /* EX_CANTCREAT */
	{ 74, RESULT_LATER, "4.3.0", "input or output error" },	/* EX_IOERR */
	{ 75, RESULT_LATER, "4.3.0", "temporary failure" },	/* EX_TEMPFAIL */
	{ 76, RESULT_NEVER, "5.5.0", "protocol error" },	/* EX_PROTOCOL */
	{ 77, RESULT_NEVER, "5.7.0", "permission denied" },	/* EX_NOPERM */
	{ 78, RESULT_LATER, "4.3.5", "configuration error" },	/* EX_CONFIG */
};

/* One line of printable ASCII. */
static void
put_text(struct result *out, const char *text, struct span output)
{
	size_t n;

	n = (size_t)snprintf(out->text, sizeof(out->text), "%s", text);
	output = span_trim_ws(output);
	if (output.n > 0 && n + 2 < sizeof(out->text))
		(void)snprintf(out->text + n, sizeof(out->text) - n,
		    ": %.*s", (int)(output.n < sizeof(out->text) ? output.n :
		    sizeof(out->text)), output.p);
	for (char *p = out->text; *p != '\0'; p++)
		if (*p < ' ' || *p > 126)
			*p = *p == '\n' || *p == '\t' ? ' ' : '?';
}

static void
set(struct result *out, uint8_t kind, const char *esc)
{
	uint32_t index = out->index;

	*out = (struct result){ .index = index, .kind = kind };
	span_copy_cut(span_str(esc), out->esc, sizeof(out->esc));
}

void
outcome_done(struct result *out, const char *text)
{
	set(out, RESULT_DONE, "2.0.0");
	put_text(out, text, SPAN_NONE);
}

void
outcome_from_why(struct result *out, const struct why *why)
{
	set(out, why->kind == WHY_PERM ? RESULT_NEVER : RESULT_LATER,
	    why->esc);
	put_text(out, why->text, SPAN_NONE);
}

void
outcome_from_exit(struct result *out, int code, int signal,
    struct span output)
{
	char text[64];

	for (size_t i = 0; signal == 0 && i < COUNT(exits); i++)
		if (exits[i].code == code) {
			set(out, exits[i].kind, exits[i].esc);
			put_text(out, exits[i].text, output);
			return;
		}
	if (signal != 0)
		(void)snprintf(text, sizeof(text),
		    "the program was killed by signal %d", signal);
	else
		(void)snprintf(text, sizeof(text),
		    "the program ended with code %d", code);
	set(out, RESULT_LATER, "4.3.0");
	put_text(out, text, output);
}
