/*
 * msg_refusal - see msg_refusal.h.
 * A why whose code or text is missing is sent with the general one of its
 * class, so that a refusal always can be shown to a client.
 */
#include "ipc/msg_refusal.h"

#include "base/span.h"

static const struct ipc_field refusal_fields[] = {
	IPC_U8(refusal, permanent, 0, 1),
	IPC_TEXT(refusal, esc, 5, 9),
	IPC_TEXT(refusal, text, 1, WHY_TEXT_SIZE - 1),
};
const struct ipc_type refusal_type =
    IPC_TYPE(refusal, IPC_NUM_REFUSAL, IPC_FD_NONE, refusal_fields);

void
refusal_from_why(struct refusal *r, const struct why *why)
{
	struct span esc = span_str(why->esc), text = span_str(why->text);

	*r = (struct refusal){ .permanent = why->kind == WHY_PERM };
	if (esc.n < 5 || esc.n > 9)
		esc = span_str(r->permanent ? "5.0.0" : "4.0.0");
	if (text.n == 0)
		text = SPAN_LIT("refused");
	span_copy_cut(esc, r->esc, sizeof(r->esc));
	span_copy_cut(text, r->text, sizeof(r->text));
}

void
refusal_to_why(const struct refusal *r, struct why *why)
{
	why_set(why, r->permanent ? WHY_PERM : WHY_TEMP, r->esc, "%s",
	    r->text);
}
