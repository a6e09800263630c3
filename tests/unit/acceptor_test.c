/*
 * acceptor: counts per source and in all, bans, and no spinning when
 * descriptors run out.
 */
#include "net/acceptor.h"

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/fd.h"
#include "t.h"

#define CLIENTS_MAX	64

static struct {
	int fds[CLIENTS_MAX];
	struct sock_addr peers[CLIENTS_MAX];
	unsigned n, refused[4], warnings;
	int tag;
	bool take;
} seen;

static bool
on_client(int fd, const struct sock_addr *peer, int tag, void *ctx)
{
	T_TRUE(ctx == &seen && seen.n < CLIENTS_MAX);
	seen.tag = tag;
	if (!seen.take) {
		fd_close(&fd);
		return false;
	}
	seen.peers[seen.n] = *peer;
	seen.fds[seen.n++] = fd;
	return true;
}

static void
on_refused(int fd, const struct sock_addr *peer, int tag,
    enum acceptor_refusal why, void *ctx)
{
	(void)peer;
	(void)tag;
	(void)ctx;
	seen.refused[why]++;
	(void)!fd_write(fd, "421\r\n", 5);
}

static void
sink(enum log_level level, struct span line)
{
	(void)line;
	seen.warnings += level == LOG_LEVEL_WARN ? 1 : 0;
}

/* How the next acceptor treats networks. */
static unsigned network_percent = 100;
static struct sock_net exempted;

static bool
exempt(const struct sock_addr *peer, void *ctx)
{
	T_TRUE(ctx == &seen);
	return exempted.base.family != 0 && sock_net_has(&exempted, peer);
}

static struct acceptor *
start(struct event_base *base, unsigned total, unsigned source,
    struct sock_addr *at)
{
	const struct acceptor_how how = { .total_max = total,
	    .source_max = source, .network_percent = network_percent,
	    .exempt = exempt, .client = on_client, .refused = on_refused,
	    .ctx = &seen };
	struct acceptor *a = acceptor_new(base, &how);
	struct why why;
	int fd;

	memset(&seen, 0, sizeof(seen));
	seen.take = true;
	T_TRUE(sock_parse_hostport(SPAN_LIT("*:0"), at) == 0);
	T_TRUE((fd = sock_listen(at, &why)) >= 0);
	T_TRUE(sock_local_addr(fd, at) == 0);
	T_TRUE(acceptor_listen(a, fd, 25) == 0);
	return a;
}

static void
turn(struct event_base *base, int ms)
{
	struct timeval tv = { .tv_usec = ms * 1000 };

	T_TRUE(event_base_loopexit(base, &tv) == 0);
	T_TRUE(event_base_dispatch(base) >= 0);
}

/* A client that has our own address, not loopback, where there is one. */
static int
dial(const struct sock_addr *at, const char *ip)
{
	struct sock_addr to = *at, from;
	struct why why;

	T_TRUE(sock_parse_ip(span_str(ip), &from) == 0);
	memcpy(to.ip, from.ip, 4);
	return sock_connect(&to, NULL, clock_deadline(2000), &why);
}

static void
hang_up(struct acceptor *a)
{
	while (seen.n > 0) {
		seen.n--;
		acceptor_ended(a, &seen.peers[seen.n]);
		fd_close(&seen.fds[seen.n]);
	}
}

/* Local clients leave a quarter of the places to the network. */
static void
test_local(void **state)
{
	struct event_base *base = event_base_new();
	struct sock_addr at;
	struct acceptor *a = start(base, 8, 8, &at);
	int c[8];

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++)
		T_TRUE((c[i] = dial(&at, "127.0.0.1")) >= 0);
	turn(base, 50);
	T_TRUE(seen.n == 6 && seen.refused[ACCEPTOR_ALL_FULL] == 2);
	hang_up(a);
	for (size_t i = 0; i < COUNT(c); i++)
		fd_close(&c[i]);
	acceptor_free(&a);
	event_base_free(base);
}

static void
test_total(void **state)
{
	struct event_base *base = event_base_new();
	struct sock_addr at;
	struct acceptor *a = start(base, 3, 1, &at);
	int c[4];
	char text[8];

	(void)state;
	/* Loopback is held to the total only. */
	for (size_t i = 0; i < COUNT(c); i++)
		T_TRUE((c[i] = dial(&at, "127.0.0.1")) >= 0);
	turn(base, 50);
	T_TRUE(seen.n == 3 && acceptor_count(a) == 3 && seen.tag == 25);
	T_TRUE(acceptor_count_of(a, &seen.peers[0]) == 3);
	T_TRUE(seen.refused[ACCEPTOR_ALL_FULL] == 1);
	T_TRUE(fd_read(c[3], text, sizeof(text)) == 5);
	T_TRUE(fd_read(c[3], text, sizeof(text)) == 0);
	hang_up(a);
	T_TRUE(acceptor_count(a) == 0);
	/* A client that is over at once is not counted. */
	seen.take = false;
	fd_close(&c[0]);
	T_TRUE((c[0] = dial(&at, "127.0.0.1")) >= 0);
	turn(base, 50);
	T_TRUE(seen.n == 0 && acceptor_count(a) == 0);
	for (size_t i = 0; i < COUNT(c); i++)
		fd_close(&c[i]);
	acceptor_stop(a);
	T_TRUE((c[0] = dial(&at, "127.0.0.1")) == -1);
	acceptor_free(&a);
	T_TRUE(a == NULL);
	event_base_free(base);
}

/* An address of this host that is not loopback, or "". */
static void
own_address(char out[SOCK_IP_SIZE])
{
	struct sock_addr a;
	int fd;

	/* Connecting a UDP socket sends nothing; it picks a source. */
	out[0] = '\0';
	T_TRUE(sock_parse_ip(SPAN_LIT("192.0.2.1"), &a) == 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		struct sockaddr sa = { .sa_family = AF_INET };

		memcpy(sa.sa_data, (const char[]){ 0, 9 }, 2);
		memcpy(sa.sa_data + 2, a.ip, 4);
		if (connect(fd, &sa, sizeof(sa)) == 0 &&
		    sock_local_addr(fd, &a) == 0 && !sock_is_loopback(&a))
			sock_format_ip(&a, out);
	}
	fd_close(&fd);
}

static void
test_source(void **state)
{
	char own[SOCK_IP_SIZE];
	struct event_base *base;
	struct sock_addr at, me;
	struct acceptor *a;
	int c[5];

	(void)state;
	own_address(own);
	if (own[0] == '\0')
		skip();		/* a host with loopback only */
	base = event_base_new();
	a = start(base, 10, 2, &at);
	T_TRUE(sock_parse_ip(span_str(own), &me) == 0);
	for (size_t i = 0; i < 3; i++)
		T_TRUE((c[i] = dial(&at, own)) >= 0);
	turn(base, 50);
	T_TRUE(seen.n == 2 && acceptor_count_of(a, &me) == 2);
	T_TRUE(seen.refused[ACCEPTOR_SOURCE_FULL] == 1);
	hang_up(a);
	T_TRUE(acceptor_count_of(a, &me) == 0);
	acceptor_ban(a, &me, 100);
	T_TRUE((c[3] = dial(&at, own)) >= 0);
	turn(base, 50);
	T_TRUE(seen.n == 0 && seen.refused[ACCEPTOR_BANNED] == 1);
	turn(base, 100);
	T_TRUE((c[4] = dial(&at, own)) >= 0);
	turn(base, 50);
	T_TRUE(seen.n == 1);
	hang_up(a);
	for (size_t i = 0; i < COUNT(c); i++)
		fd_close(&c[i]);
	acceptor_free(&a);
	event_base_free(base);
}

static int64_t
cpu_us(void)
{
	struct timespec ts;

	T_TRUE(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* accept(2) EMFILE: the listener stays readable; we must not spin. */
static void
test_no_descriptors(void **state)
{
	struct event_base *base = event_base_new();
	struct sock_addr at;
	struct acceptor *a = start(base, 10, 10, &at);
	struct rlimit old, low;
	int c, spare;
	int64_t cpu;

	(void)state;
	T_TRUE((c = dial(&at, "127.0.0.1")) >= 0);
	T_TRUE((spare = dup(0)) >= 0);
	T_TRUE(getrlimit(RLIMIT_NOFILE, &old) == 0);
	low = old;
	low.rlim_cur = (rlim_t)spare + 1;
	T_TRUE(setrlimit(RLIMIT_NOFILE, &low) == 0);
	log_set_sink(sink);
	cpu = cpu_us();
	turn(base, 900);
	T_TRUE(cpu_us() - cpu < 90000);		/* threats: under 10 % */
	T_TRUE(seen.n == 0 && seen.warnings == 1);
	T_TRUE(setrlimit(RLIMIT_NOFILE, &old) == 0);
	turn(base, 400);
	T_TRUE(seen.n == 1);			/* served as soon as possible */
	hang_up(a);
	fd_close(&c);
	fd_close(&spare);
	acceptor_free(&a);
	event_base_free(base);
}

/*
 * A network namespace of our own, on whose loopback interface all of 192.0.2/24
 * and 198.51.100/24 (RFC 5737) and some of 2001:db8::/32 (RFC 3849) are ours.
 */
static const char *const six[] = { "2001:db8:0:1::1", "2001:db8:0:2::1",
	"2001:db8:0:ffff::1", "2001:db8:1::1" };

static bool
own_network(void)
{
	static const char *const four[] = { "192.0.2.1", "198.51.100.1" };
	struct ifreq r = { .ifr_flags = IFF_UP };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sock_addr a;
	int fd;

	if (unshare(CLONE_NEWNET) != 0 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	T_TRUE((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) >= 0);
	memcpy(r.ifr_name, "lo", 3);
	T_TRUE(ioctl(fd, SIOCSIFFLAGS, &r) == 0);
	for (size_t i = 0; i < COUNT(four); i++) {
		(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "lo:%zu", i);
		T_TRUE(sock_parse_ip(span_str(four[i]), &a) == 0);
		memcpy(&in.sin_addr, a.ip, 4);
		memcpy(&r.ifr_addr, &in, sizeof(in));
		T_TRUE(ioctl(fd, SIOCSIFADDR, &r) == 0);
		in.sin_addr.s_addr = htonl(0xffffff00);
		memcpy(&r.ifr_netmask, &in, sizeof(in));
		T_TRUE(ioctl(fd, SIOCSIFNETMASK, &r) == 0);
	}
	fd_close(&fd);
	T_TRUE((fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) >= 0);
	for (size_t i = 0; i < COUNT(six); i++) {
		struct in6_ifreq r6 = { .ifr6_prefixlen = 128,
			.ifr6_ifindex = (int)if_nametoindex("lo") };

		T_TRUE(sock_parse_ip(span_str(six[i]), &a) == 0);
		memcpy(&r6.ifr6_addr, a.ip, 16);
		T_TRUE(ioctl(fd, SIOCSIFADDR, &r6) == 0);
	}
	fd_close(&fd);
	return true;
}

/* n clients, of FORMAT with 1, 2, ...; how many of them got in. */
static unsigned
come(struct event_base *base, const struct sock_addr *at, const char *format,
    unsigned first, unsigned n)
{
	unsigned before = seen.n;
	struct sock_addr from;
	struct why why;
	char ip[SOCK_IP_SIZE];

	for (unsigned i = first; i < first + n; i++) {
		struct sock_addr to = *at;
		int fd;

		(void)snprintf(ip, sizeof(ip), "%s%u", format, i);
		T_TRUE(sock_parse_ip(span_str(ip), &from) == 0);
		memcpy(to.ip, from.ip, sizeof(to.ip));
		fd = sock_connect(&to, &from, clock_deadline(2000), &why);
		T_TRUE(fd >= 0);
		turn(base, 10);
		fd_close(&fd);
	}
	return seen.n - before;
}

static void
network_of_four(struct event_base *base)
{
	struct sock_addr at;
	struct acceptor *a = start(base, 10, 3, &at);

	/* Ten places; five for the 254 addresses of one network. */
	T_INT(come(base, &at, "192.0.2.", 1, 7), 5);
	T_INT(seen.refused[ACCEPTOR_NETWORK_FULL], 2);
	/* One address is bounded all the same, also where others are few. */
	T_INT(come(base, &at, "198.51.100.", 9, 1), 1);
	T_INT(come(base, &at, "198.51.100.", 9, 1), 1);
	T_INT(come(base, &at, "198.51.100.", 9, 1), 1);
	T_INT(come(base, &at, "198.51.100.", 9, 1), 0);
	T_INT(seen.refused[ACCEPTOR_SOURCE_FULL], 1);
	T_INT(come(base, &at, "198.51.100.", 20, 2), 2);
	T_INT(come(base, &at, "198.51.100.", 30, 1), 0);
	T_INT(seen.refused[ACCEPTOR_ALL_FULL], 1);
	hang_up(a);
	/* Its places come back one by one. */
	T_INT(come(base, &at, "192.0.2.", 100, 6), 5);
	acceptor_ended(a, &seen.peers[--seen.n]);
	fd_close(&seen.fds[seen.n]);
	T_INT(come(base, &at, "192.0.2.", 200, 2), 1);
	/* Whoever is trusted comes in as long as there is any place. */
	T_TRUE(sock_parse_net(SPAN_LIT("192.0.2.240/28"), &exempted) == 0);
	T_INT(come(base, &at, "192.0.2.", 239, 3), 2);
	memset(&exempted, 0, sizeof(exempted));
	hang_up(a);
	acceptor_free(&a);
}

static void
network_of_six(struct event_base *base)
{
	struct sock_addr at;
	struct acceptor *a = start(base, 4, 4, &at);
	struct why why;
	int fd;

	T_TRUE(sock_parse_hostport(SPAN_LIT("[::]:0"), &at) == 0);
	T_TRUE((fd = sock_listen(&at, &why)) >= 0);
	T_TRUE(sock_local_addr(fd, &at) == 0);
	T_TRUE(acceptor_listen(a, fd, 26) == 0);
	/* Three /64 of one /48, for which there are two places. */
	T_INT(come(base, &at, "2001:db8:0:1::", 1, 1), 1);
	T_INT(come(base, &at, "2001:db8:0:2::", 1, 1), 1);
	T_INT(come(base, &at, "2001:db8:0:ffff::", 1, 1), 0);
	T_INT(seen.refused[ACCEPTOR_NETWORK_FULL], 1);
	T_INT(come(base, &at, "2001:db8:1::", 1, 1), 1);
	hang_up(a);
	acceptor_free(&a);
}

static void
add_up(const struct sock_addr *peer, unsigned n, int64_t banned_ms, void *ctx)
{
	(void)peer;
	T_TRUE(banned_ms == 0);
	*(unsigned *)ctx += n;
}

/* Those whom a predecessor serves have places of their network. */
static void
network_carried(struct event_base *base)
{
	struct sock_addr at, two[2];
	struct acceptor *a = start(base, 10, 10, &at);
	unsigned all = 0;

	T_TRUE(sock_parse_ip(SPAN_LIT("192.0.2.7"), &two[0]) == 0);
	T_TRUE(sock_parse_ip(SPAN_LIT("192.0.2.8"), &two[1]) == 0);
	acceptor_carry(a, &two[0], 3, false);
	acceptor_carry(a, &two[1], 2, false);
	T_INT(come(base, &at, "192.0.2.", 1, 1), 0);
	T_INT(come(base, &at, "198.51.100.", 1, 1), 1);
	acceptor_carry(a, &two[0], 1, true);
	T_INT(come(base, &at, "192.0.2.", 1, 2), 1);
	acceptor_hand_over(a, 100, add_up, &all);	/* each client once */
	T_INT(all, 3 + 2 + 1 - 1 + 1);
	hang_up(a);
	acceptor_free(&a);
}

/* The last one: this process stays in its own network. */
static void
test_network(void **state)
{
	struct event_base *base = event_base_new();
	struct sock_addr at;
	struct acceptor *a;

	(void)state;
	if (!own_network()) {
		print_message("no network namespace can be made\n");
		skip();
	}
	network_percent = 50;
	network_of_four(base);
	network_of_six(base);
	network_carried(base);
	network_percent = 1;		/* less than one place is one */
	a = start(base, 10, 10, &at);
	T_INT(come(base, &at, "192.0.2.", 1, 3), 1);
	hang_up(a);
	acceptor_free(&a);
	network_percent = 100;
	a = start(base, 10, 10, &at);
	T_INT(come(base, &at, "192.0.2.", 1, 12), 10);
	hang_up(a);
	acceptor_free(&a);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_total),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_network),
	};

	fd_no_sigpipe();
	return cmocka_run_group_tests_name("acceptor", tests, NULL, NULL);
}
