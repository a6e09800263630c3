/*
 * conversation.c - every question of a module that hides what is typed is
 * answered with the password; any other ends the conversation.  The delay that
 * modules ask for is not waited for here: authd delays all wrong answers alike.
 */
#include "helpers/pamd/conversation.h"

#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/secret.h"

#define MESSAGES_MAX	8	/* in one turn */

static int
converse(int n, const struct pam_message **message,
    struct pam_response **out, void *ctx)
{
	const char *password = ctx;
	struct pam_response *r;

	if (n < 1 || n > MESSAGES_MAX)
		return PAM_CONV_ERR;
	r = xcalloc((size_t)n, sizeof(*r));
	for (int i = 0; i < n; i++) {
		if (message[i]->msg_style == PAM_PROMPT_ECHO_OFF) {
			r[i].resp = xmemdup_str(password, strlen(password));
		} else if (message[i]->msg_style == PAM_PROMPT_ECHO_ON) {
			free(r);	/* the process ends soon */
			return PAM_CONV_ERR;
		}
	}
	*out = r;			/* PAM frees it */
	return PAM_SUCCESS;
}

static void
no_delay(int code, unsigned microseconds, void *ctx)
{
	(void)code;
	(void)microseconds;
	(void)ctx;
}

static enum pam_result
result_of(int code)
{
	switch (code) {
	case PAM_SUCCESS:
		return PAMD_HOLDS;
	case PAM_AUTH_ERR:
	case PAM_USER_UNKNOWN:
	case PAM_MAXTRIES:
	case PAM_ACCT_EXPIRED:
	case PAM_NEW_AUTHTOK_REQD:
	case PAM_AUTHTOK_EXPIRED:
	case PAM_PERM_DENIED:
	case PAM_CRED_INSUFFICIENT:
		return PAMD_FAILS;
	default:
		return PAMD_UNKNOWN;
	}
}

enum pam_result
conversation_judges(const char *service, const struct pam_req *req)
{
	char password[PAM_PASSWORD_MAX + 1] = "";
	const struct pam_conv conv = { converse, password };
	void (*delay)(int, unsigned, void *) = no_delay;
	const void *delay_item;
	pam_handle_t *h = NULL;
	int code;

	memcpy(password, req->password, req->password_len);
	memcpy(&delay_item, &delay, sizeof(delay_item));
	code = pam_start(service, req->user, &conv, &h);
	if (code == PAM_SUCCESS)
		code = pam_set_item(h, PAM_FAIL_DELAY, delay_item);
	if (code == PAM_SUCCESS)
		code = pam_set_item(h, PAM_RHOST, req->client);
	if (code == PAM_SUCCESS)
		code = pam_authenticate(h, PAM_SILENT |
		    PAM_DISALLOW_NULL_AUTHTOK);
	if (code == PAM_SUCCESS)
		code = pam_acct_mgmt(h, PAM_SILENT |
		    PAM_DISALLOW_NULL_AUTHTOK);
	if (result_of(code) == PAMD_UNKNOWN)
		log_error(LF_STR("event", "pam-cannot-tell"),
		    LF_STR("why", pam_strerror(h, code)));
	if (h != NULL)
		(void)pam_end(h, code);	/* the process ends as well */
	wipe(password, sizeof(password));
	return result_of(code);
}
