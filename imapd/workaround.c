/*
 * workaround - see workaround.h.
 * lib/conf has refused other words before a program sees them.
 */
#include "imapd/workaround.h"

unsigned
workaround_parse(struct span words)
{
	static const struct {
		const char *name;
		enum workaround bit;
	} names[] = {
		{ "delay-newmail", WORKAROUND_DELAY_NEWMAIL },
		{ "tb-extra-mailbox-sep", WORKAROUND_EXTRA_SEP },
		{ "tb-lsub-flags", WORKAROUND_LSUB_FLAGS },
		{ "netscape-eoh", WORKAROUND_EOH },
	};
	struct span word;
	unsigned bits = 0;

	while ((word = span_word(&words)).n > 0)
		for (size_t i = 0; i < COUNT(names); i++)
			if (span_eq_str(word, names[i].name))
				bits |= names[i].bit;
	return bits;
}
