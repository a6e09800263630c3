/*
 * write - see write.h.
 *	2026-11-22T05:56:00.123456Z smtpd[123] info event=... key=value
 * The lines of one turn of the loop go out by one call.  A disk that fills up
 * in the midst of it leaves a torn line, which gets its end before the next.
 * syslog stamps time itself; it gets the priority in front (facility mail, 2,
 * times 8, and the severity) and the rest behind "paquebot/".
 */
#include "helpers/logd/write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/date.h"
#include "daemon/service.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/sock_syslog.h"

#define ROOM	(4 * LOG_LINE_MAX + 128)	/* every octet as \xNN */

#define KEPT_OCTETS	(32 * KIB)	/* of lines that wait, and one more */
#define SLOW_MS		1000	/* how long syslog may keep us waiting */

static struct {
	int  fd;
	bool syslog, torn;
} to = { .fd = -1 };

static struct {
	char   room[KEPT_OCTETS + ROOM];
	size_t ends[SOCK_LINES_MAX], lines;
} kept;

static const struct {
	const char *name;
	int	    severity;	/* syslog's */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARN] = { "warn", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

/*
 * A descriptor of our own: the service closes the old file when it is given
 * the new one, and lines may still wait for it then.
 */
void
write_open(void)
{
	const char *log = conf_str(service_conf(), "log");
	int fd = strcmp(log, "stderr") == 0 ? STDERR_FILENO :
	    service_file("log");

	write_flush();
	fd_close(&to.fd);
	to.fd = fd_dup(fd);
	if (to.fd < 0)
		die(EXIT_CANTCREAT, "%s cannot be written", log);
	to.torn = false;
	to.syslog = strcmp(log, "syslog") == 0;
}

static void
add_clean(struct buf *out, struct span line)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if (c >= ' ' && c <= '~') {
			buf_add_char(out, (char)c);
			continue;
		}
		buf_add_str(out, "\\x");
		buf_add_char(out, hex[c >> 4]);
		buf_add_char(out, hex[c & 15]);
	}
}

static void
add_body(struct buf *out, enum role role, int32_t pid, enum log_level level,
    struct span line)
{
	buf_addf(out, "%s[%d] %s ", role_name(role), (int)pid,
	    levels[level].name);
	add_clean(out, span_head(line, LOG_LINE_MAX));
}

void
write_format(struct buf *out, uint64_t now_us, enum role role, int32_t pid,
    enum log_level level, struct span line)
{
	date_iso(out, (int64_t)(now_us / 1000000));
	if (out->n > 0 && out->p[out->n - 1] == 'Z')
		buf_cut(out, out->n - 1);
	buf_addf(out, ".%06uZ ", (unsigned)(now_us % 1000000));
	add_body(out, role, pid, level, line);
}

static struct span
kept_line(size_t i)
{
	size_t from = i > 0 ? kept.ends[i - 1] : 0;

	return span_of(kept.room + from, kept.ends[i] - from);
}

/*
 * A syslog daemon that went away takes its socket with it: only master can
 * connect a new one, and does for a new logd.  For a slow one we wait a
 * moment: the lines of others stay in their channels meanwhile.
 */
static void
to_syslog(void)
{
	struct span v[SOCK_LINES_MAX];

	for (size_t i = 0; i < kept.lines; i++)
		v[i] = kept_line(i);
	if (sock_send_lines(to.fd, v, kept.lines, clock_deadline(SLOW_MS)) <
	    kept.lines && (errno == ECONNREFUSED || errno == ENOTCONN ||
	    errno == ECONNRESET))
		die(EXIT_TEMPFAIL, "syslog ended");
}

/* A full disk loses lines, not mail. */
static void
to_file(void)
{
	struct span all = span_of(kept.room, kept.ends[kept.lines - 1]);
	ssize_t done;

	if (to.torn && fd_write(to.fd, "\n", 1) != 1)
		return;
	to.torn = false;
	while (all.n > 0 && (done = fd_write(to.fd, all.p, all.n)) > 0) {
		all = span_from(all, (size_t)done);
		to.torn = all.n > 0 && all.p[-1] != '\n';
	}
	if (all.n == 0)
		to.torn = false;
}

void
write_flush(void)
{
	if (kept.lines == 0)
		return;
	if (to.syslog)
		to_syslog();
	else
		to_file();
	kept.lines = 0;
}

void
write_line(enum role role, int32_t pid, enum log_level level,
    struct span line)
{
	size_t from = kept.lines > 0 ? kept.ends[kept.lines - 1] : 0;
	struct buf out = { .p = kept.room + from, .size = ROOM,
		.cap = ROOM - 1 };

	out.p[0] = '\0';
	if (to.syslog) {
		buf_addf(&out, "<%d>paquebot/", 2 * 8 + levels[level].severity);
		add_body(&out, role, pid, level, line);
	} else {
		write_format(&out, clock_wall_us(), role, pid, level, line);
		buf_add_char(&out, '\n');
	}
	kept.ends[kept.lines++] = from + out.n;
	if (kept.lines == SOCK_LINES_MAX || from + out.n > KEPT_OCTETS)
		write_flush();
}
