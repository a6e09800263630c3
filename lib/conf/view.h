/*
 * view - the settings of one program, as values.  Made from SETTING messages
 * in a daemon, from the file in master and in the tools.  Asking for a name that
 * is not in the table or not in this view is a bug (bug()).
 */
#ifndef CONF_VIEW_H
#define CONF_VIEW_H

#include "base/base.h"
#include "base/span.h"
#include "ipc/roles.h"

struct conf_view;

struct conf_view *conf_view_new(void);
void	conf_view_free(struct conf_view **v);
/* Add a value; a list's come one by one.  -1: unknown name or out of range. */
int	conf_view_add(struct conf_view *v, const char *name,
	    const char *value) must_use;

const char *conf_str(const struct conf_view *v, const char *name);
uint64_t conf_num(const struct conf_view *v, const char *name);	/* NUM SIZE TIME */
bool	conf_bool(const struct conf_view *v, const char *name);
size_t	conf_count(const struct conf_view *v, const char *name);	/* of a list */
const char *conf_item(const struct conf_view *v, const char *name, size_t i);
/* Calls each() for every value that the role may see, lists item by item. */
int	conf_each(const struct conf_view *v, enum role role,
	    int (*each)(const char *name, const char *value, void *ctx),
	    void *ctx);

#endif
