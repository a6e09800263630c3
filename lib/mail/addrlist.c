/*
 * One cursor goes once over the value, token by token; what a run of words was
 * (a display name, a local part, a group's name) is known only at the token
 * behind it, so the words are gathered in both spellings at once.  Nothing is
 * looked at again and nothing recurses: comments are counted, not descended
 * into.  Each piece of an item has a cap, so that memory does not follow the
 * length of the field.
 */
#include "mail/addrlist.h"

#include <string.h>

void
addrlist_init(struct addrlist *l, struct span value, unsigned items_max)
{
	*l = (struct addrlist){ .words = 0 };
	cur_init(&l->c, value, 0, items_max);
	buf_init(&l->name, ADDRLIST_PART_MAX);
	buf_init(&l->comment, ADDRLIST_PART_MAX);
	buf_init(&l->route, ADDRLIST_PART_MAX);
	buf_init(&l->mailbox, ADDRLIST_PART_MAX);
	buf_init(&l->host, ADDRLIST_PART_MAX);
}

void
addrlist_fini(struct addrlist *l)
{
	buf_fini(&l->name);
	buf_fini(&l->comment);
	buf_fini(&l->route);
	buf_fini(&l->mailbox);
	buf_fini(&l->host);
}

static void
clear(struct addrlist *l)
{
	buf_clear(&l->name);
	buf_clear(&l->comment);
	buf_clear(&l->route);
	buf_clear(&l->mailbox);
	buf_clear(&l->host);
	l->words = 0;
	l->lone_word = false;
	l->local_run = l->host_run = (struct addrlist_run){ .from = NULL };
	l->angle = NULL;
}

/* A token begins at the cursor; space: there was some in front of it. */
static void
run_token(struct addrlist_run *r, const struct cur *c, bool space)
{
	if (r->from == NULL)
		r->from = c->p;
	else if (space)
		r->odd = true;
}

static void
put(struct addrlist *l, struct buf *b, char c)
{
	if (buf_add_char(b, c) != 0)
		l->bad = true;
}

/* RFC 5322 3.2.3 specials, and what is no text at all. */
static bool
is_atom_char(char c)
{
	return (unsigned char)c > ' ' && c != 127 &&
	    strchr("()<>[]:;@\\,.\"", c) == NULL;
}

/* From the '(': its text, outermost brackets off, into l->comment. */
static void
take_comment(struct addrlist *l)
{
	size_t depth = 0;
	int c;

	buf_clear(&l->comment);
	while ((c = cur_next(&l->c)) >= 0) {
		if (c == '(' && depth++ == 0)
			continue;
		if (c == ')' && --depth == 0)
			return;
		if (c == '\\')
			c = cur_next(&l->c);
		if (c == '\0')
			l->bad = true;
		else if (c > 0 && c != '\r' && c != '\n')
			put(l, &l->comment, (char)c);
	}
	l->bad = true;		/* never closed */
}

/* White space and comments (RFC 5322 3.2.2, 4.2); true if there were any. */
static bool
skip_cfws(struct addrlist *l)
{
	bool any = false;
	int c;

	while ((c = cur_peek(&l->c)) >= 0) {
		if (c == '(') {
			take_comment(l);
		} else if (c <= ' ' || c == 127) {
			if (!ascii_isspace((char)c))
				l->bad = true;
			cur_next(&l->c);
		} else {
			break;
		}
		any = true;
	}
	return any;
}

/* A quoted string (RFC 5322 3.2.4) into one buf, or two. */
static void
take_quoted(struct addrlist *l, struct buf *a, struct buf *b)
{
	int c;

	cur_next(&l->c);
	while ((c = cur_next(&l->c)) >= 0 && c != '"') {
		if (c == '\\')
			c = cur_next(&l->c);
		if (c == '\0' || c < 0)
			l->bad = true;
		if (c <= 0 || c == '\r' || c == '\n')
			continue;
		put(l, a, (char)c);
		if (b != NULL)
			put(l, b, (char)c);
	}
	if (c < 0)
		l->bad = true;
}

static void
take_atom(struct addrlist *l, struct buf *a, struct buf *b)
{
	struct span s = cur_while(&l->c, is_atom_char);

	if (buf_add_span(a, s) != 0 || (b != NULL && buf_add_span(b, s) != 0))
		l->bad = true;
}

/* A word at the cursor; one that no dot joins to those before begins anew. */
static void
begin_word(struct addrlist *l, bool dot)
{
	if (dot && l->words > 0)
		return;
	/* A dot before the first word is lost from the local part. */
	l->local_run = (struct addrlist_run){ .odd = l->words == 0 &&
		l->local_run.from != NULL };
	buf_clear(&l->mailbox);
	l->words++;
}

/*
 * Words and dots up to a token that is neither.  l->name gets the phrase with
 * single spaces, l->mailbox the local part: the last words that hang together
 * by dots (RFC 5322 4.4 obs-local-part), of which l->words counts the runs.
 */
static void
take_words(struct addrlist *l)
{
	bool dot = l->words == 0, space;
	int c;

	for (;;) {
		space = skip_cfws(l);
		c = cur_peek(&l->c);
		if (c < 0 || (c != '"' && c != '.' && !is_atom_char((char)c)))
			return;
		if (space && l->name.n > 0)
			put(l, &l->name, ' ');
		if (c == '.') {
			run_token(&l->local_run, &l->c, space);
			cur_next(&l->c);
			l->local_run.to = l->c.p;
			put(l, &l->name, '.');
			put(l, &l->mailbox, '.');
			dot = true;
			continue;
		}
		begin_word(l, dot);
		run_token(&l->local_run, &l->c, space);
		if (c == '"')
			take_quoted(l, &l->name, &l->mailbox);
		else
			take_atom(l, &l->name, &l->mailbox);
		l->local_run.to = l->c.p;
		dot = false;
	}
}

/* RFC 5322 3.4.1 dtext between brackets. */
static void
take_literal(struct addrlist *l)
{
	int c;

	while ((c = cur_next(&l->c)) >= 0) {
		if (c > ' ' && c != 127)
			put(l, &l->host, (char)c);
		else if (!ascii_isspace((char)c))
			l->bad = true;
		if (c == ']')
			return;
	}
	l->bad = true;
}

/* Behind the '@': RFC 5322 3.4.1 domain, 4.4 obs-domain. */
static void
take_host(struct addrlist *l)
{
	bool dot = true, space;
	int c;

	for (;;) {
		space = skip_cfws(l);
		c = cur_peek(&l->c);
		if (c != '.' && (!dot || c < 0 ||
		    (c != '[' && !is_atom_char((char)c)))) {
			if (l->host.n == 0)
				l->bad = true;
			return;
		}
		run_token(&l->host_run, &l->c, space);
		if (c == '.') {
			cur_next(&l->c);
			put(l, &l->host, '.');
		} else if (c == '[') {
			take_literal(l);
		} else {
			take_atom(l, &l->host, NULL);
		}
		l->host_run.to = l->c.p;
		dot = c == '.';
	}
}

/* RFC 5322 4.4 obs-route: "@a,@b:", commas and all. */
static void
take_route(struct addrlist *l)
{
	int c;

	for (;;) {
		skip_cfws(l);
		c = cur_peek(&l->c);
		if (c < 0 || c == '>' || c == '<' || c == ';') {
			l->bad = true;
			return;
		}
		if (is_atom_char((char)c)) {
			take_atom(l, &l->route, NULL);
			continue;
		}
		cur_next(&l->c);
		if (c == ':')
			return;
		if (c == '@' || c == ',' || c == '.')
			put(l, &l->route, (char)c);
		else
			l->bad = true;
	}
}

/* The local part within <>. */
static void
take_local(struct addrlist *l)
{
	bool space;
	int c;

	for (;;) {
		space = skip_cfws(l);
		c = cur_peek(&l->c);
		if (c != '"' && c != '.' && (c < 0 || !is_atom_char((char)c)))
			return;
		run_token(&l->local_run, &l->c, space);
		if (c == '"')
			take_quoted(l, &l->mailbox, NULL);
		else if (c == '.')
			put(l, &l->mailbox, (char)cur_next(&l->c));
		else
			take_atom(l, &l->mailbox, NULL);
		l->local_run.to = l->c.p;
	}
}

/* Up to the ',' or ';' that ends this address; anything here is too much. */
static void
skip_to_end(struct addrlist *l)
{
	struct buf nowhere;
	int c;

	buf_init(&nowhere, 0);
	for (;;) {
		skip_cfws(l);
		c = cur_peek(&l->c);
		if (c < 0 || c == ',' || c == ';')
			break;
		l->bad = true;
		if (c == '"')
			take_quoted(l, &nowhere, NULL);
		else
			cur_next(&l->c);
	}
	buf_fini(&nowhere);
}

/* RFC 5322 3.4 angle-addr */
static void
take_angle(struct addrlist *l)
{
	l->angle = l->c.p;
	cur_next(&l->c);
	buf_clear(&l->mailbox);
	l->local_run = (struct addrlist_run){ .from = NULL };
	skip_cfws(l);
	if (cur_peek(&l->c) == '@' || cur_peek(&l->c) == ',')
		take_route(l);
	take_local(l);
	if (cur_take(&l->c, '@'))
		take_host(l);
	if (l->mailbox.n == 0)
		l->bad = true;
	skip_cfws(l);
	if (!cur_take(&l->c, '>'))
		l->bad = true;
}

static struct span
given(const struct buf *b)
{
	return b->n > 0 ? buf_span(b) : SPAN_NONE;
}

static struct span
run_at(const struct addrlist_run *r)
{
	return r->from == NULL || r->odd ? SPAN_NONE :
	    span_of(r->from, (size_t)(r->to - r->from));
}

static void
give_mailbox(struct addrlist *l, struct addrlist_item *item, bool angle)
{
	const struct buf *name = angle && l->name.n > 0 ? &l->name :
	    &l->comment;

	item->kind = ADDRLIST_MAILBOX;
	item->name = given(name);
	item->route = given(&l->route);
	item->mailbox = buf_span(&l->mailbox);
	if (item->mailbox.p == NULL)
		item->mailbox = SPAN_LIT("");
	item->host = given(&l->host);
	item->local_at = run_at(&l->local_run);
	item->host_at = run_at(&l->host_run);
	item->begin = angle ? l->angle : l->local_run.from;
}

/*
 * What stands at the cursor up to its end; false: nothing to give (an empty
 * element, or rubbish).
 */
static bool
take_item(struct addrlist *l, struct addrlist_item *item)
{
	int c;

	for (;;) {
		take_words(l);
		c = cur_peek(&l->c);
		if (c < 0 || c == ',' || c == ';' || c == '<' || c == '@')
			break;
		cur_next(&l->c);
		if (c == ':' && !l->in_group && l->words > 0) {
			l->in_group = true;
			item->kind = ADDRLIST_GROUP;
			item->name = buf_span(&l->name);
			return true;
		}
		l->bad = true;
	}
	if (c == '<') {
		take_angle(l);
	} else if (c == '@') {
		cur_next(&l->c);
		if (l->words != 1)
			l->bad = true;
		take_host(l);
	} else if (l->words > 0) {
		l->bad = true;		/* no host: not what 3.4.1 asks for */
		l->lone_word = l->words == 1;
	} else {
		return false;
	}
	skip_to_end(l);
	give_mailbox(l, item, c == '<');
	return true;
}

bool
addrlist_next(struct addrlist *l, struct addrlist_item *item)
{
	*item = (struct addrlist_item){ .kind = ADDRLIST_GROUP_END };
	l->lone_word = false;
	while (!cur_end(&l->c) && !l->cut) {
		clear(l);
		skip_cfws(l);
		if (cur_end(&l->c))
			break;
		if (cur_take(&l->c, ','))
			continue;	/* RFC 5322 4.4 obs-addr-list */
		if (cur_peek(&l->c) == ';') {
			cur_next(&l->c);
			if (l->in_group) {
				l->in_group = false;
				return true;
			}
			l->bad = true;
		} else if (!cur_item(&l->c)) {
			l->cut = true;
		} else if (take_item(l, item)) {
			return true;
		}
	}
	if (!l->in_group)
		return false;
	l->in_group = false;
	if (!l->cut)
		l->bad = true;
	return true;
}
