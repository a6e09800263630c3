/*
 * judge - is this the password?  What a worker does with one question; slow on
 * purpose, and as slow for every wrong one: one crypt(3) of this system's own
 * kind and one derivation of SCRAM keys, whoever is asked about.
 */
#ifndef AUTHD_JUDGE_H
#define AUTHD_JUDGE_H

#include "base/base.h"
#include "base/span.h"

/* C strings; hash or keys or both may be "", then nothing fits them. */
struct judge_case {
	const char *hash;	/* of crypt(3) */
	const char *keys;	/* "{SCRAM-SHA-256}4096,...": trust/scram.h */
	const char *password;
};
struct judge_work {		/* how often each was done */
	unsigned crypts, derivations;
	unsigned ours;		/* of crypts, of this system's kind and cost */
};

/*
 * Once before confinement: makes what nobody's password fits, and has the
 * libraries read their files.  Ends the process if there is no crypt(3).
 */
void	judge_prepare(void);
/* work  may be NULL */
bool	judge_fits(const struct judge_case *c, struct judge_work *work);

#endif
