/*
 * explain - see explain.h.
 */
#include "qmgr/explain.h"

#include <string.h>

#include "base/log.h"
#include "ipc/control.h"

static const struct {
	const char *name;
	struct retry_error error;
} errors[] = {
	{ "connect", { RETRY_CONNECT, 0 } }, { "timeout", { RETRY_TIMEOUT, 0 } },
	{ "dns", { RETRY_DNS, 0 } }, { "tls", { RETRY_TLS, 0 } },
	{ "quota", { RETRY_QUOTA, 452 } },
	{ "greylist", { RETRY_GREYLIST, 450 } },
	{ "421", { RETRY_REPLY, 421 } }, { "450", { RETRY_REPLY, 450 } },
	{ "451", { RETRY_REPLY, 451 } }, { "local", { RETRY_LOCAL, 0 } },
};

int
explain(const struct retry_conf *c, const struct conf_view *conf,
    const char *args, struct buf *out, struct why *why)
{
	struct span rest = span_str(args);
	char transport[8];
	struct retry_dest d = { .transport = transport };

	if (span_copy(span_word(&rest), transport, sizeof(transport)) != 0 ||
	    (d.nexthop = span_word(&rest)).n == 0) {
		why_set(why, WHY_PERM, "5.3.0", "malformed");
		return -1;
	}
	if (span_eq_str(d.nexthop, "-"))
		d.nexthop = SPAN_NONE;
	d.domain = span_word(&rest);
	for (size_t i = 0; i < COUNT(errors); i++) {
		const struct retry_rule *r = retry_find(c, &d,
		    errors[i].error);
		bool usual = r == &c->usual;

		control_line(out, CL_STR("step", "retry"),
		    CL_STR("error", errors[i].name),
		    CL_STR("rule", usual ? "retry_min, retry_max" :
			conf_item(conf, "retry_rules",
			(size_t)(r - c->rules))),
		    CL_INT("first", r->steps[0]), CL_INT("longest", r->max_s),
		    CL_INT("expire", retry_left(c, r, 0, false)));
	}
	return 0;
}
