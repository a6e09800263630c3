/*
 * id - names that nobody else has.
 * A queue id is time, run number and counter, in 20 characters of 0-9A-Za-z
 * without vowels and l.  None is ever made twice, also when the clock steps
 * back (the run number is durable), and the ids of one run sort in the order
 * in which they were made (the time never runs backwards within a run).
 * The last character takes all 51 values in turn.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/base.h"
#include "base/span.h"

#define ID_LEN		20
#define ID_SIZE		(ID_LEN + 1)

struct id_maker {
	uint64_t last_us;	/* never runs back */
	uint32_t run;		/* durable, +1 per start */
	uint32_t counter;
};

void	id_maker_init(struct id_maker *m, uint32_t run);
/* now_us: wall clock in microseconds. */
void	id_make(struct id_maker *m, uint64_t now_us, char out[ID_SIZE]);
bool	id_valid(struct span s);

/* 16 characters from 10 random octets: for sessions. */
#define SESSION_ID_SIZE	17
void	id_session(const uint8_t random[10], char out[SESSION_ID_SIZE]);

#endif
