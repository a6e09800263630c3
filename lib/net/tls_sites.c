/*
 * tls_sites - see tls_priv.h; this part knows which certificate is for which
 * name.  Those that were added stay; those that were found for a name a client
 * said are kept by use (LRU) up to SITES_MAX, and names for which there is
 * nothing for NOBODY_MS, so that a name costs one question in that time,
 * whoever says it how often.  What was found is asked for again after FOUND_MS,
 * for it may have been renewed, and serves on if there is no answer.
 */
#include "net/tls_priv.h"

#include <sys/queue.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "os/clock.h"
#include "os/rand.h"

#define SITES_MAX	500	/* found ones; about 30 KiB each */
#define FOUND_MS	300000	/* keyd signs longer for what it gave */
#define NOBODY_MAX	4096	/* names that nobody has */
#define NOBODY_MS	30000

struct entry {
	TAILQ_ENTRY(entry) next;
	char	host[CERT_NAME_SIZE];
	bool	nobody;
	int64_t until_ms;	/* to be believed */
	struct tls_site site;
};
TAILQ_HEAD(entries, entry);

struct tls_sites {
	struct tls_site *v;
	size_t		 n;
	struct hash	*by_host;
	/* Found ones by last use, names of nobody by age; oldest first. */
	struct entries	 found, nobody;
	size_t		 found_n, nobody_n;
};

struct tls_sites *
tls_sites_new(void)
{
	struct tls_sites *s = xcalloc(1, sizeof(*s));
	uint8_t seed[16];

	rand_octets(seed, sizeof(seed));
	s->by_host = hash_new(SITES_MAX + NOBODY_MAX, seed);
	TAILQ_INIT(&s->found);
	TAILQ_INIT(&s->nobody);
	return s;
}

static void
credential_fini(struct tls_credential *c)
{
	X509_free(c->leaf);
	sk_X509_pop_free(c->chain, X509_free);
	EVP_PKEY_free(c->key);
	*c = (struct tls_credential){ NULL, NULL, NULL, NULL };
}

static void
site_fini(struct tls_site *site)
{
	for (size_t i = 0; i < site->n; i++)
		credential_fini(&site->v[i]);
	cert_names_free(&site->names);
}

static void
entry_free(struct tls_sites *s, struct entry *e)
{
	if (e->nobody) {
		TAILQ_REMOVE(&s->nobody, e, next);
		s->nobody_n--;
	} else {
		TAILQ_REMOVE(&s->found, e, next);
		s->found_n--;
	}
	(void)hash_del(s->by_host, span_str(e->host));
	site_fini(&e->site);
	free(e);
}

void
tls_sites_free(struct tls_sites **sp)
{
	struct tls_sites *s = *sp;

	while (!TAILQ_EMPTY(&s->found))
		entry_free(s, TAILQ_FIRST(&s->found));
	while (!TAILQ_EMPTY(&s->nobody))
		entry_free(s, TAILQ_FIRST(&s->nobody));
	hash_free(&s->by_host, NULL);
	for (size_t i = 0; i < s->n; i++)
		site_fini(&s->v[i]);
	free(s->v);
	free(s);
	*sp = NULL;
}

size_t
tls_sites_count(const struct tls_sites *s)
{
	return s->n;
}

const struct tls_site *
tls_sites_first(const struct tls_sites *s)
{
	return &s->v[0];
}

/* ----------------------------------------------------------- a certificate */

static const char *
kind_of(X509 *cert)
{
	static const char *const kinds[TLS_KINDS] = { "RSA", "EC",
	    "ED25519" };
	const EVP_PKEY *key = X509_get0_pubkey(cert);

	for (size_t i = 0; key != NULL && i < TLS_KINDS; i++)
		if (EVP_PKEY_is_a(key, kinds[i]))
			return kinds[i];
	return NULL;
}

/*
 * The certificates' owner is c from now on, in every case.
 * host  NULL: the first name of the certificate
 */
static const char *
fill(struct tls_credential *c, struct cert_names *names, X509 **chain,
    size_t n, const char *host)
{
	c->leaf = chain[0];
	c->kind = kind_of(c->leaf);
	c->chain = sk_X509_new_null();
	for (size_t i = 1; i < n; i++)
		if (c->chain == NULL || sk_X509_push(c->chain, chain[i]) <= 0)
			X509_free(chain[i]);
	if (c->kind == NULL || cert_names(c->leaf, names) != 0)
		return "no name, or a key that is not RSA, EC or Ed25519";
	c->key = tls_provider_key(tls_library(), c->leaf,
	    host != NULL ? host : names->v[0]);
	ERR_clear_error();
	if (c->chain == NULL || c->key == NULL ||
	    (size_t)sk_X509_num(c->chain) != n - 1)
		return "the TLS library cannot use it";
	return NULL;
}

/* ---------------------------------------------------------- those that stay */

static bool
has_kind(const struct tls_site *site, const char *kind)
{
	for (size_t i = 0; i < site->n; i++)
		if (site->v[i].kind == kind)
			return true;
	return false;
}

static bool
same_names(const struct cert_names *a, const struct cert_names *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!cert_names_have(b, span_str(a->v[i])))
			return false;
	return a->n == b->n && strcmp(a->v[0], b->v[0]) == 0;
}

/* The site for a certificate: one of the same names, or a new one. */
static struct tls_site *
site_for(struct tls_sites *s, struct cert_names *names, const char *kind)
{
	struct tls_site *site;

	for (size_t i = 0; i < s->n; i++)
		if (same_names(&s->v[i].names, names) &&
		    !has_kind(&s->v[i], kind))
			return &s->v[i];
	s->v = xreallocarray(s->v, s->n + 1, sizeof(s->v[0]));
	site = &s->v[s->n++];
	*site = (struct tls_site){ .names = *names };
	*names = (struct cert_names){ NULL, 0 };
	return site;
}

int
tls_sites_add(struct tls_sites *s, struct span pem,
    bool (*try_out)(const struct tls_credential *c, void *ctx), void *ctx,
    struct why *why)
{
	struct x509_st *chain[CERT_CHAIN_MAX];
	struct cert_names names = { NULL, 0 };
	struct tls_credential c = { .kind = NULL };
	const char *wrong;
	struct tls_site *site;
	size_t n;

	if (cert_parse(pem, tls_library(), chain, &n, why) != 0)
		return -1;
	wrong = fill(&c, &names, chain, n, NULL);
	if (wrong == NULL && !try_out(&c, ctx))
		wrong = "the TLS library refuses the certificate";
	if (wrong == NULL) {
		site = site_for(s, &names, c.kind);
		site->v[site->n++] = c;
	} else {
		why_set(why, WHY_PERM, "5.3.5", "%s", wrong);
		credential_fini(&c);
	}
	cert_names_free(&names);
	return wrong == NULL ? 0 : -1;
}

/* --------------------------------------------------- those that were found */

/* A name that stands there goes before one that a "*" covers. */
static const struct tls_site *
find_added(const struct tls_sites *s, const char *host)
{
	const struct tls_site *covered = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct cert_names *names = &s->v[i].names;

		for (size_t j = 0; j < names->n; j++)
			if (strcmp(names->v[j], host) == 0)
				return &s->v[i];
		if (covered == NULL && cert_names_have(names, span_str(host)))
			covered = &s->v[i];
	}
	return covered;
}

const struct tls_site *
tls_sites_find(struct tls_sites *s, const char *host, bool *ask)
{
	const struct tls_site *added = find_added(s, host);
	struct entry *e;

	*ask = added == NULL;
	if (added != NULL)
		return added;
	e = hash_get(s->by_host, span_str(host));
	if (e == NULL)
		return NULL;
	*ask = clock_mono_ms() >= e->until_ms;
	if (e->nobody)
		return NULL;
	TAILQ_REMOVE(&s->found, e, next);
	TAILQ_INSERT_TAIL(&s->found, e, next);
	return &e->site;
}

void
tls_sites_forget(struct tls_sites *s, const char *host)
{
	struct entry *e = hash_get(s->by_host, span_str(host));

	if (e != NULL && !e->nobody)
		entry_free(s, e);
}

/* A chain is believed only for the host it was asked for. */
static int
take(struct tls_site *site, const char *host, struct span der)
{
	struct x509_st *chain[CERT_CHAIN_MAX];
	size_t n;

	if (cert_parse_der(der, tls_library(), chain, &n) != 0)
		return -1;
	site->n = 1;
	return fill(&site->v[0], &site->names, chain, n, host) == NULL &&
	    cert_names_have(&site->names, span_str(host)) ? 0 : -1;
}

static void
make_room(struct tls_sites *s, bool nobody)
{
	if (nobody && s->nobody_n == NOBODY_MAX)
		entry_free(s, TAILQ_FIRST(&s->nobody));
	else if (!nobody && s->found_n == SITES_MAX)
		entry_free(s, TAILQ_FIRST(&s->found));
}

void
tls_sites_learn(struct tls_sites *s, const char *host, struct span der)
{
	struct entry *old = hash_get(s->by_host, span_str(host)), *e;

	if (strlen(host) >= sizeof(e->host))
		return;
	if (old != NULL)
		entry_free(s, old);
	e = xcalloc(1, sizeof(*e));
	span_copy_cut(span_str(host), e->host, sizeof(e->host));
	if (der.n == 0 || take(&e->site, host, der) != 0) {
		site_fini(&e->site);
		e->site = (struct tls_site){ .n = 0 };
		e->nobody = true;
	}
	e->until_ms = clock_deadline(e->nobody ? NOBODY_MS : FOUND_MS);
	make_room(s, e->nobody);
	if (hash_put(s->by_host, span_str(e->host), e) != 0)
		bug("more names than there is room for");
	if (e->nobody) {
		TAILQ_INSERT_TAIL(&s->nobody, e, next);
		s->nobody_n++;
	} else {
		TAILQ_INSERT_TAIL(&s->found, e, next);
		s->found_n++;
	}
}
