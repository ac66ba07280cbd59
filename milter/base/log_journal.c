/*
 * The journal's native protocol.
 */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log_journal.h"
#include "base/mem.h"
#include "base/slice.h"

struct log_journal {
	int fd;
	struct sockaddr_un address;
};

struct log_journal *
log_journal_open(const char *path)
{
	struct log_journal *journal;
	const size_t n = strlen(path);

	if (n >= sizeof(journal->address.sun_path))
		return NULL;
	journal = mem_alloc(sizeof(*journal));
	journal->address.sun_family = AF_UNIX;
	memcpy(journal->address.sun_path, path, n + 1);
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal->fd == -1 || connect(journal->fd, (struct sockaddr *)&journal->address,
	    sizeof(journal->address)) != 0)
		log_journal_close(&journal);
	return journal;
}

void
log_journal_close(struct log_journal **journal)
{
	if (*journal == NULL)
		return;
	if ((*journal)->fd != -1)
		close((*journal)->fd);
	free(*journal);
	*journal = NULL;
}

static void
add_part(struct iovec *parts, size_t *n, const void *bytes, size_t size)
{
	parts[(*n)++] = (struct iovec){ (void *)(uintptr_t)bytes, size };
}

/* "NAME=value\n"; a value with a line end in it has its length in front. */
static void
add_field(struct iovec *parts, size_t *n, const struct log_field *field, uint64_t *length)
{
	const size_t size = strlen(field->value);

	add_part(parts, n, field->name, strlen(field->name));
	if (memchr(field->value, '\n', size) == NULL) {
		add_part(parts, n, "=", 1);
	} else {
		*length = htole64(size);
		add_part(parts, n, "\n", 1);
		add_part(parts, n, length, sizeof(*length));
	}
	add_part(parts, n, field->value, size);
	add_part(parts, n, "\n", 1);
}

/* The journal was started again: its socket may be another one. */
static bool
connect_again(struct log_journal *journal)
{
	return (errno == ECONNREFUSED || errno == ECONNRESET || errno == ENOTCONN) &&
	    connect(journal->fd, (struct sockaddr *)&journal->address,
	    sizeof(journal->address)) == 0;
}

bool
log_journal_send(struct log_journal *journal, const struct log_field *fields, size_t n)
{
	struct iovec parts[LOG_JOURNAL_FIELDS * 5];
	uint64_t lengths[LOG_JOURNAL_FIELDS];
	struct msghdr message = { .msg_iov = parts };
	size_t n_parts = 0;
	ssize_t sent;
	bool again = true;

	for (size_t i = 0; i < n && i < LOG_JOURNAL_FIELDS; i++)
		add_field(parts, &n_parts, &fields[i], &lengths[i]);
	message.msg_iovlen = n_parts;
	do {
		sent = sendmsg(journal->fd, &message, MSG_NOSIGNAL);
	} while (sent == -1 && (errno == EINTR || (again && !(again = false) &&
	    connect_again(journal))));
	return sent != -1;
}

bool
log_journal_has(int fd)
{
	struct slice inode = slice_of(getenv("JOURNAL_STREAM")), device;
	unsigned long device_number, inode_number;
	struct stat st;

	return slice_split(&inode, ':', &device) &&
	    slice_number(device, ULONG_MAX, &device_number) &&
	    slice_number(inode, ULONG_MAX, &inode_number) && fstat(fd, &st) == 0 &&
	    st.st_dev == device_number && st.st_ino == inode_number;
}
