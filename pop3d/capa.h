/*
 * capa - what CAPA lists, before and after log-in (RFC 2449 5, 6).
 */
#ifndef POP3D_CAPA_H
#define POP3D_CAPA_H

/* One a line, CRLF, without the status line; ends with ".". */
#define CAPA_LINES \
	"TOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\nRESP-CODES\r\n" \
	"AUTH-RESP-CODE\r\nIMPLEMENTATION Paquebot\r\n.\r\n"
/* Where no password may be asked for. */
#define CAPA_LINES_NO_LOGIN \
	"TOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n" \
	"IMPLEMENTATION Paquebot\r\n.\r\n"

#endif
