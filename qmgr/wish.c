/*
 * wish - see wish.h.
 * Wishes stand with the recipients of the envelope; what they mean for those
 * that came of them by aliases, lists and forward files is worked out when it
 * is asked for, from the same parents that the log keeps.
 */
#include "qmgr/wish.h"

bool
rcpt_is_list(const struct message *m, uint32_t i)
{
	uint32_t k = m->rcpts[i].child;

	return m->rcpts[i].children > 0 && k < m->n &&
	    m->rcpts[k].owner.n > 0;
}

/* The sender hears of p itself: its copy was kept, or it stood for several. */
static bool
answers_itself(const struct rcpt *p)
{
	return p->children > 1 || (p->state == RCPT_DONE && !p->forwarded);
}

struct wish
rcpt_wish(const struct message *m, uint32_t i)
{
	struct wish wish = { .orcpt = SPAN_LIT("") };

	if (m->wishes == NULL || m->rcpts[i].owner.n > 0)
		return wish;
	wish = m->wishes[m->rcpts[i].root];
	for (uint32_t p = m->rcpts[i].parent; p != RCPT_NOBODY;
	    p = m->rcpts[p].parent)
		if (answers_itself(&m->rcpts[p]))
			/* Without SUCCESS alone: never, not "not said". */
			wish.notify = wish.notify == QUEUE_NOTIFY_SUCCESS ?
			    QUEUE_NOTIFY_NEVER : wish.notify &
			    (uint8_t)~QUEUE_NOTIFY_SUCCESS;
	return wish;
}

bool
rcpt_notify(const struct message *m, uint32_t i, unsigned what)
{
	unsigned notify = rcpt_wish(m, i).notify;

	if (notify == 0)
		notify = QUEUE_NOTIFY_FAILURE | QUEUE_NOTIFY_DELAY;
	return (notify & what) != 0;
}
