/*
 * relay_login - see relay_login.h.
 * A mistake is told without the value: what is wrong in it may be the password.
 */
#include "map/relay_login.h"

#include "base/num.h"
#include "base/utf8.h"
#include "mail/addr.h"

static int
bad(struct why *why, const char *what)
{
	why_set(why, WHY_TEMP, "4.3.5", "%s", what);
	return -1;
}

static bool
has_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_iscntrl(s.p[i]))
			return true;
	return false;
}

/* "587: name:password" is what a key in need of quotes leaves behind. */
static bool
is_port(struct span name, struct span password)
{
	uint64_t port;

	return num_parse(name, 1, UINT16_MAX, &port) == 0 &&
	    span_starts(password, SPAN_LIT(" ")) && span_has(password, ':');
}

int
relay_login_parse(struct span value, struct relay_login *out, struct why *why)
{
	struct span rest = span_trim(value), name = span_cut(&rest, ':');

	if (rest.p == NULL)
		return bad(why, "not name:password");
	if (is_port(name, rest))
		return bad(why, "a key with a port stands in double quotes");
	if (name.n == 0 || rest.n == 0)
		return bad(why, "no name, or no password");
	if (name.n > RELAY_NAME_MAX || rest.n > RELAY_NAME_MAX)
		return bad(why, "a name or a password of more than 255 octets");
	if (has_control(name) || has_control(rest) || !utf8_valid(name) ||
	    !utf8_valid(rest))
		return bad(why, "a name or a password that is no text");
	out->user = name;
	out->password = rest;
	return 0;
}

static bool
is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > '~' || s.p[i] <= ' ')
			return false;
	return s.n > 0;
}

static bool
is_name(struct span host)
{
	char canonical[ADDR_DOMAIN_SIZE];
	bool literal;

	return addr_parse_domain(host, canonical, &literal) == 0 && !literal;
}

bool
relay_login_is_host(struct span key)
{
	struct span host = key, port = SPAN_NONE;
	uint64_t number;
	size_t end;

	if (!is_ascii(key) || key.n > RELAY_KEY_MAX)
		return false;
	if (key.p[0] == '[') {		/* an address there may have colons */
		end = span_chr(key, ']');
		if (end < 2 || end == key.n)
			return false;
		host = span_of(key.p + 1, end - 1);
		port = span_from(key, end + 1);
		if (port.n > 0 && port.p[0] != ':')
			return false;
		if (span_has(host, '[') || span_has(host, '@'))
			return false;
	} else {
		end = span_chr(key, ':');
		host = span_head(key, end);
		port = span_from(key, end);
		if (!is_name(host))
			return false;
	}
	return port.n == 0 || num_parse(span_from(port, 1), 1, UINT16_MAX,
	    &number) == 0;
}

int
relay_login_hop_key(struct span hop, uint16_t port, size_t n,
    struct buf *out)
{
	bool bare = n >= 2, with_port = n % 2 == 0;
	bool literal = hop.n > 2 && hop.p[0] == '[' &&
	    hop.p[hop.n - 1] == ']';

	buf_clear(out);
	if (n >= RELAY_HOP_KEYS || (with_port && port == 0) || (bare && !literal))
		return -1;
	if (bare)
		hop = span_of(hop.p + 1, hop.n - 2);
	for (size_t i = 0; i < hop.n; i++)
		(void)buf_add_char(out, ascii_lower(hop.p[i]));
	if (with_port)
		(void)buf_addf(out, ":%u", port);
	return out->full ? -1 : 0;
}
