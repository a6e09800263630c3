/*
 * request - see request.h.
 * A channel is one role's: what stands in its lines cannot change that.  Each
 * channel has a bucket of lines; what comes beyond it is counted, and the
 * count is written when lines get through again, so that a daemon that was
 * taken over can neither fill the disk at will nor hide that it tried.
 */
#include "helpers/logd/request.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "helpers/logd/write.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/sock.h"

#define CHANNELS_MAX	64
#define READ_AT_ONCE	4	/* groups of lines of one channel per turn */
#define LAST_TURNS	500	/* at the end: more than the burst */
/* A busy qmgr writes three lines about each of 1,500 messages. */
#define LINES_PER_S	5000
#define LINES_BURST	10000
/*
 * After a turn of few lines the channels are left alone so long: with a line by
 * each daemon about each message, we would be woken for every single one.
 */
#define REST_MS		2
#define REST_LINES	SOCK_SIGNED_MAX
#define PACKET_MAX	(1 + LOG_LINE_MAX)

struct channel {
	enum role     role;
	uint64_t      number;	/* the newest of a role has the highest */
	int	      fd;
	struct event *readable;
	int64_t	      last_ms;
	uint64_t      tokens;	/* thousandths of a line */
	uint64_t      dropped;
};

static struct {
	struct channel *channels[CHANNELS_MAX];
	struct event   *turn_end;
	uint64_t number;
	bool	 stopping;
	unsigned in_turn;
	char	packets[SOCK_SIGNED_MAX][PACKET_MAX];
} lines;

static void
channel_free(struct channel *c)
{
	for (size_t i = 0; i < CHANNELS_MAX; i++)
		if (lines.channels[i] == c)
			lines.channels[i] = NULL;
	event_free(c->readable);
	fd_close(&c->fd);
	free(c);
}

/*
 * A daemon shares its channel with its children, of which one may have ended it
 * for all: master gives it another.  If the daemon itself is gone, master
 * knows; if this one was replaced, the new one is there.
 */
static void
say_ended(const struct channel *c)
{
	for (size_t i = 0; i < CHANNELS_MAX; i++)
		if (lines.channels[i] != NULL &&
		    lines.channels[i]->role == c->role &&
		    lines.channels[i]->number > c->number)
			return;
	if (c->role != ROLE_LOGD && !lines.stopping)
		service_log_ended(c->role);
}

static bool
within_rate(struct channel *c)
{
	const uint64_t most = (uint64_t)LINES_BURST * 1000;
	int64_t now = clock_mono_ms();

	if (now > c->last_ms)
		c->tokens += (uint64_t)(now - c->last_ms) * LINES_PER_S;
	c->last_ms = now;
	if (c->tokens > most)
		c->tokens = most;
	if (c->tokens < 1000) {
		c->dropped++;
		return false;
	}
	c->tokens -= 1000;
	return true;
}

static void
say_dropped(struct channel *c, int32_t pid)
{
	char room[64];
	struct buf text = { .p = room, .size = sizeof(room),
		.cap = sizeof(room) - 1 };

	if (c->dropped == 0)
		return;
	room[0] = '\0';
	buf_addf(&text, "event=log-dropped lines=%llu",
	    (unsigned long long)c->dropped);
	c->dropped = 0;
	write_line(c->role, pid, LOG_LEVEL_WARN, buf_span(&text));
}

/* One packet: a level digit and a line.  What is not that is shown as such. */
static void
take_line(struct channel *c, const char *packet, size_t n, int32_t pid)
{
	enum log_level level = LOG_LEVEL_INFO;
	struct span line = span_of(packet, n);

	if (!within_rate(c))
		return;
	say_dropped(c, pid);
	if (n > 0 && packet[0] >= '0' && packet[0] <= '3') {
		level = (enum log_level)(packet[0] - '0');
		line = span_from(line, 1);
	}
	write_line(c->role, pid, level, line);
}

enum got { GOT_ALL, GOT_SOME, GOT_END };

/* GOT_SOME: there may be more. */
static enum got
read_group(struct channel *c)
{
	struct sock_signed v[SOCK_SIGNED_MAX];
	int n;

	for (int i = 0; i < SOCK_SIGNED_MAX; i++)
		v[i] = (struct sock_signed){ .p = lines.packets[i],
			.size = PACKET_MAX };
	n = sock_recv_signed(c->fd, v, SOCK_SIGNED_MAX);
	if (n < 0)
		return errno == EAGAIN || errno == ENOBUFS ? GOT_ALL : GOT_END;
	lines.in_turn += (unsigned)n;
	for (int i = 0; i < n; i++) {
		if (v[i].end)
			return GOT_END;
		take_line(c, v[i].p, v[i].n, v[i].pid);
	}
	return n < SOCK_SIGNED_MAX ? GOT_ALL : GOT_SOME;
}

/* false: the channel is at its end. */
static bool
read_some(struct channel *c)
{
	enum got got = GOT_SOME;

	for (int i = 0; i < READ_AT_ONCE && got == GOT_SOME; i++)
		got = read_group(c);
	return got != GOT_END;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;

	(void)fd;
	(void)what;
	event_active(lines.turn_end, EV_TIMEOUT, 1);	/* behind the others */
	if (read_some(c))
		return;
	say_dropped(c, 0);
	say_ended(c);
	channel_free(c);
}

static void
on_turn_end(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	write_flush();
	if (lines.in_turn < REST_LINES)
		clock_sleep_ms(REST_MS);
	lines.in_turn = 0;
}

static void
on_peer(enum role role, int fd, void *ctx)
{
	struct channel *c;
	size_t i = 0;

	(void)ctx;
	while (i < CHANNELS_MAX && lines.channels[i] != NULL)
		i++;
	if (i == CHANNELS_MAX || fd_nonblock(fd, true) != 0) {
		log_error(LF_STR("event", "log-channel-refused"),
		    LF_STR("daemon", role_name(role)));
		fd_close(&fd);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->role = role;
	c->number = ++lines.number;
	c->fd = fd;
	c->last_ms = clock_mono_ms();
	c->tokens = (uint64_t)LINES_BURST * 1000;
	c->readable = event_new(service_base(), fd, EV_READ | EV_PERSIST,
	    on_readable, c);
	if (c->readable == NULL || event_add(c->readable, NULL) != 0)
		die(EXIT_OSERR, "event_new failed");
	lines.channels[i] = c;
}

/* What has been sent before the end is still written. */
static void
on_stop(void *ctx)
{
	(void)ctx;
	lines.stopping = true;
	for (size_t i = 0; i < CHANNELS_MAX; i++)
		for (int turn = 0; turn < LAST_TURNS &&
		    lines.channels[i] != NULL; turn++)
			if (!read_some(lines.channels[i]))
				break;
	write_flush();
	service_loop_end();
}

static void
on_reload(void *ctx)
{
	(void)ctx;
	write_open();
}

void
request_begin(void)
{
	const struct service_events events = { .peer = on_peer,
		.stop = on_stop, .reload = on_reload };

	lines.turn_end = event_new(service_base(), -1, 0, on_turn_end, NULL);
	if (lines.turn_end == NULL)
		die(EXIT_OSERR, "event_new failed");
	service_on(&events);
}

void
request_end(void)
{
	write_flush();
	event_free(lines.turn_end);
	for (size_t i = 0; i < CHANNELS_MAX; i++)
		if (lines.channels[i] != NULL)
			channel_free(lines.channels[i]);
}
