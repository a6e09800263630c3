/*
 * casemap - UTF-8 text in the one form in which a search compares it: without
 * difference of case and of composed characters.  Pure.
 */
#ifndef IMAPD_CASEMAP_H
#define IMAPD_CASEMAP_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* Adds text, folded; -1: the cap is reached (out holds a beginning). */
int	casemap_fold(struct buf *out, struct span text);

#endif
