/*
 * folder_name - which names a folder may have (pure); see folders.h.
 * Everything is refused that could make two names one folder, one name two
 * things, or a name something else than one directory entry below the root:
 * a name is judged in the form in which it is on disk, and once more decoded.
 */
#include <string.h>

#include "base/buf.h"
#include "base/utf7.h"
#include "base/utf8.h"
#include "store/folders.h"
#include "store/layout.h"

#define COMPONENT_MAX	100		/* octets */

static const char inbox[] = "INBOX";

static int
refuse(struct why *why, const char *text)
{
	why_set(why, WHY_PERM, "5.1.0", "%s", text);
	return -1;
}

static bool
octets_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > 126 ||
		    span_has(SPAN_LIT("/%*"), s.p[i]))
			return false;
	return true;
}

/* Encoded controls: they would come out at the other end. */
static bool
decoded_ok(struct span s)
{
	struct buf text;
	struct span rest;
	int32_t c;
	bool ok;

	buf_init(&text, 4 * COMPONENT_MAX);
	ok = utf7_to_utf8(&text, s) == 0;
	rest = buf_span(&text);
	while (ok && (c = utf8_next(&rest)) >= 0)
		ok = c >= ' ' && (c < 0x7f || c > 0x9f) && c != 0x2028 &&
		    c != 0x2029;
	buf_fini(&text);
	return ok;
}

/* What only an escape could bring to the disk, by layout. */
static const char *
layout_fault(struct span plain, bool first)
{
	bool fs = layout_is_fs();

	if (fs && layout_is_taken(plain))
		return "other files have such names";
	if (layout_escapes())
		return NULL;
	if (first && plain.p[0] == '~')
		return "a folder name must not begin with ~";
	if (span_has(plain, '/'))
		return "/ cannot stand in a folder name";
	if (fs ? span_eq_str(plain, ".") || span_eq_str(plain, "..") :
	    span_has(plain, '.'))
		return "dots cannot stand there in a folder name";
	return NULL;
}

static const char *
plain_fault(struct span part, struct span plain, bool first)
{
	struct buf disk;
	bool fits;

	if (!utf7_valid(plain) || !decoded_ok(plain))
		return "no modified UTF-7, or characters not allowed";
	if (plain.p[0] == ' ' || plain.p[plain.n - 1] == ' ')
		return "space at the end of a part of a folder name";
	buf_init(&disk, LAYOUT_PART_MAX);
	fits = layout_put_part(&disk, part, first) == 0;
	buf_fini(&disk);
	return fits ? layout_fault(plain, first) :
	    "part of a folder name is too long";
}

static const char *
component_fault(struct span s, bool first)
{
	struct buf plain;
	const char *fault;

	if (s.n == 0)
		return "empty part in a folder name";
	if (s.n > COMPONENT_MAX)
		return "part of a folder name is too long";
	if (!octets_ok(s))
		return "no modified UTF-7, or characters not allowed";
	buf_init(&plain, COMPONENT_MAX);
	layout_plain(s, &plain);
	fault = plain_fault(s, buf_span(&plain), first);
	buf_fini(&plain);
	return fault;
}

static bool
is_reserved(struct span s)
{
	return span_eq_str(s, "cur") || span_eq_str(s, "new") ||
	    span_eq_str(s, "tmp");
}

/* In a Maildir++ all of it is one name on disk. */
static bool
fits(const char *name)
{
	char path[LAYOUT_PATH_SIZE];

	return folder_is_inbox(name) || (layout_path(name, path) == 0 &&
	    (layout_is_fs() || strlen(path) <= LAYOUT_PART_MAX));
}

int
folder_name(struct span in, char out[FOLDER_NAME_SIZE], struct why *why)
{
	struct span rest = in, part;
	const char *fault;
	int depth = 0;

	if (in.n == 0 || in.n > FOLDER_NAME_MAX)
		return refuse(why, "a folder name has 1 to 200 octets");
	while (rest.p != NULL) {
		part = span_cut(&rest, FOLDER_SEPARATOR);
		fault = component_fault(part, depth == 0);
		if (fault != NULL)
			return refuse(why, fault);
		if (++depth > FOLDER_DEPTH_MAX)
			return refuse(why, "too many levels of folders");
	}
	if (is_reserved(in))
		return refuse(why, "cur, new and tmp are no folders");
	if (span_copy(in, out, FOLDER_NAME_SIZE) != 0)
		return refuse(why, "no folder name");
	/* RFC 3501 5.1: INBOX in any case; so for what is below it. */
	part = span_head(in, span_chr(in, FOLDER_SEPARATOR));
	if (span_ieq_str(part, inbox))
		memcpy(out, inbox, sizeof(inbox) - 1);
	return fits(out) ? 0 : refuse(why, "a folder name is too long");
}

bool
folder_is_inbox(const char *name)
{
	return strcmp(name, inbox) == 0;
}

bool
folder_is_below(const char *below, const char *name)
{
	size_t n = strlen(name);

	return strncmp(below, name, n) == 0 && below[n] == FOLDER_SEPARATOR;
}
