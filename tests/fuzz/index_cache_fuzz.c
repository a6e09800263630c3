/*
 * Any octets as the cache of a folder, behind a head that is right and where
 * the index looks for a record: what is found is no longer than may be.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fs.h"
#include "store/folder_cache.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NAME	"paquebot-cache"

static int root = -1;
static struct folder *folder;
static char good[4096];
static ssize_t good_n;

static char path[] = "/tmp/cache_fuzz.XXXXXX";

static void
clean(void)
{
	int top = fs_open_top("/tmp");

	if (fs_remove_tree(top, path + 5, 1000) != 0)
		abort();
}

static void
begin(void)
{
	struct why why;
	int fd;

	if (mkdtemp(path) == NULL)
		abort();
	(void)atexit(clean);
	root = fs_open_top(path);
	if (root < 0 || maildir_make(root, &why) != 0)
		abort();
	fd = openat(root, "cur/1.a:2,", O_CREAT | O_WRONLY, 0600);
	if (fd < 0)
		abort();
	(void)close(fd);
	folder = folder_open(root, "INBOX", false, &why);
	if (folder == NULL || folder_sync(folder, NULL, &why) != 0)
		abort();
	folder_cache_add(folder, 1, CACHE_ENVELOPE, SPAN_LIT("(NIL)"));
	folder_cache_add(folder, 1, CACHE_FIELDS, SPAN_LIT("A: b\n\n"));
	folder_cache_write(folder);
	fd = fs_open_read(root, NAME);
	good_n = read(fd, good, sizeof(good));
	(void)close(fd);
	if (good_n < 80)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out;
	size_t at;
	int fd;

	if (root < 0)
		begin();
	at = size > 0 ? data[0] % (size_t)good_n : 0;
	fd = openat(root, NAME, O_WRONLY | O_TRUNC);
	if (fd < 0 || write(fd, good, at) != (ssize_t)at ||
	    write(fd, data, size) != (ssize_t)size)
		abort();
	(void)close(fd);
	buf_init(&out, CACHE_OCTETS_MAX);
	for (int kind = 0; kind < CACHE_KINDS; kind++)
		if (folder_cached(folder, 1, (enum cache_kind)kind, &out) &&
		    out.n > CACHE_OCTETS_MAX)
			abort();
	/* What is written next is found, whatever was there. */
	folder_cache_add(folder, 1, CACHE_STRUCTURE, span_of(data, size));
	folder_cache_write(folder);
	if (size <= CACHE_OCTETS_MAX && (!folder_cached(folder, 1,
	    CACHE_STRUCTURE, &out) || !span_eq(buf_span(&out),
	    span_of(data, size))))
		abort();
	buf_fini(&out);
	return 0;
}
