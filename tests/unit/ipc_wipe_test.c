/*
 * What lib/ipc leaves in memory of a password that went through it: nothing,
 * whichever way it took.  All writable memory of this process is searched.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/secret.h"
#include "ipc/client.h"
#include "ipc/msg_auth.h"
#include "ipc/server.h"
#include "os/fd.h"
#include "t.h"

#define MARK	48	/* octets of the password */
#define CHUNK	((size_t)1 << 20)

/* Stands nowhere as such: only where a message was made of it. */
static uint8_t
mark(size_t i)
{
	return (uint8_t)((i * 167 + 29) ^ (i >> 2) ^ 0xa5);
}

static bool
is_mark(const uint8_t *p)
{
	for (size_t i = 0; i < MARK; i++)
		if (p[i] != mark(i))
			return false;
	return true;
}

static bool
range_has(int mem, uint64_t from, uint64_t to, uint8_t *chunk)
{
	for (uint64_t at = from; at < to; at += CHUNK - MARK) {
		size_t n = to - at < CHUNK ? (size_t)(to - at) : CHUNK;
		ssize_t got = pread(mem, chunk, n, (off_t)at);

		for (ssize_t i = 0; i + MARK <= got; i++)
			if (is_mark(chunk + i))
				return true;
	}
	return false;
}

/* Is it anywhere but in the place that was searched with? */
static bool
in_memory(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	uint8_t *chunk = malloc(CHUNK);
	char line[512], *end;
	bool found = false;

	T_TRUE(maps != NULL && mem >= 0 && chunk != NULL);
	while (!found && fgets(line, sizeof(line), maps) != NULL) {
		uint64_t from = strtoull(line, &end, 16);
		uint64_t to = strtoull(end + 1, &end, 16);

		/* A sanitizer's own maps are terabytes. */
		if (strncmp(end, " rw", 3) == 0 && to - from <= 64 * CHUNK)
			found = range_has(mem, from, to, chunk);
	}
	wipe(chunk, CHUNK);
	free(chunk);
	fd_close(&mem);
	(void)fclose(maps);
	return found;
}

static void
fill(struct auth_req *q)
{
	memset(q, 0, sizeof(*q));
	/* Long: free(3) itself writes over the first octets of a block. */
	memset(q->user, 'a', 60);
	memcpy(q->client, "::1", 4);
	memset(q->session, 's', sizeof(q->session) - 1);
	q->password_len = MARK;
	for (size_t i = 0; i < MARK; i++)
		q->password[i] = mark(i);
}

static void
test_search(void **state)
{
	struct auth_req q;

	(void)state;
	T_TRUE(!in_memory());
	fill(&q);
	T_TRUE(in_memory());
	wipe(&q, sizeof(q));
	T_TRUE(!in_memory());
}

static void
test_client(void **state)
{
	struct ipc_client c;
	struct auth_req q;
	struct why why;
	int pair[2];

	(void)state;
	T_TRUE(fd_pair(pair) == 0);
	ipc_client_init(&c, pair[0], "authd");
	fill(&q);
	T_TRUE(ipc_client_send(&c, &auth_req_type, 1, &q, -1, &why) == 0);
	wipe(&q, sizeof(q));
	T_TRUE(!in_memory());
	ipc_client_fini(&c);
	fd_close(&pair[1]);
}

static unsigned came;

static enum verdict
on_auth(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct auth_req *q = msg->body;

	(void)peer;
	(void)ctx;
	came += is_mark(q->password);
	return VERDICT_OK;
}

static const struct ipc_rule rules[] = {
	{ ROLE_BIT(ROLE_SMTPD_SESSION), &auth_req_type, 0, on_auth },
};

static void
turn(struct event_base *base)
{
	for (int i = 0; i < 20; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

/* From one loop to another: so many that most have to wait in a queue. */
static void
test_server(void **state)
{
	struct event_base *base = event_base_new();
	struct ipc_server *a, *b;
	struct ipc_peer *to;
	struct auth_req q;
	int pair[2];

	(void)state;
	came = 0;
	a = ipc_server_new(base, rules, COUNT(rules), NULL);
	b = ipc_server_new(base, rules, COUNT(rules), NULL);
	T_TRUE(fd_pair(pair) == 0);
	to = ipc_server_add(a, pair[0], ROLE_AUTHD);
	(void)ipc_server_add(b, pair[1], ROLE_SMTPD_SESSION);
	fill(&q);
	for (uint32_t i = 0; i < 500; i++)
		T_TRUE(ipc_send(to, &auth_req_type, i, &q, -1) == 0);
	wipe(&q, sizeof(q));
	T_TRUE(in_memory());	/* they wait */
	turn(base);
	T_INT(came, 500);
	T_TRUE(!in_memory());
	ipc_server_free(&a);
	ipc_server_free(&b);
	event_base_free(base);
}

/* A peer that never reads, and ends. */
static void
test_unread(void **state)
{
	struct event_base *base = event_base_new();
	struct ipc_server *a;
	struct ipc_peer *to;
	struct auth_req q;
	int pair[2];

	(void)state;
	a = ipc_server_new(base, rules, COUNT(rules), NULL);
	T_TRUE(fd_pair(pair) == 0);
	to = ipc_server_add(a, pair[0], ROLE_AUTHD);
	fill(&q);
	for (uint32_t i = 0; i < 500; i++)
		T_TRUE(ipc_send(to, &auth_req_type, i, &q, -1) == 0);
	wipe(&q, sizeof(q));
	ipc_server_free(&a);
	T_TRUE(!in_memory());
	fd_close(&pair[1]);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_unread),
	};

	if (access("/proc/self/mem", R_OK) != 0) {
		(void)printf("no /proc here: skipped\n");
		return 0;
	}
	fd_no_sigpipe();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
