/*
 * The form is judged strictly, digit by digit within the span's end: what only
 * looks like a code is text.  The texts are our words for the meanings that
 * RFC 3463 gives to subject and detail.
 */
#include "mail/esc.h"

#include <stdio.h>

#include "base/cur.h"

static const struct {
	unsigned subject, detail;
	const char *text;
} meanings[] = {
	{ 1, 0, "address trouble" },
	{ 1, 1, "no such mailbox" },
	{ 1, 2, "no such mail system" },
	{ 1, 3, "bad address syntax" },
	{ 1, 4, "ambiguous mailbox" },
	{ 1, 5, "address is valid" },
	{ 1, 6, "mailbox has moved" },
	{ 1, 7, "bad sender address syntax" },
	{ 1, 8, "bad sender's mail system" },
	{ 1, 10, "recipient's domain accepts no mail" },
	{ 2, 0, "mailbox trouble" },
	{ 2, 1, "mailbox is disabled" },
	{ 2, 2, "mailbox is full" },
	{ 2, 3, "message is too big for the mailbox" },
	{ 2, 4, "mailing list expansion trouble" },
	{ 3, 0, "mail system trouble" },
	{ 3, 1, "mail system is full" },
	{ 3, 2, "system accepts no mail at present" },
	{ 3, 3, "system lacks a needed feature" },
	{ 3, 4, "message is too big for the system" },
	{ 3, 5, "system is wrongly configured" },
	{ 4, 0, "network or routing trouble" },
	{ 4, 1, "no answer from host" },
	{ 4, 2, "bad connection" },
	{ 4, 3, "directory server failure" },
	{ 4, 4, "unable to route" },
	{ 4, 5, "mail system is congested" },
	{ 4, 6, "routing loop" },
	{ 4, 7, "delivery time is over" },
	{ 5, 0, "protocol trouble" },
	{ 5, 1, "invalid command" },
	{ 5, 2, "syntax error" },
	{ 5, 3, "too many recipients" },
	{ 5, 4, "invalid command arguments" },
	{ 5, 5, "wrong protocol version" },
	{ 6, 0, "content trouble" },
	{ 6, 1, "media type not supported" },
	{ 6, 2, "conversion needed but prohibited" },
	{ 6, 3, "conversion needed but not supported" },
	{ 6, 4, "conversion with loss" },
	{ 6, 5, "conversion failed" },
	{ 6, 7, "non-ASCII addresses not permitted" },
	{ 7, 0, "security or policy trouble" },
	{ 7, 1, "not authorized, message refused" },
	{ 7, 2, "mailing list expansion prohibited" },
	{ 7, 3, "security conversion needed but not possible" },
	{ 7, 4, "security features not supported" },
	{ 7, 5, "cryptographic failure" },
	{ 7, 6, "cryptographic algorithm not supported" },
	{ 7, 7, "message integrity failure" },
	{ 7, 8, "authentication credentials invalid" },
	{ 7, 11, "encryption needed" },
};

/* RFC 2034 4: subject and detail, up to three digits, no leading zeros. */
static bool
take_number(struct cur *c, unsigned *out)
{
	uint64_t v;

	if (cur_peek(c) == '0' && ascii_isdigit((char)cur_peek_at(c, 1)))
		return false;
	if (!cur_u64(c, 999, &v))
		return false;
	*out = (unsigned)v;
	return true;
}

static bool
take_code(struct cur *c, struct esc *e)
{
	int class = cur_next(c);

	if (class != '2' && class != '4' && class != '5')
		return false;
	e->class = (unsigned)(class - '0');
	return cur_take(c, '.') && take_number(c, &e->subject) &&
	    cur_take(c, '.') && take_number(c, &e->detail);
}

int
esc_take(struct span text, struct esc *out, struct span *rest)
{
	struct cur c;
	struct esc e;

	cur_init(&c, text, 0, 0);
	if (!take_code(&c, &e) || !(cur_end(&c) || cur_take(&c, ' ')))
		return -1;
	*out = e;
	if (rest != NULL)
		*rest = cur_rest(&c);
	return 0;
}

int
esc_parse(struct span s, struct esc *out)
{
	struct cur c;
	struct esc e;

	cur_init(&c, s, 0, 0);
	if (!take_code(&c, &e) || !cur_end(&c))
		return -1;
	*out = e;
	return 0;
}

void
esc_format(const struct esc *e, char out[WHY_ESC_SIZE])
{
	(void)snprintf(out, WHY_ESC_SIZE, "%u.%u.%u", e->class % 10,
	    e->subject % 1000, e->detail % 1000);	/* 9 octets at most */
}

const char *
esc_text(const struct esc *e)
{
	if (e->class == 2)
		return "done";
	for (size_t i = 0; i < COUNT(meanings); i++)
		if (meanings[i].subject == e->subject &&
		    meanings[i].detail == e->detail)
			return meanings[i].text;
	return e->class == 4 ? "temporary failure" : "permanent failure";
}
