/*
 * paquebot_explain - what would become of mail for an address: every rule, map
 * and route, told by the daemons that follow them.  Nothing is decided here:
 * lookupd says what the maps make of the address, smtpd what it would answer
 * the client, smtp-out which hosts take it and with what TLS, qmgr when it would
 * be tried again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/json.h"
#include "base/log_read.h"
#include "ipc/control.h"
#include "mail/addr.h"
#include "tools/paquebot.h"
#include "tools/paquebot_spelling.h"

#define ANSWER_MAX	(256 * KIB)
#define VALUE_MAX	(4 * KIB)
#define ARGS_MAX	1024

struct explain {
	const struct tool *t;
	const char *address, *from, *client;
	bool json, failed;
	int  verdict;		/* of lookupd, or -1 */
};

static bool
value_of(struct span line, const char *key, struct buf *value)
{
	struct span k;

	while (log_pair(&line, &k, value))
		if (span_eq_str(k, key))
			return true;
	buf_clear(value);
	return false;
}

static void
print_json(struct span line)
{
	struct buf out, value;
	struct span key;
	char name[64];

	buf_init(&out, ANSWER_MAX);
	buf_init(&value, VALUE_MAX);
	(void)!buf_add_char(&out, '{');
	while (log_pair(&line, &key, &value)) {
		span_copy_cut(key, name, sizeof(name));
		(void)!json_pair(&out, name, buf_span(&value));
	}
	(void)printf("%.*s}\n", SPAN_ARG(buf_span(&out)));
	buf_fini(&out);
	buf_fini(&value);
}

static void
print_line(const struct explain *x, struct span line)
{
	struct span rest = line, step;

	if (x->json) {
		print_json(line);
		return;
	}
	step = span_word(&rest);
	(void)span_cut(&step, '=');
	(void)printf("%-10.*s %.*s\n", SPAN_ARG(step), SPAN_ARG(rest));
}

/* The answer, printed; 0, or -1. */
static int
ask(struct explain *x, const char *verb, const char *args, struct buf *answer)
{
	struct span rest, line;
	int rc = tool_ask(x->t, verb, args, answer);

	if (rc != EXIT_SUCCESS) {
		x->failed = true;
		return -1;
	}
	rest = buf_span(answer);
	while ((line = span_cut(&rest, '\n')).n > 0)
		print_line(x, line);
	return 0;
}

static void
ask_client(struct explain *x)
{
	struct buf answer;
	char args[ARGS_MAX];

	if (x->client == NULL || x->verdict < 0)
		return;
	(void)snprintf(args, sizeof(args), "%s %d %s", x->client, x->verdict,
	    x->address);
	buf_init(&answer, ANSWER_MAX);
	(void)!ask(x, "smtpd-explain", args, &answer);
	buf_fini(&answer);
}

static struct span
domain_of(struct span address)
{
	return span_from(address, span_rchr(address, '@') + 1);
}

/* A target of lookupd's: its hosts, and when it is tried again. */
static void
ask_target(struct explain *x, struct span line)
{
	char kind[16], transport[8], nexthop[256], args[ARGS_MAX];
	struct buf v, answer;
	bool remote;

	buf_init(&v, VALUE_MAX);
	buf_init(&answer, ANSWER_MAX);
	(void)value_of(line, "kind", &v);
	span_copy_cut(buf_span(&v), kind, sizeof(kind));
	remote = strcmp(kind, "remote") == 0;
	(void)snprintf(transport, sizeof(transport), "%s",
	    strcmp(kind, "pipe") == 0 ? "pipe" : "local");
	(void)snprintf(nexthop, sizeof(nexthop), "-");
	if (remote) {
		(void)value_of(line, "transport", &v);
		span_copy_cut(buf_span(&v), transport, sizeof(transport));
		(void)value_of(line, "nexthop", &v);
		span_copy_cut(buf_span(&v), nexthop, sizeof(nexthop));
		(void)snprintf(args, sizeof(args), "%s %s ", transport,
		    nexthop);
		(void)value_of(line, "port", &v);
		(void)strlcat(args, buf_cstr(&v), sizeof(args));
		(void)value_of(line, "tls", &v);
		(void)strlcat(args, " ", sizeof(args));
		(void)strlcat(args, buf_cstr(&v), sizeof(args));
		(void)strlcat(args, value_of(line, "source", &v) ? " " :
		    " -", sizeof(args));
		(void)strlcat(args, buf_cstr(&v), sizeof(args));
		if (value_of(line, "auth", &v))
			(void)strlcat(args, " login", sizeof(args));
		(void)!ask(x, "out-explain", args, &answer);
	}
	if (strcmp(kind, "fail") != 0) {
		(void)value_of(line, "address", &v);
		(void)snprintf(args, sizeof(args), "%s %s %.*s", transport,
		    nexthop, SPAN_ARG(domain_of(buf_span(&v))));
		buf_clear(&answer);
		(void)!ask(x, "queue-explain", args, &answer);
	}
	buf_fini(&v);
	buf_fini(&answer);
}

static void
read_verdict(struct explain *x, struct span answer)
{
	struct span line;
	struct buf v;

	buf_init(&v, VALUE_MAX);
	while ((line = span_cut(&answer, '\n')).n > 0)
		if (span_starts(line, SPAN_LIT("step=recipient ")) &&
		    value_of(line, "number", &v) && v.n == 1)
			x->verdict = v.p[0] - '0';
	buf_fini(&v);
}

static int
explain(struct explain *x)
{
	struct span rest, line;
	struct buf answer;
	char args[ARGS_MAX];

	(void)snprintf(args, sizeof(args), x->from != NULL ? "%s %s" : "%s",
	    x->address, x->from);
	buf_init(&answer, ANSWER_MAX);
	if (ask(x, "lookup-explain", args, &answer) == 0) {
		rest = buf_span(&answer);
		read_verdict(x, rest);
		if (x->verdict < 0)
			x->failed = true;	/* it is no address */
		ask_client(x);
		while ((line = span_cut(&rest, '\n')).n > 0)
			if (span_starts(line, SPAN_LIT("step=target ")))
				ask_target(x, line);
	}
	buf_fini(&answer);
	return x->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
run_explain(const struct tool *t, int argc, char **argv)
{
	struct spelling room;
	struct explain x = { .t = t, .verdict = -1 };

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			x.json = true;
		else if (strcmp(argv[i], "--from") == 0 && i + 1 < argc)
			x.from = argv[++i];
		else if (strcmp(argv[i], "--client") == 0 && i + 1 < argc)
			x.client = argv[++i];
		else if (argv[i][0] != '-' && x.address == NULL)
			x.address = spelling(argv[i], &room);
		else
			return tool_usage(&explain_command);
	}
	if (x.address == NULL || strlen(x.address) > ADDR_MAX ||
	    (x.from != NULL && strlen(x.from) > ADDR_MAX) ||
	    strchr(x.address, ' ') != NULL)
		return tool_usage(&explain_command);
	/* Mail without sender is what lookupd takes it for if none is named. */
	if (x.from != NULL && strcmp(x.from, "<>") == 0)
		x.from = NULL;
	return explain(&x);
}

const struct subcommand explain_command = { "explain",
	"address [--from a] [--client ip] [--json]",
	"tell what would become of mail for an address", run_explain };
