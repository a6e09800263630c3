/*
 * count_work - preloaded into authd, counts what its judgements of passwords
 * cost and does none of it, so that thousands can be counted.  The counts stand
 * in the file WORK_FILE, shared by all workers, in the order of enum work.
 */
#include <sys/mman.h>

#include <openssl/evp.h>

#include <crypt.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum work { CRYPTS, OURS, DERIVATIONS, ITERATIONS, OCTETS, WORKS };

static _Atomic uint64_t *works;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("WORK_FILE");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, WORKS * sizeof(*works),
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		abort();
	works = p;
	close(fd);
}

/* yescrypt at its usual cost is what this system makes (crypt(5)). */
char *
crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	const char *salt_end = strrchr(setting, '$');
	size_t n = salt_end != NULL ? (size_t)(salt_end + 1 - setting) : 0;

	atomic_fetch_add(&works[CRYPTS], 1);
	atomic_fetch_add(&works[OURS], strncmp(setting, "$y$j9T$", 7) == 0);
	atomic_fetch_add(&works[OCTETS], strlen(phrase));
	if (n + 10 >= sizeof(data->output))
		abort();
	memcpy(data->output, setting, n);
	memcpy(data->output + n, "not done", 9);
	return data->output;
}

int
PKCS5_PBKDF2_HMAC(const char *pass, int passlen, const unsigned char *salt,
    int saltlen, int iterations, const EVP_MD *digest, int keylen,
    unsigned char *out)
{
	(void)pass;
	(void)salt;
	(void)saltlen;
	(void)digest;
	atomic_fetch_add(&works[DERIVATIONS], 1);
	atomic_fetch_add(&works[ITERATIONS], (uint64_t)iterations);
	atomic_fetch_add(&works[OCTETS], (uint64_t)passlen);
	memset(out, 0x55, (size_t)keylen);
	return 1;
}
