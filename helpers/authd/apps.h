/*
 * apps - is this one of the account's passwords of applications?
 */
#ifndef AUTHD_APPS_H
#define AUTHD_APPS_H

#include "base/base.h"
#include "base/span.h"
#include "map/account.h"

/*
 * account   NULL: an unknown user; the same work is done
 * service   one bit of enum account_service, which it must be for
 * now_s     unix time: expired ones do not count
 * name      set to its name, or ""
 */
bool	apps_fit(const struct account *account, struct span password,
	    unsigned service, int64_t now_s,
	    char name[ACCOUNT_APP_NAME_MAX + 1]) must_use;

#endif
