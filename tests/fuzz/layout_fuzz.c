/*
 * Any octets as the name of a directory in each layout, and as what a client
 * calls a folder: what is taken goes to the disk and back as it was, stays below the
 * mail root, and is no file of anybody else's.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/layout.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_path(const char *name)
{
	char path[LAYOUT_PATH_SIZE], again[FOLDER_NAME_SIZE];
	struct span rest, part;

	must(layout_path(name, path) == 0);
	must(path[0] != '/' && path[0] != '\0');
	must(layout_name(span_str(path + !layout_is_fs()),
	    layout_separator(), again) == 0);
	must(strcmp(again, name) == 0);
	rest = span_str(path);
	while (rest.p != NULL) {
		part = span_cut(&rest, '/');
		must(part.n > 0 && part.n <= 255);
		must(!span_eq_str(part, ".") && !span_eq_str(part, ".."));
		must(!span_ieq_str(part, "cur") && !span_ieq_str(part, "new") &&
		    !span_ieq_str(part, "tmp"));
	}
	must(layout_is_fs() || !span_has(span_str(path), '/'));
}

static void
from_client(struct span in, char separator)
{
	char name[FOLDER_NAME_SIZE];
	struct buf b;

	buf_init(&b, 8 * KIB);
	if (folder_name_from(in, separator, &b) == 0 && !b.full &&
	    folder_name(buf_span(&b), name, NULL) == 0 &&
	    !folder_is_inbox(name)) {
		check_path(name);
		buf_clear(&b);
		folder_name_to(name, separator, &b);
		must(span_ieq(buf_span(&b), in));
	}
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const escapes[] = { "", "\\", "^", "%" };
	char name[FOLDER_NAME_SIZE];
	struct span in;
	uint8_t how;

	if (size == 0)
		return 0;
	how = data[0];
	in = span_of(data + 1, size - 1);
	layout_set((how & 1) != 0 ? "fs" : "maildir++",
	    (how & 2) != 0 ? "utf-8" : "utf-7", escapes[how >> 2 & 3]);
	if (layout_name(in, layout_separator(), name) == 0 &&
	    !folder_is_inbox(name))
		check_path(name);
	from_client(in, (how & 16) != 0 ? '/' : '.');
	return 0;
}
