/*
 * pair - see pair.h.
 * Paths hold no spaces, as words are parted by them.
 */
#include "conf/pair.h"

#include "base/span.h"

#define R(role)	ROLE_BIT(ROLE_##role)
#define SMTP	(R(SMTPD) | R(SMTPD_SESSION))
#define ALL	(SMTP | R(POP3_FRONT) | R(IMAP_FRONT))

static const struct {
	const char *word;
	uint32_t    roles;
} services[] = {
	{ "smtp", SMTP },
	{ "pop3", R(POP3_FRONT) },
	{ "imap", R(IMAP_FRONT) },
};

static int
take_path(struct span *rest, char out[CONF_PAIR_PATH])
{
	struct span word = span_word(rest);

	return word.n > 1 && word.p[0] == '/' &&
	    word.p[word.n - 1] != '/' ?
	    span_copy(word, out, CONF_PAIR_PATH) : -1;
}

static uint32_t
service_roles(struct span word)
{
	for (size_t i = 0; i < COUNT(services); i++)
		if (span_eq_str(word, services[i].word))
			return services[i].roles;
	return 0;
}

int
conf_pair_parse(const char *item, struct conf_pair *out, const char **wrong)
{
	struct span rest = span_str(item), word;
	uint32_t roles;

	*out = (struct conf_pair){ .roles = 0 };
	*wrong = "is not \"/path/certificate /path/key\"";
	if (take_path(&rest, out->certificate) != 0 ||
	    take_path(&rest, out->key) != 0)
		return -1;
	while ((word = span_word(&rest)).n > 0) {
		roles = service_roles(word);
		*wrong = "names a service that is not smtp, pop3 or imap";
		if (roles == 0)
			return -1;
		out->roles |= roles;
	}
	if (out->roles == 0)
		out->roles = ALL;
	*wrong = NULL;
	return 0;
}

const char *
conf_key_mode_wrong(uint32_t mode)
{
	if ((mode & 007) != 0)
		return "everybody may open this key's file: chmod o= it, and "
		    "think of a new key";
	return (mode & 020) == 0 ? NULL :
	    "its group may change this key's file: chmod g-w it";
}
