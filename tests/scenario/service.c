/*
 * Another filter as a canned answer: a unix socket in the scratch directory
 * whose thread answers each connection with the same text.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "scenario.h"

struct service {
	pthread_t thread;
	int fd;
	struct slice answer;
};

static void
answer_one(int fd, struct slice answer)
{
	char bytes[4096];

	if (send(fd, answer.p, answer.n, MSG_NOSIGNAL) >= 0)
		shutdown(fd, SHUT_WR);
	while (recv(fd, bytes, sizeof(bytes), 0) > 0)
		continue;
	close(fd);
}

static void *
serve(void *object)
{
	const struct service *service = object;
	int fd;

	while ((fd = accept(service->fd, NULL, NULL)) >= 0)
		answer_one(fd, service->answer);
	return NULL;
}

static void
service_end(void *object)
{
	struct service *service = object;

	shutdown(service->fd, SHUT_RDWR);
	pthread_join(service->thread, NULL);
	close(service->fd);
}

void
service_begin(struct scenario *s, const char *name, struct slice answer)
{
	struct service *service = arena_alloc(s->arena, sizeof(*service));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = arena_printf(s->arena, "%s/%s", s->scratch, name);

	if (strlen(path) >= sizeof(address.sun_path))
		scenario_die(s, "the name of the service is too long", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	unlink(path);
	service->answer = answer;
	service->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (service->fd < 0 ||
	    bind(service->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(service->fd, 8) != 0 ||
	    pthread_create(&service->thread, NULL, serve, service) != 0)
		scenario_die(s, "the service cannot be started", path);
	arena_defer(s->arena, service_end, service);
}
