/*
 * A handle takes 1.5 ms to load and half a megabyte, and serves one thread at a
 * time: idle ones are kept for the next message, of whichever thread.  That is
 * state of the library, not of ours, and the one reason for globals here.
 */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <magic.h>

#include "base/arena.h"
#include "mail/magic.h"

enum {
	IDLE_MAX = 8,
	TYPE_MAX = 100,
};

static struct {
	pthread_mutex_t lock;
	magic_t idle[IDLE_MAX];
	size_t n;
	bool unusable;		/* loading failed once: not tried again */
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Only how bytes begin: nothing is unpacked, no text is guessed at. */
static const int flags = MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS |
    MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TEXT |
    MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_ENCODING |
    MAGIC_NO_CHECK_CSV | MAGIC_NO_CHECK_JSON;

static magic_t
handle_load(void)
{
	magic_t handle = magic_open(flags);

	if (handle != NULL && magic_load(handle, NULL) == 0)
		return handle;
	if (handle != NULL)
		magic_close(handle);
	return NULL;
}

static magic_t
handle_take(void)
{
	magic_t handle = NULL;
	bool unusable;

	pthread_mutex_lock(&pool.lock);
	unusable = pool.unusable;
	if (pool.n > 0)
		handle = pool.idle[--pool.n];
	pthread_mutex_unlock(&pool.lock);
	if (handle != NULL || unusable)
		return handle;
	handle = handle_load();
	if (handle == NULL) {
		pthread_mutex_lock(&pool.lock);
		pool.unusable = true;
		pthread_mutex_unlock(&pool.lock);
	}
	return handle;
}

static void
handle_give_back(magic_t handle)
{
	bool kept = false;

	pthread_mutex_lock(&pool.lock);
	if (pool.n < IDLE_MAX) {
		pool.idle[pool.n++] = handle;
		kept = true;
	}
	pthread_mutex_unlock(&pool.lock);
	if (!kept)
		magic_close(handle);
}

const char *
magic_find_type(struct arena *arena, const void *bytes, size_t n)
{
	magic_t handle = handle_take();
	const char *type, *found = NULL;

	if (handle == NULL)
		return NULL;
	type = magic_buffer(handle, bytes, n);
	if (type != NULL && strchr(type, '/') != NULL && strlen(type) <= TYPE_MAX &&
	    strcmp(type, "application/octet-stream") != 0)
		found = arena_strdup(arena, type);
	handle_give_back(handle);
	return found;
}
