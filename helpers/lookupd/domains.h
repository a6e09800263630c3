/*
 * domains - is a domain ours, and how is its mail handled?
 */
#ifndef LOOKUPD_DOMAINS_H
#define LOOKUPD_DOMAINS_H

#include "base/base.h"
#include "base/span.h"
#include "conf/view.h"

enum domain_kind { DOMAIN_LOCAL, DOMAIN_RELAY, DOMAIN_FOREIGN };

struct domains;

/* From hostname, domains and relay_domains; "localhost" is always local. */
struct domains *domains_new(const struct conf_view *conf);
void	domains_free(struct domains **d);
/* name: lower case. */
enum domain_kind domains_kind(const struct domains *d, struct span name);

#endif
