/*
 * signals - see signals.h.
 * A forked child inherits its parent's handlers, which would write into the
 * parent's loop; they must be gone before anything else happens in it.
 */
#include "os/signals.h"

#include <signal.h>

void
signals_default(const int *sigs, size_t n)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (size_t i = 0; i < n; i++)
		(void)sigaction(sigs[i], &sa, NULL);	/* as below */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void
signals_ignore(int sig)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	(void)sigaction(sig, &sa, NULL);	/* fails only for a wrong number */
}
