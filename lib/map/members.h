/*
 * members - the list behind an alias or virtual address (pure).  Members are
 * separated by commas or line ends outside of quotes; a member that begins with
 * '#' is a comment.
 *
 *	alice				an address, or a name of the same domain
 *	alice@example.org, <bob@example.org>
 *	\alice				the account, whatever its alias says
 *	:include:lists/friends		the members in that file
 *	|archive			a configured program; "|archive" too
 *	/var/mail/file			a file: understood to be refused
 */
#ifndef MAP_MEMBERS_H
#define MAP_MEMBERS_H

#include "base/base.h"
#include "base/span.h"

enum member_kind {
	MEMBER_ADDRESS,
	MEMBER_ACCOUNT,
	MEMBER_INCLUDE,
	MEMBER_PIPE,
	MEMBER_FILE
};
struct member {
	enum member_kind kind;
	struct span	 text;	/* without the mark of its kind; into the list */
};

/*
 * The next member; *list is moved behind it.
 * returns  false at the end of the list
 */
bool	members_next(struct span *list, struct member *out) must_use;

#endif
