/*
 * date - dates of RFC 5322 section 3.3 and of IMAP, and durations.  Times are
 * seconds since 1970 UTC.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

struct date {			/* a broken-down time with its zone */
	int year, month, day;	/* 1..12, 1..31 */
	int hour, minute, second;
	int zone_minutes;	/* east of UTC */
};

/* Proleptic Gregorian, any zone; year 1..9999 (later and earlier: cut). */
int64_t	date_to_time(const struct date *d);
void	date_from_time(struct date *d, int64_t t, int zone_minutes);

/* "Sun, 22 Nov 2026 05:56:00 +0000" */
void	date_rfc5322(struct buf *out, int64_t t, int zone_minutes);
/* Lenient as RFC 5322 4.3 asks (obsolete zones and years, comments). */
int	date_parse_rfc5322(struct span s, struct date *d) must_use;
/* 22-Nov-2026 05:56:00 +0000: date-time of RFC 3501 section 9, unquoted. */
void	date_imap(struct buf *out, int64_t t, int zone_minutes);
int	date_parse_imap(struct span s, struct date *d) must_use;
/* "22-Nov-2026" (SEARCH): midnight UTC. */
int	date_parse_imap_day(struct span s, struct date *d) must_use;
/* "2026-11-22T05:56:00Z", for logs and queue files. */
void	date_iso(struct buf *out, int64_t t);
/* "90", "90s", "5m", "4h", "5d", "2w" -> seconds. */
int	duration_parse(struct span s, int64_t *seconds) must_use;

#endif
