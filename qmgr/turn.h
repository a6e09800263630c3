/*
 * turn - what is done at the end of each turn of the loop, and each second.
 * Handlers only note what happened; here, and nowhere else, messages go on
 * and may be freed, so no handler ever finds one gone under its hands.
 */
#ifndef QMGR_TURN_H
#define QMGR_TURN_H

#include "qmgr/qmgr.h"

void	turn_init(struct qmgr *q);

#endif
