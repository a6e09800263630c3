/*
 * generic.c - one question for each address of the envelope and for each
 * different one of the header, READDRESSES at most.  Only the header is read
 * here, and only it is held in memory; body.c puts it in the place of the file's.
 */
#include "smtp-out/generic.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "ipc/msg_lookup.h"
#include "mail/header.h"
#include "mail/readdress.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/rand.h"
#include "smtp-out/limits.h"

/* to: ADDR_NULL, or what stands for from. */
static int
ask(void *ctx, enum readdress_side side, const struct addr *from,
    struct addr *to, struct why *why)
{
	struct rewrite q = { .use = USE_LEAVING };
	struct rewritten said;
	struct ipc_question question = { .type = &rewrite_type, .msg = &q,
		.fd = -1, .answer = &rewritten_type,
		.deadline_ms = clock_deadline(LOOKUP_MS) };

	(void)side;	/* one map for both */
	span_copy_cut(addr_text(from), q.address, sizeof(q.address));
	to->kind = ADDR_NULL;
	if (ipc_call(ctx, &question, &said, NULL, why) != 0 ||
	    (said.address[0] != '\0' &&
	    addr_parse(span_str(said.address), to, why) != 0)) {
		/* Trouble there is never the end of a message. */
		why->kind = WHY_TEMP;
		why->esc[0] = '4';
		return -1;
	}
	return 0;
}

/* One address of the envelope; what is none stays for the talk to judge. */
static int
change(struct ipc_client *lookupd, char address[LOOKUP_ADDRESS_MAX + 1],
    struct why *why)
{
	struct addr from, to;

	if (addr_parse(span_str(address), &from, NULL) != 0)
		return 0;
	if (ask(lookupd, READDRESS_SENDER, &from, &to, why) != 0)
		return -1;
	if (to.kind == ADDR_MAILBOX)
		span_copy_cut(addr_text(&to), address, LOOKUP_ADDRESS_MAX + 1);
	return 0;
}

static int
change_envelope(struct ipc_client *lookupd, struct job_out *j,
    struct why *why)
{
	if (change(lookupd, j->in.head.sender, why) != 0)
		return -1;
	for (size_t i = 0; i < j->in.head.nrcpts; i++)
		if (change(lookupd, j->in.rcpts[i].address, why) != 0)
			return -1;
	return 0;
}

/* The first octets of the message, `most` of them or all; owned. */
static char *
read_first(const struct job_out *j, size_t most, size_t *n, struct why *why)
{
	char *text;

	*n = j->in.head.size_octets < most ? (size_t)j->in.head.size_octets :
	    most;
	text = xmalloc(*n > 0 ? *n : 1);
	if (fd_pread_all(j->in.file, text, *n, j->in.head.at_octets) == 0)
		return text;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot read the queue file");
	free(text);
	return NULL;
}

/* The header, owned by *text; longer than HEADER_MOST it is empty. */
static int
read_header(const struct job_out *j, char **text, struct span *header,
    struct why *why)
{
	static const size_t parts[] = { HEADER_PART, HEADER_MOST };
	struct span body;
	size_t n;

	for (size_t i = 0; i < COUNT(parts); i++) {
		*text = read_first(j, parts[i], &n, why);
		if (*text == NULL)
			return -1;
		header_split(span_of(*text, n), header, &body);
		if (body.n > 0 || n == j->in.head.size_octets)
			return 0;
		free(*text);
	}
	log_warn(LF_STR("event", "header-not-changed"),
	    LF_STR("id", j->in.head.id), LF_STR("why", "too long"));
	*text = NULL;
	*header = SPAN_NONE;
	return 0;
}

static int
change_header(struct ipc_client *lookupd, struct job_out *j, struct why *why)
{
	uint8_t seed[16];
	const struct readdress r = { .ask = ask, .ctx = lookupd,
		.sides = { true, true }, .questions_max = READDRESSES,
		.seed = seed };
	struct readdress_count count;
	struct span header;
	char *text;
	int rc;

	if (read_header(j, &text, &header, why) != 0)
		return -1;
	rand_octets(seed, sizeof(seed));
	buf_init(&j->header, header.n + HEADER_MORE);
	rc = readdress_header(&r, header, &j->header, &count, why);
	if (rc == 0 && count.fields > 0)
		j->header_was = header.n;
	else
		buf_fini(&j->header);
	if (rc == 0 && (count.passed > 0 || count.too_long > 0))
		log_warn(LF_STR("event", "addresses-passed-over"),
		    LF_STR("id", j->in.head.id),
		    LF_NUM("count", count.passed),
		    LF_NUM("fields", count.too_long));
	free(text);
	return rc;
}

int
generic_apply(struct ipc_client *lookupd, struct job_out *j, struct why *why)
{
	return change_envelope(lookupd, j, why) != 0 ||
	    change_header(lookupd, j, why) != 0 ? -1 : 0;
}
