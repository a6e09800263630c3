/*
 * log - see log.h.
 * Lines are read by people and by programs, and most values come from
 * strangers: nothing that is not printable ASCII reaches the line, and a
 * value can neither end its quotes nor look like another pair.  A pair that
 * would make the line too long is left out whole, so that no quote stays
 * open and the pairs behind it (the id) still have a chance.
 * Writing a line needs no heap: it must work when memory has run out.
 */
#include "base/log.h"

#include <string.h>
#include <unistd.h>

static void to_stderr(enum log_level level, struct span line);

static struct {
	void (*sink)(enum log_level level, struct span line);
	enum log_level most;
} out_to = { to_stderr, LOG_LEVEL_INFO };

/* One write, so that lines of several processes do not mix. */
static void
to_stderr(enum log_level level, struct span line)
{
	static const char *const names[] = {
		[LOG_LEVEL_ERROR] = "level=error ",
		[LOG_LEVEL_WARN] = "level=warn ",
		[LOG_LEVEL_INFO] = "level=info ",
		[LOG_LEVEL_DEBUG] = "level=debug ",
	};
	char room[LOG_LINE_MAX + 32];
	struct buf whole = { .p = room, .size = sizeof(room),
		.cap = sizeof(room) - 1 };

	buf_add_str(&whole, names[level]);
	buf_add_span(&whole, line);
	buf_add_char(&whole, '\n');
	if (write(STDERR_FILENO, whole.p, whole.n) < 0)
		return;		/* nobody left to tell */
}

static bool
is_bare(char c)
{
	return c > ' ' && c <= '~' && c != '"' && c != '\\' && c != '=';
}

/* How octet c is written inside quotes; returns the length, 1 to 4. */
static size_t
escape(char c, char out[4])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char octet = (unsigned char)c;

	if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
		out[0] = c;
		return 1;
	}
	out[0] = '\\';
	out[1] = c;
	if (c == '"' || c == '\\')
		return 2;
	out[1] = 'x';
	out[2] = hex[octet >> 4];
	out[3] = hex[octet & 15];
	return 4;
}

void
log_quote(struct buf *out, struct span value)
{
	char text[LOG_VALUE_MAX], one[4];
	size_t n = 0, len, bare = 0;

	while (bare < value.n && is_bare(value.p[bare]))
		bare++;
	if (bare == value.n && value.n > 0) {
		buf_add_span(out, span_head(value, LOG_VALUE_MAX));
		return;
	}
	text[n++] = '"';
	for (size_t i = 0; i < value.n; i++) {
		len = escape(value.p[i], one);
		if (n + len + 1 > sizeof(text))
			break;
		memcpy(text + n, one, len);
		n += len;
	}
	text[n++] = '"';
	buf_add(out, text, n);
}

static void
add_value(struct buf *out, const struct log_field *f)
{
	switch (f->kind) {
	case LOG_IS_STR:
		log_quote(out, span_str(f->str));
		break;
	case LOG_IS_SPAN:
		log_quote(out, f->span);
		break;
	case LOG_IS_NUM:
		buf_add_u64(out, f->num);
		break;
	case LOG_IS_INT:
		buf_addf(out, "%lld", (long long)f->sig);
		break;
	}
}

void
log_format(struct buf *out, const struct log_field *fields)
{
	size_t begin = out->n;

	for (const struct log_field *f = fields; f->key != NULL; f++) {
		size_t before = out->n;
		bool was_full = out->full;

		if (f->kind == LOG_IS_STR && f->str == NULL)
			continue;
		out->full = false;
		if (before > begin)
			buf_add_char(out, ' ');
		buf_add_str(out, f->key);
		buf_add_char(out, '=');
		add_value(out, f);
		if (out->full || out->n - begin > LOG_LINE_MAX)
			buf_cut(out, before);
		out->full = out->full || was_full;
	}
}

void
log_write(enum log_level level, const struct log_field *fields)
{
	char room[LOG_LINE_MAX + 1];
	struct buf line = { .p = room, .size = sizeof(room),
		.cap = LOG_LINE_MAX };

	if (level > out_to.most)
		return;
	room[0] = '\0';
	log_format(&line, fields);
	out_to.sink(level, buf_span(&line));
}

void
log_set_sink(void (*sink)(enum log_level level, struct span line))
{
	out_to.sink = sink != NULL ? sink : to_stderr;
}

void
log_set_level(enum log_level most)
{
	out_to.most = most;
}
