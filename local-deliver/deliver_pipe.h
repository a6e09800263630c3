/*
 * deliver_pipe - a message to a configured program's standard input.
 */
#ifndef LOCAL_DELIVER_DELIVER_PIPE_H
#define LOCAL_DELIVER_DELIVER_PIPE_H

#include "base/base.h"
#include "base/span.h"
#include "local-deliver/job.h"
#include "local-deliver/limits.h"

struct pipe_command {
	char *argv[PIPE_WORDS_MAX + 1];	/* [0]: absolute path; NULL-ended */
	char  text[1025];		/* which they point into */
};

/*
 * "name=/path/program word..." taken apart (pure).
 * returns  true: it is this name and makes sense
 */
bool	pipe_command_parse(struct pipe_command *out, struct span setting,
	    struct span name) must_use;
/*
 * An address as it goes into the environment (pure): only letters, digits and
 * @ . _ + = -, anything else becomes '_'; a leading '-' too.
 */
void	pipe_tame(char *out, size_t out_size, struct span in);

/*
 * Run it for this recipient and wait for its end: the message with LF line ends
 * on its standard input, after Return-Path and Delivered-To; SENDER, RECIPIENT,
 * LOCAL, DOMAIN and EXTENSION in its environment.
 * out      all but index
 */
void	deliver_pipe(const struct pipe_command *cmd, const struct job_in *j,
	    const struct job_rcpt *rcpt, struct result *out);

#endif
