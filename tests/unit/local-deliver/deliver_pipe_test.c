/* deliver_pipe: programs that read, do not read, talk, hang on, and fail. */
#include "local-deliver/deliver_pipe.h"

#include "../scratch.h"

#define MESSAGE	"Subject: s\r\n\r\nbody\r\n"

static struct job_rcpt rcpt = { .address = "al;ice@a.example",
	.detail = "x y" };

static void
job_make(struct job_in *j, const char *message, size_t times)
{
	int fd;

	scratch_put("queue", "");
	fd = fs_open_rw(scratch, "queue");
	for (size_t i = 0; i < times; i++)
		T_TRUE(fd_write_all(fd, message, strlen(message)) == 0);
	*j = (struct job_in){ .file = fd, .head = { .sender = "bob@b.example",
	    .size_octets = strlen(message) * times } };
}

/* sh -c is what the operator configures here, not what a message says. */
static void
run(const char *script, struct job_in *j, struct result *r)
{
	struct pipe_command cmd = { .argv = { NULL } };
	static char sh[] = "/bin/sh", c[] = "-c", text[1000];

	(void)snprintf(text, sizeof(text), "cd %s; %s", scratch_path, script);
	cmd.argv[0] = sh;
	cmd.argv[1] = c;
	cmd.argv[2] = text;
	deliver_pipe(&cmd, j, &rcpt, r);
}

static void
test_runs(void **state)
{
	struct job_in j;
	struct result r;

	(void)state;
	fd_no_sigpipe();
	job_make(&j, MESSAGE, 1);
	run("cat > got; env | sort > env; ls -l /proc/self/fd > fds", &j, &r);
	T_INT(r.kind, RESULT_DONE);
	T_STR(span_str(scratch_get("got")),
	    "Return-Path: <bob@b.example>\n"
	    "Delivered-To: al;ice@a.example\n"
	    "Subject: s\n\nbody\n");
	/* Nothing in it that a shell would take for more than a word. */
	T_TRUE(strstr(scratch_get("env"),
	    "DOMAIN=a.example\nEXTENSION=x_y\nLOCAL=al_ice\n") != NULL);
	T_TRUE(strstr(scratch_get("env"), "RECIPIENT=al_ice@a.example\n"
	    "SENDER=bob@b.example\n") != NULL);
	T_TRUE(strstr(scratch_get("fds"), "queue") == NULL);
	run("echo gone; exit 67", &j, &r);
	T_INT(r.kind, RESULT_NEVER);
	T_STR(span_str(r.text), "no such user: gone");
	run("kill -9 $$", &j, &r);
	T_INT(r.kind, RESULT_LATER);
	fd_close(&j.file);
}

/* More than a pipe holds, in both directions, and not read at all. */
static void
test_big(void **state)
{
	struct job_in j;
	struct result r;

	(void)state;
	job_make(&j, "0123456789abcdefghijklmnopqrstuvwxyz 0123456789\r\n",
	    20000);
	run("cat; echo >&2 end", &j, &r);
	T_INT(r.kind, RESULT_DONE);
	run("exec <&-; sleep 0.1; exit 0", &j, &r);
	T_INT(r.kind, RESULT_DONE);
	run("wc -c > n", &j, &r);
	T_INT(atoi(scratch_get("n")), 20000 * 48 + 60);
	/* Ends at once; what it started in the background is killed. */
	run("(sleep 0.4; echo late > late) & exit 75", &j, &r);
	T_INT(r.kind, RESULT_LATER);
	usleep(600000);
	T_TRUE(!scratch_has("late"));
	fd_close(&j.file);
}

static void
test_no_program(void **state)
{
	struct pipe_command cmd;
	struct job_in j;
	struct result r;

	(void)state;
	job_make(&j, MESSAGE, 1);
	T_TRUE(pipe_command_parse(&cmd, SPAN_LIT("n=/nonexistent/x"),
	    SPAN_LIT("n")));
	deliver_pipe(&cmd, &j, &rcpt, &r);
	T_INT(r.kind, RESULT_LATER);
	T_STR(span_str(r.esc), "4.3.5");
	fd_close(&j.file);
	/* A short queue file: the program must not be believed. */
	job_make(&j, MESSAGE, 1);
	j.head.size_octets += 10;
	run("cat > /dev/null", &j, &r);
	T_INT(r.kind, RESULT_LATER);
	/* A loop */
	fd_close(&j.file);
	job_make(&j, "Delivered-To: al;ice@a.example\r\n\r\n", 1);
	run("touch ran", &j, &r);
	T_TRUE(!scratch_has("ran"));
	fd_close(&j.file);
}

static void
test_parse(void **state)
{
	struct pipe_command c;
	static char many[200];

	(void)state;
	T_TRUE(pipe_command_parse(&c, SPAN_LIT("n=/bin/a  b \"c d\""),
	    SPAN_LIT("n")));
	T_STR(span_str(c.argv[0]), "/bin/a");
	T_STR(span_str(c.argv[1]), "b");
	T_STR(span_str(c.argv[2]), "\"c");	/* words, no quoting */
	T_STR(span_str(c.argv[3]), "d\"");
	T_TRUE(c.argv[4] == NULL);
	T_TRUE(!pipe_command_parse(&c, SPAN_LIT("n=/bin/a"), SPAN_LIT("m")));
	T_TRUE(!pipe_command_parse(&c, SPAN_LIT("n=bin/a"), SPAN_LIT("n")));
	T_TRUE(!pipe_command_parse(&c, SPAN_LIT("n="), SPAN_LIT("n")));
	T_TRUE(!pipe_command_parse(&c, SPAN_LIT("n"), SPAN_LIT("n")));
	T_TRUE(!pipe_command_parse(&c, SPAN_LIT("=/a"), SPAN_LIT("")));
	(void)snprintf(many, sizeof(many), "n=/a");
	for (int i = 0; i < PIPE_WORDS_MAX; i++)
		(void)strlcat(many, " x", sizeof(many));
	T_TRUE(!pipe_command_parse(&c, span_str(many), SPAN_LIT("n")));
}

static void
test_tame(void **state)
{
	char out[12];

	(void)state;
	pipe_tame(out, sizeof(out), SPAN_LIT("-a$(b)`;\n"));
	T_STR(span_str(out), "_a__b____");
	pipe_tame(out, sizeof(out), SPAN_LIT("a-b+c=d@e.f_gh"));
	T_STR(span_str(out), "a-b+c=d@e.f");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_big),
		cmocka_unit_test(test_no_program),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_tame),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
