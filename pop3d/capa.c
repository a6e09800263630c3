/*
 * capa - see capa.h: the lines that front and session have in common.
 */
#include "pop3d/capa.h"

void
capa_put(struct buf *out, const struct capa_facts *f)
{
	/* All short: fits in CAPA_MAX. */
	(void)buf_addf(out, "TOP\r\nUIDL\r\n%sPIPELINING\r\nRESP-CODES\r\n"
	    "AUTH-RESP-CODE\r\nUTF8 USER\r\nLANG\r\n",
	    f->user ? "USER\r\n" : "");
	/* RFC 2449 6.7: so long at least, or for ever. */
	if (f->keep_days > 0)
		(void)buf_addf(out, "EXPIRE %u\r\n", f->keep_days);
	else
		(void)buf_add_str(out, "EXPIRE NEVER\r\n");
	/* RFC 2449 6.5 */
	if (f->login_delay_s > 0)
		(void)buf_addf(out, "LOGIN-DELAY %u\r\n", f->login_delay_s);
	(void)buf_add_str(out, "IMPLEMENTATION Paquebot\r\n.\r\n");
}
