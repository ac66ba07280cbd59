/*
 * Bytes kept in memory, then in a file; what cannot be kept.
 */
#include "exact.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/spool.h"

/* Not the same at any two places a power of two apart. */
static unsigned char
byte_at(uint64_t at)
{
	return (unsigned char)(at * 2654435761u >> 13 ^ at % 251);
}

static void
add(struct spool *spool, uint64_t from, uint64_t n, size_t step)
{
	unsigned char *bytes = malloc(step);
	size_t size;

	if (bytes == NULL)
		abort();
	for (uint64_t at = from; at < from + n; at += size) {
		size = from + n - at < step ? (size_t)(from + n - at) : step;
		for (size_t i = 0; i < size; i++)
			bytes[i] = byte_at(at + i);
		spool_add(spool, bytes, size);
	}
	free(bytes);
}

static void
assert_holds(const struct spool *spool, uint64_t size, size_t step)
{
	unsigned char *bytes = malloc(step);
	uint64_t at = 0;
	long n;

	assert_non_null(bytes);
	assert_false(spool_failed(spool));
	assert_int_equal(spool_size(spool), size);
	while ((n = spool_read(spool, at, bytes, step)) > 0) {
		for (long i = 0; i < n; i++) {
			if (bytes[i] != byte_at(at + (uint64_t)i))
				fail_msg("byte %llu", (unsigned long long)at);
		}
		at += (uint64_t)n;
	}
	assert_int_equal(n, 0);
	assert_int_equal(at, size);
	free(bytes);
}

static const uint64_t sizes[] = {
	0, 1, 4095, 4096, 4097, SPOOL_MEMORY - 1, SPOOL_MEMORY, SPOOL_MEMORY + 1,
	SPOOL_MEMORY + 64 * 1024, SPOOL_MEMORY + 64 * 1024 + 1, 1000 * 1000,
};

static void
test_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t step = 97; step < 3000000; step *= 31) {
			struct arena *arena = arena_new();
			struct spool *spool = spool_new(arena, sizes[i]);

			add(spool, 0, sizes[i], step);
			assert_holds(spool, sizes[i], 5000);
			assert_holds(spool, sizes[i], 1 << 20);
			assert_null(spool_error(spool));
			arena_free(&arena);
		}
	}
}

static uint64_t
size_of(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_nlink, 0);
	return (uint64_t)status.st_size;
}

static void
test_descriptor(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct arena *arena = arena_new();
		struct spool *spool = spool_new(arena, 4000 * 1000);
		unsigned char *bytes = malloc(4000 * 1000);
		int fd;

		assert_non_null(bytes);
		add(spool, 0, sizes[i], 10000);
		fd = spool_fd(spool);
		assert_true(fd >= 0);
		assert_int_equal(size_of(fd), sizes[i]);
		/* More may come, and be asked for again. */
		add(spool, sizes[i], 1000 * 1000, 10000);
		assert_int_equal(spool_fd(spool), fd);
		assert_int_equal(size_of(fd), sizes[i] + 1000 * 1000);
		assert_int_equal(read(fd, bytes, 4000 * 1000), sizes[i] + 1000 * 1000);
		for (size_t at = 0; at < sizes[i] + 1000 * 1000; at++) {
			if (bytes[at] != byte_at(at))
				fail_msg("byte %zu of %zu", at, (size_t)sizes[i]);
		}
		assert_holds(spool, sizes[i] + 1000 * 1000, 10000);
		arena_free(&arena);
		assert_int_equal(fcntl(fd, F_GETFD), -1);
		free(bytes);
	}
}

static void
test_freed_early(void **state)
{
	struct arena *arena = arena_new();
	struct spool *spool = NULL;
	int fd;

	(void)state;
	spool_free(&spool);
	spool = spool_new(arena, 1000 * 1000);
	add(spool, 0, 1000 * 1000, 10000);
	fd = spool_fd(spool);
	assert_true(fd >= 0);
	spool_free(&spool);
	assert_null(spool);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	arena_free(&arena);
}

static void
test_maximum(void **state)
{
	struct arena *arena = arena_new();
	struct spool *spool = spool_new(arena, 10);

	(void)state;
	spool_add(spool, "0123456789", 10);
	assert_false(spool_failed(spool));
	spool_add(spool, "", 0);
	assert_false(spool_failed(spool));
	spool_add(spool, "x", 1);
	assert_true(spool_failed(spool));
	assert_non_null(spool_error(spool));
	assert_int_equal(spool_fd(spool), -1);
	arena_free(&arena);
}

/* A limit on the size of files is as good as a full disk. */
static void
test_disk_full(void **state)
{
	struct rlimit before, small = { SPOOL_MEMORY + 1000, 0 };
	struct arena *arena = arena_new();
	struct spool *spool = spool_new(arena, UINT64_MAX);

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	add(spool, 0, SPOOL_MEMORY + 200 * 1000, 10000);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(spool_failed(spool));
	assert_non_null(strstr(spool_error(spool), "cannot write"));
	/* For good: what would fit again does not make it whole. */
	add(spool, 0, 10, 10);
	assert_true(spool_failed(spool));
	assert_int_equal(spool_fd(spool), -1);
	arena_free(&arena);
}

static void
test_no_descriptor(void **state)
{
	struct rlimit before, none;
	struct arena *arena = arena_new();
	struct spool *spool = spool_new(arena, UINT64_MAX);

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	add(spool, 0, SPOOL_MEMORY, 10000);
	assert_holds(spool, SPOOL_MEMORY, 10000);
	add(spool, SPOOL_MEMORY, 200 * 1000, 10000);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(spool_failed(spool));
	assert_non_null(strstr(spool_error(spool), "cannot open"));
	arena_free(&arena);
}

static void
test_directory_that_is_none(void **state)
{
	struct arena *arena = arena_new();
	struct spool *spool = spool_new(arena, UINT64_MAX);

	(void)state;
	setenv("TMPDIR", "/nowhere/at/all", 1);
	add(spool, 0, 500 * 1000, 10000);
	unsetenv("TMPDIR");
	assert_holds(spool, 500 * 1000, 10000);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_freed_early),
		cmocka_unit_test(test_maximum),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_no_descriptor),
		cmocka_unit_test(test_directory_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
