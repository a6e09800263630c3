/*
 * hostname - is this the name of a host or domain?
 */
#ifndef BASE_HOSTNAME_H
#define BASE_HOSTNAME_H

#include "base/base.h"
#include "base/span.h"

#define HOSTNAME_LABEL_MAX	63	/* octets, as DNS bounds them */

/*
 * Labels of letters, digits and inner hyphens (RFC 5321 4.1.2, Domain); the
 * last one is not all digits: that would be an address.  The length of the
 * whole is the caller's to bound.
 * utf8     octets above 127 count as letters; if they are UTF-8 is not judged
 * returns  how many labels; 0: it is no such name
 */
size_t	hostname_labels(struct span s, bool utf8);

#endif
