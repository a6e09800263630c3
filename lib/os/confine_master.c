/*
 * confine_master - see confine_master.h.
 * Root without most of its capabilities still owns root's files; what goes is
 * the network beyond binding, mounts, modules, tracing, devices, time.  The
 * bounding set makes it hold for every daemon too: a program that root
 * starts gets the bounding set and no more.
 */
#include "os/confine_master.h"

#ifdef __linux__

#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <stdio.h>
#include <string.h>

#include "os/confine.h"

#define ESC	"4.3.5"

static const struct {
	cap_value_t cap;
	const char *name, *use;
} keep[] = {
	{ CAP_CHOWN, "chown", "queue and run directory" },
	{ CAP_DAC_OVERRIDE, "dac_override", "the queue directory as a root" },
	{ CAP_FOWNER, "fowner", "modes of the same" },
	{ CAP_KILL, "kill", "daemons of other users" },
	{ CAP_SETGID, "setgid", "daemons become theirs; id maps" },
	{ CAP_SETUID, "setuid", "the same" },
	{ CAP_SETPCAP, "setpcap", "daemons empty their bounding set" },
	{ CAP_NET_BIND_SERVICE, "net_bind_service", "ports below 1024" },
	{ CAP_SYS_CHROOT, "sys_chroot", "daemons enter their roots" },
};

static bool
kept_cap(cap_value_t v)
{
	for (size_t i = 0; i < COUNT(keep); i++)
		if (keep[i].cap == v)
			return true;
	return false;
}

static bool
have(cap_t caps, cap_value_t v)
{
	cap_flag_value_t set = CAP_CLEAR;

	return cap_get_flag(caps, v, CAP_PERMITTED, &set) == 0 &&
	    set == CAP_SET;
}

/* Of those that this process has (a container may have taken some). */
static cap_t
wanted(cap_t now, char *text, size_t text_size)
{
	cap_t caps = cap_init();
	size_t n = 0;

	for (size_t i = 0; caps != NULL && i < COUNT(keep); i++) {
		if (!have(now, keep[i].cap))
			continue;
		if (cap_set_flag(caps, CAP_PERMITTED, 1, &keep[i].cap,
		    CAP_SET) != 0 || cap_set_flag(caps, CAP_EFFECTIVE, 1,
		    &keep[i].cap, CAP_SET) != 0) {
			(void)cap_free(caps);
			return NULL;
		}
		(void)snprintf(text + n, text_size - n, "%s%s",
		    n > 0 ? " " : "", keep[i].name);
		n = strlen(text);
	}
	return caps;
}

static int
set_caps(char *kept, size_t kept_size)
{
	cap_t now = cap_get_proc(), caps = NULL;
	int rc = -1;

	if (now != NULL)
		caps = wanted(now, kept, kept_size);
	if (caps != NULL)
		rc = 0;
	/* Without SETPCAP there is nothing to drop a bound with. */
	for (cap_value_t v = 0; rc == 0 && v < cap_max_bits(); v++)
		if (!kept_cap(v) && have(now, CAP_SETPCAP) &&
		    cap_drop_bound(v) != 0)
			rc = -1;
	if (rc == 0)
		rc = cap_set_proc(caps);
	(void)cap_free(caps);
	(void)cap_free(now);
	return rc;
}

/* True capabilities are asked for again, not believed. */
static bool
verified(void)
{
	cap_t now = cap_get_proc();
	bool good = now != NULL;

	for (cap_value_t v = 0; good && v < cap_max_bits(); v++)
		good = kept_cap(v) || !have(now, v);
	(void)cap_free(now);
	return good;
}

/*
 * The one who holds the keys locks its memory.  Who may not raise the limit is
 * told by it that this failed.
 */
static void
raise_lock(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_MEMLOCK, &l) != 0 ||
	    l.rlim_max >= CONFINE_LOCK_MAX)
		return;
	l.rlim_cur = l.rlim_max = CONFINE_LOCK_MAX;
	(void)!setrlimit(RLIMIT_MEMLOCK, &l);
}

int
confine_master(char *kept, size_t kept_size, struct why *why)
{
	const struct rlimit none = { 0, 0 };

	kept[0] = '\0';
	raise_lock();
	if (setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0) != 0 || set_caps(kept, kept_size) != 0) {
		why_sys(why, WHY_TEMP, ESC, "capabilities of master");
		return -1;
	}
	if (verified())
		return 0;
	why_set(why, WHY_TEMP, ESC, "master kept a capability");
	return -1;
}

#else

#include <stdio.h>

int
confine_master(char *kept, size_t kept_size, struct why *why)
{
	(void)why;
	(void)snprintf(kept, kept_size, "all of root's");
	return 0;
}

#endif
