/*
 * Any octets as a date: what is taken is a date that exists, and what we
 * write for it is read back as the same instant.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct date *d)
{
	int64_t t = date_to_time(d);
	struct date again;
	struct buf b;

	if (d->year < 1 || d->year > 9999 || d->month < 1 || d->month > 12 ||
	    d->day < 1 || d->day > 31 || d->hour < 0 || d->hour > 23 ||
	    d->minute < 0 || d->minute > 59 || d->second < 0 ||
	    d->second > 60)
		abort();
	/* In the first and last days of the era a zone may cross the edge. */
	if (d->year < 1901 || d->year > 9998)
		return;
	buf_init(&b, 64);
	date_rfc5322(&b, t, d->zone_minutes);
	if (date_parse_rfc5322(buf_span(&b), &again) != 0 ||
	    date_to_time(&again) != t)
		abort();
	buf_clear(&b);
	date_imap(&b, t, d->zone_minutes);
	if (date_parse_imap(buf_span(&b), &again) != 0 ||
	    date_to_time(&again) != t)
		abort();
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct buf b;
	struct date d;
	int64_t v;

	if (date_parse_rfc5322(in, &d) == 0)
		check(&d);
	if (date_parse_imap(in, &d) == 0)
		check(&d);
	if (date_parse_imap_day(in, &d) == 0)
		check(&d);
	if (duration_parse(in, &v) == 0 && v < 0)
		abort();
	if (size >= sizeof(v)) {	/* any time at all can be written */
		memcpy(&v, data, sizeof(v));
		buf_init(&b, 256);
		date_rfc5322(&b, v, (int)(v % 6000));
		date_imap(&b, v, (int)(v % 6000));
		date_iso(&b, v);
		if (b.full)
			abort();
		buf_fini(&b);
	}
	return 0;
}
