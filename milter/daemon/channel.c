/*
 * Framing on the socketpair.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "daemon/channel.h"

struct frame {
	uint32_t type;
	uint32_t size;
};

static int
send_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent == -1 && errno == EINTR)
			continue;
		if (sent <= 0)
			return -1;
		p += sent;
		n -= (size_t)sent;
	}
	return 0;
}

static int
receive_all(int fd, void *bytes, size_t n)
{
	char *p = bytes;

	while (n > 0) {
		ssize_t got = recv(fd, p, n, 0);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == 0)
			return 0;
		if (got == -1)
			return -1;
		p += got;
		n -= (size_t)got;
	}
	return 1;
}

int
channel_send(int fd, enum channel_type type, const void *bytes, size_t n)
{
	struct frame frame = { .type = (uint32_t)type, .size = (uint32_t)n };

	if (n > CHANNEL_BYTES_MAX)
		return -1;
	if (send_all(fd, &frame, sizeof(frame)) != 0)
		return -1;
	return send_all(fd, bytes, n);
}

int
channel_receive(int fd, struct arena *arena, enum channel_type *type_r, void **bytes_r,
    size_t *n_r)
{
	struct frame frame;
	int status = receive_all(fd, &frame, sizeof(frame));

	if (status != 1)
		return status;
	if (frame.size > CHANNEL_BYTES_MAX)
		return -1;
	*type_r = (enum channel_type)frame.type;
	*n_r = frame.size;
	*bytes_r = arena_alloc(arena, (size_t)frame.size + 1);
	if (frame.size == 0)
		return 1;
	return receive_all(fd, *bytes_r, frame.size);
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
	int passed = -1;

	if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	head = CMSG_FIRSTHDR(&message);
	if (head != NULL && head->cmsg_level == SOL_SOCKET &&
	    head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&passed, CMSG_DATA(head), sizeof(int));
	return passed;
}
