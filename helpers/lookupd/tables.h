/*
 * tables - opens the maps, opens them again when they were built anew, and
 * answers recipient.h's questions from them.
 */
#ifndef LOOKUPD_TABLES_H
#define LOOKUPD_TABLES_H

#include "base/base.h"
#include "conf/view.h"
#include "helpers/lookupd/domains.h"
#include "helpers/lookupd/recipient.h"
#include "helpers/lookupd/relay_auth.h"
#include "helpers/lookupd/rewrite.h"
#include "helpers/lookupd/sender.h"

struct tables;

/*
 * dir     of the maps: held open, and the working directory
 * passwd  the system's user file (of master), or -1; read and closed
 * owner   mailbox_user's ids, looked up before the jail closed
 */
struct tables *tables_new(const struct conf_view *conf, int dir, int passwd,
	    const struct account_defaults *owner);
void	tables_free(struct tables **t);
/* The functions and limits for recipient.c; valid as long as t. */
const struct recipient_tables *tables_recipient(const struct tables *t);
/* The function for rewrite.c; valid as long as t. */
const struct rewrite_tables *tables_rewrite(const struct tables *t);
/* The functions for relay_auth.c; NULL: there is no such map. */
const struct relay_auth *tables_relay_auth(const struct tables *t);
/* Has that map ever been made?  Else each of its keys is absent. */
bool	tables_has(const struct tables *t, enum rewrite_map map);
/* Is there a map that says what stands for an address of that use? */
bool	tables_uses(const struct tables *t, enum rewrite_use use);
enum domain_kind tables_domain(const struct tables *t, struct span domain);
/*
 * May the account use the address as a sender?  Result as sender_owns().
 * account  of authd, or "uid:N": a local user, whose name the system's user
 *	    file tells, and who may use any address if the setting
 *	    trusted_users has that name, or "*"
 */
enum map_got	tables_sender(const struct tables *t, struct span account,
	    struct span address, struct why *why) must_use;
/* Look whether a map was replaced since; at most once a second. */
void	tables_refresh(struct tables *t);

#endif
