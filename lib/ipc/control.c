/*
 * control - see control.h.
 * A fixed size needs no parser for lengths in a process that is root: it is
 * there or it is not.
 */
#include "ipc/control.h"

#include <string.h>

#include "base/span.h"
#include "os/fd.h"

/* One NUL-ended clean text that fills its field with NULs. */
static int
take(const uint8_t *from, size_t size, char *out)
{
	size_t n = strnlen((const char *)from, size);

	if (n == size)
		return -1;
	for (size_t i = 0; i < size; i++)
		if (i < n ? ascii_iscntrl((char)from[i]) : from[i] != 0)
			return -1;
	memcpy(out, from, size);
	return 0;
}

int
control_parse(const uint8_t octets[CONTROL_SIZE], struct super_control *out)
{
	memset(out, 0, sizeof(*out));
	if (take(octets, sizeof(out->verb), out->verb) != 0 ||
	    take(octets + sizeof(out->verb), sizeof(out->args),
	    out->args) != 0 || out->verb[0] == '\0')
		return -1;
	return 0;
}

int
control_format(const char *verb, const char *args,
    uint8_t octets[CONTROL_SIZE])
{
	struct super_control m;

	memset(octets, 0, CONTROL_SIZE);
	if (strlen(verb) >= sizeof(m.verb) || strlen(args) >= sizeof(m.args))
		return -1;
	memcpy(octets, verb, strlen(verb));
	memcpy(octets + sizeof(m.verb), args, strlen(args));
	return control_parse(octets, &m);
}

void
control_put(struct buf *out, const struct log_field *fields)
{
	size_t was = out->n;

	log_format(out, fields);
	if (buf_add_char(out, '\n') != 0)
		buf_cut(out, was);
}

void
control_answer(int fd, struct span answer)
{
	if (answer.n > 0 && fd_nonblock(fd, true) == 0 &&
	    fd_write(fd, answer.p, answer.n) < 0)
		log_debug(LF_STR("event", "control-unread"));
	fd_close(&fd);
}
