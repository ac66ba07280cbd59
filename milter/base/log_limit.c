/*
 * Kinds of lines, counted.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log_limit.h"
#include "base/mem.h"
#include "base/slice.h"

#define WINDOW_US (LOG_LIMIT_SECONDS * 1000000LL)

struct kind {
	uint64_t hash;			/* of its words; 0: not in use */
	int level;
	int64_t since_us;
	unsigned shown, left_out;
	char last[LOG_LIMIT_TEXT];	/* of those left out */
};

struct log_limit {
	const struct clock *clock;
	pthread_mutex_t lock;
	atomic_uint pending;		/* kinds with lines left out */
	struct kind kinds[LOG_LIMIT_KINDS + 1];	/* the last: all others */
};

struct log_limit *
log_limit_new(const struct clock *clock)
{
	struct log_limit *limit = mem_alloc(sizeof(*limit));

	limit->clock = clock;
	pthread_mutex_init(&limit->lock, NULL);
	return limit;
}

void
log_limit_free(struct log_limit **limit)
{
	if (*limit == NULL)
		return;
	pthread_mutex_destroy(&(*limit)->lock);
	free(*limit);
	*limit = NULL;
}

/* A name, a number, an address, a path: differs from line to line. */
static bool
is_name(struct slice word)
{
	for (size_t i = 0; i < word.n; i++)
		if ((word.p[i] & 0x80) != 0 || memchr("0123456789.@/:\\\"<>", word.p[i],
		    sizeof("0123456789.@/:\\\"<>") - 1) != NULL)
			return true;
	return false;
}

/* FNV-1a over the words that make the kind; never 0. */
static uint64_t
kind_hash(int level, const char *text)
{
	struct slice rest = slice_of(text), word;
	uint64_t hash = 0xcbf29ce484222325u + (uint64_t)level;

	while (slice_split(&rest, ' ', &word)) {
		while (word.n > 0 && memchr(".,:;", word.p[word.n - 1], 4) != NULL)
			word.n--;
		if (is_name(word))
			continue;
		for (size_t i = 0; i < word.n; i++)
			hash = (hash ^ (unsigned char)word.p[i]) * 0x100000001b3u;
		hash = (hash ^ ' ') * 0x100000001b3u;
	}
	return hash | 1;
}

static struct kind *
find_kind(struct log_limit *limit, uint64_t hash, int64_t now)
{
	struct kind *spare = NULL;

	for (size_t i = 0; i < LOG_LIMIT_KINDS; i++) {
		struct kind *kind = &limit->kinds[i];

		if (kind->hash == hash)
			return kind;
		if (spare == NULL && kind->left_out == 0 &&
		    (kind->hash == 0 || now - kind->since_us >= WINDOW_US))
			spare = kind;
	}
	if (spare == NULL)
		return &limit->kinds[LOG_LIMIT_KINDS];
	spare->hash = hash;
	spare->since_us = now;
	spare->shown = 0;
	return spare;
}

static void
leave_out(struct log_limit *limit, struct kind *kind, const char *text)
{
	size_t n = strlen(text);

	if (kind->left_out++ == 0)
		atomic_fetch_add(&limit->pending, 1);
	if (n < sizeof(kind->last)) {
		memcpy(kind->last, text, n + 1);
	} else {
		memcpy(kind->last, text, sizeof(kind->last));
		memcpy(kind->last + sizeof(kind->last) - 4, "...", 4);
	}
}

bool
log_limit_admits(struct log_limit *limit, int level, const char *text)
{
	const uint64_t hash = kind_hash(level, text);
	const int64_t now = clock_mono_us(limit->clock);
	struct kind *kind;
	bool admitted;

	pthread_mutex_lock(&limit->lock);
	kind = find_kind(limit, hash, now);
	if (now - kind->since_us >= WINDOW_US && kind->left_out == 0) {
		kind->since_us = now;
		kind->shown = 0;
	}
	kind->level = level;
	admitted = kind->shown < LOG_LIMIT_SHOWN;
	if (admitted)
		kind->shown++;
	else
		leave_out(limit, kind, text);
	pthread_mutex_unlock(&limit->lock);
	return admitted;
}

static void
tell(const struct kind *kind, int64_t now, char line_r[LOG_LIMIT_LINE])
{
	if (kind->left_out == 1)
		snprintf(line_r, LOG_LIMIT_LINE, "%s", kind->last);
	else
		snprintf(line_r, LOG_LIMIT_LINE, "%s (and %u more like it in %lld s)",
		    kind->last, kind->left_out - 1,
		    (long long)((now - kind->since_us) / 1000000));
}

bool
log_limit_take(struct log_limit *limit, bool all, int *level_r,
    char line_r[LOG_LIMIT_LINE])
{
	const int64_t now = clock_mono_us(limit->clock);
	struct kind *kind = NULL;

	if (atomic_load(&limit->pending) == 0)	/* nearly always */
		return false;
	pthread_mutex_lock(&limit->lock);
	for (size_t i = 0; i <= LOG_LIMIT_KINDS && kind == NULL; i++)
		if (limit->kinds[i].left_out > 0 &&
		    (all || now - limit->kinds[i].since_us >= WINDOW_US))
			kind = &limit->kinds[i];
	if (kind != NULL) {
		*level_r = kind->level;
		tell(kind, now, line_r);
		kind->left_out = 0;
		kind->shown = 0;
		kind->since_us = now;
		atomic_fetch_sub(&limit->pending, 1);
	}
	pthread_mutex_unlock(&limit->lock);
	return kind != NULL;
}
