/*
 * names - see names.h.
 * lib/store separates by '.', and has modified UTF-7 of one form for each name.
 * What it then thinks of a name with other dots and slashes in it is its affair
 * (folder_name): that depends on the layout of mailboxes.  Two spellings of one
 * character would be two mailboxes that look alike: so names are normalized on
 * their way in.
 */
#include "imapd/names.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/utf7.h"
#include "base/utf8.h"
#include "imapd/limits.h"
#include "imapd/strings.h"

static int
refuse(struct why *why)
{
	why_set(why, WHY_PERM, "5.1.0", "Invalid mailbox name");
	return -1;
}

static bool
is_ascii(struct span s)
{
	return utf8_ascii(s) == s.n;
}

int
names_normal(struct buf *out, struct span text)
{
	utf8proc_uint8_t *normal = NULL;
	utf8proc_ssize_t n;
	int rc;

	if (is_ascii(text))
		return buf_add_span(out, text);
	if (!utf8_valid(text))
		return -1;
	n = utf8proc_map((const utf8proc_uint8_t *)text.p,
	    (utf8proc_ssize_t)text.n, &normal,
	    UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	rc = n < 0 ? -1 : buf_add_span(out, span_of((const char *)normal,
	    (size_t)n));
	free(normal);
	return rc;
}

/* To the separator and the form of lib/store. */
static int
convert(struct span in, const struct names_form *form, bool normal,
    struct buf *out)
{
	bool utf8 = form->utf8 || !is_ascii(in);
	struct buf name, utf7;
	int rc;

	buf_init(&name, NAMES_MAX);
	buf_init(&utf7, IMAP_NAME_MAX);
	rc = utf8 && normal ? names_normal(&name, in) :
	    buf_add_span(&name, in);
	if (rc == 0)
		rc = utf8 ? utf7_from_utf8(&utf7, buf_span(&name)) :
		    buf_add_span(&utf7, buf_span(&name));
	if (rc == 0)
		rc = folder_name_from(buf_span(&utf7), form->separator, out);
	buf_fini(&utf7);
	buf_fini(&name);
	return rc == 0 && !out->full ? 0 : -1;
}

static int
take(struct span in, const struct names_form *form, bool normal,
    char out[FOLDER_NAME_SIZE], struct why *why)
{
	struct buf name;
	int rc;

	if (form->extra && in.n > 1 && in.p[in.n - 1] == form->separator)
		in.n--;
	if (in.n > IMAP_NAME_MAX)
		return refuse(why);
	buf_init(&name, IMAP_NAME_MAX);
	rc = convert(in, form, normal, &name) == 0 ?
	    folder_name(buf_span(&name), out, why) : refuse(why);
	buf_fini(&name);
	return rc;
}

int
names_in(struct span in, const struct names_form *form,
    char out[FOLDER_NAME_SIZE], struct why *why)
{
	return take(in, form, true, out, why);
}

int
names_exact(struct span in, const struct names_form *form,
    char out[FOLDER_NAME_SIZE], struct why *why)
{
	return take(in, form, false, out, why);
}

void
names_out(const char *name, const struct names_form *form,
    char out[NAMES_SIZE])
{
	struct buf text, utf7;

	buf_init(&text, NAMES_MAX);
	buf_init(&utf7, NAMES_MAX);
	folder_name_to(name, form->separator, &utf7);
	/* A name that was found on disk may be anything. */
	if (!form->utf8 || utf7_to_utf8(&text, buf_span(&utf7)) != 0)
		(void)buf_add_span(&text, buf_span(&utf7));
	span_copy_cut(buf_span(&text), out, NAMES_SIZE);
	buf_fini(&utf7);
	buf_fini(&text);
}

void
names_put(struct buf *out, const char *name, const struct names_form *form)
{
	char seen[NAMES_SIZE];

	names_out(name, form, seen);
	if (form->utf8)
		strings_put_utf8(out, span_str(seen));
	else
		strings_put_astring(out, span_str(seen));
}
