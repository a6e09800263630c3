/*
 * print_ipc - the catalogue of messages as this build has it, as rows of a
 * Markdown table: for doc/ipc.md (tests/ipc_doc.py).
 */
#include <inttypes.h>
#include <stdio.h>

#include "ipc/catalogue.h"

static void
print_field(const struct ipc_field *f)
{
	static const char *const kinds[] = {
		[IPC_KIND_U8] = "u8", [IPC_KIND_U16] = "u16",
		[IPC_KIND_U32] = "u32", [IPC_KIND_U64] = "u64",
		[IPC_KIND_TEXT] = "text", [IPC_KIND_BLOB] = "octets",
	};

	printf("`%s` %s ", f->name, kinds[f->kind]);
	if (f->max == UINT64_MAX)
		printf("%" PRIu64 "..", f->min);
	else if (f->min == f->max)
		printf("%" PRIu64, f->min);
	else
		printf("%" PRIu64 "..%" PRIu64, f->min, f->max);
}

int
main(void)
{
	for (size_t i = 0; ipc_catalogue[i] != NULL; i++) {
		const struct ipc_type *t = ipc_catalogue[i];

		printf("| %u | `%s` | %s | ", t->num, t->name,
		    t->fd == IPC_FD_ONE ? "one" : "");
		for (size_t k = 0; k < t->nfields; k++) {
			if (k > 0)
				printf("; ");
			print_field(&t->fields[k]);
		}
		printf(" |\n");
	}
	return 0;
}
