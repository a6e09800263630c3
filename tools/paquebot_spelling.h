/*
 * paquebot_spelling - an address or domain as an operator writes it, in the
 * spelling that queue and log have (mail/addr.h): with A-labels.
 */
#ifndef TOOLS_PAQUEBOT_SPELLING_H
#define TOOLS_PAQUEBOT_SPELLING_H

#include "mail/addr.h"

struct spelling {
	char text[ADDR_SIZE];
};

/*
 * given    an address, "@domain", a domain, or anything else
 * s        room for the answer
 * returns  the spelling; given itself if it is ASCII or none of these
 */
const char *spelling(const char *given, struct spelling *s);

#endif
