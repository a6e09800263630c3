/*
 * explain - see explain.h.
 * The facts of a session that has just begun, given to policy.c.
 */
#include "smtpd/explain.h"

#include "base/log.h"
#include "base/num.h"
#include "ipc/control.h"
#include "smtpd/policy.h"
#include "smtpd/reply.h"

struct asked {
	struct sock_addr client;
	enum rcpt_kind	 verdict;
	struct addr	 to;
};

static int
read_args(const char *args, struct asked *out)
{
	struct span rest = span_str(args), word = span_word(&rest);
	uint64_t n;

	if (sock_parse_ip(word, &out->client) != 0 ||
	    num_parse(span_word(&rest), 0, RCPT_UNKNOWN, &n) != 0)
		return -1;
	out->verdict = (enum rcpt_kind)n;
	rest = span_trim(rest);
	if (span_ieq_str(rest, "postmaster")) {
		out->to = (struct addr){ .kind = ADDR_POSTMASTER };
		return 0;
	}
	return addr_parse(rest, &out->to, NULL);
}

static void
tell(const char *listener, const char *login, enum say mail, enum say rcpt,
    struct buf *out)
{
	enum say what = mail == SAY_MAIL_OK ? rcpt : mail;

	control_line(out, CL_STR("step", "access"),
	    CL_STR("listener", listener), CL_STR("login", login),
	    CL_STR("command", mail == SAY_MAIL_OK ? "RCPT" : "MAIL"),
	    CL_NUM("code", say_code(what)), CL_STR("status", say_esc(what)),
	    CL_STR("text", say_words(what)));
}

void
explain(const struct settings *set, const char *args, struct buf *out)
{
	static const struct verb_mail mail = { .has_size = false };
	uint64_t most = set->message_size_max;
	struct facts f = { .kind = LISTENER_MX };
	struct asked a;

	if (read_args(args, &a) != 0) {
		(void)!buf_add_str(out, CONTROL_ERROR "the client is "
		    "no IP address\n");
		return;
	}
	f.relay_client = settings_has(&set->relay, &a.client);
	f.loopback = sock_is_loopback(&a.client);
	f.xclient = settings_has(&set->xclient, &a.client);
	control_line(out, CL_STR("step", "client"),
	    CL_STR("relay_clients", f.relay_client ? "yes" : "no"),
	    CL_STR("proxy_clients", settings_has(&set->proxies, &a.client) ?
		"yes" : "no"),
	    CL_STR("xclient_hosts", f.xclient ? "yes" : "no"));
	tell("mx", "no", policy_mail(&f, &mail, most),
	    policy_rcpt(&f, &a.to, a.verdict), out);
	f.kind = LISTENER_SUBMISSION;
	tell("submission", "no", policy_mail(&f, &mail, most),
	    policy_rcpt(&f, &a.to, a.verdict), out);
	f.logged_in = true;
	tell("submission", "yes", policy_mail(&f, &mail, most),
	    policy_rcpt(&f, &a.to, a.verdict), out);
}
