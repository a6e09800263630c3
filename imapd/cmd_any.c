/*
 * cmd_any - commands that need no mailbox: CAPABILITY, NOOP, LOGOUT (RFC 3501
 * 6.1), CHECK (6.4.1), ID (RFC 2971), ENABLE (RFC 5161), NAMESPACE (RFC 2342).
 */
#include "imapd/command.h"
#include "imapd/modseq.h"
#include "imapd/reply.h"

void
cmd_capability(struct session *s, const union args *a)
{
	struct buf line;

	(void)a;
	buf_init(&line, 2 * KIB);
	buf_add_str(&line, "CAPABILITY ");
	reply_put_capabilities(&line, s);
	reply_untagged_span(s, buf_span(&line));
	buf_fini(&line);
	reply_ok(s, NULL, "Capability completed");
}

void
cmd_noop(struct session *s, const union args *a)
{
	(void)a;
	reply_ok(s, NULL, "NOOP completed");
}

/* Every change is on disk when its command is answered: nothing to do. */
void
cmd_check(struct session *s, const union args *a)
{
	(void)a;
	reply_ok(s, NULL, "Check completed");
}

void
cmd_logout(struct session *s, const union args *a)
{
	(void)a;
	reply_bye(s, "Logging out");
	reply_ok(s, NULL, "Logout completed");
}

void
cmd_id(struct session *s, const union args *a)
{
	(void)a;
	reply_untagged(s, "ID (\"name\" \"Paquebot\")");
	reply_ok(s, NULL, "ID completed");
}

static const struct {
	const char *name;
	unsigned    bits;	/* enum session_enabled: what it brings */
} can_be_enabled[] = {
	{ "CONDSTORE", ENABLED_CONDSTORE },
	/* RFC 7162 3.2.3: with all of CONDSTORE. */
	{ "QRESYNC", ENABLED_QRESYNC | ENABLED_CONDSTORE },
	{ "UTF8=ACCEPT", ENABLED_UTF8 },
	{ "IMAP4rev2", ENABLED_REV2 },
};

/* RFC 5161 3.1: names that cannot be enabled are passed over. */
void
cmd_enable(struct session *s, const union args *a)
{
	unsigned early = ENABLED_UTF8 | ENABLED_REV2, bits = 0;
	struct buf line;

	buf_init(&line, KIB);
	buf_add_str(&line, "ENABLED");
	for (size_t i = 0; i < COUNT(can_be_enabled); i++)
		for (size_t k = 0; k < a->words.n; k++)
			if (span_ieq_str(a->words.v[k],
			    can_be_enabled[i].name)) {
				buf_addf(&line, " %s", can_be_enabled[i].name);
				bits |= can_be_enabled[i].bits;
				break;
			}
	/* RFC 6855 3, RFC 9051 6.3.1: what changes how all is told. */
	if (s->state == STATE_SELECTED && (bits & early & ~s->enabled) != 0)
		reply_bad(s, "A mailbox is selected already");
	else {
		reply_untagged_span(s, buf_span(&line));
		modseq_enable(s, bits);
		s->content.global = session_is_rev2(s);
		s->names.utf8 = (s->enabled & early) != 0;
		reply_ok(s, NULL, "Enable completed");
	}
	buf_fini(&line);
}

/* RFC 2342 5: one personal namespace, with an empty prefix. */
void
cmd_namespace(struct session *s, const union args *a)
{
	bool quote = s->how->separator == '"' || s->how->separator == '\\';

	(void)a;
	reply_untagged(s, "NAMESPACE ((\"\" \"%s%c\")) NIL NIL",
	    quote ? "\\" : "", s->how->separator);
	reply_ok(s, NULL, "Namespace completed");
}
