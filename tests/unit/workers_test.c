/* daemon/workers: places, order of those that wait, bound, what cannot start. */
#include "daemon/workers.h"

#include "os/fd.h"
#include "t.h"

static struct {
	size_t most;
	bool able, works;
	char started[16];	/* who, in order */
	size_t n;
} fake;

static size_t
most(void)
{
	return fake.most;
}

static bool
able(const void *who)
{
	T_TRUE(who != NULL);
	return fake.able;
}

static bool
start(const void *who, int qmgr)
{
	T_TRUE(qmgr >= 0 && fake.n + 1 < sizeof(fake.started));
	fake.started[fake.n++] = *(const char *)who;
	return fake.works;
}

static const struct workers_ops ops = {
	.most = most, .able = able, .start = start,
};

static int
setup(void **state)
{
	memset(&fake, 0, sizeof(fake));
	fake.most = 2;
	fake.able = fake.works = true;
	*state = workers_new(&ops, 1);
	return 0;
}

static int
teardown(void **state)
{
	struct workers *w = *state;

	workers_free(&w);
	return 0;
}

/* The other end of the channel that was given. */
static int
add(struct workers *w, char who)
{
	int pair[2];

	T_TRUE(fd_pair(pair) == 0);
	T_TRUE(workers_add(w, &who, &pair[0]) == 0);
	T_INT(pair[0], -1);
	return pair[1];
}

static bool
at_end(int fd)
{
	char octet;
	int none;

	return fd_nonblock(fd, true) == 0 &&
	    fd_recv(fd, &octet, 1, &none) == 0;
}

static void
in_order(void **state)
{
	struct workers *w = *state;
	int ends[5];

	for (int i = 0; i < 5; i++)
		ends[i] = add(w, (char)('a' + i));
	T_STR(span_str(fake.started), "ab");
	T_TRUE(!workers_room(w));
	/* What waits keeps its channel. */
	T_TRUE(at_end(ends[1]) && !at_end(ends[2]));
	workers_ended(w);
	T_STR(span_str(fake.started), "abc");
	T_INT(workers_running(w), 2);
	fake.most = 4;
	workers_start(w);
	T_STR(span_str(fake.started), "abcde");
	for (int i = 0; i < 5; i++)
		fd_close(&ends[i]);
}

/* Nobody is lost while none can be made; who takes a place is counted. */
static void
when_able(void **state)
{
	struct workers *w = *state;
	int a, b;

	fake.able = false;
	a = add(w, 'a');
	T_INT(fake.n, 0);
	fake.able = true;
	workers_count(w);
	workers_start(w);
	T_STR(span_str(fake.started), "a");
	b = add(w, 'b');
	T_INT(fake.n, 1);
	workers_ended(w);
	T_STR(span_str(fake.started), "ab");
	fd_close(&a);
	fd_close(&b);
}

static void
that_fail(void **state)
{
	struct workers *w = *state;
	int end;

	fake.works = false;
	end = add(w, 'a');
	T_INT(fake.n, 1);
	T_INT(workers_running(w), 0);
	T_TRUE(at_end(end));
	fd_close(&end);
	workers_ended(w);	/* of nobody that it knows */
	T_INT(workers_running(w), 0);
}

static void
bounded(void **state)
{
	struct workers *w = *state;
	int pair[2], one;

	fake.most = 0;
	T_TRUE(fd_pair(pair) == 0);
	for (int i = 0; i < WORKERS_WAITING_MAX; i++) {
		one = -1;
		T_TRUE(workers_add(w, "x", &one) == 0);
	}
	T_TRUE(workers_add(w, "y", &pair[0]) != 0);
	T_TRUE(pair[0] >= 0);		/* stays the caller's */
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

#define EACH(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(in_order),
		EACH(when_able),
		EACH(that_fail),
		EACH(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
