/*
 * explain - see explain.h.
 * The plan of connect.c is made as for a job, and gone through without a
 * connection.
 */
#include "smtp-out/explain.h"

#include <string.h>

#include "base/demand.h"
#include "base/log.h"
#include "base/num.h"
#include "ipc/control.h"
#include "ipc/msg_deliver.h"
#include "smtp-out/connect.h"

#define ADDRESSES_TEXT	1000

static int
read_args(const char *args, struct job *job)
{
	struct span rest = span_str(args), word = span_word(&rest);
	uint64_t port, tls;

	memset(job, 0, sizeof(*job));
	job->transport = span_eq_str(word, "lmtp") ? TRANSPORT_LMTP :
	    TRANSPORT_SMTP;
	if (span_copy(span_word(&rest), job->nexthop, sizeof(job->nexthop)) !=
	    0 || num_parse(span_word(&rest), 0, UINT16_MAX, &port) != 0 ||
	    num_parse(span_word(&rest), 0, DEMANDS - 1, &tls) != 0)
		return -1;
	word = span_word(&rest);
	if (!span_eq_str(word, "-") &&
	    span_copy(word, job->source, sizeof(job->source)) != 0)
		return -1;
	/* Which one lookupd has told; here it is enough that there is one. */
	span_copy_cut(rest, job->auth, sizeof(job->auth));
	job->port = (uint16_t)port;
	job->tls = (uint8_t)tls;
	return 0;
}

static void
tell_host(const struct route_plan *p, struct buf *out)
{
	static const char *const least[] = { [SECURE_CLEAR] = "none",
		[SECURE_MAY] = "if it works", [SECURE_TLS] = "must",
		[SECURE_PROVEN] = "must, proven" };
	const struct secure *s = &p->secure;
	bool proven = s->proof != TLS_PROOF_NONE;
	char ip[SOCK_IP_SIZE];
	struct buf all;

	buf_init(&all, ADDRESSES_TEXT);
	for (size_t i = 0; i < p->n; i++) {
		sock_format_ip(&p->addresses[i], ip);
		(void)!buf_addf(&all, "%s%s", i > 0 ? "," : "", ip);
	}
	control_line(out, CL_STR("step", "host"), CL_STR("host", p->name),
	    CL_NUM("preference", p->hosts.v[p->host - 1].preference),
	    CL_SPAN("addresses", buf_span(&all)), CL_NUM("port", p->port),
	    /* Where a proof is asked for the handshake ends without it. */
	    CL_STR("tls", least[proven ? SECURE_PROVEN : s->least]),
	    CL_STR("proof", proven ? secure_proof_name(s->proof) : NULL),
	    CL_STR("why", s->why), CL_STR("dane", s->dane),
	    CL_NUM("tlsa", s->ntlsa));
	buf_fini(&all);
}

static void
tell_why(const char *step, const char *host, const struct why *why,
    struct buf *out)
{
	control_line(out, CL_STR("step", step), CL_STR("host", host),
	    CL_STR("result", why->kind == WHY_PERM ? "never" : "later"),
	    CL_STR("status", why->esc), CL_STR("why", why->text));
}

void
explain(const char *args, struct ipc_client *dns,
    const struct conf_view *conf, struct buf *out)
{
	const char *source = conf_str(conf, "smtp_out_source");
	struct route_plan p;
	struct job job;
	struct why why;

	if (read_args(args, &job) != 0) {
		(void)!buf_add_str(out, CONTROL_ERROR "malformed\n");
		return;
	}
	if (job.source[0] != '\0')
		source = job.source;
	if (connect_plan(&p, &job, dns, conf, &why) != 0) {
		tell_why("nexthop", job.nexthop, &why, out);
		return;
	}
	control_line(out, CL_STR("step", "nexthop"),
	    CL_STR("nexthop", job.nexthop),
	    CL_STR("mx", p.hosts.looked_up ? "looked up" : "none"),
	    CL_STR("dnssec", p.mx_signed ? "signed" : "unsigned"),
	    CL_NUM("hosts", p.hosts.n),
	    CL_STR("tls", demand_name(p.demand)), CL_STR("by", p.demand_why),
	    CL_STR("source", source[0] != '\0' ? source : NULL),
	    CL_STR("login", p.login ? "yes" : NULL));
	while (connect_look(&p, dns)) {
		if (p.failed)
			tell_why("host", p.name, &p.why, out);
		else
			tell_host(&p, out);
		p.failed = false;
	}
}
