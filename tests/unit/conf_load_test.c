/*
 * conf: the table, the values, and the file: every kind of mistake with the
 * line in which it stands, all of them in one run.
 */
#include "conf/load.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "conf/keys.h"
#include "conf/value.h"
#include "t.h"

/* In front of each case: what must be set, and a user that exists. */
#define HEAD	"hostname = mail.demo.example\nmailbox_user = nobody\n"

static char path[] = "/tmp/conf_load_test.XXXXXX";

static struct conf_view *
load(const char *text, struct buf *errors)
{
	FILE *f = fopen(path, "w");

	T_TRUE(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
	buf_clear(errors);
	return conf_load(path, errors);
}

static void
test_defaults(void **state)
{
	struct conf_view *v;
	struct buf errors;

	(void)state;
	buf_init(&errors, 64 * KIB);
	v = load(HEAD, &errors);
	T_SPAN(buf_span(&errors), SPAN_NONE);
	T_TRUE(v != NULL);
	T_TRUE(strcmp(conf_str(v, "hostname"), "mail.demo.example") == 0);
	/* keys.c as written there, in its units */
	T_INT(conf_num(v, "message_size_max"), 50 * 1024 * 1024);
	T_INT(conf_num(v, "expire"), 5 * 86400);
	T_INT(conf_num(v, "retry_min"), 300);
	T_TRUE(conf_bool(v, "local_submission"));
	T_INT(conf_count(v, "domains"), 0);
	T_INT(conf_count(v, "mailbox_roots"), 1);
	T_TRUE(strcmp(conf_str(v, "map_dir"), "/tmp") == 0);
	conf_view_free(&v);
	T_TRUE(v == NULL);
	buf_fini(&errors);
}

static void
test_values(void **state)
{
	struct conf_view *v;
	struct buf errors;

	(void)state;
	buf_init(&errors, 64 * KIB);
	v = load(HEAD "# a comment, = { \" odd\n"
	    "domains = { a.example, # inside\n \"b.example\",\n\n"
	    "'c.example' }\nexpire = 2w\nmessage_size_max = 1G\n"
	    "confinement = available\nlocal_submission = off\n"
	    "listen_mx = { \"*:25\", \"[::]:25\" }\n"
	    "pipes = { \"a=/bin/cat -u\", \"b_1=/bin/true\" }\n", &errors);
	T_SPAN(buf_span(&errors), SPAN_NONE);
	T_TRUE(v != NULL);
	T_INT(conf_count(v, "domains"), 3);
	T_TRUE(strcmp(conf_item(v, "domains", 2), "c.example") == 0);
	T_INT(conf_num(v, "expire"), 14 * 86400);
	T_INT(conf_num(v, "message_size_max"), 1024 * 1024 * 1024);
	T_TRUE(!conf_bool(v, "local_submission"));
	T_INT(conf_count(v, "listen_mx"), 2);
	conf_view_free(&v);
	buf_fini(&errors);
}

/* What stands behind HEAD (which has 2 lines), and what must be said. */
static const struct { const char *text, *say; } mistakes[] = {
	{ "foo = 1\n", ":3: foo: no such setting" },
	{ "\n# x\nfoo = { 1, 2 }\n", ":5: foo: no such setting" },
	{ "hostname = b.example\n", ":3: hostname: is set twice" },
	{ "domains = { a.example }\ndomains = { b.example }\n",
	    ":4: domains: is set twice" },
	{ "domains = a.example\nexpire = 1d\ndomains = {b.example,c.example}\n",
	    ":5: domains: is set twice" },
	{ "postmaster = admin\n", ":3: postmaster: is not an address" },
	{ "postmaster = \"a@@\"\n", ":3: postmaster: is not an address" },
	{ "always_bcc = \"a@b@c.example\"\n",
	    ":3: always_bcc: is not an address" },
	{ "hostname b.example\n", ":3: " },
	{ "domains = { a.example,\n", ": " },
	{ "domains = \"a.example\n", "premature end" },
	{ "expire = 5x\n", ":3: expire: must be a time" },
	{ "expire = 0\n", ":3: expire: must be a time" },
	{ "expire = 31d\n", ":3: expire: must be a time" },
	{ "message_size_max = 1\n", ":3: message_size_max: must be a size" },
	{ "message_size_max = 5G\n", ":3: message_size_max: must be a size" },
	{ "recipients_max = 99\n", ":3: recipients_max: must be a number" },
	{ "recipients_max = -1\n", ":3: recipients_max: must be a number" },
	{ "recipients_max = 100 0\n", "premature end" },
	{ "confinement = maybe\n", ":3: confinement: must be one of" },
	{ "local_submission = 1\n", ":3: local_submission: must be yes" },
	{ "domains = { a.example,\n b..example }\n", ":4: domains: is not" },
	{ "domains = localhost\n", ":3: domains: is not a domain" },
	{ "domains = \"-a.example\"\n", ":3: domains: is not a domain" },
	{ "domains = \"1.2.3.4\"\n", ":3: domains: is not a domain" },
	{ "domains = \"\"\n", ":3: domains: has an empty item" },
	{ "log = \"a\\nb\"\n", ":3: log: must be at most" },
	{ "log = file\n", ":3: log: is neither" },
	{ "relay_domains = A.example\ndomains = a.example\n",
	    ":3: relay_domains: is one of domains" },
	{ "listen_mx = \"127.0.0.1\"\n", ":3: listen_mx: is not address" },
	{ "listen_mx = \":25\"\n", ":3: listen_mx: is not address" },
	{ "listen_mx = \"127.0.0.1:0\"\n", ":3: listen_mx: is not address" },
	{ "listen_mx = \"127.0.0.1:65536\"\n", ":3: listen_mx: is not" },
	{ "listen_mx = \"127.0.0.1:25\"\nlisten_imap = { \"[::1]:25\",\n"
	    "\"127.0.0.1:25\" }\n", ":5: listen_imap: is listened on twice" },
	{ "local_submission = no\n", "nothing to do" },
	{ "relay_clients = \"10.0.0.0/33\"\n", ":3: relay_clients: is not" },
	{ "dns_servers = \"ns.example\"\n", ":3: dns_servers: is not" },
	{ "smtp_out_source = \"1.2.3\"\n", ":3: smtp_out_source: is not" },
	{ "retry_min = 2h\nretry_max = 1h\n", ":3: retry_min: is longer" },
	{ "delay_notice = 5d\n", ":3: delay_notice: is not shorter" },
	{ "mailbox_uids = \"0-10\"\n", ":3: mailbox_uids: is not a range" },
	{ "mailbox_uids = \"10-9\"\n", ":3: mailbox_uids: is not a range" },
	{ "mailbox_uids = \"5-4294967295\"\n", ":3: mailbox_uids: is not" },
	{ "mailbox_path = \"mail/%n\"\n", ":3: mailbox_path: is not an abs" },
	{ "mailbox_path = \"/var/mail/%d\"\n", ":3: mailbox_path: has no" },
	{ "mailbox_path = \"/var/mail/%n%x\"\n", ":3: mailbox_path: has a %" },
	{ "mailbox_path = \"/home/%n\"\n", ":3: mailbox_path: is beneath no" },
	{ "mailbox_path = \"/var/mailx/%n\"\n", "mailbox_path: is beneath no" },
	{ "pipes = \"/bin/cat\"\n", ":3: pipes: is not name=" },
	{ "pipes = \"a b=/bin/cat\"\n", ":3: pipes: has a name of" },
	{ "pipes = \"a=cat\"\n", ":3: pipes: needs the absolute" },
	{ "pipes = { \"a=/bin/x\",\n\"a=/bin/y\" }\n", ":4: pipes: has a name" },
	{ "queue_dir = queue\n", ":3: queue_dir: is not an absolute" },
	{ "canonical_classes = { header_sender }\n", ":3: is no list" },
	{ "imap_client_workarounds = \"outlook-idle\"\n",
	    ":3: imap_client_workarounds: has a word other than delay" },
	{ "separator = \"-\"\n", ":3: separator: is neither" },
	{ "pop3_uidl = \"%m\"\n", ":3: pop3_uidl: has a % without" },
	{ "pop3_uidl = \"%08Xv\"\n", ":3: pop3_uidl: is the same" },
	{ "pop3_uidl = \"a %u\"\n", ":3: pop3_uidl: has other than" },
	{ "subaddress_separator = a\n", ":3: subaddress_separator: is not" },
};

static void
test_mistakes(void **state)
{
	struct conf_view *v;
	struct buf errors;
	char text[512];

	(void)state;
	buf_init(&errors, 64 * KIB);
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		t_case(mistakes[i].text);
		(void)snprintf(text, sizeof(text), HEAD "%s",
		    mistakes[i].text);
		v = load(text, &errors);
		T_TRUE(v == NULL);
		if (strstr(buf_cstr(&errors), mistakes[i].say) == NULL)
			T_STR(buf_span(&errors), mistakes[i].say);
		T_TRUE(strncmp(buf_cstr(&errors), path, strlen(path)) == 0);
	}
	buf_fini(&errors);
}

/* One run tells all: unknown names, ranges, and things set twice. */
static void
test_all_at_once(void **state)
{
	static const char *const want[] = { ":3: one: no such", ":4: expire:",
		":5: two: no such", ":6: hostname: is set twice" };
	struct buf errors;

	(void)state;
	buf_init(&errors, 64 * KIB);
	T_TRUE(load(HEAD "one = 1\nexpire = never\ntwo = 2\n"
	    "hostname = c.example\n", &errors) == NULL);
	for (size_t i = 0; i < COUNT(want); i++) {
		t_case(want[i]);
		T_TRUE(strstr(buf_cstr(&errors), want[i]) != NULL);
	}
	t_case("what must be set");
	T_TRUE(load("", &errors) == NULL);
	T_TRUE(strstr(buf_cstr(&errors), "hostname: must be set") != NULL);
	buf_fini(&errors);
}

static void
test_unreadable(void **state)
{
	struct buf errors;

	(void)state;
	buf_init(&errors, 64 * KIB);
	T_TRUE(conf_load("/nonexistent/x.conf", &errors) == NULL);
	T_TRUE(strstr(buf_cstr(&errors), "cannot be read") != NULL);
	buf_clear(&errors);
	T_TRUE(conf_load("/tmp", &errors) == NULL);
	T_TRUE(strstr(buf_cstr(&errors), "cannot be read") != NULL);
	buf_fini(&errors);
}

/* Each row of the table: its default is a good value and it is described. */
static void
test_table(void **state)
{
	char why[256];

	(void)state;
	for (size_t i = 0; i < conf_keys_n; i++) {
		const struct conf_key *k = &conf_keys[i];

		t_case(k->name);
		T_TRUE(conf_key_find(k->name) == k);
		T_TRUE(strlen(k->name) < 64 && k->roles != 0);
		T_TRUE(k->sentence[strlen(k->sentence) - 1] == '.');
		T_TRUE((k->kind == CONF_CHOICE) == (k->choices != NULL));
		if (k->def != NULL && (k->kind != CONF_LIST || *k->def != 0))
			T_TRUE(conf_value_ok(k, k->def, NULL, why,
			    sizeof(why)));
	}
}

static int
collect(const char *name, const char *value, void *ctx)
{
	buf_addf(ctx, "%s=%s;", name, value);
	return 0;
}

static void
test_view(void **state)
{
	struct conf_view *v = conf_view_new();
	struct buf out;

	(void)state;
	buf_init(&out, 4 * KIB);
	T_TRUE(conf_view_add(v, "nonsense", "1") != 0);
	T_TRUE(conf_view_add(v, "expire", "nonsense") != 0);
	T_TRUE(conf_view_add(v, "expire", "1d") == 0);
	T_TRUE(conf_view_add(v, "expire", "2d") == 0);
	T_INT(conf_num(v, "expire"), 2 * 86400);
	for (int i = 0; i < 8; i++)
		T_TRUE(conf_view_add(v, "dns_servers", "127.0.0.1") == 0);
	T_TRUE(conf_view_add(v, "dns_servers", "127.0.0.1") != 0);
	T_TRUE(conf_view_add(v, "hostname", "h.example") == 0);
	T_TRUE(conf_each(v, ROLE_QMGR, collect, &out) == 0);
	T_STR(buf_span(&out), "hostname=h.example;expire=2d;");
	buf_fini(&out);
	conf_view_free(&v);
}

static int
make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd) != 0 ? -1 : 0;
}

static int
remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_view),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
