/*
 * Each test is a sign that a machine wrote the message or that many people
 * got it.  One sign is enough: an answer too few harms nobody, a loop does.
 */
#include "mail/answerable.h"

#include "mail/dsn.h"
#include "mail/header.h"
#include "mail/mime_type.h"

/* Local parts behind which nobody reads: <owner-x>, <x-request> ... */
static bool
is_role(const struct addr *sender)
{
	static const char *const names[] = { "mailer-daemon", "postmaster",
		"noreply", "no-reply", "listserv", "majordomo" };
	struct span s = addr_local(sender);

	for (size_t i = 0; i < COUNT(names); i++)
		if (span_ieq_str(s, names[i]))
			return true;
	return span_istarts(s, SPAN_LIT("owner-")) ||
	    span_iends(s, SPAN_LIT("-request")) ||
	    span_iends(s, SPAN_LIT("-owner")) ||
	    span_iends(s, SPAN_LIT("-bounces"));
}

static bool
is_bulk(struct span value)
{
	struct span s = mime_token(value);

	return span_ieq_str(s, "bulk") || span_ieq_str(s, "list") ||
	    span_ieq_str(s, "junk");
}

/* One field as a reason, or NULL. */
static const char *
judge(const struct header_field *f)
{
	if (span_ieq_str(f->name, "Auto-Submitted"))
		return span_ieq_str(mime_token(f->value), "no") ? NULL :
		    "made by a program";
	if (span_ieq_str(f->name, "Precedence"))
		return is_bulk(f->value) ? "bulk mail" : NULL;
	/* RFC 2369 3, RFC 2919 3 */
	if (span_istarts(f->name, SPAN_LIT("List-")))
		return "from a mailing list";
	if (span_ieq_str(f->name, "X-Auto-Response-Suppress"))
		return "asks for no answers";
	return NULL;
}

bool
answerable(const struct addr *sender, struct span header, const char **why)
{
	struct header_walk w;
	struct header_field f;
	const char *reason = NULL;

	if (sender->kind != ADDR_MAILBOX)
		reason = "null sender";		/* RFC 5321 4.5.5 */
	else if (is_role(sender))
		reason = "sender is a role or a program";
	header_walk_init(&w, header, SIZE_MAX);
	while (reason == NULL && header_next(&w, &f))
		reason = judge(&f);
	if (reason == NULL && dsn_is_report(header))
		reason = "a report";
	if (why != NULL)
		*why = reason;
	return reason == NULL;
}
