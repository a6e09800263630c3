/*
 * sock: addresses as text, networks, and sockets on loopback.
 */
#include "os/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fd.h"
#include "t.h"

/* out: the canonical form, or NULL for refused. */
static const struct {
	const char *in, *out;
	uint8_t family;
} ips[] = {
	{ "192.0.2.1", "192.0.2.1", 4 },
	{ "::ffff:192.0.2.1", "192.0.2.1", 4 },		/* IPv4-mapped */
	{ "::FFFF:c000:201", "192.0.2.1", 4 },
	{ "2001:DB8:0:0::1", "2001:db8::1", 6 },
	{ "::1", "::1", 6 },
	{ "::", "::", 6 },
	{ "fe80::1%2", "fe80::1%2", 6 },
	{ "fe80::1%eth0", NULL, 0 },	/* names differ between hosts */
	{ "192.0.2.1%2", NULL, 0 },
	{ "192.0.2", NULL, 0 },
	{ "192.0.2.256", NULL, 0 },
	{ "0300.0.2.1", NULL, 0 },	/* no octal, no hex: one reading only */
	{ "0x7f.1", NULL, 0 },
	{ "2130706433", NULL, 0 },
	{ "1.2.3.4 ", NULL, 0 },
	{ " 1.2.3.4", NULL, 0 },
	{ "[::1]", NULL, 0 },
	{ "::1::", NULL, 0 },
	{ "", NULL, 0 },
	{ "localhost", NULL, 0 },
	{ "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21", NULL, 0 },
};

static void
test_ip(void **state)
{
	char text[SOCK_IP_SIZE];
	struct sock_addr a;

	(void)state;
	for (size_t i = 0; i < COUNT(ips); i++) {
		t_case(ips[i].in);
		bool ok = sock_parse_ip(span_str(ips[i].in), &a) == 0;
		T_TRUE(ok == (ips[i].out != NULL));
		if (!ok)
			continue;
		T_TRUE(a.family == ips[i].family);
		sock_format_ip(&a, text);
		T_SPAN(span_str(text), span_str(ips[i].out));
	}
	T_TRUE(sock_parse_ip(SPAN_LIT("127.0.0.1\0x"), &a) == -1);
}

static const struct {
	const char *in, *ip;
	uint16_t port;
} hostports[] = {
	{ "192.0.2.1:25", "192.0.2.1", 25 },
	{ "[2001:db8::1]:587", "2001:db8::1", 587 },
	{ "*:25", "0.0.0.0", 25 },
	{ "[::]:25", "::", 25 },
	{ "[::ffff:192.0.2.1]:25", "192.0.2.1", 25 },
	{ ":25", NULL, 0 }, { "25", NULL, 0 }, { "1.2.3.4", NULL, 0 },
	{ "1.2.3.4:", NULL, 0 }, { "1.2.3.4:65536", NULL, 0 },
	{ "1.2.3.4:-1", NULL, 0 }, { "::1:25", NULL, 0 },
	{ "[1.2.3.4]:25", NULL, 0 }, { "[]:25", NULL, 0 },
	{ "[::1:25", NULL, 0 }, { "host:25", NULL, 0 },
};

static void
test_hostport(void **state)
{
	char text[SOCK_IP_SIZE];
	struct sock_addr a;

	(void)state;
	for (size_t i = 0; i < COUNT(hostports); i++) {
		t_case(hostports[i].in);
		bool ok = sock_parse_hostport(span_str(hostports[i].in),
		    &a) == 0;
		T_TRUE(ok == (hostports[i].ip != NULL));
		if (!ok)
			continue;
		sock_format_ip(&a, text);
		T_SPAN(span_str(text), span_str(hostports[i].ip));
		T_TRUE(a.port == hostports[i].port);
	}
}

static const struct {
	const char *net, *ip;	/* ip NULL: the network is refused */
	bool has;
} nets[] = {
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.0/24", "::ffff:192.0.2.7", true },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.4/31", "192.0.2.5", true },
	{ "192.0.2.4", "192.0.2.4", true },
	{ "192.0.2.4", "192.0.2.5", false },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "192.0.2.1", false },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::1", false },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "::ffff:192.0.2.0/120", "192.0.2.9", true },
	{ "::ffff:192.0.2.0/120", "192.0.3.9", false },
	{ "192.0.2.1/24", NULL, false }, { "192.0.2.0/33", NULL, false },
	{ "2001:db8::/129", NULL, false }, { "192.0.2.0/", NULL, false },
	{ "192.0.2.0/-1", NULL, false }, { "/24", NULL, false },
	{ "::ffff:0.0.0.0/95", NULL, false }, { "192.0.2.0/24/1", NULL, false },
	{ "fe80::1%2/64", NULL, false },
};

static void
test_net(void **state)
{
	struct sock_net n;
	struct sock_addr a;

	(void)state;
	for (size_t i = 0; i < COUNT(nets); i++) {
		t_case(nets[i].net);
		bool ok = sock_parse_net(span_str(nets[i].net), &n) == 0;
		T_TRUE(ok == (nets[i].ip != NULL));
		if (!ok)
			continue;
		T_TRUE(sock_parse_ip(span_str(nets[i].ip), &a) == 0);
		T_TRUE(sock_net_has(&n, &a) == nets[i].has);
	}
}

/* Whose limits are one: the first 24 bits of IPv4, 48 of IPv6. */
static const struct {
	const char *a, *b;
	bool same;
} networks[] = {
	{ "192.0.2.1", "192.0.2.255", true },
	{ "192.0.2.1", "192.0.3.1", false },
	{ "192.0.2.1", "::ffff:192.0.2.9", true },
	{ "2001:db8::1", "2001:db8:0:ffff::1", true },
	{ "2001:db8::1", "2001:db8:1::1", false },
	{ "192.0.2.0", "c000:200::", false },
};

static void
test_network(void **state)
{
	struct sock_network n[2];
	struct sock_addr a;

	(void)state;
	for (size_t i = 0; i < COUNT(networks); i++) {
		t_case(networks[i].b);
		T_TRUE(sock_parse_ip(span_str(networks[i].a), &a) == 0);
		sock_network_of(&a, &n[0]);
		T_TRUE(sock_parse_ip(span_str(networks[i].b), &a) == 0);
		sock_network_of(&a, &n[1]);
		T_TRUE((memcmp(&n[0], &n[1], sizeof(n[0])) == 0) ==
		    networks[i].same);
	}
}

static const struct {
	const char *ip;
	bool loopback, unusable;
} kinds[] = {
	{ "127.0.0.1", true, false }, { "127.255.0.9", true, false },
	{ "128.0.0.1", false, false }, { "::1", true, false },
	{ "::2", false, false }, { "::ffff:127.0.0.1", true, false },
	{ "0.0.0.0", false, true }, { "::", false, true },
	{ "255.255.255.255", false, true }, { "224.0.0.1", false, true },
	{ "239.1.2.3", false, true }, { "ff02::1", false, true },
	{ "0.1.2.3", false, true }, { "::ffff:0.0.0.0", false, true },
	{ "192.0.2.1", false, false },
};

static void
test_kinds(void **state)
{
	struct sock_addr a, local = { .family = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		t_case(kinds[i].ip);
		T_TRUE(sock_parse_ip(span_str(kinds[i].ip), &a) == 0);
		T_TRUE(sock_is_loopback(&a) == kinds[i].loopback);
		T_TRUE(sock_is_unusable(&a) == kinds[i].unusable);
	}
	T_TRUE(!sock_is_loopback(&local) && sock_is_unusable(&local));
}

static void
test_tcp(void **state)
{
	struct sock_addr a, peer, from;
	struct why why;
	int l, c, s, second;
	char x;

	(void)state;
	T_TRUE(sock_parse_hostport(SPAN_LIT("127.0.0.1:0"), &a) == 0);
	T_TRUE((l = sock_listen(&a, &why)) >= 0);
	T_TRUE(sock_accept(l, &peer) == -1 && errno == EAGAIN);
	T_TRUE(sock_local_addr(l, &a) == 0 && a.port != 0);
	second = sock_listen(&a, &why);
	T_TRUE(second == -1 && why.kind == WHY_TEMP);
	T_TRUE(sock_parse_ip(SPAN_LIT("127.0.0.9"), &from) == 0);
	c = sock_connect(&a, &from, clock_deadline(2000), &why);
	T_TRUE(c >= 0);
	T_TRUE(fd_wait(l, FD_READ, clock_deadline(2000)) == 1);
	T_TRUE((s = sock_accept(l, &peer)) >= 0);
	T_TRUE(sock_ip_eq(&peer, &from) && peer.port != 0);
	T_TRUE(fd_write_all(s, "x", 1) == 0);
	sock_end_output(s);
	T_TRUE(fd_wait(c, FD_READ, clock_deadline(2000)) == 1);
	T_TRUE(fd_read(c, &x, 1) == 1 && x == 'x');
	T_TRUE(fd_wait(c, FD_READ, clock_deadline(2000)) == 1);
	T_TRUE(fd_read(c, &x, 1) == 0);
	fd_close(&s);
	fd_close(&c);
	fd_close(&l);
	/* Nobody listens there any more. */
	c = sock_connect(&a, NULL, clock_deadline(2000), &why);
	T_TRUE(c == -1 && why.kind == WHY_TEMP);
}

static void
test_local(void **state)
{
	char path[64], more[200];
	struct sock_addr peer;
	struct stat sb;
	struct why why;
	uint32_t uid = 99999;
	int l, c, s;

	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/sock_test.%ld", (long)getpid());
	T_TRUE((l = sock_listen_local(path, 0660, &why)) >= 0);
	T_TRUE(stat(path, &sb) == 0 && (sb.st_mode & 07777) == 0660);
	/* In use: not taken over. */
	T_TRUE((s = sock_listen_local(path, 0660, &why)) == -1);
	T_TRUE((c = sock_connect_local(path)) >= 0);
	T_TRUE((s = sock_accept(l, &peer)) >= 0);	/* the one that tried */
	fd_close(&s);
	T_TRUE((s = sock_accept(l, &peer)) >= 0 && peer.family == 0);
	T_TRUE(sock_peer_uid(s, &uid) == 0 && uid == geteuid());
	fd_close(&s);
	fd_close(&c);
	fd_close(&l);
	/* Left behind by a dead process: replaced. */
	T_TRUE((l = sock_listen_local(path, 0600, &why)) >= 0);
	fd_close(&l);
	T_TRUE(unlink(path) == 0);
	/* What is no socket is not touched. */
	T_TRUE(symlink("/etc/passwd", path) == 0);
	T_TRUE((l = sock_listen_local(path, 0600, &why)) == -1);
	T_TRUE(lstat(path, &sb) == 0 && S_ISLNK(sb.st_mode));
	T_TRUE(unlink(path) == 0);
	memset(more, 'x', sizeof(more));
	more[sizeof(more) - 1] = '\0';
	T_TRUE((l = sock_listen_local(more, 0600, &why)) == -1);
	T_TRUE(sock_connect_local(more) == -1 && errno == ENAMETOOLONG);
}

static void
test_credentials(void **state)
{
	char text[3][8];
	struct sock_signed v[3] = {
		{ .p = text[0], .size = 8 }, { .p = text[1], .size = 8 },
		{ .p = text[2], .size = 8 },
	};
	int pair[2], fds = 0;

	(void)state;
	T_TRUE(fd_pair(pair) == 0 && sock_want_credentials(pair[1]) == 0);
	T_TRUE(fd_send(pair[0], "line", 4, 0) == 0);	/* with a descriptor */
	T_TRUE(fd_send(pair[0], "second", 6, -1) == 0);
	T_TRUE(sock_recv_signed(pair[1], v, 3) == 2);
	T_TRUE(v[0].n == 4 && memcmp(v[0].p, "line", 4) == 0);
	T_TRUE(v[1].n == 6 && memcmp(v[1].p, "second", 6) == 0);
	T_TRUE(v[0].pid == (int32_t)getpid() && v[1].pid == v[0].pid);
	/* It was not installed. */
	fds = dup(pair[0]);
	T_TRUE(fds == (pair[0] > pair[1] ? pair[0] : pair[1]) + 1);
	fd_close(&fds);
	T_TRUE(sock_recv_signed(pair[1], v, 3) == -1 && errno == EAGAIN);
	/* An empty packet is one; the end is none. */
	T_INT(send(pair[0], "", 0, MSG_EOR), 0);
	T_TRUE(sock_recv_signed(pair[1], v, 3) == 1 && v[0].n == 0 &&
	    !v[0].end && v[0].pid == (int32_t)getpid());
	T_TRUE(fd_send(pair[0], "last", 4, -1) == 0);
	fd_close(&pair[0]);
	T_TRUE(sock_recv_signed(pair[1], v, 1) == 1 && v[0].n == 4);
	T_TRUE(sock_recv_signed(pair[1], v, 3) >= 1 && v[0].n == 0 &&
	    v[0].end);
	fd_close(&pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip),
		cmocka_unit_test(test_hostport),
		cmocka_unit_test(test_net),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_credentials),
	};

	fd_no_sigpipe();
	return cmocka_run_group_tests_name("sock", tests, NULL, NULL);
}
