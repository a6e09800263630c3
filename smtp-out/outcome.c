/*
 * outcome.c - RFC 5321 4.2.1: the first digit decides, the rest is for people.
 * What is no success and no clear "never" is "later".
 */
#include "smtp-out/outcome.h"

#include <stdio.h>
#include <string.h>

#include "base/span.h"

static void
set_remote(struct result *out, const char *remote)
{
	span_copy_cut(span_str(remote), out->remote, sizeof(out->remote));
}

void
outcome_from_reply(struct result *out, const struct reply *r,
    const char *remote)
{
	struct buf line;
	static const char *const class[] = { "2", "4", "5" };

	out->kind = r->code >= 500 ? RESULT_NEVER :
	    r->code >= 200 && r->code < 300 ? RESULT_DONE : RESULT_LATER;
	if (r->esc[0] != '\0')
		memcpy(out->esc, r->esc, sizeof(out->esc));
	else
		(void)snprintf(out->esc, sizeof(out->esc), "%s.0.0",
		    class[out->kind]);
	buf_init(&line, REPLY_SHORT_MAX + 1);
	reply_one_line(r, &line);
	span_copy_cut(buf_span(&line), out->text, sizeof(out->text));
	buf_fini(&line);
	set_remote(out, remote);
}

void
outcome_from_why(struct result *out, const struct why *why,
    const char *remote)
{
	out->kind = why->kind == WHY_PERM ? RESULT_NEVER : RESULT_LATER;
	memcpy(out->esc, why->esc, sizeof(out->esc));
	span_copy_cut(span_str(why->text), out->text, sizeof(out->text));
	set_remote(out, remote);
}
