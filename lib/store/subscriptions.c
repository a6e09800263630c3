/*
 * subscriptions - see subscriptions.h.  The version of a file is kept; a new
 * one is version 1, which every Dovecot reads.
 */
#include "store/subscriptions.h"

#include <errno.h>

#include "os/fs.h"
#include "store/folders.h"
#include "store/layout.h"
#include "store/lock.h"

static const char head[] = "V\t2\n\n";

static bool
take_head(struct span *text)
{
	if (!span_starts(*text, span_str(head)))
		return false;
	*text = span_from(*text, sizeof(head) - 1);
	return true;
}

/* A line as a name; false: none of ours. */
static bool
line_name(struct span line, bool tabs, char out[FOLDER_NAME_SIZE])
{
	return line.n > 0 && layout_name(line, tabs ? '\t' :
	    layout_separator(), out) == 0;
}

void
subscriptions_each(struct span text,
    void (*each)(const char *name, void *ctx), void *ctx)
{
	char name[FOLDER_NAME_SIZE];
	bool tabs = take_head(&text);

	while (text.p != NULL)
		if (line_name(span_cut(&text, '\n'), tabs, name))
			each(name, ctx);
}

static void
put_name(struct buf *out, const char *name, bool tabs)
{
	char text[LAYOUT_PATH_SIZE];

	if (layout_spell(name, tabs ? '\t' : layout_separator(), text) != 0)
		return;			/* no name of a folder is so long */
	(void)buf_addf(out, "%s\n", text);	/* `full` tells */
}

int
subscriptions_edit(struct buf *out, struct span text, const char *name,
    bool on)
{
	char is[FOLDER_NAME_SIZE];
	bool tabs = take_head(&text), found = false;
	struct span line;

	if (tabs)
		(void)buf_add_str(out, head);
	while (text.n > 0) {
		line = span_cut(&text, '\n');
		if (line_name(line, tabs, is) &&
		    span_eq_str(span_str(is), name)) {
			found = true;
			if (!on)
				continue;
		}
		(void)buf_add_span(out, line);
		(void)buf_add_char(out, '\n');
	}
	if (on && !found)
		put_name(out, name, tabs);
	return out->full ? -1 : on != found;
}

int
subscriptions_read(int root, struct buf *out, struct why *why)
{
	if (fs_slurp(root, SUBSCRIPTIONS_NAME, out) == 0 || errno == ENOENT)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot read " SUBSCRIPTIONS_NAME);
	return -1;
}

static int
edit_locked(int root, const char *name, bool on, struct why *why)
{
	struct buf text, out;
	int rc;

	buf_init(&text, SUBSCRIPTIONS_FILE_MAX);
	buf_init(&out, SUBSCRIPTIONS_FILE_MAX);
	rc = subscriptions_read(root, &text, why);
	if (rc == 0)
		rc = subscriptions_edit(&out, buf_span(&text), name, on);
	if (rc > 0)
		rc = fs_replace(root, SUBSCRIPTIONS_NAME, buf_span(&out),
		    0600);
	if (rc != 0)
		why_sys(why, WHY_TEMP, "4.3.0",
		    "cannot write " SUBSCRIPTIONS_NAME);
	buf_fini(&out);
	buf_fini(&text);
	return rc;
}

int
folders_subscribe(int root, const char *name, bool on, struct why *why)
{
	struct dotlock lock;
	int rc;

	if (dotlock_take(&lock, root, SUBSCRIPTIONS_NAME, LOCK_WAIT_MS) != 0) {
		why_sys(why, WHY_TEMP, "4.2.0",
		    "cannot lock " SUBSCRIPTIONS_NAME);
		return -1;
	}
	rc = edit_locked(root, name, on, why);
	dotlock_drop(&lock);
	return rc;
}
