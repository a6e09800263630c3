/*
 * international.c - see international.h.
 * Domains are no reason: they come with A-labels.  Where the client said
 * SMTPUTF8 for a message that needs none of it, the message is worth a look
 * before it is given up (RFC 6531 3.6): it is sent without.
 */
#include "smtp-out/international.h"

#include "mail/header.h"
#include "mail/intl.h"
#include "mail/mime_walk.h"
#include "os/fd.h"
#include "smtp-out/body.h"
#include "smtp-out/limits.h"
#include "smtp-out/outcome.h"
#include "smtp/ehlo.h"

#define DEPTH_MAX	30
#define PARTS_MAX	2000

/* RFC 6532 3.7: a message in a message that is not message/rfc822. */
static bool
holds_global(const struct mime_part *p, struct span message)
{
	struct header_field f;

	return header_find(mime_part_header(p, message), "Content-Type", &f) &&
	    span_istarts(span_trim_ws(f.value), SPAN_LIT("message/global")) &&
	    intl_is_needed(mime_part_body(p, message));
}

bool
international_header(struct span message)
{
	struct mime_tree tree;
	bool found;

	mime_walk(message, DEPTH_MAX, PARTS_MAX, &tree);
	/* What was not looked at may hold anything. */
	found = tree.cut && intl_is_needed(message);
	for (uint32_t i = 0; i < tree.n && !found; i++)
		found = intl_is_needed(mime_part_header(&tree.v[i],
		    message)) || holds_global(&tree.v[i], message);
	mime_tree_fini(&tree);
	return found;
}

static int
refuse(struct why *why, const char *what, const char *remote)
{
	why_set(why, WHY_PERM, "5.6.7", "%s needs SMTPUTF8, which %s does "
	    "not offer", what, remote);
	return -1;
}

/* A large one with 8-bit octets is taken at its word. */
static int
judge_message(struct job_out *j, const char *remote, struct why *why)
{
	bool needed = j->in.head.smtputf8 && j->in.head.body_8bit;

	if (needed && body_octets(j) <= LOWER_MAX) {
		if (body_load(j, why) != 0)
			return -1;
		needed = international_header(body_text(j));
	}
	return needed ? refuse(why, "the message", remote) : 0;
}

static bool
any_recipient(const struct job_out *j)
{
	for (size_t i = 0; i < j->in.head.nrcpts; i++)
		if (!j->settled[i] &&
		    intl_is_needed(span_str(j->in.rcpts[i].address)))
			return true;
	return false;
}

static void
refuse_recipients(struct job_out *j, const char *remote)
{
	struct why why;

	(void)refuse(&why, "the address", remote);
	for (size_t i = 0; i < j->in.head.nrcpts; i++) {
		if (j->settled[i] ||
		    !intl_is_needed(span_str(j->in.rcpts[i].address)))
			continue;
		outcome_from_why(&j->results[i], &why, "");
		j->settled[i] = true;
	}
}

int
international_prepare(struct job_out *j, unsigned caps, const char *remote,
    struct why *why)
{
	bool sender = intl_is_needed(span_str(j->in.head.sender));

	j->utf8 = false;
	if ((caps & EHLO_SMTPUTF8) != 0) {
		j->utf8 = j->in.head.smtputf8 || sender || any_recipient(j);
		return 0;
	}
	if (sender)
		return refuse(why, "the sender's address", remote);
	if (judge_message(j, remote, why) != 0)
		return -1;
	refuse_recipients(j, remote);
	return 0;
}
