/*
 * sock_syslog - see sock_syslog.h.
 * The socket is connected by master: logd in its empty root has no path to it.
 */
#include "os/sock_syslog.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "os/fd.h"

int
sock_connect_syslog(void)
{
	const struct sockaddr_un un = { .sun_family = AF_UNIX,
		.sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)&un, sizeof(un)) != 0)
		fd_close(&fd);
	return fd;
}
