/*
 * uidvalidity - the next UIDVALIDITY of a mail root, never given before.
 * Dovecot's files: dovecot-uidvalidity holds the last one as 8 hex digits, and
 * an empty file dovecot-uidvalidity.<8 hex digits> is renamed to the next number,
 * which is what makes it one program's only.
 */
#ifndef STORE_UIDVALIDITY_H
#define STORE_UIDVALIDITY_H

#include "base/base.h"
#include "base/why.h"

#define UIDVALIDITY_NAME "dovecot-uidvalidity"

/*
 * root     the mail root
 * returns  a number > 0, durable; 0 with why
 */
uint32_t	uidvalidity_next(int root, struct why *why) must_use;

#endif
