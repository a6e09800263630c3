/* bug: each end of a process is tried in a process of its own. */
#include "t.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bug.h"
#include "base/heap.h"
#include "base/log.h"

/* Runs end() in a child; gives its exit status and what it wrote to fd 2. */
static int
ended(void (*end)(void), char *text, size_t size)
{
	int fds[2], status;
	ssize_t n, all = 0;
	pid_t pid;

	T_INT(pipe(fds), 0);
	pid = fork();
	T_TRUE(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		end();
		_exit(0);
	}
	close(fds[1]);
	while ((n = read(fds[0], text + all, size - 1 - (size_t)all)) > 0)
		all += n;
	text[all] = '\0';
	close(fds[0]);
	T_TRUE(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
call_bug(void)
{
	bug("state %d\nof \"%s\"", 7, "x");
}

static void
call_die(void)
{
	die(EXIT_CONFIG, "no such %s", "file");
}

static void
call_long(void)
{
	bug("%5000d", 1);
}

static void
dying_sink(enum log_level level, struct span line)
{
	(void)level;
	(void)line;
	bug("again");
}

static void
call_recursive(void)
{
	log_set_sink(dying_sink);
	die(EXIT_IOERR, "first");
}

static void
call_memory(void)
{
	/* Volatile, or the compiler sees that it cannot succeed. */
	volatile size_t n = SIZE_MAX / 2;

	free(xmalloc(n));
}

static void
call_array(void)
{
	volatile size_t n = SIZE_MAX / 2;

	free(xreallocarray(NULL, n, 3));
}

static void
call_calloc(void)
{
	volatile size_t n = SIZE_MAX / 2;

	free(xcalloc(n, 3));
}

static void
call_grown(void)
{
	struct buf b;

	/* Nine places are left, and the NUL's is none of them. */
	buf_init(&b, 10);
	buf_add_char(&b, 'x');
	buf_grown(&b, 10);
}

static void
call_cut(void)
{
	struct buf b;

	buf_init(&b, 100);
	buf_cut(&b, 1);
}

static void
call_foreign_node(void)
{
	struct heap h;
	struct heap_node node = { .at = 3 };

	heap_init(&h);
	heap_del(&h, &node);
}

static void
call_wrong_heap(void)
{
	struct heap a, b;
	struct heap_node nodes[2] = { { .at = 0 }, { .at = 0 } };

	heap_init(&a);
	heap_init(&b);
	heap_put(&a, &nodes[0], 1);
	heap_put(&b, &nodes[1], 1);
	heap_put(&b, &nodes[0], 2);
}

static void
ends(void **state)
{
	static const struct {
		const char *name;
		void (*end)(void);
		int status;
		const char *text;
	} cases[] = {
		{ "bug", call_bug, 70,
		    "level=error event=bug why=\"state 7\\x0aof \\\"x\\\"\"\n" },
		{ "die", call_die, 78,
		    "level=error event=die why=\"no such file\"\n" },
		{ "recursive", call_recursive, 70, "" },
		{ "long", call_long, 70, NULL },
		{ "buf_grown", call_grown, 70, NULL },
		{ "buf_cut", call_cut, 70, NULL },
		{ "heap_del", call_foreign_node, 70, NULL },
		{ "heap_put", call_wrong_heap, 70, NULL },
		{ "xreallocarray", call_array, 75, NULL },
		{ "xcalloc", call_calloc, 75, NULL },
		{ "xmalloc", call_memory, 75, NULL },
	};
	char text[8192];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].name);
		/* The sanitizer ends the process itself, with its own code. */
#ifdef __SANITIZE_ADDRESS__
		if (cases[i].end == call_memory)
			continue;
#endif
		T_INT(ended(cases[i].end, text, sizeof(text)),
		    cases[i].status);
		if (cases[i].text != NULL)
			T_STR(span_str(text), cases[i].text);
		else
			T_TRUE(span_ends(span_str(text), SPAN_LIT("\n")));
	}
}

static void
memory(void **state)
{
	char *p = xmalloc(0);

	(void)state;
	p = xrealloc(p, 4);
	memcpy(p, "abc", 4);
	p = xrealloc(p, 100);
	T_STR(span_str(p), "abc");
	free(p);
	p = xcalloc(3, 5);
	for (size_t i = 0; i < 15; i++)
		T_INT(p[i], 0);
	free(p);
	p = xstrdup("xyz");
	T_STR(span_str(p), "xyz");
	free(p);
	p = xmemdup_str("xyz", 2);
	T_STR(span_str(p), "xy");
	free(p);
	p = xmemdup_str(NULL, 0);
	T_STR(span_str(p), "");
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends),
		cmocka_unit_test(memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
