/*
 * apps.c - tries all of them: each costs one SHA-256, a few microseconds, and
 * the number of tries is the same for every account.  What cannot be such a
 * password by its form, which who types it knows anyway, is not tried.
 */
#include "helpers/authd/apps.h"

#include "base/secret.h"
#include "trust/app_password.h"

/* Of the form of a hash; nobody finds what it is of. */
static const struct span nobody = SPAN_LIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAA==");

static bool
allowed(const struct account_app *app, unsigned service, int64_t now_s)
{
	return (app->services & service) != 0 && now_s < app->expires;
}

bool
apps_fit(const struct account *account, struct span password,
    unsigned service, int64_t now_s, char name[ACCOUNT_APP_NAME_MAX + 1])
{
	struct span rest = account != NULL && !account_locked(account) ?
	    account->extra : SPAN_NONE;
	char plain[APP_PASSWORD_CHARS + 1];
	struct account_app app;
	size_t tried = 0;
	bool found = false;

	name[0] = '\0';
	if (!app_password_plain(password, plain))
		return false;
	while (tried < ACCOUNT_APPS_MAX && account_app_next(&rest, &app)) {
		tried++;
		if (app_password_fits(app.hash, plain) &&
		    allowed(&app, service, now_s) && span_copy(app.name, name,
		    ACCOUNT_APP_NAME_MAX + 1) == 0)
			found = true;
	}
	for (; tried < ACCOUNT_APPS_MAX; tried++)
		(void)app_password_fits(nobody, plain);
	wipe(plain, sizeof(plain));
	return found;
}
