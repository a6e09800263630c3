/*
 * field - see field.h.
 * One walk over the table in each direction.  A struct is never copied to or
 * from the wire as such: every field passes its own bounds, so that a reader
 * sees either a message that keeps all of them or nothing.  The same bounds
 * hold for what is sent, so that a fault of ours is found on our side.
 */
#include "ipc/field.h"

#include <string.h>

#include "base/span.h"

struct reader {
	const uint8_t *p;
	size_t	       left;
};

static size_t
int_octets(enum ipc_kind kind)
{
	switch (kind) {
	case IPC_KIND_U8:
		return 1;
	case IPC_KIND_U16:
		return 2;
	case IPC_KIND_U32:
		return 4;
	case IPC_KIND_U64:
		return 8;
	case IPC_KIND_TEXT:
	case IPC_KIND_BLOB:
		break;
	}
	return 0;
}

static uint64_t
load_int(enum ipc_kind kind, const uint8_t *at)
{
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	switch (kind) {
	case IPC_KIND_U8:
		return *at;
	case IPC_KIND_U16:
		memcpy(&v16, at, sizeof(v16));
		return v16;
	case IPC_KIND_U32:
		memcpy(&v32, at, sizeof(v32));
		return v32;
	default:
		memcpy(&v64, at, sizeof(v64));
		return v64;
	}
}

static void
store_int(enum ipc_kind kind, uint8_t *at, uint64_t v)
{
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	switch (kind) {
	case IPC_KIND_U8:
		*at = (uint8_t)v;
		break;
	case IPC_KIND_U16:
		memcpy(at, &v16, sizeof(v16));
		break;
	case IPC_KIND_U32:
		memcpy(at, &v32, sizeof(v32));
		break;
	default:
		memcpy(at, &v, sizeof(v));
		break;
	}
}

static int
put_int(struct buf *out, uint64_t v, size_t octets)
{
	uint8_t wire[8];

	for (size_t i = 0; i < octets; i++)
		wire[i] = (uint8_t)(v >> (8 * (octets - 1 - i)));
	return buf_add(out, wire, octets);
}

static bool
get_int(struct reader *r, size_t octets, uint64_t *v)
{
	if (r->left < octets)
		return false;
	*v = 0;
	for (size_t i = 0; i < octets; i++)
		*v = *v << 8 | r->p[i];
	r->p += octets;
	r->left -= octets;
	return true;
}

static bool
in_bounds(const struct ipc_field *f, uint64_t v)
{
	return v >= f->min && v <= f->max;
}

static bool
text_clean(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_iscntrl((char)p[i]))
			return false;
	return true;
}

static int
encode_one(const struct ipc_field *f, const uint8_t *msg, struct buf *out)
{
	const uint8_t *at = msg + f->at;
	uint64_t v;
	size_t n;

	if (f->kind != IPC_KIND_TEXT && f->kind != IPC_KIND_BLOB) {
		v = load_int(f->kind, at);
		return in_bounds(f, v) ?
		    put_int(out, v, int_octets(f->kind)) : -1;
	}
	if (f->kind == IPC_KIND_TEXT)
		n = strnlen((const char *)at, f->max + 1);
	else
		memcpy(&n, msg + f->len_at, sizeof(n));
	if (!in_bounds(f, n) ||
	    (f->kind == IPC_KIND_TEXT && !text_clean(at, n)) ||
	    put_int(out, n, 2) != 0)
		return -1;
	return buf_add(out, at, n);
}

int
ipc_encode(const struct ipc_type *t, const void *msg, struct buf *out)
{
	size_t begin = out->n;

	for (size_t i = 0; i < t->nfields; i++) {
		if (encode_one(&t->fields[i], msg, out) != 0 ||
		    out->n - begin > IPC_BODY_MAX) {
			buf_cut(out, begin);
			return -1;
		}
	}
	return 0;
}

static bool
decode_one(const struct ipc_field *f, struct reader *r, uint8_t *msg)
{
	uint64_t v;
	size_t n;

	if (f->kind != IPC_KIND_TEXT && f->kind != IPC_KIND_BLOB) {
		if (!get_int(r, int_octets(f->kind), &v) || !in_bounds(f, v))
			return false;
		store_int(f->kind, msg + f->at, v);
		return true;
	}
	if (!get_int(r, 2, &v) || !in_bounds(f, v) || v > r->left)
		return false;
	n = (size_t)v;
	if (f->kind == IPC_KIND_TEXT && !text_clean(r->p, n))
		return false;
	/* Bounds fit the array (IPC_FITS_); the NUL behind a text is there. */
	memcpy(msg + f->at, r->p, n);
	if (f->kind == IPC_KIND_BLOB)
		memcpy(msg + f->len_at, &n, sizeof(n));
	r->p += n;
	r->left -= n;
	return true;
}

int
ipc_decode(const struct ipc_type *t, const void *body, size_t n, void *msg)
{
	struct reader r = { .p = body, .left = n };
	bool good = true;

	memset(msg, 0, t->size);
	for (size_t i = 0; i < t->nfields && good; i++)
		good = decode_one(&t->fields[i], &r, msg);
	if (good && r.left == 0)
		return 0;
	memset(msg, 0, t->size);
	return -1;
}
