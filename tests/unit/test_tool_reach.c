/*
 * Who may reach a socket: by mode, owner and group, along a path, in a chroot.
 */
#include "exact.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "tool/reach.h"

static void
decides_by_mode(void **state)
{
	const struct reach_user user = { .name = "u", .uid = 100, .groups = { 7, 8 },
	    .n_groups = 2 };
	static const struct { mode_t mode; uid_t owner; gid_t group; int bits; bool may; }
	rows[] = {
		{ 0700, 100, 1, X_OK, true }, { 0700, 101, 1, X_OK, false },
		{ 0070, 101, 8, X_OK, true }, { 0070, 101, 9, X_OK, false },
		{ 0007, 101, 9, W_OK, true }, { 0660, 101, 7, W_OK, true },
		{ 0640, 101, 7, W_OK, false },
		/* the first that fits decides, not the best */
		{ 0077, 100, 7, X_OK, false }, { 0707, 101, 7, X_OK, false },
	};
	const struct reach_user root = { .name = "root" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (reach_may(&user, rows[i].mode, rows[i].owner, rows[i].group,
		    rows[i].bits) != rows[i].may)
			fail_msg("row %zu", i);
	assert_true(reach_may(&root, 0, 1, 1, R_OK | W_OK | X_OK));
}

static void
walks_the_path(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/mailworthy-test-XXXXXX";
	struct arena *arena = arena_new();
	struct reach_user nobody;
	const char *path, *why, *at;
	int fd;

	(void)state;
	assert_false(reach_user("no such user", &nobody));
	assert_true(reach_user("nobody", &nobody));
	assert_non_null(mkdtemp(dir));
	path = arena_printf(arena, "%s/s", dir);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(reach_socket(arena, &nobody, "", path, &why, &at), REACH_MISSING);
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(reach_socket(arena, &nobody, "", path, &why, &at), REACH_OK);
	assert_int_equal(chmod(path, 0770), 0);
	assert_int_equal(reach_socket(arena, &nobody, "", path, &why, &at), REACH_DENIED);
	assert_non_null(strstr(why, "0770"));
	assert_string_equal(at, path);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(reach_socket(arena, &nobody, "", path, &why, &at), REACH_DENIED);
	assert_non_null(strstr(why, "may not enter"));
	assert_string_equal(at, dir);
	/* the root of a chroot is entered before the rights are given up */
	assert_int_equal(reach_socket(arena, &nobody, dir, path, &why, &at), REACH_OK);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(reach_socket(arena, &nobody, "", "/etc/passwd", &why, &at),
	    REACH_NO_SOCKET);
	close(fd);
	unlink(path);
	rmdir(dir);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_by_mode),
		cmocka_unit_test(walks_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
