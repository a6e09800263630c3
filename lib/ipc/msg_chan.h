/* msg_chan - a listener introduces the channel of a new session. */
#ifndef IPC_MSG_CHAN_H
#define IPC_MSG_CHAN_H

#include "ipc/catalogue.h"

struct chan_new {		/* with the channel */
	uint8_t unused;
};
extern const struct ipc_type chan_new_type;

#endif
