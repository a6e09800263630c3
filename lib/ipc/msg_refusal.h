/* msg_refusal - "no", as an answer to anything. */
#ifndef IPC_MSG_REFUSAL_H
#define IPC_MSG_REFUSAL_H

#include "base/why.h"
#include "ipc/catalogue.h"

struct refusal {
	uint8_t permanent;		/* 0: try later */
	char	esc[WHY_ESC_SIZE];	/* RFC 3463 */
	char	text[WHY_TEXT_SIZE];
};
extern const struct ipc_type refusal_type;

void	refusal_from_why(struct refusal *r, const struct why *why);
void	refusal_to_why(const struct refusal *r, struct why *why);

#endif
