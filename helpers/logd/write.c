/*
 * write - see write.h.
 *	2026-11-22T05:56:00.123456Z smtpd[123] info event=... key=value
 * One write(2) a line, so that a line is whole in the file or not there.
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

#define ROOM	(4 * LOG_LINE_MAX + 128)	/* every octet as \xNN */

static struct {
	int  fd;
	bool syslog;
} to = { .fd = STDERR_FILENO };

static const struct {
	const char *name;
	int	    severity;	/* syslog's */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARN] = { "warn", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

void
write_open(void)
{
	const char *log = conf_str(service_conf(), "log");
	int fd = service_file("log");

	if (strcmp(log, "stderr") == 0)
		to.fd = STDERR_FILENO;
	else if (fd >= 0)
		to.fd = fd;
	else
		die(EXIT_CANTCREAT, "%s cannot be written", log);
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

/*
 * A full disk loses lines, not mail; a syslog daemon that went away takes its
 * socket with it: only master can connect a new one, and does for a new logd.
 */
static void
put(const struct buf *out)
{
	if (fd_write(to.fd, out->p, out->n) >= 0 || !to.syslog)
		return;
	if (errno == ECONNREFUSED || errno == ENOTCONN || errno == ECONNRESET)
		die(EXIT_TEMPFAIL, "syslog ended");
}

void
write_line(enum role role, int32_t pid, enum log_level level,
    struct span line)
{
	char room[ROOM];
	struct buf out = { .p = room, .size = sizeof(room),
		.cap = sizeof(room) - 1 };

	room[0] = '\0';
	if (to.syslog) {
		buf_addf(&out, "<%d>paquebot/", 2 * 8 + levels[level].severity);
		add_body(&out, role, pid, level, line);
	} else {
		write_format(&out, clock_wall_us(), role, pid, level, line);
		buf_add_char(&out, '\n');
	}
	put(&out);
}
