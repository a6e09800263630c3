/*
 * confine_filter - a system-call filter made once and loaded by many children
 * (confine.h).  The one thing that differs from child to child is the process
 * id that it may signal: the filter is made for an id that no process has, and
 * the places where that stands are rewritten before it is loaded.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/bug.h"
#include "os/confine.h"
#include "os/sandbox.h"

#ifdef __linux__

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/sandbox_linux.h"

#define ESC		"4.3.5"
#define NOBODYS_PID	0x7ffffff1u	/* beyond pid_max (2^22) */
#define INSTRUCTIONS	4096		/* BPF_MAXINSNS; fits into a pipe */

struct confine_filter {
	bool	       none;	/* the system has no filters */
	unsigned short n;
	unsigned short patch[8], patches;
	struct sock_filter code[INSTRUCTIONS];
};

/* What seccomp_export() wrote.  -1: too long, or no whole instructions. */
static int
take_program(struct confine_filter *f, int from)
{
	size_t n = 0;
	ssize_t got;

	while ((got = fd_read(from, (char *)f->code + n,
	    sizeof(f->code) - n)) > 0)
		n += (size_t)got;
	if (got < 0 || n == sizeof(f->code) || n % sizeof(f->code[0]) != 0) {
		errno = EPROTO;
		return -1;
	}
	f->n = (unsigned short)(n / sizeof(f->code[0]));
	return 0;
}

static int
find_patches(struct confine_filter *f)
{
	for (unsigned short i = 0; i < f->n; i++) {
		if (f->code[i].k != NOBODYS_PID)
			continue;
		if (f->patches == COUNT(f->patch)) {
			errno = EPROTO;
			return -1;
		}
		f->patch[f->patches++] = i;
	}
	return 0;
}

static int
export(struct confine_filter *f, enum sandbox sandbox)
{
	int p[2], rc;

	if (fd_pipe(p) != 0)
		return -1;
	rc = seccomp_export(sandbox, NOBODYS_PID, p[1]);
	fd_close(&p[1]);
	if (rc == 0)
		rc = take_program(f, p[0]);
	fd_close(&p[0]);
	return rc == 0 ? find_patches(f) : -1;
}

struct confine_filter *
confine_filter_new(enum sandbox sandbox, struct why *why)
{
	struct confine_filter *f = xcalloc(1, sizeof(*f));

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		f->none = true;
	else if (export(f, sandbox) != 0) {
		why_sys(why, WHY_TEMP, ESC, "system-call filter");
		confine_filter_free(&f);
	}
	return f;
}

int
confine_filter_load(const struct confine_filter *f, struct why *why)
{
	struct sock_filter code[INSTRUCTIONS];
	struct sock_fprog prog = { .len = f->n, .filter = code };

	if (f->none)
		return 0;	/* confine()'s report has said so */
	for (unsigned short i = 0; i < f->n; i++)
		code[i] = f->code[i];
	for (unsigned short i = 0; i < f->patches; i++)
		code[f->patch[i]].k = (uint32_t)getpid();
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0)
		return 0;
	why_sys(why, WHY_TEMP, ESC, "system-call filter");
	return -1;
}

#else

struct confine_filter {
	enum sandbox sandbox;
};

struct confine_filter *
confine_filter_new(enum sandbox sandbox, struct why *why)
{
	struct confine_filter *f = xcalloc(1, sizeof(*f));

	(void)why;
	f->sandbox = sandbox;
	return f;
}

int
confine_filter_load(const struct confine_filter *f, struct why *why)
{
	return sandbox_narrow(f->sandbox, why);
}

#endif

void
confine_filter_free(struct confine_filter **f)
{
	free(*f);
	*f = NULL;
}
