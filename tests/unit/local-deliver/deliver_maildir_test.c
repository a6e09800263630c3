/* deliver_maildir: from a queue file into a Maildir. */
#include "local-deliver/deliver_maildir.h"

#include <errno.h>

#include "../scratch.h"
#include "os/clock.h"
#include "store/quota.h"

#define FRONT	"PQ1 envelope\nmore of it\n"	/* what qmgr has in front */
#define MESSAGE	"Received: by x; now\r\nSubject: s\r\n\r\nbody\r\n.\r\n" \
		"last\r\n"

static struct why why;
static struct job_rcpt rcpt = { .address = "alice@a.example" };

/* A queue file with this message; then a line of log behind it. */
static void
job_make(struct job_in *j, const char *message)
{
	static char text[8192];
	int fd;

	(void)snprintf(text, sizeof(text), "%s%s%s", FRONT, message,
	    "DONE 0 log line\n");
	scratch_put("queue", text);
	fd = fs_open_read(scratch, "queue");
	T_TRUE(fd >= 0);
	*j = (struct job_in){ .file = fd, .head = { .sender = "bob@b.example",
	    .at_octets = strlen(FRONT), .size_octets = strlen(message),
	    .nrcpts = 1 } };
}

static int
fresh(void **state)
{
	return scratch_setup(state) != 0 ? -1 : maildir_make(scratch, &why);
}

static int
deliver_one(struct folder *f, const struct job_in *j, uint32_t *uid)
{
	struct delivery d = { .job = j, .rcpt = &rcpt };
	int rc = deliver_maildir(f, &d, 1, &why);

	*uid = d.uid;
	return rc;
}

static int
remember_name(const char *name, enum fs_kind kind, void *ctx)
{
	char *to = ctx;

	(void)kind;
	(void)snprintf(to, 300, "new/%s", name);
	return 1;
}

static int
first_in(const char *dir, char out[300])
{
	int fd = fs_open_dir(scratch, dir), rc;

	rc = fs_list(fd, remember_name, out);
	fd_close(&fd);
	return rc;
}

static void
test_bytes(void **state)
{
	static const char want[] = "Return-Path: <bob@b.example>\n"
	    "Delivered-To: alice@a.example\n"
	    "Received: by x; now\nSubject: s\n\nbody\n.\nlast\n";
	struct folder *f = folder_open(scratch, "INBOX", false, &why);
	char name[300], sizes[64];
	struct job_in j;
	uint32_t uid;

	(void)state;
	job_make(&j, MESSAGE);
	T_TRUE(deliver_one(f, &j, &uid) == 0);
	T_INT(uid, 0);		/* there is no list yet */
	T_INT(first_in("new", name), 1);
	T_STR(span_str(scratch_get(name)), want);
	/* Sizes with what was added; W as it would be on the wire. */
	(void)snprintf(sizes, sizeof(sizes), ",S=%zu,W=%zu", strlen(want),
	    strlen(want) + 8);
	T_TRUE(span_ends(span_str(name), span_str(sizes)));
	T_INT(first_in("tmp", name), 0);
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	T_INT(folder_count(f), 1);
	/* Now there is one: the UID comes with the delivery. */
	T_TRUE(deliver_one(f, &j, &uid) == 0);
	T_INT(uid, 2);
	/* The null sender, RFC 5321 4.4. */
	j.head.sender[0] = '\0';
	T_TRUE(deliver_one(f, &j, &uid) == 0);
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	int fd = folder_open_message(f, 3, &why);
	char text[17] = "";
	T_INT(fd_read(fd, text, 16), 16);
	T_STR(span_str(text), "Return-Path: <>\n");
	fd_close(&fd);
	fd_close(&j.file);
	folder_close(&f);
}

static void
test_loop(void **state)
{
	struct job_in j;

	(void)state;
	job_make(&j, "Delivered-To: alice@A.example\r\n\r\nx\r\n");
	T_TRUE(deliver_check_loop(&j, &rcpt, &why) != 0);
	T_TRUE(why.kind == WHY_PERM);
	T_STR(span_str(why.esc), "5.4.6");
	fd_close(&j.file);
	/* Somebody else; or in the body. */
	job_make(&j, "Delivered-To: bob@a.example\r\n\r\n"
	    "Delivered-To: alice@a.example\r\n");
	T_TRUE(deliver_check_loop(&j, &rcpt, &why) == 0);
	fd_close(&j.file);
}

/* A queue file shorter than qmgr said: nothing is delivered. */
static void
test_short(void **state)
{
	struct folder *f = folder_open(scratch, "INBOX", false, &why);
	char name[300];
	struct job_in j;
	uint32_t uid;

	(void)state;
	job_make(&j, MESSAGE);
	j.head.size_octets += 1000;
	T_TRUE(deliver_one(f, &j, &uid) != 0);
	T_TRUE(why.kind == WHY_TEMP);
	T_INT(first_in("new", name), 0);
	T_INT(first_in("tmp", name), 0);
	fd_close(&j.file);
	folder_close(&f);
}

static void
test_quota(void **state)
{
	struct folder *f = folder_open(scratch, "INBOX", false, &why);
	char name[300];
	struct job_in j;
	uint32_t uid;

	(void)state;
	scratch_put(QUOTA_NAME, "100S\n0 0\n");
	job_make(&j, MESSAGE);
	T_TRUE(deliver_one(f, &j, &uid) != 0);
	T_TRUE(why.kind == WHY_PERM);
	T_STR(span_str(why.esc), "5.2.2");
	T_INT(first_in("new", name), 0);
	T_INT(first_in("tmp", name), 0);
	fd_close(&j.file);
	folder_close(&f);
}

/* Several at once: neighbouring UIDs in their order; or none of them. */
static void
test_several(void **state)
{
	struct folder *f = folder_open(scratch, "INBOX", false, &why);
	struct delivery v[JOB_ROW_MOST];
	char name[300];
	struct job_in j;

	(void)state;
	job_make(&j, MESSAGE);
	for (size_t i = 0; i < COUNT(v); i++)
		v[i] = (struct delivery){ .job = &j, .rcpt = &rcpt };
	T_TRUE(folder_sync(f, NULL, &why) == 0);	/* makes the list */
	T_TRUE(deliver_maildir(f, v, COUNT(v), &why) == 0);
	for (size_t i = 0; i < COUNT(v); i++)
		T_INT(v[i].uid, i + 1);
	T_INT(first_in("tmp", name), 0);
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	T_INT(folder_count(f), COUNT(v));
	/* One message more may be there. */
	scratch_put(QUOTA_NAME, "17C\n0 16\n");
	T_TRUE(deliver_maildir(f, v, 2, &why) != 0);
	T_STR(span_str(why.esc), "5.2.2");
	T_INT(first_in("tmp", name), 0);
	T_TRUE(deliver_maildir(f, v, 1, &why) == 0);
	T_INT(v[0].uid, COUNT(v) + 1);
	fd_close(&j.file);
	folder_close(&f);
}

/* An empty message, and one that ends within a line. */
static void
test_odd(void **state)
{
	struct folder *f = folder_open(scratch, "INBOX", false, &why);
	struct job_in j;
	uint32_t uid;

	(void)state;
	job_make(&j, "");
	T_TRUE(deliver_one(f, &j, &uid) == 0);
	fd_close(&j.file);
	job_make(&j, "Subject: x\r\n\r\nno end\r");
	T_TRUE(deliver_one(f, &j, &uid) == 0);
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	T_INT(folder_count(f), 2);
	fd_close(&j.file);
	folder_close(&f);
}

#define EACH(test)	cmocka_unit_test_setup_teardown(test, fresh, \
			    scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_bytes),
		EACH(test_loop),
		EACH(test_short),
		EACH(test_quota),
		EACH(test_several),
		EACH(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
