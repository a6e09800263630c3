/*
 * cross - the checks that one value alone cannot fail: forms of addresses,
 * names and paths, and settings that must agree with each other.
 */
#ifndef CONF_CROSS_H
#define CONF_CROSS_H

#include "base/base.h"
#include "conf/view.h"

/* Told of every mistake: the setting, its item (a list's), what is wrong. */
struct conf_complaint {
	void (*say)(const char *name, size_t item, const char *what,
	    void *ctx);
	void *ctx;
};

/*
 * root  look whether the users that are named exist on this system
 */
void	conf_cross_check(const struct conf_view *v, bool root,
	    const struct conf_complaint *c);

#endif
