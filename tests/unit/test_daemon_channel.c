/*
 * Messages between master and worker, and a worker that speaks as it should not.
 */
#include "exact.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "daemon/channel.h"

enum { WHOLE_MS = 300, SLACK_US = 20 * 1000000 };

static int pair[2];
static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	for (size_t i = 0; i < 2; i++)
		if (pair[i] != -1)
			close(pair[i]);
	return 0;
}

static void
comes_whole(void **state)
{
	struct channel_message message;

	(void)state;
	assert_int_equal(channel_send(pair[0], CHANNEL_REFUSED, "no good", 7, WHOLE_MS), 0);
	assert_int_equal(channel_send(pair[0], CHANNEL_ALIVE, "", 0, -1), 0);
	assert_int_equal(channel_receive(pair[1], arena, 7, WHOLE_MS, &message), 1);
	assert_int_equal(message.type, CHANNEL_REFUSED);
	assert_int_equal(message.n, 7);
	assert_string_equal(message.bytes, "no good");
	assert_int_equal(channel_receive(pair[1], arena, 0, -1, &message), 1);
	assert_int_equal(message.type, CHANNEL_ALIVE);
	close(pair[0]);
	pair[0] = -1;
	assert_int_equal(channel_receive(pair[1], arena, 7, WHOLE_MS, &message), 0);
}

static void
is_bounded(void **state)
{
	const uint32_t frame[2] = { CHANNEL_ALIVE, 512u * 1024 * 1024 };
	struct channel_message message;

	(void)state;
	assert_int_equal(write(pair[0], frame, sizeof(frame)), sizeof(frame));
	assert_int_equal(channel_receive(pair[1], arena, 4000, WHOLE_MS, &message), -1);
}

/* An octet now and then, until nobody listens any more. */
static void *
drip(void *ctx)
{
	const uint32_t frame[2] = { CHANNEL_ALIVE, 4000 };

	(void)ctx;
	(void)!write(pair[0], frame, sizeof(frame));
	while (send(pair[0], "x", 1, MSG_NOSIGNAL) == 1)
		usleep(20000);
	return NULL;
}

static void
has_an_end(void **state)
{
	int64_t begun = clock_mono_us(&clock_system);
	struct channel_message message;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, drip, NULL), 0);
	assert_int_equal(channel_receive(pair[1], arena, 4000, WHOLE_MS, &message), -1);
	assert_true(clock_mono_us(&clock_system) - begun < SLACK_US);
	close(pair[1]);
	pair[1] = -1;
	pthread_join(thread, NULL);
}

static void
waits_for_no_reader(void **state)
{
	int64_t begun = clock_mono_us(&clock_system);
	size_t n = 8 * 1024 * 1024;
	void *bytes = arena_alloc(arena, n);

	(void)state;
	assert_int_equal(channel_send(pair[0], CHANNEL_SETTINGS, bytes, n, WHOLE_MS), -1);
	assert_true(clock_mono_us(&clock_system) - begun < SLACK_US);
}

static int
lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

/* As many descriptors as fit into the padding of one. */
static void
takes_one_descriptor(void **state)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	struct iovec part = { (char[]){ 0 }, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control) };
	const int two[2] = { pair[0], pair[1] };
	int free_before, passed;

	(void)state;
	assert_int_equal(channel_send_fd(pair[0], pair[0]), 0);
	passed = channel_receive_fd(pair[1]);
	assert_true(passed >= 0);
	close(passed);
	free_before = lowest_free();
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(two));
	memcpy(CMSG_DATA(&control.head), two, sizeof(two));
	assert_int_equal(sendmsg(pair[0], &message, 0), 1);
	assert_int_equal(channel_receive_fd(pair[1]), -1);
	assert_int_equal(lowest_free(), free_before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(comes_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(has_an_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waits_for_no_reader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_one_descriptor, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
