/*
 * keywords - the names behind the letters a to z of a folder: Dovecot's
 * dovecot-keywords, lines "<0..25> <name>".  Changed only under the lock of the
 * uidlist, by replacing it.
 */
#ifndef STORE_KEYWORDS_H
#define STORE_KEYWORDS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"

#define KEYWORDS_NAME	"dovecot-keywords"
#define KEYWORDS_MAX	26
#define KEYWORD_OCTETS_MAX 128
#define KEYWORDS_FILE_MAX (64 * KIB)

struct keywords {
	char *name[KEYWORDS_MAX];	/* NULL: the letter has no name */
};

void	keywords_init(struct keywords *k);
void	keywords_fini(struct keywords *k);
/* Lines that make no sense are passed over (pure). */
void	keywords_parse(struct keywords *k, struct span text);
void	keywords_put(struct buf *out, const struct keywords *k);
/* Index of a name, in any case of letters; -1: unknown. */
int	keywords_find(const struct keywords *k, struct span name);
/*
 * The same, given the lowest free letter.
 * used     letters that messages have: those without a name are not given away
 * returns  -1: none is free, or name is no keyword
 */
int	keywords_add(struct keywords *k, struct span name, uint32_t used);
/* Letters that are not in use lose their names; true: one did. */
bool	keywords_drop_unused(struct keywords *k, uint32_t used);

#endif
