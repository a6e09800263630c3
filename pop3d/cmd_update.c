/*
 * cmd_update.c - CAPA, and QUIT with the UPDATE state behind it.
 */
#include "base/log.h"
#include "pop3d/capa.h"
#include "pop3d/command.h"
#include "pop3d/lang.h"
#include "pop3d/reply.h"
#include "pop3d/session.h"

void
cmd_capa(struct session *s, const struct args *a)
{
	const struct capa_facts facts = { .user = true,
		.keep_days = (unsigned)conf_num(s->how->conf,
		    "pop3_keep_days"),
		.login_delay_s = (unsigned)conf_num(s->how->conf,
		    "pop3_login_delay") };
	struct buf lines;

	(void)a;
	reply_ok(s, "capabilities follow");
	buf_init(&lines, CAPA_MAX);
	capa_put(&lines, &facts);
	stream_write(&s->stream, lines.p, lines.n);
	buf_fini(&lines);
}

void
cmd_lang(struct session *s, const struct args *a)
{
	struct buf answer;

	buf_init(&answer, LANG_MAX);
	if (!lang_put(&answer, a->text))
		s->errors++;
	stream_write(&s->stream, answer.p, answer.n);
	buf_fini(&answer);
}

void
cmd_quit(struct session *s, const struct args *a)
{
	size_t marked = s->drop.n - s->drop.left;
	const struct maildrop_policy policy = {
		.mark_seen = conf_bool(s->how->conf, "pop3_mark_seen"),
		.keep_days = (unsigned)conf_num(s->how->conf,
		    "pop3_keep_days") };
	struct why why;

	(void)a;
	s->done = true;
	/* What is removed was taken, or at least could be sent. */
	if (marked > 0 && stream_flush(&s->stream) != STREAM_OK)
		return;
	if (maildrop_update(&s->drop, &policy, &why) != 0) {
		log_error(LF_STR("event", "update-failed"),
		    LF_STR("user", s->how->start->user),
		    LF_STR("session", s->how->start->session),
		    LF_STR("why", why.text));
		reply_err(s, "[SYS/TEMP] some deleted messages not removed");
		return;
	}
	s->deleted = marked;
	reply_ok(s, "%zu messages deleted, %zu left", marked, s->drop.left);
}
