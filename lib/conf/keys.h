/*
 * keys - the table of all settings: name, type, range, default, who sees it,
 * one sentence.  `paquebot check`, the manual page and every view come from it.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include "base/base.h"
#include "ipc/roles.h"

enum conf_kind {
	CONF_STR,	/* min..max: octets */
	CONF_NUM,	/* min..max */
	CONF_SIZE,	/* octets; "50M" */
	CONF_TIME,	/* seconds; "5m" */
	CONF_BOOL,
	CONF_LIST,	/* of strings; max: how many */
	CONF_CHOICE	/* one of the words in `choices` */
};

struct conf_key {
	const char    *name;
	enum conf_kind kind;
	uint64_t       min, max;
	const char    *def;		/* as written in the file; NULL: must be set */
	const char    *choices;		/* CONF_CHOICE: "required available" */
	uint32_t       roles;		/* ROLE_BIT()s of those who see it */
	const char    *sentence;
};

extern const struct conf_key conf_keys[];
extern const size_t conf_keys_n;
const struct conf_key *conf_key_find(const char *name);	/* or NULL */

#endif
