/*
 * Files: reading, who else could read or replace them, templates, packing.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* nftw() */
#endif

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "settings/files.h"

/* A directory of the test's own, with a text in front of names in it. */
static char root[64];

static const char *
in_root(struct arena *arena, const char *name)
{
	return arena_printf(arena, "%s/%s", root, name);
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int
make_root(void **state)
{
	(void)state;
	memcpy(root, "/tmp/test-files-XXXXXX", sizeof("/tmp/test-files-XXXXXX"));
	return mkdtemp(root) == NULL ? -1 : 0;
}

static int
remove_root(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
test_read(void **state)
{
	struct arena *arena = arena_new();
	struct files *files = files_new();
	const char *path = in_root(arena, "a"), *fifo = in_root(arena, "fifo");
	const char *big = in_root(arena, "big"), *empty = in_root(arena, "empty");
	const struct file *file;

	(void)state;
	write_file(path, "text", 0600);
	file = files_get(files, path);
	assert_string_equal(file->path, path);
	assert_int_equal(file->error, 0);
	assert_int_equal(file->size, 4);
	assert_string_equal(file->bytes, "text");
	assert_int_equal(file->uid, geteuid());
	assert_int_equal(file->mode & 07777, 0600);
	/* Read once. */
	write_file(path, "other", 0600);
	assert_ptr_equal(files_get(files, path), file);
	assert_string_equal(file->bytes, "text");
	write_file(empty, "", 0600);
	assert_int_equal(files_get(files, empty)->size, 0);
	assert_non_null(files_get(files, empty)->bytes);
	assert_int_equal(files_get(files, in_root(arena, "none"))->error, ENOENT);
	assert_int_equal(files_get(files, root)->error, EISDIR);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(files_get(files, fifo)->error, EINVAL);
	assert_int_equal(files_get(files, "/dev/zero")->error, EINVAL);
	write_file(big, "", 0600);
	assert_int_equal(truncate(big, FILES_EACH_MAX + 1), 0);
	assert_int_equal(files_get(files, big)->error, EFBIG);
	assert_null(files_get(files, big)->bytes);
	files_free(&files);
	assert_null(files);
	files_free(&files);
	arena_free(&arena);
}

/* What is said of a file under a mode of its own and of its directory. */
static const char *
unsafe(struct arena *arena, mode_t mode, mode_t directory_mode)
{
	struct files *files = files_new();
	const char *directory = in_root(arena, "d"), *path = in_root(arena, "d/k");
	const char *text = NULL;

	mkdir(directory, 0700);
	write_file(path, "k", mode);
	assert_int_equal(chmod(directory, directory_mode), 0);
	if (files_get(files, path)->unsafe != NULL)
		text = arena_strdup(arena, files_get(files, path)->unsafe);
	files_free(&files);
	return text;
}

static void
test_unsafe(void **state)
{
	static const struct { mode_t file, directory; const char *format; } cases[] = {
		{ 0600, 0700, NULL },
		{ 0640, 0755, NULL },
		{ 0640, 01777, NULL },
		{ 0644, 0700, "everybody can read %1$s/d/k: chmod o-r %1$s/d/k" },
		{ 0660, 0700, "its group can write %1$s/d/k: chmod g-w,o-rw %1$s/d/k" },
		{ 0662, 0700, "everybody can write %1$s/d/k: chmod o-rw %1$s/d/k" },
		{ 0600, 0770, "its group can replace files in %1$s/d: chmod g-w %1$s/d" },
		{ 0600, 0707, "everybody can replace files in %1$s/d: chmod o-w %1$s/d" },
	};
	struct arena *arena = arena_new();
	const char *text;
	char wanted[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = unsafe(arena, cases[i].file, cases[i].directory);
		if (cases[i].format == NULL) {
			assert_null(text);
			continue;
		}
		wanted[0] = '\0';
		for (const char *p = cases[i].format; *p != '\0'; p++) {
			size_t n = strlen(wanted);

			if (strncmp(p, "%1$s", 4) == 0) {
				snprintf(wanted + n, sizeof(wanted) - n, "%s", root);
				p += 3;
			} else {
				snprintf(wanted + n, sizeof(wanted) - n, "%c", *p);
			}
		}
		assert_string_equal(text, wanted);
	}
	arena_free(&arena);
}

/* A parent further up, and one behind a symbolic link. */
static void
test_unsafe_further_up(void **state)
{
	struct arena *arena = arena_new();
	struct files *files = files_new();
	const char *link = in_root(arena, "link");

	(void)state;
	mkdir(in_root(arena, "open"), 0700);
	chmod(in_root(arena, "open"), 0777);
	mkdir(in_root(arena, "open/shut"), 0700);
	write_file(in_root(arena, "open/shut/k"), "k", 0600);
	assert_string_equal(files_get(files, in_root(arena, "open/shut/k"))->unsafe,
	    arena_printf(arena, "everybody can replace files in %s/open: chmod o-w %s/open",
	    root, root));
	assert_int_equal(symlink(in_root(arena, "open/shut/k"), link), 0);
	assert_non_null(strstr(files_get(files, link)->unsafe, "open: chmod o-w"));
	files_free(&files);
	arena_free(&arena);
}

/* Whoever can replace the file names it: that is no command, and reads as none. */
static void
test_unsafe_odd_name(void **state)
{
	static const char odd[] = "a: chmod 777 x, $(id)";
	struct arena *arena = arena_new();
	struct files *files = files_new();
	const char *directory = in_root(arena, odd), *link = in_root(arena, "odd");
	const char *path = arena_printf(arena, "%s/k", directory);

	(void)state;
	mkdir(directory, 0700);
	chmod(directory, 0777);
	write_file(path, "k", 0600);
	assert_int_equal(symlink(path, link), 0);
	assert_string_equal(files_get(files, link)->unsafe, arena_printf(arena,
	    "everybody can replace files in %s/a:?chmod?777?x,???id?", root));
	files_free(&files);
	arena_free(&arena);
}

/* A start as root judges as the daemon's user will. */
static void
test_unsafe_for_whom(void **state)
{
	struct arena *arena = arena_new();
	struct files *files = files_new(), *theirs = files_new();
	const char *path = in_root(arena, "daemon/k");

	(void)state;
	if (geteuid() != 0)
		skip();
	mkdir(in_root(arena, "daemon"), 0700);
	write_file(path, "k", 0600);
	assert_int_equal(chown(in_root(arena, "daemon"), 12345, 0), 0);
	assert_string_equal(files_get(files, path)->unsafe, arena_printf(arena,
	    "%s/daemon belongs to another user (uid 12345), who can replace the file: chown "
	    "root %s/daemon", root, root));
	files_trust(theirs, 12345);
	assert_null(files_get(theirs, path)->unsafe);
	files_free(&files);
	files_free(&theirs);
	arena_free(&arena);
}

static void
test_match(void **state)
{
	struct arena *arena = arena_new();
	struct files *files = files_new();
	const char *names[] = {
		"keys/b.example.s1.pem", "keys/a.example.s1.pem", "keys/c.example.s2.pem",
		"keys/UPPER.example.s1.pem", "keys/.s1.pem", "keys/.x.s1.pem", "keys/s1.pem",
		"keys/a b.s1.pem",
	};
	const struct file_match *matches;
	size_t n;

	(void)state;
	mkdir(in_root(arena, "keys"), 0700);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		write_file(in_root(arena, names[i]), "k", 0600);
	mkdir(in_root(arena, "keys/d.example.s1.pem"), 0700);
	mkdir(in_root(arena, "keys/e.example"), 0700);
	write_file(in_root(arena, "keys/e.example/k.pem"), "k", 0600);
	matches = files_match(files, in_root(arena, "keys/%d.s1.pem"), &n);
	assert_int_equal(n, 2);
	assert_string_equal(matches[0].domain, "a.example");
	assert_string_equal(matches[0].path, in_root(arena, "keys/a.example.s1.pem"));
	assert_string_equal(matches[1].domain, "b.example");
	matches = files_match(files, in_root(arena, "keys/%d/k.pem"), &n);
	assert_int_equal(n, 1);
	assert_string_equal(matches[0].path, in_root(arena, "keys/e.example/k.pem"));
	files_match(files, in_root(arena, "none/%d"), &n);
	assert_int_equal(n, 0);
	files_match(files, in_root(arena, "keys/a.example.s1.pem"), &n);
	assert_int_equal(n, 0);
	files_match(files, "%d", &n);
	assert_int_equal(n, 0);
	files_free(&files);
	arena_free(&arena);
}

static void
test_pack(void **state)
{
	struct arena *arena = arena_new();
	struct files *files = files_new(), *copy;
	const char *path = in_root(arena, "p"), *template_path = in_root(arena, "pk/%d.pem");
	const struct file_match *matches;
	const struct file *file;
	size_t size, n;
	char *packed, *exact;

	(void)state;
	write_file(path, "secret", 0644);
	mkdir(in_root(arena, "pk"), 0700);
	write_file(in_root(arena, "pk/a.example.pem"), "k", 0600);
	files_get(files, path);
	files_get(files, in_root(arena, "none"));
	files_put(files, "/nul", "a\0b", 3);
	files_match(files, template_path, &n);
	packed = files_pack(files, arena, &size);
	copy = files_unpack(packed, size);
	assert_non_null(copy);
	file = files_get(copy, path);
	assert_string_equal(file->bytes, "secret");
	assert_int_equal(file->size, 6);
	assert_int_equal(file->mode & 07777, 0644);
	assert_string_equal(file->unsafe, files_get(files, path)->unsafe);
	assert_int_equal(files_get(copy, in_root(arena, "none"))->error, ENOENT);
	assert_memory_equal(files_get(copy, "/nul")->bytes, "a\0b", 4);
	/* The disk is not looked at. */
	assert_int_equal(files_get(copy, "/etc/passwd")->error, ENOENT);
	matches = files_match(copy, template_path, &n);
	assert_int_equal(n, 1);
	assert_string_equal(matches[0].domain, "a.example");
	files_match(copy, in_root(arena, "%d"), &n);
	assert_int_equal(n, 0);
	files_free(&copy);
	/* Whatever is missing at the end is noticed, and what is too much. */
	for (size_t i = 0; i < size; i++) {
		exact = malloc(i == 0 ? 1 : i);
		memcpy(exact, packed, i);
		assert_null(files_unpack(exact, i));
		free(exact);
	}
	exact = calloc(1, size + 1);
	memcpy(exact, packed, size);
	assert_null(files_unpack(exact, size + 1));
	exact[3] = '2';
	assert_null(files_unpack(exact, size));
	free(exact);
	files_free(&files);
	arena_free(&arena);
}

/* As systemd makes it: a directory that only the user may enter, 0440 where it has
 * an access list. */
static void
test_credentials(void **state)
{
	struct arena *arena = arena_new();
	struct files *files = files_new(), *copy;
	const char *directory = in_root(arena, "credentials");
	const struct file_match *matches;
	size_t size, n;
	void *packed;

	(void)state;
	assert_string_equal(files_credential("credential:a"), "a");
	assert_null(files_credential("/credential:a"));
	mkdir(directory, 0700);
	write_file(in_root(arena, "credentials/one"), "secret", 0400);
	write_file(in_root(arena, "credentials/keys_a.example.pem"), "k", 0440);
	write_file(in_root(arena, "credentials/open"), "secret", 0444);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(files_get(files, "credential:one")->error, ENOKEY);
	assert_null(files_get(files, "credential:one")->bytes);
	files_match(files, "credential:keys_%d.pem", &n);
	assert_int_equal(n, 0);
	files_free(&files);
	assert_int_equal(chmod(directory, 0500), 0);
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	files = files_new();
	assert_string_equal(files_get(files, "credential:one")->bytes, "secret");
	assert_null(files_get(files, "credential:one")->unsafe);
	assert_int_equal(files_get(files, "credential:none")->error, ENOENT);
	assert_non_null(strstr(files_get(files, "credential:open")->unsafe,
	    "/credentials/open"));
	matches = files_match(files, "credential:keys_%d.pem", &n);
	assert_int_equal(n, 1);
	assert_string_equal(matches[0].domain, "a.example");
	assert_string_equal(files_get(files, matches[0].path)->bytes, "k");
	assert_null(files_get(files, matches[0].path)->unsafe);
	/* the worker has no directory */
	packed = files_pack(files, arena, &size);
	unsetenv("CREDENTIALS_DIRECTORY");
	copy = files_unpack(packed, size);
	assert_string_equal(files_get(copy, "credential:one")->bytes, "secret");
	matches = files_match(copy, "credential:keys_%d.pem", &n);
	assert_int_equal(n, 1);
	assert_string_equal(files_get(copy, matches[0].path)->bytes, "k");
	chmod(directory, 0700);
	files_free(&copy);
	files_free(&files);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_unsafe),
		cmocka_unit_test(test_unsafe_odd_name),
		cmocka_unit_test(test_unsafe_for_whom),
		cmocka_unit_test(test_unsafe_further_up),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_credentials),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
