/*
 * pause - see pause.h.
 * The words are kept as they stand in the file; a question is one or two
 * look-ups.  The file is replaced durably before anything stops, so an
 * operator who was told "paused" finds it so after a loss of power.
 */
#include "qmgr/pause.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "ipc/msg_lookup.h"
#include "os/fs.h"
#include "qmgr/job.h"

#define FILE_NAME	"paused"
#define FILE_MAX	(PAUSES_MAX * (PAUSE_NAME_MAX + 16))

struct pause {
	struct hash *words;	/* "destination=..." -> itself */
};

static const char *const transports[] = { "smtp", "lmtp", "local", "pipe" };

/* Lower case: domains, logins and our own words alike. */
static int
canonical(struct span word, char out[PAUSE_NAME_MAX], struct why *why)
{
	struct span value = word, key = span_cut(&value, '=');
	bool good = false;

	if (span_eq_str(key, "transport")) {
		for (size_t i = 0; i < COUNT(transports); i++)
			good = good || span_eq_str(value, transports[i]);
	} else if (span_eq_str(key, "destination") ||
	    span_eq_str(key, "account"))
		good = value.n > 0;
	if (!good || span_copy(word, out, PAUSE_NAME_MAX) != 0) {
		why_set(why, WHY_PERM, "5.3.0", "that cannot be paused: use "
		    "--destination host, --transport smtp, lmtp, local or "
		    "pipe, or --account login");
		return -1;
	}
	for (char *c = out; *c != '\0'; c++)
		*c = ascii_lower(*c);
	return 0;
}

static void
add(struct pause *p, const char *word)
{
	char *kept = xmalloc(strlen(word) + 1);

	memcpy(kept, word, strlen(word) + 1);
	if (hash_put(p->words, span_str(kept), kept) != 0)
		free(kept);	/* it is there, or there are too many */
}

struct pause *
pause_new(struct qmgr *q)
{
	struct pause *p = xcalloc(1, sizeof(*p));
	char word[PAUSE_NAME_MAX];
	struct span rest, line;
	struct buf text;
	struct why why;

	p->words = hash_new(PAUSES_MAX, q->seed);
	buf_init(&text, FILE_MAX);
	if (fs_slurp(q->queue.top, FILE_NAME, &text) != 0 && errno != ENOENT)
		log_error(LF_STR("event", "paused-unreadable"),
		    LF_STR("why", strerror(errno)));
	rest = buf_span(&text);
	while (rest.n > 0) {
		line = span_cut(&rest, '\n');
		if (line.n == 0)
			continue;
		if (canonical(line, word, &why) == 0)
			add(p, word);
		else
			log_warn(LF_STR("event", "paused-damaged"),
			    LF_SPAN("line", line));
	}
	buf_fini(&text);
	if (hash_count(p->words) > 0)
		log_warn(LF_STR("event", "paused"),
		    LF_NUM("count", hash_count(p->words)));
	return p;
}

static void
put_each(struct span key, void *value, void *ctx)
{
	struct buf *out = ctx;

	(void)value;
	(void)!buf_add_span(out, key);	/* within its cap */
	(void)!buf_add_char(out, '\n');
}

void
pause_show(const struct pause *p, struct buf *out)
{
	hash_each(p->words, put_each, out);
}

static int
save(struct qmgr *q, struct why *why)
{
	struct buf text;
	int rc;

	buf_init(&text, FILE_MAX);
	pause_show(q->pause, &text);
	rc = fs_replace(q->queue.top, FILE_NAME, buf_span(&text), 0600);
	buf_fini(&text);
	if (rc != 0)
		why_sys(why, WHY_TEMP, "4.3.0", FILE_NAME);
	return rc;
}

int
pause_set(struct qmgr *q, struct span word, bool on, struct why *why)
{
	struct pause *p = q->pause;
	char name[PAUSE_NAME_MAX];
	bool was;

	if (canonical(word, name, why) != 0)
		return -1;
	was = hash_get(p->words, span_str(name)) != NULL;
	if (was == on) {
		why_set(why, WHY_PERM, "5.3.0", on ? "paused already" :
		    "not paused");
		return -1;
	}
	if (on && hash_count(p->words) >= PAUSES_MAX) {
		why_set(why, WHY_PERM, "5.3.0", "too many pauses");
		return -1;
	}
	if (on)
		add(p, name);
	else
		free(hash_del(p->words, span_str(name)));
	if (save(q, why) == 0)
		return 0;
	if (on)
		free(hash_del(p->words, span_str(name)));
	else
		add(p, name);
	return -1;
}

size_t
pause_count(const struct pause *p)
{
	return hash_count(p->words);
}

static bool
has(const struct pause *p, const char *key, struct span value)
{
	struct buf b;
	bool there;

	buf_init(&b, PAUSE_NAME_MAX);
	there = buf_addf(&b, "%s=%.*s", key, SPAN_ARG(value)) == 0;
	for (size_t i = 0; i < b.n; i++)
		b.p[i] = ascii_lower(b.p[i]);
	there = there && hash_get(p->words, buf_span(&b)) != NULL;
	buf_fini(&b);
	return there;
}

bool
pause_stops(const struct pause *p, const struct route *r)
{
	const char *transport = transports[2];

	if (hash_count(p->words) == 0)
		return false;
	if (r->kind == TARGET_REMOTE)
		transport = transports[r->transport == TRANSPORT_LMTP];
	else if (r->kind == TARGET_PIPE)
		transport = transports[3];
	return has(p, "transport", span_str(transport)) ||
	    (r->kind != TARGET_MAILBOX && has(p, "destination", r->nexthop));
}

bool
pause_stops_account(const struct pause *p, struct span account)
{
	return hash_count(p->words) > 0 && account.n > 0 &&
	    has(p, "account", account);
}
