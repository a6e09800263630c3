/* front - POP3 before log-in, as a table for lib/login. */
#ifndef POP3D_FRONT_H
#define POP3D_FRONT_H

#include "login/front.h"

extern const struct front_proto pop3_front;

#endif
