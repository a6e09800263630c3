/*
 * msg_pam - see msg_pam.h.
 */
#include "ipc/msg_pam.h"

static const struct ipc_field req_fields[] = {
	IPC_TEXT(pam_req, user, 1, PAM_NAME_MAX),
	IPC_BLOB(pam_req, password, 0, PAM_PASSWORD_MAX),
	IPC_TEXT(pam_req, client, 2, 47),
};
const struct ipc_type pam_req_type =
    IPC_TYPE(pam_req, IPC_NUM_PAM_REQ, IPC_FD_NONE, req_fields);

static const struct ipc_field rep_fields[] = {
	IPC_U8(pam_rep, result, PAMD_HOLDS, PAMD_UNKNOWN),
	IPC_U32(pam_rep, uid, 0, UINT32_MAX - 1),
	IPC_U32(pam_rep, gid, 0, UINT32_MAX - 1),
	IPC_TEXT(pam_rep, home, 0, 511),
};
const struct ipc_type pam_rep_type =
    IPC_TYPE(pam_rep, IPC_NUM_PAM_REP, IPC_FD_NONE, rep_fields);

bool
pam_name_plain(struct span name)
{
	if (name.n == 0 || name.n > PAM_NAME_MAX ||
	    (name.p[0] != '_' && (name.p[0] < 'a' || name.p[0] > 'z')))
		return false;
	for (size_t i = 1; i < name.n; i++) {
		char c = name.p[i];

		if ((c < 'a' || c > 'z') && !ascii_isdigit(c) && c != '_' &&
		    c != '.' && c != '-')
			return false;
	}
	return true;
}
