/* As in FreeBSD's procctl(2); the values are the test's own. */
#include <sys/types.h>
#include <sys/wait.h>

#define PROC_TRACE_CTL			7
#define PROC_TRACE_CTL_DISABLE		2
#define PROC_NO_NEW_PRIVS_CTL		19
#define PROC_NO_NEW_PRIVS_ENABLE	1

int	procctl(idtype_t type, id_t id, int cmd, void *data);
