/*
 * maildir - see maildir.h.
 * A name is judged by what it holds and never by how it was made: other
 * programs' bases are any octets.  ",S=" and ",W=" count only as whole
 * fields behind the unique part, as Dovecot and Courier read them.
 */
#include "store/maildir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/spawn.h"
#include "store/lock.h"

#define HOST_MAX	63		/* octets of the host in a name */
#define TMP_AGE_S	(36 * 3600)	/* as every Maildir reader has it */
#define TMP_SWEEP_MAX	1000		/* files looked at in one sweep */
#define NS_PER_S	INT64_C(1000000000)

static struct {
	char	 host[HOST_MAX + 1];
	uint64_t last_us;
	unsigned count;
} self;

static const struct {
	char letter;
	uint8_t flag;
} letters[] = {				/* in ASCII order, as in names */
	{ 'D', MESSAGE_DRAFT },
	{ 'F', MESSAGE_FLAGGED },
	{ 'R', MESSAGE_ANSWERED },
	{ 'S', MESSAGE_SEEN },
	{ 'T', MESSAGE_DELETED },
};

static uint8_t
flag_of(char letter)
{
	for (size_t i = 0; i < COUNT(letters); i++)
		if (letters[i].letter == letter)
			return letters[i].flag;
	return 0;
}

static bool
is_keyword(char c)
{
	return c >= 'a' && c <= 'z';
}

/* ",S=123" as a whole field of base; false: not there. */
static bool
find_size(struct span base, const char *key, uint64_t *out)
{
	struct span field;

	(void)span_cut(&base, ',');	/* the unique part */
	while (base.p != NULL) {
		field = span_cut(&base, ',');
		if (span_starts(field, span_str(key)))
			return num_parse(span_from(field, 2), 0,
			    UINT64_MAX >> 1, out) == 0;
	}
	return false;
}

bool
maildir_name_parse(struct span name, struct maildir_name *out)
{
	size_t at;

	*out = (struct maildir_name){ .base = name };
	if (name.n == 0 || name.n > MAILDIR_NAME_MAX || name.p[0] == '.' ||
	    span_has(name, '/') || span_has(name, '\0') ||
	    span_has(name, '\n'))
		return false;
	at = span_chr(name, ':');
	out->base = span_head(name, at);
	if (out->base.n == 0)
		return false;
	out->has_size = find_size(out->base, "S=", &out->size_octets);
	out->has_wire = find_size(out->base, "W=", &out->wire_octets);
	if (!span_starts(span_from(name, at), SPAN_LIT(":2,")))
		return true;
	out->others = span_from(name, at + 3);
	for (size_t i = 0; i < out->others.n; i++) {
		char c = out->others.p[i];

		out->flags |= flag_of(c);
		if (is_keyword(c))
			out->keywords |= (uint32_t)1 << (c - 'a');
	}
	return true;
}

void
maildir_letters(struct buf *out, uint8_t flags, uint32_t keywords,
    struct span keep)
{
	bool on[128] = { false };

	for (size_t i = 0; i < keep.n; i++) {
		unsigned char c = (unsigned char)keep.p[i];

		if (c > ' ' && c < 127 && c != ':' && c != '/' &&
		    flag_of((char)c) == 0 && !is_keyword((char)c))
			on[c] = true;
	}
	for (size_t i = 0; i < COUNT(letters); i++)
		if ((flags & letters[i].flag) != 0)
			on[(unsigned char)letters[i].letter] = true;
	for (int i = 0; i < 26; i++)
		if ((keywords >> i & 1) != 0)
			on['a' + i] = true;
	for (int c = ' '; c < 127; c++)
		if (on[c])
			(void)buf_add_char(out, (char)c); /* `full` tells */
}

int
maildir_name_make(char out[MAILDIR_NAME_SIZE], struct span base,
    uint8_t flags, uint32_t keywords, struct span keep)
{
	struct buf b;
	int rc;

	buf_init(&b, MAILDIR_NAME_MAX);
	(void)buf_add_span(&b, base);
	(void)buf_add_str(&b, ":2,");
	maildir_letters(&b, flags, keywords, keep);
	rc = b.full ? -1 : span_copy(buf_span(&b), out, MAILDIR_NAME_SIZE);
	buf_fini(&b);
	return rc;
}

/* What of the name may stand in a file name. */
void
maildir_learn_host(void)
{
	size_t n = 0;

	for (const char *p = lock_host(); *p != '\0' && n < HOST_MAX; p++) {
		bool plain = ascii_isalnum(*p) || *p == '-' || *p == '.';

		self.host[n++] = plain ? *p : '_';
	}
	self.host[n] = '\0';
}

/*
 * The time never runs back within a process, and the counter goes on over the
 * whole of its life: with the pid no name is made twice.
 */
void
maildir_unique(char out[MAILDIR_NAME_SIZE])
{
	uint64_t us = clock_wall_us();

	if (self.host[0] == '\0')
		maildir_learn_host();
	if (us < self.last_us)
		us = self.last_us;
	self.last_us = us;
	(void)snprintf(out, MAILDIR_NAME_SIZE, "%llu.M%lluP%ld_%u.%s",
	    (unsigned long long)(us / 1000000),
	    (unsigned long long)(us % 1000000), (long)spawn_self(),
	    ++self.count, self.host);	/* fits: host is cut */
}

int
maildir_make(int dir, struct why *why)
{
	static const char *const parts[] = { "tmp", "new", "cur" };
	bool made = false;

	for (size_t i = 0; i < COUNT(parts); i++) {
		if (fs_mkdir(dir, parts[i]) == 0)
			made = true;
		else if (errno != EEXIST) {
			why_sys(why, WHY_TEMP, "4.3.0", "cannot make %s",
			    parts[i]);
			return -1;
		}
	}
	if (made && fs_dirsync(dir) != 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot sync the Maildir");
		return -1;
	}
	return 0;
}

struct sweep {
	int	dir;
	int64_t before_ns;
	size_t	left;
};

static int
sweep_one(const char *name, enum fs_kind kind, void *ctx)
{
	struct sweep *s = ctx;
	struct fs_stat st;

	/* The time of the last access is not kept everywhere: that of writing. */
	if (kind == FS_FILE && fs_stat(s->dir, name, &st) == 0 &&
	    st.mtime_ns < s->before_ns && st.ctime_ns < s->before_ns)
		(void)fs_discard(s->dir, name);	/* or the next sweep */
	return --s->left == 0;
}

void
maildir_sweep_tmp(int tmp_dir)
{
	struct sweep s = { .dir = tmp_dir, .left = TMP_SWEEP_MAX,
	    .before_ns = (clock_wall_s() - TMP_AGE_S) * NS_PER_S };

	if (fs_list(tmp_dir, sweep_one, &s) < 0)
		return;		/* the next sweep, then */
}
