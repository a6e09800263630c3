/*
 * intl - what is beyond ASCII in addresses (RFC 6531 3.3, RFC 5890 2.3.2.1).
 *
 * Taken is well-formed UTF-8 in which every character shows: no controls (C0,
 * DEL, C1), no spaces but ' ', nothing that sets the direction of text or is
 * invisible (bidi controls, zero width space, soft hyphen, tags, variation
 * selectors), no private use, no noncharacters.  U+200C and U+200D stay: some
 * scripts are not written without them.
 *
 * A domain has one spelling, that with A-labels (IDNA2008 with the mappings of
 * UTS 46, so case and Unicode form do not matter): the direction rule of RFC
 * 5893 and the context rules are those of the IDNA library.  Letters of
 * different scripts that look alike are different domains.
 */
#ifndef MAIL_INTL_H
#define MAIL_INTL_H

#include "base/base.h"
#include "base/span.h"

/* Does it hold an octet over 126? */
bool	intl_is_needed(struct span s);
/* Is it text as above?  ASCII graphics and ' ' are good. */
bool	intl_text_ok(struct span s);
/*
 * A host name with U-labels to one of A-labels.
 * out      lower case, NUL ended; not yet judged as a host name
 * returns  0; -1: not what IDNA allows, or longer than out
 */
int	intl_domain(struct span name, char *out, size_t size) must_use;

#endif
