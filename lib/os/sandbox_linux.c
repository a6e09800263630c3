/*
 * sandbox_linux - Linux: capabilities, no_new_privs, not dumpable, Landlock,
 * seccomp.  In this order, because each needs what the next takes away: the
 * bounding set needs CAP_SETPCAP, the ids CAP_SETUID, Landlock and seccomp
 * need no_new_privs and system calls that the filter refuses.
 */
#ifdef __linux__

#include "os/sandbox.h"

#include <sys/capability.h>
#include <sys/prctl.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>

#include "os/fd.h"
#include "os/sandbox_linux.h"

#define ESC	"4.3.5"		/* the system is not set up as it should be */

static const cap_value_t owner_caps[] = {
	CAP_SETUID, CAP_SETGID, CAP_SYS_CHROOT, CAP_KILL
};
static const cap_value_t chroot_cap[] = { CAP_SYS_CHROOT };

static bool
listed(const cap_value_t *list, size_t n, cap_value_t c)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == c)
			return true;
	return false;
}

static bool
have_cap(cap_value_t c, cap_flag_t which)
{
	cap_flag_value_t v = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (caps != NULL && cap_get_flag(caps, c, which, &v) != 0)
		v = CAP_CLEAR;
	(void)cap_free(caps);
	return v == CAP_SET;
}

int
sandbox_before_ids(const struct confine *c, struct why *why)
{
	size_t n = c->keep_owner_caps ? COUNT(owner_caps) : 0;

	/* Without it there is no bounding set of ours to make smaller, and
	 * no_new_privs makes it meaningless. */
	if (!have_cap(CAP_SETPCAP, CAP_EFFECTIVE))
		return 0;
	for (cap_value_t v = 0; v < cap_max_bits(); v++)
		if (!listed(owner_caps, n, v) && cap_drop_bound(v) != 0) {
			why_sys(why, WHY_TEMP, ESC, "capability %d", v);
			return -1;
		}
	if (prctl(PR_SET_KEEPCAPS, c->keep_owner_caps ? 1 : 0, 0, 0, 0) != 0 ||
	    cap_reset_ambient() != 0) {
		why_sys(why, WHY_TEMP, ESC, "capabilities");
		return -1;
	}
	return 0;
}

/*
 * Are exactly these permitted, and nothing inheritable?  One look at all: a
 * worker comes here twice for each mailbox.
 */
static int
verify_caps(const cap_value_t *keep, size_t n, struct why *why)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t p, i;

	for (cap_value_t v = 0; v < cap_max_bits(); v++) {
		if (caps != NULL &&
		    cap_get_flag(caps, v, CAP_PERMITTED, &p) == 0 &&
		    cap_get_flag(caps, v, CAP_INHERITABLE, &i) == 0 &&
		    (p == CAP_SET) == listed(keep, n, v) && i == CAP_CLEAR)
			continue;
		why_set(why, WHY_TEMP, ESC, "capability %d did not change", v);
		(void)cap_free(caps);
		return -1;
	}
	(void)cap_free(caps);
	return 0;
}

/* Exactly these, permitted and effective, nothing inheritable; verified. */
static int
set_caps(const cap_value_t *keep, size_t n, struct why *why)
{
	cap_t caps = cap_init();
	int rc = -1;

	if (caps != NULL && (n == 0 ||
	    (cap_set_flag(caps, CAP_PERMITTED, (int)n, keep, CAP_SET) == 0 &&
	    cap_set_flag(caps, CAP_EFFECTIVE, (int)n, keep, CAP_SET) == 0)) &&
	    cap_set_proc(caps) == 0)
		rc = 0;
	if (rc != 0)
		why_sys(why, WHY_TEMP, ESC, "capabilities");
	(void)cap_free(caps);
	return rc == 0 ? verify_caps(keep, n, why) : -1;
}

int
sandbox_after_ids(const struct confine *c, struct confine_report *r,
    struct why *why)
{
	size_t n = c->keep_owner_caps ? COUNT(owner_caps) : 0;

	if (set_caps(owner_caps, n, why) != 0)
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) {
		why_sys(why, WHY_TEMP, ESC, "capabilities");
		return -1;
	}
	r->caps_dropped = true;
	return 0;
}

static int
set_flags(struct confine_report *r, struct why *why)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) {
		why_sys(why, WHY_TEMP, ESC, "no_new_privs");
		return -1;
	}
	r->no_new_privs = r->undumpable = true;
	return 0;
}

static bool
class_has_files(enum sandbox s)
{
	return s == SANDBOX_FILES || s == SANDBOX_FILES_FORK ||
	    s == SANDBOX_OWNER || s == SANDBOX_MODULES ||
	    s == SANDBOX_PROGRAMS;
}

static int
set_landlock(const struct confine *c, struct confine_report *r,
    struct why *why)
{
	const struct landlock_want want = {
		.read_dirs = c->read_dirs, .write_dirs = c->write_dirs,
		.restrict_paths = c->read_dirs != NULL ||
		    c->write_dirs != NULL || !class_has_files(c->sandbox),
		.restrict_tcp = c->sandbox != SANDBOX_NET &&
		    c->sandbox != SANDBOX_MODULES,
		.restrict_bind = c->sandbox == SANDBOX_NET ||
		    c->sandbox == SANDBOX_MODULES,
		.connect_ports = c->tcp_ports,
		.connect_ports_n = c->tcp_ports_n,
		.scope_signals = c->scope_signals, .verify = true,
	};
	int abi;

	if (c->sandbox == SANDBOX_PROGRAMS)
		return 0;	/* their rights to files are the user's */
	abi = landlock_restrict(&want);
	if (abi < 0) {
		why_sys(why, WHY_TEMP, ESC, "Landlock");
		return -1;
	}
	r->landlock_abi = abi;
	r->landlocked = abi > 0;
	if (abi == 0)
		sandbox_missing(r, "landlock");
	else if (abi < 4 && (want.restrict_tcp || want.restrict_bind))
		sandbox_missing(r, "landlock-tcp");
	if (abi > 0 && abi < 6)
		sandbox_missing(r, "landlock-scope");
	return 0;
}

static int
set_filter(const struct confine *c, struct confine_report *r, struct why *why)
{
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) {	/* not in this kernel */
		sandbox_missing(r, "seccomp");
		return 0;
	}
	if ((c->sandbox == SANDBOX_OWNER &&
	    seccomp_ids(c->owner_uids, c->owner_uids_n, c->owner_gids,
	    c->owner_gids_n) != 0) || seccomp_by_class(c->sandbox) != 0) {
		why_sys(why, WHY_TEMP, ESC, "system-call filter");
		return -1;
	}
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER) {
		why_set(why, WHY_TEMP, ESC, "no system-call filter");
		return -1;
	}
	r->filtered = true;
	return 0;
}

#if SANDBOX_SANITIZED
static int confined;

/* The leak checker stops its process by ptrace(2), which kills here. */
int	__lsan_is_turned_off(void);
int
__lsan_is_turned_off(void)
{
	return confined;
}
#endif

int
sandbox_apply(const struct confine *c, struct confine_report *r,
    struct why *why)
{
#if SANDBOX_SANITIZED
	confined = 1;
#endif
	if (set_flags(r, why) != 0 || set_landlock(c, r, why) != 0)
		return -1;
	return set_filter(c, r, why);
}

/* Matters only where the parent had to stay root. */
int
sandbox_keep_caps(struct why *why)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0)
		return 0;
	why_sys(why, WHY_TEMP, ESC, "capabilities");
	return -1;
}

int
sandbox_keep_chroot_only(struct why *why)
{
	if (set_caps(chroot_cap, COUNT(chroot_cap), why) != 0)
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0)
		return 0;
	why_sys(why, WHY_TEMP, ESC, "capabilities");
	return -1;
}

int
sandbox_drop_all(struct why *why)
{
	return set_caps(NULL, 0, why);
}

int
sandbox_mailbox(int dir, struct why *why)
{
	const int dirs[] = { dir, -1 };
	const struct landlock_want want = {
		.write_dirs = dirs, .restrict_paths = dir >= 0,
		/* A user's program may speak to a server, as spamc does. */
		.restrict_tcp = dir >= 0, .scope_signals = true,
	};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    landlock_restrict(&want) < 0) {
		why_sys(why, WHY_TEMP, ESC, "Landlock");
		return -1;
	}
	return 0;
}

int
sandbox_narrow(enum sandbox sandbox, struct why *why)
{
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		return 0;	/* the system has none: said in the report */
	if (seccomp_by_class(sandbox) == 0)
		return 0;
	why_sys(why, WHY_TEMP, ESC, "system-call filter");
	return -1;
}

#else
typedef int sandbox_linux_is_off;
#endif
