/* envelope: what MAIL and RCPT gave is what the queue gets. */
#include "../t.h"

#include "smtpd/envelope.h"

static const struct addr nobody = { .kind = ADDR_NULL };

static void
mail(struct verb_mail *m, const char *from)
{
	*m = (struct verb_mail){ .has_size = false };
	T_INT(addr_parse_path(span_str(from), ADDR_REVERSE, &m->from, NULL),
	    0);
}

static void
add(struct envelope *e, const char *address, int want)
{
	struct verb_rcpt how = { .notify = 0 };
	struct addr a;

	t_case(address);
	T_INT(addr_parse(span_str(address), &a, NULL), 0);
	T_INT(envelope_add(e, &a, &nobody, &how, &nobody), want);
}

static void
one_after_the_other(void **state)
{
	struct queue_rcpt *r;
	struct addr copy;
	struct why why;
	size_t n;
	struct verb_mail m;
	struct envelope e;

	(void)state;
	envelope_init(&e, 10, 0);
	mail(&m, "<Carol@Example.NET>");
	m.has_size = true;
	m.size = 7;
	m.body = VERB_BODY_8BITMIME;
	envelope_begin(&e, &m);
	T_SPAN(addr_text(&e.from), SPAN_LIT("Carol@example.net"));
	T_TRUE(e.size == 7 && e.body_8bit);
	T_INT(envelope_first(&e).n, 0);
	add(&e, "a@b.example", 0);
	add(&e, "\"x y\"@B.example", 0);
	add(&e, "a@b.example", 0);
	T_STR(envelope_first(&e), "a@b.example");
	T_INT(e.rcpts_n, 3);
	T_INT(addr_make(&copy, span_str("archive"), span_str("b.example")), 0);
	T_INT(envelope_copy(&e, &copy, &why), 0);
	T_INT(envelope_copy(&e, &copy, &why), 0);	/* once */
	T_INT(envelope_copy(&e, &nobody, &why), 0);
	r = envelope_rcpts(&e, &nobody, &n);
	T_INT(n, 4);
	T_STR(r[3].address, "archive@b.example");
	T_INT(r[3].notify, QUEUE_NOTIFY_NEVER);
	free(r);
	r = envelope_rcpts(&e, &copy, &n);
	T_INT(n, 5);
	T_STR(r[4].address, "archive@b.example");
	T_STR(r[0].address, "a@b.example");
	T_STR(r[1].address, "\"x y\"@b.example");
	T_STR(r[2].address, "a@b.example");
	free(r);

	/* The next message has nothing of it. */
	mail(&m, "<>");
	envelope_begin(&e, &m);
	T_INT(e.rcpts_n, 0);
	T_INT(e.copies_n, 0);
	T_INT(e.size, 0);
	T_TRUE(!e.body_8bit);
	T_INT(addr_text(&e.from).n, 0);
	envelope_fini(&e);
}

/* RFC 3461 5.2.1: an ORCPT that we add has the address of the RCPT. */
static void
what_stands_for_it(void **state)
{
	struct verb_rcpt how = { .orcpt = SPAN_LIT("rfc822;first@z.example") };
	struct addr a, as;
	struct queue_rcpt *r;
	struct verb_mail m;
	struct envelope e;
	size_t n;

	(void)state;
	envelope_init(&e, 10, 0);
	mail(&m, "<>");
	envelope_begin(&e, &m);
	T_INT(addr_parse(SPAN_LIT("a@b.example"), &a, NULL), 0);
	T_INT(addr_parse(SPAN_LIT("new@c.example"), &as, NULL), 0);
	T_INT(envelope_add(&e, &a, &as, &how, &nobody), 0);
	how.orcpt = SPAN_NONE;
	T_INT(envelope_add(&e, &a, &as, &how, &nobody), 0);
	T_INT(envelope_add(&e, &a, &nobody, &how, &nobody), 0);
	T_INT(addr_parse(SPAN_LIT("\xc3\xa4@b.example"), &a, NULL), 0);
	T_INT(envelope_add(&e, &a, &as, &how, &nobody), 0);
	r = envelope_rcpts(&e, &nobody, &n);
	T_INT(n, 4);
	T_STR(r[0].address, "new@c.example");
	T_STR(r[0].original, "a@b.example");
	T_STR(r[0].orcpt, "rfc822;first@z.example");
	T_STR(r[1].address, "new@c.example");
	T_STR(r[1].orcpt, "rfc822;a@b.example");
	T_STR(r[2].address, "a@b.example");
	T_INT(r[2].orcpt.n, 0);
	T_STR(r[3].orcpt, "utf-8;\xc3\xa4@b.example");
	free(r);
	envelope_fini(&e);
}

static void
bounded(void **state)
{
	char longest[ADDR_MAX + 1];
	struct verb_mail m;
	struct envelope e;

	(void)state;
	/* 64 "@" and labels: the longest mailbox of RFC 5321 4.5.3.1.3. */
	memset(longest, 'a', sizeof(longest));
	longest[ADDR_MAX] = '\0';
	longest[64] = '@';
	for (size_t i = 64 + 60; i < ADDR_MAX - 1; i += 60)
		longest[i] = '.';
	envelope_init(&e, 3, 0);
	mail(&m, "<>");
	envelope_begin(&e, &m);
	add(&e, longest, 0);
	add(&e, longest, 0);
	add(&e, longest, 0);
	add(&e, longest, -1);
	T_INT(e.rcpts_n, 3);
	envelope_clear(&e);
	add(&e, longest, 0);
	envelope_fini(&e);
}

/* Recipients with copies do not push out the copy of all mail. */
static void
the_last_place(void **state)
{
	struct addr copy, bcc;
	struct queue_rcpt *r;
	struct verb_mail m;
	struct envelope e;
	struct why why;
	char name[16];
	size_t n;

	(void)state;
	T_INT(addr_make(&bcc, span_str("all"), span_str("b.example")), 0);
	envelope_init(&e, 3, 1);
	mail(&m, "<>");
	envelope_begin(&e, &m);
	e.places = 4;		/* in place of QUEUE_RCPTS_MAX - 1 */
	add(&e, "a@b.example", 0);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "copy%d", i);
		T_INT(addr_make(&copy, span_str(name),
		    span_str("b.example")), 0);
		T_INT(envelope_copy(&e, &copy, &why), 0);
	}
	add(&e, "c@b.example", -1);
	r = envelope_rcpts(&e, &bcc, &n);
	T_INT(n, 5);
	T_STR(r[4].address, "all@b.example");
	free(r);
	envelope_fini(&e);
	/* As the queue counts. */
	envelope_init(&e, 3, 1);
	T_INT(e.places, QUEUE_RCPTS_MAX - 1);
	envelope_fini(&e);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(what_stands_for_it),
		cmocka_unit_test(bounded),
		cmocka_unit_test(the_last_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
