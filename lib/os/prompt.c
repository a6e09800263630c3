/*
 * prompt.c - readpassphrase(3) knows terminals and what signals must restore; a
 * pipe is read octet by octet, so that what follows the line stays in it.
 */
#include "os/prompt.h"

#include <readpassphrase.h>
#include <string.h>
#include <unistd.h>

#include "os/fd.h"

bool
prompt_person(void)
{
	return isatty(STDIN_FILENO) == 1;
}

static int
read_line(char *line, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = fd_read(STDIN_FILENO, line + n, 1);

		if (got < 0 || (got == 0 && n == 0))
			return -1;
		if (got == 0 || line[n] == '\n') {
			line[n] = '\0';
			return strlen(line) == n ? 0 : -1;
		}
		n++;
	}
	return -1;
}

int
prompt_piped(struct secret *out)
{
	char line[SECRET_MAX + 2] = "";
	int rc;

	secret_init(out);
	rc = read_line(line, sizeof(line));
	if (rc == 0)
		rc = secret_set(out, span_str(line));
	wipe(line, sizeof(line));
	return rc;
}

int
prompt_secret(const char *question, struct secret *out)
{
	char line[SECRET_MAX + 2] = "";
	int rc;

	if (!prompt_person())
		return prompt_piped(out);
	secret_init(out);
	rc = readpassphrase(question, line, sizeof(line),
	    RPP_REQUIRE_TTY) != NULL ? 0 : -1;
	if (rc == 0)
		rc = secret_set(out, span_str(line));
	wipe(line, sizeof(line));
	return rc;
}
