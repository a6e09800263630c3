/*
 * hostname - see hostname.h.
 * Settings and addresses have to agree on what a domain is: a domain that may
 * be configured and never be written in an address would be a trap.
 */
#include "base/hostname.h"

static bool
is_label(struct span label, bool utf8)
{
	if (label.n == 0 || label.n > HOSTNAME_LABEL_MAX ||
	    label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!ascii_isalnum(label.p[i]) && label.p[i] != '-' &&
		    !(utf8 && (unsigned char)label.p[i] > 127))
			return false;
	return true;
}

static bool
all_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isdigit(s.p[i]))
			return false;
	return true;
}

size_t
hostname_labels(struct span s, bool utf8)
{
	struct span label = SPAN_NONE;
	size_t labels = 0;

	if (s.n == 0)
		return 0;
	while (s.p != NULL) {
		label = span_cut(&s, '.');
		if (!is_label(label, utf8))
			return 0;
		labels++;
	}
	return all_digits(label) ? 0 : labels;
}
