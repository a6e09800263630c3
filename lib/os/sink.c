/*
 * sink - see sink.h.  A process must not stand still because the log does:
 * nothing here waits, what cannot be sent is counted, and the count is the
 * next line that gets through.
 */
#include "os/sink.h"

#include <sys/socket.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/fd.h"

static struct {
	int	 fd;
	uint64_t lost;
	char	 program[32];
} sink = { .fd = -1 };

static bool
sink_send(char level, struct span line)
{
	char packet[1 + LOG_LINE_MAX];
	size_t n = num_min(line.n, LOG_LINE_MAX);

	packet[0] = level;
	if (n > 0)
		memcpy(packet + 1, line.p, n);
	return send(sink.fd, packet, n + 1, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)(n + 1);
}

static void
to_channel(enum log_level level, struct span line)
{
	char text[64];

	if (sink.lost > 0) {
		(void)snprintf(text, sizeof(text), "event=log-lost lines=%llu",
		    (unsigned long long)sink.lost);
		if (!sink_send('1', span_str(text))) {
			sink.lost++;
			return;
		}
		sink.lost = 0;
	}
	if (!sink_send((char)('0' + (int)level), line))
		sink.lost++;
}

static void
to_stderr(enum log_level level, struct span line)
{
	char out[LOG_LINE_MAX + 96], stamp[24];
	time_t t = (time_t)clock_wall_s();
	struct tm tm;
	int n;

	(void)level;
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		stamp[0] = '\0';
	n = snprintf(out, sizeof(out), "%s %s: %.*s\n", stamp, sink.program,
	    (int)num_min(line.n, LOG_LINE_MAX), line.n > 0 ? line.p : "");
	if (n > 0)	/* one write a line; nobody is left to tell of failure */
		(void)!write(STDERR_FILENO, out,
		    num_min((size_t)n, sizeof(out) - 1));
}

void
sink_channel(int fd)
{
	fd_close(&sink.fd);
	sink.fd = fd;
	log_set_sink(to_channel);
}

void
sink_stderr(const char *program)
{
	fd_close(&sink.fd);
	span_copy_cut(span_str(program), sink.program, sizeof(sink.program));
	log_set_sink(to_stderr);
}
