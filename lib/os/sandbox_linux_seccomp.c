/*
 * sandbox_linux_seccomp - makes filters of the tables in
 * sandbox_linux_calls.c (by libseccomp), and by hand the one filter that
 * libseccomp cannot express: set*id by ranges.
 *
 * The kernel cuts the arguments of setresuid(2) to 32 bits, a filter sees 64:
 * one that compares only "less than" is passed by 0x100000000, which becomes
 * 0.  So the upper half has to be zero and the lower half in a range, for all
 * three arguments; -1 (leave as it is) is refused too.
 */
#ifdef __linux__

#include "os/sandbox_linux.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <endian.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <unistd.h>

static const unsigned class_sets[] = {
	[SANDBOX_STDIO] = CALLS_STDIO,
	[SANDBOX_FORK] = CALLS_STDIO | CALLS_FORK,
	[SANDBOX_FILES] = CALLS_STDIO | CALLS_FILES,
	[SANDBOX_FILES_FORK] = CALLS_STDIO | CALLS_FILES | CALLS_FORK,
	[SANDBOX_NET] = CALLS_STDIO | CALLS_FORK | CALLS_NET,
	[SANDBOX_OWNER] = CALLS_STDIO | CALLS_FILES | CALLS_FORK |
	    CALLS_OWNER,
	[SANDBOX_MODULES] = CALLS_MODULES,
	[SANDBOX_PROGRAMS] = CALLS_PROGRAMS,
};
#define UNKNOWN_CODE	(CALLS_MODULES | CALLS_PROGRAMS)

#ifdef SANDBOX_STRICT
#define UNKNOWN_CALL	SCMP_ACT_KILL_PROCESS
#else
#define UNKNOWN_CALL	SCMP_ACT_ERRNO(ENOSYS)
#endif

/* 0 or -errno, as libseccomp has it. */
static int
add_rule(scmp_filter_ctx ctx, uint32_t action, const struct call_rule *r)
{
	struct scmp_arg_cmp cmp[COUNT(r->args)];
	unsigned n = 0;
	int nr = seccomp_syscall_resolve_name(r->name);
	uint32_t otherwise = 0;

	/* Younger than this libseccomp; or what happens anyway. */
	if (nr == __NR_SCMP_ERROR || (seccomp_attr_get(ctx,
	    SCMP_FLTATR_ACT_DEFAULT, &otherwise) == 0 && action == otherwise))
		return 0;
	for (size_t i = 0; i < COUNT(r->args); i++)
		if (r->args[i].used)
			cmp[n++] = (struct scmp_arg_cmp){
			    .arg = r->args[i].index, .op = r->args[i].op,
			    .datum_a = r->args[i].a, .datum_b = r->args[i].b };
	return seccomp_rule_add_array(ctx, action, nr, n, cmp);
}

static int
add_table(scmp_filter_ctx ctx, uint32_t action, unsigned sets,
    const struct call_rule *table, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (table[i].with != 0 && (table[i].with & sets) == 0)
			continue;
		if ((table[i].without & sets) == 0)
			rc = add_rule(ctx, action, &table[i]);
	}
	return rc;
}

/* Who has no children signals only itself, pid: abort(), raise(). */
static int
add_own_signals(scmp_filter_ctx ctx, unsigned sets, uint64_t pid)
{
	const struct call_rule rules[] = {
		{ "tgkill", CALLS_STDIO, CALLS_FORK,
		    { { true, 0, SCMP_CMP_EQ, pid, 0 } } },
		{ "kill", CALLS_STDIO, CALLS_FORK,
		    { { true, 0, SCMP_CMP_EQ, pid, 0 } } },
	};

	return add_table(ctx, SCMP_ACT_ALLOW, sets, rules, COUNT(rules));
}

/* Its flags are behind a pointer: the C library falls back. */
static const struct call_rule clone3 = { .name = "clone3" };

static int
set_attributes(scmp_filter_ctx ctx)
{
	int rc;

	/* no_new_privs is set already; other machines' calls: none at all. */
	if ((rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0)) != 0 ||
	    (rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    FILTER_KILLS_BY_LIBRARY)) != 0)
		return rc;
	return seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

/* Unknown code: what is not refused is allowed. */
static int
fill_unknown(scmp_filter_ctx ctx, unsigned sets)
{
	int rc;

	if ((rc = add_table(ctx, SCMP_ACT_ERRNO(EPERM), sets, calls_killed,
	    calls_killed_n)) != 0 ||
	    (rc = add_table(ctx, SCMP_ACT_ERRNO(EPERM), sets, calls_beyond,
	    calls_beyond_n)) != 0 ||
	    (rc = add_table(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), sets,
	    calls_no_family, calls_no_family_n)) != 0)
		return rc;
	return add_rule(ctx, SCMP_ACT_ERRNO(ENOSYS), &clone3);
}

static int
fill(scmp_filter_ctx ctx, unsigned sets, uint64_t pid)
{
	int rc = set_attributes(ctx);

	if (rc != 0 || (sets & UNKNOWN_CODE) != 0)
		return rc != 0 ? rc : fill_unknown(ctx, sets);
	if ((rc = add_table(ctx, FILTER_KILLS_BY_LIBRARY, sets, calls_killed,
	    calls_killed_n)) != 0 ||
	    (rc = add_table(ctx, SCMP_ACT_ERRNO(ENOENT), sets,
	    calls_not_found, calls_not_found_n)) != 0 ||
	    (rc = add_table(ctx, SCMP_ACT_ERRNO(EPERM), sets, calls_denied,
	    calls_denied_n)) != 0 ||
	    (rc = add_table(ctx, SCMP_ACT_ALLOW, sets, calls_allowed,
	    calls_allowed_n)) != 0 ||
	    (rc = add_own_signals(ctx, sets, pid)) != 0)
		return rc;
	return add_rule(ctx, SCMP_ACT_ERRNO(ENOSYS), &clone3);
}

/* The filter of a class, to the kernel or (out >= 0) to a descriptor. */
static int
make(enum sandbox sandbox, uint64_t pid, int out)
{
	scmp_filter_ctx ctx = seccomp_init((class_sets[sandbox] &
	    UNKNOWN_CODE) != 0 ? SCMP_ACT_ALLOW : UNKNOWN_CALL);
	int rc;

	if (ctx == NULL) {
		errno = ENOMEM;
		return -1;
	}
	rc = fill(ctx, class_sets[sandbox], pid);
	if (rc == 0)
		rc = out >= 0 ? seccomp_export_bpf(ctx, out) :
		    seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc != 0) {
		errno = -rc;
		return -1;
	}
	return 0;
}

int
seccomp_by_class(enum sandbox sandbox)
{
	return make(sandbox, (uint64_t)getpid(), -1);
}

int
seccomp_export(enum sandbox sandbox, uint32_t pid, int out)
{
	return make(sandbox, pid, out);
}

/* ------------------------------------------------------- set*id by range */

#define RANGES_MAX	16
#define PROGRAM_MAX	(16 + 2 * 3 * (3 + 3 * RANGES_MAX))

#if __BYTE_ORDER == __LITTLE_ENDIAN
#define LOW(i)	(offsetof(struct seccomp_data, args) + 8 * (i))
#define HIGH(i)	(LOW(i) + 4)
#else
#define HIGH(i)	(offsetof(struct seccomp_data, args) + 8 * (i))
#define LOW(i)	(HIGH(i) + 4)
#endif

struct program {
	struct sock_filter code[PROGRAM_MAX];
	unsigned short n;
};

static void
put(struct program *p, int code, uint32_t k, size_t yes, size_t no)
{
	p->code[p->n++] = (struct sock_filter){ .code = (uint16_t)code,
	    .k = k, .jt = (uint8_t)yes, .jf = (uint8_t)no };
}

static void
put_load(struct program *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void
put_return(struct program *p, uint32_t action)
{
	put(p, BPF_RET | BPF_K, action, 0, 0);
}

#define REFUSE	(SECCOMP_RET_ERRNO | EPERM)

/*
 * Argument i: falls through when it is in a range, returns REFUSE otherwise.
 * Per range: below first -> next range; not above last -> out of the row.
 */
static void
put_argument(struct program *p, size_t i, const struct id_range *r, size_t n)
{
	put_load(p, HIGH(i));
	put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	put_return(p, REFUSE);
	put_load(p, LOW(i));
	for (size_t j = 0; j < n; j++) {
		put(p, BPF_JMP | BPF_JGE | BPF_K, r[j].first, 0, 1);
		put(p, BPF_JMP | BPF_JGT | BPF_K,
		    r[j].first + (r[j].count - 1), 0, 2 * (n - j - 1) + 1);
	}
	put_return(p, REFUSE);
}

/* If the call is nr: judge its three arguments; else fall through. */
static void
put_call(struct program *p, uint32_t nr, const struct id_range *r, size_t n)
{
	unsigned short jump;

	put_load(p, offsetof(struct seccomp_data, nr));
	put(p, BPF_JMP | BPF_JEQ | BPF_K, nr, 1, 0);
	jump = p->n;
	put(p, BPF_JMP | BPF_JA, 0, 0, 0);
	for (size_t i = 0; i < 3; i++)
		put_argument(p, i, r, n);
	put_return(p, SECCOMP_RET_ALLOW);
	p->code[jump].k = (uint32_t)(p->n - jump - 1);
}

int
seccomp_ids(const struct id_range *uids, size_t nuids,
    const struct id_range *gids, size_t ngids)
{
	struct program p = { .n = 0 };
	struct sock_fprog prog = { .filter = p.code };

	if (nuids > RANGES_MAX || ngids > RANGES_MAX) {
		errno = EINVAL;
		return -1;
	}
	put_load(&p, offsetof(struct seccomp_data, arch));
	put(&p, BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 1, 0);
	put_return(&p, FILTER_KILLS);
	put_call(&p, SYS_setresuid, uids, nuids);
	put_call(&p, SYS_setresgid, gids, ngids);
	put_return(&p, SECCOMP_RET_ALLOW);
	prog.len = p.n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
}

#else
typedef int sandbox_linux_seccomp_is_off;
#endif
