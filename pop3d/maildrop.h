/*
 * maildrop - the messages of INBOX as they were at log-in: numbers, sizes,
 * unique ids, and which of them the client wants deleted (RFC 1939 4 to 6).
 */
#ifndef POP3D_MAILDROP_H
#define POP3D_MAILDROP_H

#include "base/base.h"
#include "base/why.h"
#include "pop3d/droplock.h"
#include "pop3d/limits.h"
#include "store/folder.h"

struct drop_message {
	uint64_t place;		/* in the listing, as Dovecot kept it */
	uint32_t uid;
	uint64_t octets;	/* as sent: CRLF line ends; a last line end
				   that the file has not is not counted */
	bool	 deleted;
	bool	 seen;		/* by somebody, before this session */
	bool	 fetched;	/* whole, in this session */
};

struct maildrop {
	const char *uidl;		/* setting pop3_uidl; borrowed */
	struct droplock lock;
	struct folder *folder;
	struct uidl_table *ids;		/* NULL: each is what it is */
	struct drop_message *v;		/* message n is v[n - 1] */
	size_t	n;
	size_t	left;			/* not deleted */
	uint64_t octets;		/* of those */
};

struct maildrop_how {
	int	    root;		/* the Maildir */
	const char *uidl;		/* how unique ids are made; stays as
					   long as the maildrop */
	bool	    uidl_rename;	/* of duplicates, see uidl.h */
	unsigned    wait_s, delay_s;	/* see droplock.h */
};

/*
 * returns  DROPLOCK_TAKEN; others with why: no maildrop (RFC 1939 4: exclusive
 *          access)
 */
enum droplock_result maildrop_open(struct maildrop *d,
	    const struct maildrop_how *how, struct why *why) must_use;
void	maildrop_close(struct maildrop *d);
/* NULL: no such message, or it is deleted. */
struct drop_message *maildrop_get(struct maildrop *d, uint64_t number);
void	maildrop_delete(struct maildrop *d, struct drop_message *m);
void	maildrop_reset(struct maildrop *d);
/* The octets of the message on disk (LF); the caller's to close. */
int	maildrop_read(struct maildrop *d, const struct drop_message *m,
	    struct why *why) must_use;
/* The unique id, stable for the life of the message (RFC 1939 7, UIDL). */
void	maildrop_uidl(const struct maildrop *d, const struct drop_message *m,
	    char out[UIDL_MAX + 1]);

struct maildrop_policy {
	bool	 mark_seen;	/* what was fetched and stays gets \Seen */
	unsigned keep_days;	/* what was fetched, now or earlier, and came so
				   long ago, goes; 0: stays */
};
/*
 * The UPDATE state: remove what is marked, and what the policy says; durable
 * when it returns.
 * returns  0, or -1 with why: not all could be removed (RFC 1939 6, QUIT)
 */
int	maildrop_update(struct maildrop *d, const struct maildrop_policy *p,
	    struct why *why) must_use;

#endif
