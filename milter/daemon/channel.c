/*
 * Framing on the socketpair.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "daemon/channel.h"

struct frame {
	uint32_t type;
	uint32_t size;
};

/* Until then, by the monotonic clock; 0: for ever. */
static int64_t
deadline_of(int whole_ms)
{
	return whole_ms < 0 ? 0 : clock_mono_us(&clock_system) + (int64_t)whole_ms * 1000;
}

/* False when the time is over. */
static bool
wait_until(int fd, short events, int64_t deadline_us)
{
	struct pollfd pollfd = { .fd = fd, .events = events };
	int64_t left_us = 0;
	int n;

	do {
		if (deadline_us != 0)
			left_us = deadline_us - clock_mono_us(&clock_system);
		if (left_us < 0)
			return false;
		n = poll(&pollfd, 1, deadline_us == 0 ? -1 : (int)(left_us / 1000) + 1);
	} while (n == 0 || (n == -1 && errno == EINTR));
	return n > 0;
}

static int
send_all(int fd, const void *bytes, size_t n, int64_t deadline_us)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
		} else if (errno == EAGAIN ? !wait_until(fd, POLLOUT, deadline_us) :
		    errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

static int
receive_all(int fd, void *bytes, size_t n, int64_t deadline_us)
{
	char *p = bytes;

	while (n > 0) {
		ssize_t got = recv(fd, p, n, MSG_DONTWAIT);

		if (got == 0)
			return 0;
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		} else if (errno == EAGAIN ? !wait_until(fd, POLLIN, deadline_us) :
		    errno != EINTR) {
			return -1;
		}
	}
	return 1;
}

int
channel_send(int fd, enum channel_type type, const void *bytes, size_t n, int whole_ms)
{
	const struct frame frame = { .type = (uint32_t)type, .size = (uint32_t)n };
	const int64_t deadline_us = deadline_of(whole_ms);

	if (n > CHANNEL_BYTES_MAX)
		return -1;
	if (send_all(fd, &frame, sizeof(frame), deadline_us) != 0)
		return -1;
	return send_all(fd, bytes, n, deadline_us);
}

int
channel_receive(int fd, struct arena *arena, size_t max, int whole_ms,
    struct channel_message *message_r)
{
	const int64_t deadline_us = deadline_of(whole_ms);
	struct frame frame;
	char *bytes;
	int status = receive_all(fd, &frame, sizeof(frame), deadline_us);

	if (status != 1)
		return status;
	if (frame.size > max)
		return -1;
	bytes = arena_alloc(arena, (size_t)frame.size + 1);
	*message_r = (struct channel_message){ (enum channel_type)frame.type, bytes,
	    frame.size };
	if (frame.size > 0 && receive_all(fd, bytes, frame.size, deadline_us) != 1)
		return -1;
	return 1;
}

int
channel_send_fd(int fd, int passed)
{
	char byte = 0;
	struct iovec part = { &byte, 1 };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &passed, sizeof(int));
	return sendmsg(fd, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int
channel_receive_fd(int fd)
{
	char byte;
	struct iovec part = { &byte, 1 };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *head;
	size_t n = 0;
	int passed[sizeof(control) / sizeof(int)];

	if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	head = CMSG_FIRSTHDR(&message);
	if (head != NULL && head->cmsg_level == SOL_SOCKET &&
	    head->cmsg_type == SCM_RIGHTS) {
		/* the padding has room for a second one */
		n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(passed, CMSG_DATA(head), n * sizeof(int));
	}
	if (n == 1)
		return passed[0];
	while (n > 0)
		close(passed[--n]);
	return -1;
}
