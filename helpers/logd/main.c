/*
 * logd - writes the lines of all daemons.
 * runs as   _paqlog in an empty root, sandbox: read and write what is open
 * reads     lines, one a packet, by a channel per daemon; the sender's pid
 *           comes from the kernel, its role from the channel
 * writes    standard error, a file or syslog's socket, opened by master
 * never     opens anything; believes a time, role or pid that a line states
 * flow      channel -> request.c (rate) -> write.c (stamp, write)
 */
#include "daemon/service.h"
#include "helpers/logd/request.h"
#include "helpers/logd/write.h"

static const struct service logd = {
	.name = "logd", .role = ROLE_LOGD, .sandbox = SANDBOX_STDIO,
	.mem_max_octets = 64 * MIB, .nofile = 256,
	.file_max_octets = CONFINE_ANY_SIZE, .in_batches = true,
};

int
main(int argc, char **argv)
{
	service_begin(&logd, argc, argv);
	write_open();
	service_confine(NULL, NULL);
	request_begin();
	service_loop();
	request_end();
	return service_end();
}
