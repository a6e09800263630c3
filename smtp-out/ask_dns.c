/*
 * ask_dns.c - one question and its answer, and the questions for TLSA records,
 * of which trust/dane says what each answer means.
 */
#include "smtp-out/ask_dns.h"

#include <string.h>

#include "os/clock.h"
#include "smtp-out/limits.h"
#include "trust/dane.h"

int
ask_dns(struct ipc_client *dns, enum dns_kind kind, const char *name,
    struct dns_answer *answer, struct why *why)
{
	struct dns_ask q = { .kind = (uint8_t)kind };
	struct ipc_question question = { .type = &dns_ask_type, .msg = &q,
		.fd = -1, .answer = &dns_answer_type,
		.deadline_ms = clock_deadline(DNS_MS) };

	if (span_copy(span_str(name), q.name, sizeof(q.name)) != 0) {
		why_set(why, WHY_PERM, "5.1.2", "name too long for DNS");
		return -1;
	}
	return ipc_call(dns, &question, answer, NULL, why);
}

static struct dane_answer
judged(const struct dns_answer *a)
{
	return (struct dane_answer){ .failed = a->status == DNS_TEMPORARY,
		.found = a->status == DNS_OK, .secure = a->secure != 0 };
}

/* A question whose answer may be "nothing", but not missing. */
static struct dane_answer
ask_signed(struct ipc_client *dns, enum dns_kind kind, const char *name,
    struct dns_answer *answer)
{
	if (ask_dns(dns, kind, name, answer, NULL) != 0)
		return (struct dane_answer){ .failed = true };
	return judged(answer);
}

static void
take_usable(struct secure *s)
{
	struct dns_record r;
	struct dane_tlsa t;
	size_t at = 0;

	s->ntlsa = 0;
	while (s->ntlsa < COUNT(s->tlsa) &&
	    dns_records_next(&s->records, DNS_TLSA, &at, &r) == 1)
		if (dane_tlsa_parse(r.data, &t) == 0 && dane_tlsa_usable(&t))
			s->tlsa[s->ntlsa++] = (struct tls_tlsa){
				.usage = t.usage, .selector = t.selector,
				.matching = t.matching, .data = t.data };
}

static enum dane_verdict
try_base(struct ipc_client *dns, const char *base, uint16_t port,
    struct secure *s)
{
	struct dane_answer tlsa;
	char name[sizeof(((struct dns_ask *)0)->name)];

	if (dane_name(base, port, name, sizeof(name)) != 0)
		return DANE_NEXT;
	tlsa = ask_signed(dns, DNS_TLSA, name, &s->records);
	if (!tlsa.failed)
		take_usable(s);
	return dane_judge(&tlsa, s->ntlsa);
}

/* The first name under which something signed stands. */
static enum dane_verdict
find(struct ipc_client *dns, const struct ask_dane *how, struct secure *s)
{
	const struct dane_answer addresses = judged(how->addresses);
	const char *canonical = how->addresses->canonical, *bases[2];
	struct dane_answer alias = { .failed = false };
	enum dane_verdict verdict = DANE_NEXT;
	size_t n;

	if (!addresses.secure && *canonical != '\0') {
		alias = ask_signed(dns, DNS_CNAME, how->host, &s->records);
		if (alias.failed)
			return DANE_AVOID;
	}
	n = dane_bases(how->host, &addresses, canonical, &alias, bases);
	for (size_t i = 0; i < n && verdict == DANE_NEXT; i++) {
		verdict = try_base(dns, bases[i], how->port, s);
		span_copy_cut(span_str(bases[i]), s->base, sizeof(s->base));
	}
	return verdict;
}

int
ask_dane(struct ipc_client *dns, const struct ask_dane *how,
    struct secure *s, struct why *why)
{
	static const char *const words[] = { [DANE_NEXT] = "none",
		[DANE_AVOID] = "untrusted", [DANE_ENCRYPT] = "unusable",
		[DANE_PROVE] = "usable" };
	enum dane_verdict verdict = find(dns, how, s);

	s->dane = words[verdict];

	if (verdict == DANE_AVOID) {
		why_set(why, WHY_TEMP, "4.7.5", "%s: no answer that can be "
		    "trusted from DNS about its TLSA records", how->host);
		return -1;
	}
	if (verdict == DANE_NEXT)
		s->base[0] = '\0';
	else
		secure_by_dane(s, verdict == DANE_PROVE, how->only);
	if (!how->only || verdict == DANE_PROVE)
		return 0;
	why_set(why, WHY_TEMP, "4.7.5", verdict == DANE_ENCRYPT ?
	    "%s: none of its TLSA records can be used" :
	    "%s: no signed TLSA records, and they are demanded", how->host);
	return -1;
}
