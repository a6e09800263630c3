/*
 * Any octets as the snapshot of an index, first as they are, then behind a head
 * whose sums are right: messages come in order, and each is whole or refused.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "store/index_base.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int dir = -1;

static void
write_file(const void *a, size_t a_n, const void *b, size_t b_n)
{
	int fd = openat(dir, INDEX_NAME, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	if (fd < 0 || write(fd, a, a_n) != (ssize_t)a_n ||
	    write(fd, b, b_n) != (ssize_t)b_n)
		abort();
	(void)close(fd);
}

static void
try_it(void)
{
	char text[INDEX_TEXT_MAX + 2];
	struct index_base b;
	struct columns c;
	struct message m;

	index_base_init(&b);
	columns_init(&c);
	if (index_base_open(&b, dir, &c))
		for (size_t i = 0; i < c.n; i++) {
			if (c.uid[i] == 0 ||
			    (i > 0 && c.uid[i] <= c.uid[i - 1]))
				abort();
			if (index_base_read(&b, (uint32_t)i, &m, text) &&
			    (m.name[0] == '\0' || strchr(m.name, '/') != NULL))
				abort();
		}
	if (index_base_read(&b, (uint32_t)c.n, &m, text))
		abort();
	columns_fini(&c);
	index_base_close(&b);
}

/* Columns from data; a row and its text, too, with a sum of its own. */
static void
with_head(const uint8_t *data, size_t size)
{
	struct index_head h = { .generation = 1, .messages = data[0] };
	uint8_t head[INDEX_HEAD];
	struct sum64 sum;
	size_t columns = (size_t)h.messages * 9;

	if (size < h.messages * INDEX_MESSAGE + 1)
		return;
	h.text_octets = size - 1 - h.messages * INDEX_MESSAGE;
	h.state.list.uidvalidity = 1;
	h.state.list.nextuid = UINT32_MAX;
	sum64_init(&sum);
	sum64_add(&sum, &h.generation, sizeof(h.generation));
	sum64_add(&sum, data + 1, columns);
	h.sum = sum64_end(&sum);
	index_put_head(head, &h);
	write_file(head, sizeof(head), data + 1, size - 1);
	try_it();
}

static char path[] = "/tmp/index_fuzz.XXXXXX";

static void
clean(void)
{
	(void)rmdir(path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{

	if (dir < 0) {
		if (mkdtemp(path) == NULL)
			abort();
		dir = open(path, O_RDONLY | O_DIRECTORY);
		(void)atexit(clean);
	}
	if (size == 0 || dir < 0)
		return 0;
	write_file(data, size, "", 0);
	try_it();
	with_head(data, size);
	(void)unlinkat(dir, INDEX_NAME, 0);
	return 0;
}
