/*
 * msg_pam - authd asks pamd about users of the system.
 */
#ifndef IPC_MSG_PAM_H
#define IPC_MSG_PAM_H

#include "base/span.h"
#include "ipc/catalogue.h"

#define PAM_NAME_MAX		32
#define PAM_PASSWORD_MAX	512

struct pam_req {		/* authd -> pamd */
	char	user[PAM_NAME_MAX + 1];
	uint8_t	password[PAM_PASSWORD_MAX];	/* no NUL in it */
	size_t	password_len;
	char	client[48];	/* address as text */
};
enum pam_result { PAMD_HOLDS, PAMD_FAILS, PAMD_UNKNOWN /* try later */ };
struct pam_rep {
	uint8_t	 result;
	uint32_t uid, gid;	/* PAMD_HOLDS: whose home is the mailbox's */
	char	 home[512];
};

/*
 * May it be the name of a user of the system?  [a-z_][a-z0-9_.-]*, at most
 * PAM_NAME_MAX octets: what useradd(8) makes without being forced, and nothing
 * that a module could take for a path, an option or a word of a shell.
 */
bool	pam_name_plain(struct span name);

extern const struct ipc_type pam_req_type, pam_rep_type;

#endif
