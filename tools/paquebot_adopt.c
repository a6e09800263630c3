/*
 * paquebot_adopt.c - a mailbox comes from Dovecot or Courier, or goes to
 * Dovecot.  Adopting says what would be lost, since the server before kept it
 * only in files of its own; Courier's keywords and subscriptions are taken over
 * on the way.  Leaving makes everything whole that Dovecot reads, and prints
 * the commands that tell it how far modification numbers have come.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/utf7.h"
#include "store/folder_courier.h"
#include "store/folder_leave.h"
#include "store/folders.h"
#include "tools/paquebot_mailbox.h"

#define LINE_MAX_OCTETS	(16 * MIB)

/* "1,3:7" of ascending numbers. */
static void
put_uids(struct buf *out, const struct uids *u)
{
	for (size_t i = 0, k; i < u->n; i = k) {
		for (k = i + 1; k < u->n && u->v[k] == u->v[k - 1] + 1; k++)
			continue;
		(void)buf_addf(out, "%s%u", i > 0 ? "," : "", u->v[i]);
		if (k > i + 1)
			(void)buf_addf(out, ":%u", u->v[k - 1]);
	}
}

/*
 * A keyword of an index is any octets at all, and this goes to a terminal, or
 * to a program that reads lines of words.
 */
static void
put_word(struct buf *out, const char *word)
{
	for (const char *p = word; *p != '\0'; p++)
		(void)buf_add_char(out, *p > ' ' && *p <= '~' ? *p : '?');
}

static void
print_kept(const char *name, const char *what, const char *value,
    const struct uids *u)
{
	struct buf text;

	buf_init(&text, LINE_MAX_OCTETS);	/* cut there */
	put_word(&text, value);
	(void)buf_add_str(&text, " uids=");
	put_uids(&text, u);
	printf("%s only-in-index %s=%s\n", name, what, buf_cstr(&text));
	buf_fini(&text);
}

/* Messages of which the index says so and the files do not. */
static void
print_keyword(const struct folder *f, const struct dovecot_index *x,
    unsigned which)
{
	const char *keyword = x->keyword[which];
	int letter = folder_keyword_index(f, span_str(keyword));
	const struct message *m;
	struct uids found;

	uids_init(&found);
	for (size_t i = 0; i < x->n; i++) {
		if (!dovecot_has_keyword(&x->v[i], which) ||
		    (m = folder_find(f, x->v[i].uid)) == NULL)
			continue;
		if (letter < 0 || (m->keywords >> letter & 1) == 0)
			uids_add(&found, m->uid);
	}
	if (found.n > 0)
		print_kept(folder_name_of(f), "keyword", keyword, &found);
	uids_fini(&found);
}

/* Dovecot marks flags that it could not write into a file's name. */
static void
print_flag(const struct folder *f, const struct dovecot_index *x,
    uint8_t theirs, uint8_t ours, const char *flag)
{
	const struct message *m;
	struct uids found;

	uids_init(&found);
	for (size_t i = 0; i < x->n; i++) {
		if ((x->v[i].flags & DOVECOT_DIRTY) == 0 ||
		    (x->v[i].flags & theirs) == 0)
			continue;
		m = folder_find(f, x->v[i].uid);
		if (m != NULL && (m->flags & ours) == 0)
			uids_add(&found, m->uid);
	}
	if (found.n > 0)
		print_kept(folder_name_of(f), "flag", flag, &found);
	uids_fini(&found);
}

static void
print_index(const struct folder *f, const struct dovecot_index *x)
{
	static const struct {
		uint8_t theirs, ours;
		const char *name;
	} flags[] = {
		{ DOVECOT_SEEN, MESSAGE_SEEN, "\\Seen" },
		{ DOVECOT_ANSWERED, MESSAGE_ANSWERED, "\\Answered" },
		{ DOVECOT_FLAGGED, MESSAGE_FLAGGED, "\\Flagged" },
		{ DOVECOT_DELETED, MESSAGE_DELETED, "\\Deleted" },
		{ DOVECOT_DRAFT, MESSAGE_DRAFT, "\\Draft" },
	};

	/* Of another UIDVALIDITY: its UIDs are not those of these files. */
	if (x->uidvalidity != 0 && x->uidvalidity != folder_uidvalidity(f))
		return;
	for (unsigned i = 0; i < DOVECOT_KEYWORDS_MAX; i++)
		if (x->keyword[i] != NULL)
			print_keyword(f, x, i);
	for (size_t i = 0; i < COUNT(flags); i++)
		print_flag(f, x, flags[i].theirs, flags[i].ours,
		    flags[i].name);
}

static int
take_keywords(struct folder *f, struct why *why)
{
	size_t given, lost;

	if (courier_take_keywords(f, &given, &lost, why) != 0 ||
	    folder_sync(f, NULL, why) != 0)
		return -1;
	printf("%s courier-keywords=%zu no-letter=%zu\n", folder_name_of(f),
	    given, lost);
	return 0;
}

static int
adopt(struct folder *f, struct why *why)
{
	struct dovecot_index x;
	int rc;

	if (folder_sync(f, NULL, why) != 0)
		return -1;
	printf("%s messages=%zu uidvalidity=%u uidnext=%u\n",
	    folder_name_of(f), folder_count(f), folder_uidvalidity(f),
	    folder_uidnext(f));
	rc = folder_dovecot_index(f, &x, why);
	if (rc == 0)
		print_index(f, &x);
	dovecot_index_fini(&x);
	if (rc >= 0 && courier_has_keywords(f))
		return take_keywords(f, why);
	return rc < 0 ? -1 : 0;
}

static int
adopt_folder(const struct mailbox *m, const char *name)
{
	/* Moves nothing out of new/, unless there is something to be written. */
	struct folder *f;
	struct why why;
	int rc = -1;

	f = folder_open(m->root, name, true, &why);
	if (f != NULL && courier_has_keywords(f)) {
		folder_close(&f);
		f = folder_open(m->root, name, false, &why);
	}
	if (f != NULL)
		rc = adopt(f, &why);
	folder_close(&f);
	return rc == 0 ? 0 : mailbox_complain(name, why.text);
}

int
mailbox_adopt(const struct mailbox *m)
{
	struct why why;
	size_t n;
	int rc;

	if (courier_take_subscriptions(m->root, &n, &why) != 0)
		return mailbox_complain("subscriptions", why.text);
	rc = mailbox_each_folder(m, adopt_folder);
	if (n > 0)
		printf("courier-subscriptions=%zu\n", n);
	return rc;
}

/* A word of the shell. */
static void
put_quoted(struct buf *out, struct span word)
{
	(void)buf_add_char(out, '\'');
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '\'')
			(void)buf_add_str(out, "'\\'");
		(void)buf_add_char(out, word.p[i]);
	}
	(void)buf_add_char(out, '\'');
}

static void
print_command(const struct mailbox *m, const char *name, uint64_t modseq)
{
	char separator = conf_str(m->conf, "separator")[0];
	struct buf utf7, utf8, line;

	buf_init(&utf7, KIB);
	buf_init(&utf8, KIB);
	buf_init(&line, 8 * KIB);
	folder_name_to(name, separator, &utf7);
	if (utf7_to_utf8(&utf8, buf_span(&utf7)) != 0)
		bug("a folder whose name is no modified UTF-7");
	(void)buf_add_str(&line, "doveadm mailbox update -u ");
	put_quoted(&line, span_str(m->user));
	/* A name may begin with "-" and is no option for that. */
	(void)buf_addf(&line, " --min-highest-modseq %llu -- ",
	    (unsigned long long)modseq);
	put_quoted(&line, buf_span(&utf8));
	printf("%s\n", buf_cstr(&line));
	buf_fini(&line);
	buf_fini(&utf8);
	buf_fini(&utf7);
}

static int
leave_folder(const struct mailbox *m, const char *name)
{
	struct folder *f;
	struct why why;
	uint64_t modseq;
	int rc = -1;

	f = folder_open(m->root, name, true, &why);
	if (f != NULL && folder_sync(f, NULL, &why) == 0)
		rc = folder_leave(f, &modseq, &why);
	folder_close(&f);
	if (rc != 0)
		return mailbox_complain(name, why.text);
	print_command(m, name, modseq);
	return 0;
}

int
mailbox_leave(const struct mailbox *m)
{
	return mailbox_each_folder(m, leave_folder);
}
