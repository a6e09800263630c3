/*
 * question - a child for each question: what a module of PAM does to its
 * process ends with it.  Bounded in number, time and memory.
 */
#ifndef PAMD_QUESTION_H
#define PAMD_QUESTION_H

#include <event2/event.h>

#include "base/base.h"
#include "ipc/msg_pam.h"
#include "os/spawn.h"

#define QUESTIONS_AT_ONCE	4	/* children */
#define QUESTIONS_WAITING	64
#define QUESTIONS_MAX_MS	20000	/* one that takes longer is killed */

struct questions;

struct questions *questions_new(struct event_base *base);
/* Ends the children; who waits hears PAMD_UNKNOWN. */
void	questions_free(struct questions **q);
/* Which file of /etc/pam.d; borrowed until the next call. */
void	questions_service(struct questions *q, const char *service);
/* done() is called once, from the loop or at once. */
void	questions_ask(struct questions *q, const struct pam_req *req,
	    void (*done)(enum pam_result result, void *ctx), void *ctx);
/* A child ended. */
void	questions_ended(struct questions *q, const struct spawn_end *end);

#endif
