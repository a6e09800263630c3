/*
 * paquebot_restore.c - what was expunged from a mailbox and is still kept, as
 * lines, and back into its folders.  Which of it is told by words
 * folder=NAME, since=3d (or 12h) and id=ID, all of which must hold.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/num.h"
#include "base/utf7.h"
#include "base/utf8.h"
#include "os/clock.h"
#include "store/kept.h"
#include "store/maildir.h"
#include "tools/paquebot.h"
#include "tools/paquebot_mailbox.h"

#define HOUR_S	3600

struct chosen {
	struct kept_choice c;
	char folder[FOLDER_NAME_SIZE];
};

/* "3d" or "12h": so long ago. */
static int
parse_since(struct span s, int64_t *out)
{
	int64_t unit_s;
	uint64_t n;

	if (s.n < 2 || (s.p[s.n - 1] != 'd' && s.p[s.n - 1] != 'h'))
		return -1;
	unit_s = s.p[s.n - 1] == 'd' ? 24 * HOUR_S : HOUR_S;
	if (num_parse(span_head(s, s.n - 1), 0, 1000000, &n) != 0)
		return -1;
	*out = clock_wall_s() - (int64_t)n * unit_s;
	return 0;
}

/*
 * A name as `kept` prints it or, where it cannot be that, as clients see it:
 * with their separator, in UTF-8 too.
 */
static int
parse_folder(struct span in, char separator, char out[FOLDER_NAME_SIZE],
    struct why *why)
{
	struct buf utf7, name;
	int rc = folder_name(in, out, why);

	if (rc == 0)
		return 0;
	buf_init(&utf7, 4 * FOLDER_NAME_SIZE);
	buf_init(&name, 4 * FOLDER_NAME_SIZE);
	rc = utf8_ascii(in) == in.n ? buf_add_span(&utf7, in) :
	    utf7_from_utf8(&utf7, in);
	if (rc == 0)
		rc = folder_name_from(buf_span(&utf7), separator, &name);
	if (rc == 0)
		rc = name.full ? -1 : folder_name(buf_span(&name), out, why);
	buf_fini(&name);
	buf_fini(&utf7);
	return rc;
}

static int
parse_word(struct span word, char separator, struct chosen *out,
    struct why *why)
{
	struct span key = span_cut(&word, '=');

	if (span_eq_str(key, "folder") && word.p != NULL) {
		if (parse_folder(word, separator, out->folder, why) != 0)
			return -1;
		out->c.folder = out->folder;
		return 0;
	}
	if (span_eq_str(key, "id") && word.n > 0) {
		out->c.id = word;
		return 0;
	}
	if (span_eq_str(key, "since") && word.p != NULL &&
	    parse_since(word, &out->c.since_s) == 0)
		return 0;
	why_set(why, WHY_PERM, "5.5.4",
	    "not folder=name, since=3d, since=12h or id=x");
	return -1;
}

static int
parse_words(const struct mailbox *m, struct chosen *out)
{
	char separator = conf_str(m->conf, "separator")[0];
	struct why why;

	*out = (struct chosen){ .c = { .since_s = INT64_MIN } };
	for (int i = 0; i < m->words_n; i++)
		if (parse_word(span_str(m->words[i]), separator, out,
		    &why) != 0) {
			(void)mailbox_complain(m->words[i], why.text);
			return EXIT_USAGE;
		}
	return 0;
}

static int
print_one(const struct kept_item *item, void *ctx)
{
	struct maildir_name parts;
	struct buf line;

	(void)ctx;
	if (!maildir_name_parse(item->name, &parts))
		return 0;
	buf_init(&line, 2 * KIB);
	(void)buf_addf(&line, "folder=%s id=%.*s", item->folder,
	    SPAN_ARG(item->id));
	(void)buf_add_str(&line, " flags=");
	maildir_letters(&line, parts.flags, parts.keywords, SPAN_NONE);
	if (parts.has_size)
		(void)buf_addf(&line, " size=%" PRIu64, parts.size_octets);
	printf("%s\n", buf_cstr(&line));
	buf_fini(&line);
	return 0;
}

int
mailbox_kept(const struct mailbox *m)
{
	struct chosen chosen;
	struct why why;
	int rc = parse_words(m, &chosen);

	if (rc == 0 && kept_each(m->root, &chosen.c, print_one, NULL,
	    &why) != 0)
		rc = mailbox_complain(m->user, why.text);
	return rc;
}

int
mailbox_restore(const struct mailbox *m)
{
	struct chosen chosen;
	struct why why;
	size_t n;
	int rc = parse_words(m, &chosen);

	if (rc != 0)
		return rc;
	if (kept_restore(m->root, &chosen.c, &n, &why) != 0)
		rc = mailbox_complain(m->user, why.text);
	printf("restored=%zu\n", n);
	return rc;
}
