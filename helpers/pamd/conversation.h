/*
 * conversation - one conversation with PAM.
 */
#ifndef PAMD_CONVERSATION_H
#define PAMD_CONVERSATION_H

#include "ipc/msg_pam.h"

/*
 * Is this the password of this user, and may he come in (pam_authenticate and
 * pam_acct_mgmt)?  In a process that ends behind it.
 * service  the name of a file in /etc/pam.d
 */
enum pam_result conversation_judges(const char *service, const struct pam_req *req);

#endif
