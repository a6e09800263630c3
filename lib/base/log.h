/*
 * log - one event is one line of key=value pairs.  Foreign text is quoted
 * where it has to be: the value stands bare if it is made of printable ASCII
 * without space, '"', '\\' and '='; else (also if it is empty) in "", with
 * \" \\ and \xNN for all that is not printable ASCII.  A value is cut at
 * LOG_VALUE_MAX octets as written; a pair that would make the line longer
 * than LOG_LINE_MAX is left out.  Where lines go is lib/os/sink's affair.
 *
 *	log_info(LF_STR("event", "accepted"), LF_STR("id", id),
 *	    LF_SPAN("from", sender), LF_NUM("size", octets));
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define LOG_VALUE_MAX	512
#define LOG_LINE_MAX	2048

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG };

struct log_field {
	const char *key;	/* NULL: end */
	enum { LOG_IS_STR, LOG_IS_SPAN, LOG_IS_NUM, LOG_IS_INT } kind;
	const char *str;	/* NULL: the pair is left out */
	struct span span;
	uint64_t    num;
	int64_t	    sig;
};

#define LF_STR(k, v)	{ .key = (k), .kind = LOG_IS_STR, .str = (v) }
#define LF_SPAN(k, v)	{ .key = (k), .kind = LOG_IS_SPAN, .span = (v) }
#define LF_NUM(k, v)	{ .key = (k), .kind = LOG_IS_NUM, .num = (v) }
#define LF_INT(k, v)	{ .key = (k), .kind = LOG_IS_INT, .sig = (v) }

#define log_event(level, ...) \
	log_write((level), (const struct log_field[]){ __VA_ARGS__, \
	    { .key = NULL } })
#define log_error(...)	log_event(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)	log_event(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)	log_event(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	log_event(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* fields: ended by one whose key is NULL. */
void	log_write(enum log_level level, const struct log_field *fields);
/* The line alone, without level and time: for tests and for logd. */
void	log_format(struct buf *out, const struct log_field *fields);
/* One value, quoted where the rule above asks for it. */
void	log_quote(struct buf *out, struct span value);

/*
 * Where lines go.  line has no line end.  Until this is called they go to
 * standard error.
 */
void	log_set_sink(void (*sink)(enum log_level level, struct span line));
void	log_set_level(enum log_level most);	/* default LOG_LEVEL_INFO */

#endif
