/*
 * Owner and mode of a socket file, also where somebody has put a link in its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/socketfile.h"

static char directory[64], path[128], other[128];

static int
setup(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/mw-socket.XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/s", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return rmdir(directory);
}

static void
make_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, name);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static mode_t
mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(name, &st), 0);
	return st.st_mode & 07777;
}

static void
sets_owner_and_mode(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	make_socket(path);
	fd = socketfile_open(path);
	assert_int_not_equal(fd, -1);
	assert_int_equal(socketfile_mode(fd, 0620), 0);
	assert_int_equal(mode_of(path), 0620);
	assert_int_equal(socketfile_own(fd, getuid(), (gid_t)-1), 0);
	if (geteuid() == 0) {
		assert_int_equal(socketfile_own(fd, 12, 13), 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_uid, 12);
		assert_int_equal(st.st_gid, 13);
	}
	close(fd);
}

static void
follows_no_link(void **state)
{
	(void)state;
	make_socket(other);
	assert_int_equal(chmod(other, 0600), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(socketfile_open(path), -1);
	assert_int_equal(errno, ENOTSOCK);
	assert_int_equal(mode_of(other), 0600);
}

static void
takes_no_other_file(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(socketfile_open(path), -1);
	assert_int_equal(errno, ENOENT);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	close(fd);
	assert_int_equal(socketfile_open(path), -1);
	assert_int_equal(errno, ENOTSOCK);
}

/* What is put in its place later is not touched. */
static void
stays_with_the_file(void **state)
{
	int fd;

	(void)state;
	make_socket(path);
	fd = socketfile_open(path);
	assert_int_not_equal(fd, -1);
	assert_int_equal(unlink(path), 0);
	make_socket(other);
	assert_int_equal(chmod(other, 0600), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(socketfile_mode(fd, 0666), 0);
	assert_int_equal(mode_of(other), 0600);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sets_owner_and_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(follows_no_link, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_no_other_file, setup, teardown),
		cmocka_unit_test_setup_teardown(stays_with_the_file, setup, teardown),
	};

	return cmocka_run_group_tests_name("daemon_socketfile", tests, NULL, NULL);
}
