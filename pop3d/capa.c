/*
 * capa - see capa.h: the lines that front and session have in common.
 */
#include "pop3d/capa.h"

void
capa_put(struct buf *out, bool user, unsigned keep_days)
{
	/* All short: fits in CAPA_MAX. */
	(void)buf_addf(out, "TOP\r\nUIDL\r\n%sPIPELINING\r\nRESP-CODES\r\n"
	    "AUTH-RESP-CODE\r\nLANG\r\n", user ? "USER\r\n" : "");
	/* RFC 2449 6.7: a site that removes mail says so. */
	if (keep_days > 0)
		(void)buf_addf(out, "EXPIRE %u\r\n", keep_days);
	(void)buf_add_str(out, "IMPLEMENTATION Paquebot\r\n.\r\n");
}
