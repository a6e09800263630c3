/*
 * sink: a line is a packet; a full or dead channel never holds up the writer,
 * and what was lost is counted.
 */
#include "os/sink.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "os/fd.h"
#include "t.h"

static size_t
next(int fd, char *text, size_t size)
{
	ssize_t n = recv(fd, text, size - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static void
test_channel(void **state)
{
	char text[4096];
	unsigned sent = 0, got = 0;
	uint64_t lost = 0;
	int pair[2];

	(void)state;
	T_TRUE(fd_pair(pair) == 0);
	sink_channel(pair[0]);
	log_warn(LF_STR("event", "x"));
	T_TRUE(next(pair[1], text, sizeof(text)) > 0);
	T_STR(span_str(text), "1event=x");
	for (; sent < 5000; sent++)
		log_info(LF_STR("event", "flood"), LF_NUM("n", sent));
	while (next(pair[1], text, sizeof(text)) > 0)
		got++;
	T_TRUE(got > 10 && got < sent);
	log_info(LF_STR("event", "after"));
	T_TRUE(next(pair[1], text, sizeof(text)) > 0);
	T_TRUE(span_starts(span_str(text),
	    SPAN_LIT("1event=log-lost lines=")));
	T_TRUE(num_parse(span_from(span_str(text), 22), 1, UINT32_MAX,
	    &lost) == 0);
	T_INT(lost, sent - got);
	T_TRUE(next(pair[1], text, sizeof(text)) > 0);
	T_STR(span_str(text), "2event=after");
	/* The longest line arrives whole. */
	char *v = calloc(1, LOG_VALUE_MAX + 1);
	T_TRUE(v != NULL);
	memset(v, 'v', LOG_VALUE_MAX);
	log_info(LF_STR("a", v), LF_STR("b", v), LF_STR("c", v),
	    LF_STR("d", v), LF_STR("e", v));
	T_TRUE(next(pair[1], text, sizeof(text)) > LOG_VALUE_MAX);
	free(v);
	/* logd is gone; a new channel takes its place. */
	fd_close(&pair[1]);
	log_info(LF_STR("event", "nobody"));
	T_TRUE(fd_pair(pair) == 0);
	sink_channel(pair[0]);
	log_info(LF_STR("event", "back"));
	T_TRUE(next(pair[1], text, sizeof(text)) > 0);
	T_STR(span_str(text), "1event=log-lost lines=1");
	fd_close(&pair[1]);
}

static void
test_stderr(void **state)
{
	int p[2], old = dup(2);
	char text[256];

	(void)state;
	T_TRUE(fd_pipe(p) == 0 && dup2(p[1], 2) == 2);
	sink_stderr("prog");
	log_info(LF_STR("event", "x"));
	T_TRUE(dup2(old, 2) == 2);
	fd_close(&p[1]);
	ssize_t n = fd_read(p[0], text, sizeof(text));
	T_TRUE(n > 20);
	/* 2025-01-01T00:00:00Z prog: event=x */
	T_TRUE(text[4] == '-' && text[10] == 'T' && text[19] == 'Z');
	T_SPAN(span_of(text + 20, (size_t)n - 20),
	    SPAN_LIT(" prog: event=x\n"));
	fd_close(&p[0]);
	fd_close(&old);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_channel),
		cmocka_unit_test(test_stderr),
	};

	fd_no_sigpipe();
	return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}
