/*
 * hosted: pairs by name, with a master that is played here; what strangers'
 * names may not do to names that are there.
 */
#include "helpers/keyd/hosted.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>

#include "../scratch.h"

static struct former *former;
static struct {
	char   stem[300];	/* asked for last */
	size_t asked, changed;
} master;

static int
ask(const char *stem)
{
	(void)snprintf(master.stem, sizeof(master.stem), "%s", stem);
	master.asked++;
	return 0;
}

static void
changed(void *ctx)
{
	(void)ctx;
	master.changed++;
}

static X509 *
certificate(EVP_PKEY *k, const char *name)
{
	X509 *x = X509_new();
	char text[300];
	X509_EXTENSION *e;

	(void)snprintf(text, sizeof(text), "DNS:%s", name);
	T_TRUE(X509_set_version(x, 2) == 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, k);
	e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	T_TRUE(e != NULL && X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
	T_TRUE(X509_sign(x, k, EVP_sha256()) > 0);
	return x;
}

static void
give(struct hosted *h, const char *stem, bool is_key, BIO *from)
{
	char *p;
	long n = BIO_get_mem_data(from, &p);
	int fd;

	T_INT(fs_replace(scratch, "file", span_of(p, (size_t)n), 0600), 0);
	fd = fs_open_read(scratch, "file");
	hosted_got(h, stem, is_key, fd);
	fd_close(&fd);
	BIO_free(from);
}

/* Master has a pair for what it was asked for, good for name. */
static void
give_pair(struct hosted *h, const char *name)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	X509 *x = certificate(k, name);
	BIO *cert = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());

	T_TRUE(PEM_write_bio_X509(cert, x) == 1);
	T_TRUE(PEM_write_bio_PrivateKey(key, k, NULL, NULL, 0, NULL,
	    NULL) == 1);
	give(h, master.stem, false, cert);
	give(h, master.stem, true, key);
	X509_free(x);
	EVP_PKEY_free(k);
}

/* The three names under which a pair for a host may lie, in turn. */
static void
in_turn(void **state)
{
	static const char *const stems[] = { "mail.far.example",
		"*.far.example", "far.example" };
	struct hosted *h = hosted_new(former, ask, changed, NULL);
	const struct key *key;

	(void)state;
	memset(&master, 0, sizeof(master));
	for (size_t i = 0; i < COUNT(stems); i++) {
		T_INT(hosted_find(h, "MAIL.far.example", &key), HOSTED_LATER);
		T_TRUE(strcmp(master.stem, stems[i]) == 0);
		hosted_got(h, stems[i], false, -1);
	}
	T_INT(hosted_find(h, "mail.far.example", &key), HOSTED_NOBODY);
	T_INT(master.asked, 3);
	T_INT(master.changed, 3);
	T_INT(hosted_find(h, "../far.example", &key), HOSTED_NOBODY);
	T_INT(hosted_find(h, "127.0.0.1", &key), HOSTED_NOBODY);
	T_INT(master.asked, 3);
	hosted_free(&h);
}

/* When no more may be asked, what is there is found all the same. */
static void
in_a_flood(void **state)
{
	struct hosted *h = hosted_new(former, ask, changed, NULL);
	enum hosted_found got = HOSTED_LATER;
	const struct key *key = NULL;
	char name[64];

	(void)state;
	memset(&master, 0, sizeof(master));
	T_INT(hosted_find(h, "a.far.example", &key), HOSTED_LATER);
	hosted_got(h, master.stem, false, -1);
	T_INT(hosted_find(h, "a.far.example", &key), HOSTED_LATER);
	T_TRUE(strcmp(master.stem, "*.far.example") == 0);
	give_pair(h, "*.far.example");
	T_INT(hosted_find(h, "a.far.example", &key), HOSTED_FOUND);
	for (int i = 0; i < 10000 && got != HOSTED_BUSY; i++) {
		(void)snprintf(name, sizeof(name), "n%d.evil.example", i);
		got = hosted_find(h, name, &key);
	}
	T_INT(got, HOSTED_BUSY);
	T_INT(hosted_find(h, "b.far.example", &key), HOSTED_FOUND);
	T_TRUE(cert_names_have(&key->names, SPAN_LIT("b.far.example")));
	T_INT(hosted_find(h, "c.elsewhere.example", &key), HOSTED_BUSY);
	hosted_free(&h);
}

/* Who has the certificate of a pair that was pushed out is signed for. */
static void
pushed_out(void **state)
{
	struct hosted *h = hosted_new(former, ask, changed, NULL);
	struct sign_req req = { .host = "old.far.example" };
	const struct key *key = NULL;

	(void)state;
	T_INT(hosted_find(h, req.host, &key), HOSTED_LATER);
	give_pair(h, req.host);
	T_INT(hosted_find(h, req.host, &key), HOSTED_FOUND);
	memcpy(req.key_id, key->id, sizeof(req.key_id));
	T_TRUE(former_find(former, ROLE_IMAP_FRONT, &req) == NULL);
	hosted_reload(h);
	T_INT(hosted_find(h, req.host, &key), HOSTED_LATER);
	key = former_find(former, ROLE_IMAP_FRONT, &req);
	T_TRUE(key != NULL && key_is(key, &req));
	T_TRUE(former_find(former, ROLE_QMGR, &req) == NULL);
	req.host[0] = 'b';
	T_TRUE(former_find(former, ROLE_IMAP_FRONT, &req) == NULL);
	hosted_free(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_turn), cmocka_unit_test(in_a_flood),
		cmocka_unit_test(pushed_out),
	};
	int failed;

	former = former_new();
	failed = cmocka_run_group_tests(tests, scratch_setup,
	    scratch_teardown);
	former_free(&former);
	return failed;
}
