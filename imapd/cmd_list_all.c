/*
 * cmd_list_all - LIST (RFC 3501 6.3.8), with attributes of RFC 3348 and RFC
 * 6154, and the options of RFC 5258 and RFC 5819.
 * The store lists everything once; patterns are compiled once; each name is
 * then looked at once.  For RECURSIVEMATCH the names above those that are
 * selected but do not match are gathered and sorted first.
 */
#include <stdlib.h>

#include "base/bug.h"
#include "imapd/command.h"
#include "imapd/limits.h"
#include "imapd/list.h"
#include "imapd/names.h"
#include "imapd/parents.h"
#include "imapd/reply.h"
#include "imapd/strings.h"

struct listing {
	struct session *s;
	const struct list_args *a;
	struct listmatch *m;
	size_t	m_n;
	struct parents above;	/* something selected is below these */
	struct span old;	/* name; p == NULL: none */
};

void
list_put(struct buf *out, const struct session *s, const char *word,
    const char *attributes, const char *name)
{
	buf_addf(out, "%s (%s) ", word, attributes);
	strings_put(out, span_of(&s->how->separator, 1));
	buf_add_char(out, ' ');
	names_put(out, name, &s->names);
}

void
list_compile(struct listmatch *m, const struct session *s,
    struct span reference, struct span pattern)
{
	struct buf joined, normal;

	buf_init(&joined, IMAP_COMMAND_MAX * 2);
	buf_init(&normal, IMAP_COMMAND_MAX * 2);
	buf_add_span(&joined, reference);
	buf_add_span(&joined, pattern);
	/* What is no UTF-8 is no name either, and matches none. */
	if (!s->names.utf8 || names_normal(&normal, buf_span(&joined)) != 0) {
		buf_clear(&normal);
		buf_add_span(&normal, buf_span(&joined));
	}
	listmatch_init(m, buf_span(&normal), s->how->separator);
	buf_fini(&normal);
	buf_fini(&joined);
}

bool
list_matches(const struct session *s, const struct listmatch *m, size_t n,
    const char *name)
{
	bool inbox = folder_is_inbox(name) || folder_is_below(name, "INBOX");
	char seen[NAMES_SIZE];
	struct buf normal;
	bool found = false;

	names_out(name, &s->names, seen);
	/* Patterns are normalized, names that others have made may not be. */
	buf_init(&normal, sizeof(seen));
	if (!s->names.utf8 || names_normal(&normal, span_str(seen)) != 0) {
		buf_clear(&normal);
		(void)buf_add_str(&normal, seen);
	}
	for (size_t i = 0; i < n && !found; i++)
		found = listmatch(&m[i], buf_span(&normal), inbox);
	buf_fini(&normal);
	return found;
}

/* The setting special_use: "name=use;name=use". */
static struct span
set_use(const struct session *s, const char *name)
{
	struct span all = s->how->special_use, use, known;

	while (all.n > 0) {
		use = span_cut(&all, ';');
		known = span_cut(&use, '=');
		if (span_eq_str(known, name))
			return use;
	}
	return SPAN_NONE;
}

bool
list_put_uses(struct buf *out, const struct session *s, const char *name)
{
	struct span use = set_use(s, name);
	unsigned made = folder_uses(s->how->root, name), set = 0;
	bool by_setting = use.p != NULL && !folder_use_parse(use, &set);

	made |= set;
	/* All and Flagged are there by the setting alone. */
	if (out != NULL && by_setting)
		buf_addf(out, " \\%.*s", SPAN_ARG(use));
	for (unsigned i = 0; out != NULL && folder_use_name(i) != NULL; i++)
		if ((made & 1U << i) != 0)
			buf_addf(out, " \\%s", folder_use_name(i));
	return by_setting || made != 0;
}

static bool
is_selected(const struct listing *l, const struct folders_entry *e)
{
	unsigned select = l->a->select;

	if ((select & LIST_SPECIAL_USE) != 0 &&
	    (!e->exists || !list_put_uses(NULL, l->s, e->name)))
		return false;
	if ((select & LIST_SUBSCRIBED) != 0)
		return e->subscribed;
	return e->exists || e->children;
}

static void
put_attributes(struct buf *out, const struct listing *l,
    const struct folders_entry *e)
{
	bool subscribed = ((l->a->select | l->a->returns) &
	    LIST_SUBSCRIBED) != 0 && e->subscribed;

	/* Only its name is there: it cannot be selected (RFC 5258 3). */
	if (!e->exists)
		buf_add_str(out, l->a->extended || session_is_rev2(l->s) ?
		    "\\NonExistent " : "\\Noselect ");
	if (subscribed)
		buf_add_str(out, "\\Subscribed ");
	buf_add_str(out, e->children ? "\\HasChildren" :
	    "\\HasNoChildren");
	if (e->exists)
		(void)list_put_uses(out, l->s, e->name);
}

/* RFC 5258 4: childinfo-extended-item */
static void
put_childinfo(struct buf *out, const struct listing *l)
{
	bool both = (l->a->select & LIST_SUBSCRIBED) != 0 &&
	    (l->a->select & LIST_SPECIAL_USE) != 0;

	buf_add_str(out, " (\"CHILDINFO\" (");
	if ((l->a->select & LIST_SUBSCRIBED) != 0)
		buf_add_str(out, "\"SUBSCRIBED\"");
	if (both)
		buf_add_char(out, ' ');
	if ((l->a->select & LIST_SPECIAL_USE) != 0)
		buf_add_str(out, "\"SPECIAL-USE\"");
	buf_add_str(out, "))");
}

/* RFC 9051 6.3.9.7, 9: oldname-extended-item */
static void
put_oldname(struct buf *out, const struct listing *l)
{
	buf_add_str(out, " (\"OLDNAME\" (");
	if (l->s->names.utf8)
		strings_put_utf8(out, l->old);
	else
		strings_put_astring(out, l->old);
	buf_add_str(out, "))");
}

static void
tell(struct listing *l, const struct folders_entry *e, bool selected)
{
	struct buf attributes, line;
	struct why why;

	buf_init(&attributes, KIB);
	buf_init(&line, 2 * KIB);
	put_attributes(&attributes, l, e);
	list_put(&line, l->s, "LIST", buf_cstr(&attributes), e->name);
	if (parents_has(&l->above, e->name))
		put_childinfo(&line, l);
	if (l->old.p != NULL)
		put_oldname(&line, l);
	reply_untagged_span(l->s, buf_span(&line));
	buf_fini(&line);
	buf_fini(&attributes);
	/* RFC 5819 2: a STATUS that cannot be had is left out. */
	if (selected && e->exists && l->a->status != 0)
		(void)!list_tell_status(l->s, e->name, l->a->status, &why);
	session_pace(l->s);
}

/* What is above a subscribed name need not be in the list itself. */
static void
tell_above(struct listing *l, const struct folders *fs)
{
	struct folders_entry e = { .children = true };

	for (size_t i = 0; i < l->above.n; i++) {
		e.name = l->above.v[i];
		if (folders_find(fs, e.name) == NULL &&
		    list_matches(l->s, l->m, l->m_n, e.name))
			tell(l, &e, false);
	}
}

static void
tell_all(struct listing *l, const struct folders *fs)
{
	bool recursive = (l->a->select & LIST_RECURSIVE) != 0, selected;
	const struct folders_entry *e;

	for (size_t i = 0; recursive && i < fs->n; i++)
		if (is_selected(l, &fs->v[i]) &&
		    !list_matches(l->s, l->m, l->m_n, fs->v[i].name))
			parents_add(&l->above, fs->v[i].name);
	parents_sort(&l->above);
	for (size_t i = 0; i < fs->n; i++) {
		e = &fs->v[i];
		selected = is_selected(l, e);
		if ((selected || parents_has(&l->above, e->name)) &&
		    list_matches(l->s, l->m, l->m_n, e->name))
			tell(l, e, selected);
	}
	tell_above(l, fs);
}

/* RFC 3501 6.3.8: an empty pattern asks for the separator and the root. */
static void
tell_root(struct session *s)
{
	struct buf line;

	buf_init(&line, KIB);
	list_put(&line, s, "LIST", "\\Noselect", "");
	reply_untagged_span(s, buf_span(&line));
	buf_fini(&line);
}

static void
compile(struct listing *l)
{
	const struct list_args *a = l->a;

	l->m = xreallocarray(NULL, a->patterns_n, sizeof(l->m[0]));
	for (size_t i = 0; i < a->patterns_n; i++)
		/* RFC 5258 3: among several the empty one matches nothing. */
		if (a->patterns[i].n > 0)
			list_compile(&l->m[l->m_n++], l->s, a->reference,
			    a->patterns[i]);
}

void
list_tell_one(struct session *s, const char *name, struct span old)
{
	static const struct list_args args = { .extended = true,
		.returns = LIST_SUBSCRIBED };
	struct listing l = { .s = s, .a = &args, .old = old };
	struct folders_entry none = { .exists = false };
	const struct folders_entry *e;
	char copy[FOLDER_NAME_SIZE];
	struct folders fs;
	struct why why;

	/* It can be asked for, if it cannot be told now. */
	if (folders_list(s->how->root, true, &fs, &why) != 0)
		return;
	if (span_copy(span_str(name), copy, sizeof(copy)) == 0) {
		none.name = copy;
		e = folders_find(&fs, name);
		parents_init(&l.above);
		tell(&l, e != NULL ? e : &none, false);
		parents_fini(&l.above);
	}
	folders_fini(&fs);
}

bool
list_has_below(struct session *s, const char *name)
{
	const struct folders_entry *e;
	struct folders fs;
	struct why why;
	bool has;

	if (folders_list(s->how->root, false, &fs, &why) != 0)
		return false;
	e = folders_find(&fs, name);
	has = e != NULL && e->children;
	folders_fini(&fs);
	return has;
}

void
cmd_list(struct session *s, const union args *a)
{
	struct listing l = { .s = s, .a = &a->list };
	unsigned options = a->list.select | a->list.returns;
	struct folders fs;
	struct why why;

	if (!a->list.extended && a->list.pattern.n == 0) {
		tell_root(s);
		reply_ok(s, NULL, "List completed");
		return;
	}
	if (!list_may_status(s, a->list.status))
		return;
	if (folders_list(s->how->root, (options & LIST_SUBSCRIBED) != 0, &fs,
	    &why) != 0) {
		reply_why(s, &why);
		return;
	}
	parents_init(&l.above);
	compile(&l);
	tell_all(&l, &fs);
	parents_fini(&l.above);
	free(l.m);
	folders_fini(&fs);
	reply_ok(s, NULL, "List completed");
}
