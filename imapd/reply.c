/*
 * reply - see reply.h.
 * Untagged lines go to the stream's buffer at once; the tagged one is kept in
 * s->answer until the dispatcher has told the changes that belong before it.
 */
#include "imapd/reply.h"

#include <stdarg.h>
#include <string.h>

#include "imapd/strings.h"

/* One a line, in the order in which they came to be. */
const char reply_capabilities[] = "IMAP4rev1"
    " IMAP4rev2"
    " UTF8=ACCEPT"
    " ID"
    " ENABLE"
    " IDLE"
    " NAMESPACE"
    " CHILDREN"
    " ESEARCH"
    " SEARCHRES"
    " WITHIN"
    " PARTIAL"
    " MULTIAPPEND"
    " I18NLEVEL=1"
    " LIST-EXTENDED"
    " LIST-STATUS"
    " SPECIAL-USE"
    " CREATE-SPECIAL-USE"
    " SORT"
    " SORT=DISPLAY"
    " ESORT"
    " THREAD=REFERENCES"
    " THREAD=REFS"
    " THREAD=ORDEREDSUBJECT"
    " UNSELECT"
    " UIDPLUS"
    " MOVE"
    " STATUS=SIZE"
    " QUOTA"
    " QUOTA=RES-STORAGE"
    " QUOTA=RES-MESSAGE"
    " QUOTA=RES-MAILBOX"
    " CONDSTORE"
    " QRESYNC"
    " OBJECTID"
    " SAVEDATE"
    " BINARY"
    " PREVIEW"
    " REPLACE"
    " INPROGRESS"
    ;

#define LINE_MAX_OCTETS	4096

void
reply_put_capabilities(struct buf *out, const struct session *s)
{
	buf_add_str(out, reply_capabilities);
	buf_add_str(out, s->how->literal_minus ? " LITERAL-" : " LITERAL+");
	/* RFC 7889 2: the same for all mailboxes. */
	buf_add_str(out, " APPENDLIMIT=");
	buf_add_u64(out, reply_append_limit(s));
}

/* RFC 7889 5: a number of RFC 3501, which has 32 bits. */
uint32_t
reply_append_limit(const struct session *s)
{
	return s->how->message_max_octets > UINT32_MAX ? UINT32_MAX :
	    (uint32_t)s->how->message_max_octets;
}

void
reply_untagged(struct session *s, const char *fmt, ...)
{
	struct buf line;
	va_list ap;

	buf_init(&line, LINE_MAX_OCTETS);
	va_start(ap, fmt);
	(void)buf_vaddf(&line, fmt, ap);	/* what fits, fits */
	va_end(ap);
	reply_untagged_span(s, buf_span(&line));
	buf_fini(&line);
}

void
reply_untagged_span(struct session *s, struct span line)
{
	stream_puts(&s->net, "* ");
	stream_write(&s->net, line.p, line.n);
	stream_puts(&s->net, "\r\n");
}

static void
answer(struct session *s, const char *kind, struct span code,
    const char *text)
{
	buf_clear(&s->answer);
	buf_add_str(&s->answer, kind);
	if (code.p != NULL) {
		buf_add_str(&s->answer, " [");
		buf_add_span(&s->answer, code);
		buf_add_char(&s->answer, ']');
	}
	buf_add_char(&s->answer, ' ');
	buf_add_str(&s->answer, text);
	if (strcmp(kind, "BAD") != 0)
		s->bad = 0;
}

void
reply_ok(struct session *s, const char *code, const char *text)
{
	answer(s, "OK", span_str(code), text);
}

void
reply_ok_code(struct session *s, struct span code, const char *text)
{
	answer(s, "OK", code, text);
}

void
reply_no_code(struct session *s, struct span code, const char *text)
{
	answer(s, "NO", code, text);
}

void
reply_no(struct session *s, const char *code, const char *text)
{
	answer(s, "NO", span_str(code), text);
}

void
reply_bad(struct session *s, const char *text)
{
	answer(s, "BAD", SPAN_NONE, text);
	s->bad++;
}

void
reply_why(struct session *s, const struct why *why)
{
	/* RFC 3463 codes beside the response codes of RFC 5530 section 3. */
	static const struct { const char *esc, *code; } codes[] = {
		{ "5.1.0", "CANNOT" },
		{ "5.2.2", "OVERQUOTA" },
		{ "5.2.3", "TOOBIG" },
		{ "5.3.4", "LIMIT" },
		{ "5.6.3", "UNKNOWN-CTE" },	/* RFC 3516 4.3 */
		{ "5.7.0", "NOPERM" },
	};
	const char *code = why->kind == WHY_TEMP ? "UNAVAILABLE" : NULL;

	for (size_t i = 0; i < COUNT(codes); i++)
		if (strcmp(why->esc, codes[i].esc) == 0)
			code = codes[i].code;
	reply_no(s, code, why->text);
}

void
reply_send(struct session *s)
{
	struct span tag = s->tag.n > 0 ? s->tag : SPAN_LIT("*");

	stream_write(&s->net, tag.p, tag.n);
	stream_puts(&s->net, " ");
	stream_write(&s->net, s->answer.p, s->answer.n);
	stream_puts(&s->net, "\r\n");
}

void
reply_bye(struct session *s, const char *text)
{
	reply_untagged(s, "BYE %s", text);
	session_enter(s, STATE_LOGOUT);
}

void
reply_put_mailboxid(struct buf *out, const struct folder *f)
{
	/* RFC 8474 8.1: a letter in front, so that it is never a number. */
	buf_addf(out, "(F%s)", folder_guid(f));
}

static void
put_keywords(struct buf *out, const struct folder *f, uint32_t which)
{
	const char *name;

	for (unsigned i = 0; i < KEYWORDS_MAX && which >> i != 0; i++) {
		name = (which >> i & 1) == 0 ? NULL : folder_keyword(f, i);
		if (name == NULL)
			continue;
		buf_add_char(out, ' ');
		buf_add_str(out, name);
	}
}

void
reply_put_flags(struct buf *out, const struct session *s,
    const struct message *m)
{
	uint8_t flags = m->flags;
	size_t begin = out->n + 1;

	if (session_is_rev2(s))
		flags &= MESSAGE_FLAGS_STORED;
	buf_add_char(out, '(');
	strings_put_flags(out, flags);
	put_keywords(out, s->folder, m->keywords);
	/* Keywords bring a space each; the first of all has none. */
	if (out->n > begin && out->p[begin] == ' ') {
		memmove(out->p + begin, out->p + begin + 1,
		    out->n - begin - 1);
		buf_cut(out, out->n - 1);
	}
	buf_add_char(out, ')');
}

void
reply_flags(struct session *s)
{
	struct message all = { .flags = MESSAGE_FLAGS_STORED,
		.keywords = UINT32_MAX };
	struct buf names;

	buf_init(&names, REPLY_FLAGS_MAX);
	buf_add_str(&names, "FLAGS ");
	reply_put_flags(&names, s, &all);
	if (span_eq(buf_span(&names), buf_span(&s->flags_told))) {
		buf_fini(&names);
		return;
	}
	buf_clear(&s->flags_told);
	buf_add_span(&s->flags_told, buf_span(&names));
	reply_untagged_span(s, buf_span(&names));

	buf_clear(&names);
	buf_add_str(&names, "OK [PERMANENTFLAGS ");
	if (folder_read_only(s->folder))
		buf_add_str(&names, "()] Read-only");
	else {
		reply_put_flags(&names, s, &all);
		/* "\*": keywords can be made (RFC 3501 7.1). */
		if (folder_keyword_room(s->folder)) {
			buf_cut(&names, names.n - 1);
			buf_add_str(&names, " \\*)");
		}
		buf_add_str(&names, "] Flags permitted");
	}
	reply_untagged_span(s, buf_span(&names));
	buf_fini(&names);
}
