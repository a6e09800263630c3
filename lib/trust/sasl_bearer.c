/*
 * sasl_bearer - the part of sasl about tokens: who is meant, and the token.
 * The two forms differ in their beginnings; pairs parted by 0x01 follow, and
 * one empty pair ends them.
 */
#include "trust/sasl.h"

#define SEP	'\x01'

/* gs2-header (RFC 7628 3.1, RFC 5801 4): "n,a=user,"; no channel is bound. */
static bool
take_gs2(struct span header, struct span *user)
{
	struct span flag = span_cut(&header, ',');
	struct span authzid = span_cut(&header, ',');

	if (header.p == NULL || header.n != 0 ||
	    (!span_eq_str(flag, "n") && !span_eq_str(flag, "y")))
		return false;
	*user = authzid;
	if (authzid.n == 0)
		return true;
	*user = span_from(authzid, 2);
	return span_starts(authzid, SPAN_LIT("a="));
}

static bool
take_user(struct span word, struct span *user)
{
	*user = span_from(word, 5);
	return span_starts(word, SPAN_LIT("user=")) && user->n > 0;
}

/* RFC 7628 3.1: key = 1*(ALPHA); unknown ones are passed over */
static bool
take_pair(struct span pair, struct span *token)
{
	size_t at = span_chr(pair, '=');
	struct span value = span_from(pair, at + 1);

	if (at == 0 || at == pair.n)
		return false;
	for (size_t i = 0; i < at; i++)
		if (!ascii_isalpha(pair.p[i]))
			return false;
	if (!span_eq_str(span_head(pair, at), "auth"))
		return true;
	if (token->p != NULL || !span_istarts(value, SPAN_LIT("Bearer ")))
		return false;
	*token = span_trim(span_from(value, 7));
	return token->n > 0;
}

int
sasl_bearer(enum sasl_mech mech, struct span message, struct span *user,
    struct span *token)
{
	struct span rest = message, first, pair;

	*user = *token = SPAN_NONE;
	first = span_cut(&rest, SEP);
	if (rest.p == NULL || !(mech == SASL_XOAUTH2 ?
	    take_user(first, user) : take_gs2(first, user)))
		return -1;
	for (;;) {
		pair = span_cut(&rest, SEP);
		if (rest.p == NULL)
			return -1;		/* no empty pair */
		if (pair.n == 0)
			return rest.n == 0 && token->n > 0 ? 0 : -1;
		if (!take_pair(pair, token))
			return -1;
	}
}
