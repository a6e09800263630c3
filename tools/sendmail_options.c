/*
 * sendmail_options - see sendmail_options.h.
 * Programs have called sendmail(8) in every way for forty years: values may be
 * glued to their letter or follow it, -q has one only if it is glued.  What
 * stands behind the first recipient is a recipient too, even if it begins
 * with '-': an address must never become an option.
 */
#include "tools/sendmail_options.h"

#include <string.h>


/* Letters with a value. */
#define WITH_VALUE	"ABCFLNORVXbefhopr"
#define WITHOUT_VALUE	"GUimntvx"

static const char *
program_name(const char *argv0)
{
	const char *slash = argv0 != NULL ? strrchr(argv0, '/') : NULL;

	if (argv0 == NULL)
		return "sendmail";
	return slash != NULL ? slash + 1 : argv0;
}

static int
set_mode(struct sendmail_options *o, const char *value)
{
	static const struct {
		const char *word;
		enum sendmail_mode mode;
	} modes[] = {
		{ "m", SENDMAIL_SUBMIT },
		{ "s", SENDMAIL_SMTP },
		{ "p", SENDMAIL_MAILQ },
		{ "i", SENDMAIL_ALIASES },
	};

	for (size_t i = 0; i < COUNT(modes); i++)
		if (strcmp(value, modes[i].word) == 0) {
			o->mode = modes[i].mode;
			return 0;
		}
	return -1;	/* -bd, -bv, -bt: master, nobody, nobody */
}

static int
set_value(struct sendmail_options *o, char letter, const char *value)
{
	switch (letter) {
	case 'b':
		return set_mode(o, value);
	case 'C':
		o->config = value;
		break;
	case 'F':
		o->full_name = value;
		break;
	case 'f':
	case 'r':
		o->sender = value;
		break;
	case 'o':
		if (value[0] == 'i')	/* "i", "itrue" */
			o->dots_are_text = true;
		break;
	case 'X':	/* Postfix: "V", "V+="; Sendmail: a file for traces */
		if (value[0] == 'V')
			o->verp = value + 1;
		break;
	default:
		break;
	}
	return 0;
}

static void
set_flag(struct sendmail_options *o, char letter)
{
	switch (letter) {
	case 'i':
		o->dots_are_text = true;
		break;
	case 't':
		o->from_header = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	default:
		break;
	}
}

/*
 * One word of the command line that begins with '-'; flags may stand together.
 * returns  words used behind it (0 or 1), or -1
 */
static int
take_word(struct sendmail_options *o, const char *word, const char *next)
{
	for (const char *p = word + 1; *p != '\0'; p++) {
		if (*p == 'q') {	/* -q, -q15m, -qRsite */
			o->mode = SENDMAIL_FLUSH;
			return 0;
		}
		if (strchr(WITH_VALUE, *p) != NULL) {
			if (p[1] != '\0')
				return set_value(o, *p, p + 1);
			if (next == NULL || set_value(o, *p, next) != 0)
				return -1;
			return 1;
		}
		if (strchr(WITHOUT_VALUE, *p) == NULL)
			return -1;
		set_flag(o, *p);
	}
	return 0;
}

int
sendmail_options_parse(int argc, char *const *argv,
    struct sendmail_options *out, const char **bad)
{
	const char *name = program_name(argc > 0 ? argv[0] : NULL);
	int used;
	int i = 1;

	*out = (struct sendmail_options){ .mode = SENDMAIL_SUBMIT };
	if (strcmp(name, "mailq") == 0)
		out->mode = SENDMAIL_MAILQ;
	else if (strcmp(name, "newaliases") == 0)
		out->mode = SENDMAIL_ALIASES;
	for (; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			break;
		used = take_word(out, argv[i], argv[i + 1]);
		if (used < 0) {
			*bad = argv[i];
			return -1;
		}
		i += used;
	}
	out->recipients = argv + i;
	return 0;
}
