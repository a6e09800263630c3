/*
 * imap_session - one session of imapd on an inherited socket, in a mail root,
 * without log-in, confinement and change of user.
 *
 *	imap_session FD MAILROOT [idle seconds [separator [largest message
 *	    [tag [pending input [folders [subscribe-uses
 *	    [literal-minus [progress ms [workarounds
 *	    [layout [names [escape]]]]]]]]]]]]]
 */
#include "base/bug.h"
#include "base/num.h"
#include "imapd/session.h"
#include "os/charset.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/sink.h"
#include "store/layout.h"
#include "store/maildir.h"

static uint64_t
number(const char *text)
{
	uint64_t n;

	if (num_parse(span_str(text), 0, UINT64_MAX, &n) != 0)
		die(EXIT_USAGE, "no number: %s", text);
	return n;
}

int
main(int argc, char **argv)
{
	struct session_how how = { .user = "test", .tag = "",
		.pending = SPAN_NONE, .separator = '.', .idle_ms = 60000,
		.progress_ms = 10000,
		.message_max_octets = 50 * MIB };
	struct why why;

	if (argc < 3)
		die(EXIT_USAGE, "usage: imap_session fd root ...");
	how.fd = (int)number(argv[1]);
	how.root = fs_open_top(argv[2]);
	if (argc > 3)
		how.idle_ms = (int64_t)number(argv[3]) * 1000;
	if (argc > 4)
		how.separator = argv[4][0];
	if (argc > 5)
		how.message_max_octets = number(argv[5]);
	if (argc > 6)
		how.tag = argv[6];
	how.special_use = SPAN_LIT("Sent=Sent;MyDrafts=Drafts;Trash=Trash");
	if (argc > 7)
		how.pending = span_str(argv[7]);
	if (argc > 8)
		how.folders_max = number(argv[8]);
	if (argc > 9 && number(argv[9]) != 0)
		how.uses_make = USES_SUBSCRIBE;
	how.literal_minus = argc > 10 && number(argv[10]) != 0;
	if (argc > 11)
		how.progress_ms = (int64_t)number(argv[11]);
	if (argc > 12)
		how.workarounds = workaround_parse(span_str(argv[12]));
	if (argc > 15)
		layout_set(argv[13], argv[14], argv[15]);
	sink_stderr("imap_session");
	fd_no_sigpipe();
	charset_open_all();
	if (how.root < 0 || maildir_make(how.root, &why) != 0 ||
	    fd_nonblock(how.fd, true) != 0)
		die(EXIT_NOPERM, "cannot open %s", argv[2]);
	session_serve(&how);
	return 0;
}
