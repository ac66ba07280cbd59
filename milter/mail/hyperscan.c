/*
 * Hyperscan's matcher of literals, or Vectorscan's.
 */
#include <hs.h>

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "mail/matcher.h"

/* Scratch space of one scan at a time, kept for the next. */
struct pooled {
	hs_scratch_t *scratch;
	struct pooled *next;
};

struct hyperscan {
	hs_database_t *database;
	hs_scratch_t *prototype;
	pthread_mutex_t lock;
	struct pooled *pool;		/* not in use */
};

struct scan {
	matcher_hit_fn *hit;
	void *ctx;
};

static void
hyperscan_free(void *object)
{
	struct hyperscan *hyperscan = object;
	struct pooled *pooled;

	while ((pooled = hyperscan->pool) != NULL) {
		hyperscan->pool = pooled->next;
		hs_free_scratch(pooled->scratch);
		free(pooled);
	}
	hs_free_scratch(hyperscan->prototype);
	hs_free_database(hyperscan->database);
	pthread_mutex_destroy(&hyperscan->lock);
	free(hyperscan);
}

static hs_database_t *
compile(const struct slice *literals, size_t n)
{
	struct arena *work = arena_new();
	const char **texts = arena_array(work, n, sizeof(*texts));
	size_t *lengths = arena_array(work, n, sizeof(*lengths));
	unsigned *flags = arena_array(work, n, sizeof(*flags));
	unsigned *ids = arena_array(work, n, sizeof(*ids));
	hs_compile_error_t *error = NULL;
	hs_database_t *database = NULL;

	for (size_t i = 0; i < n; i++) {
		texts[i] = literals[i].p;
		lengths[i] = literals[i].n;
		ids[i] = (unsigned)i;
	}
	if (hs_compile_lit_multi(texts, flags, ids, lengths, (unsigned)n, HS_MODE_BLOCK, NULL,
	    &database, &error) != HS_SUCCESS) {
		hs_free_compile_error(error);
		database = NULL;
	}
	arena_free(&work);
	mem_trim();
	return database;
}

struct hyperscan *
hyperscan_new(struct arena *arena, const struct slice *literals, size_t n)
{
	struct hyperscan *hyperscan;
	hs_database_t *database;
	hs_scratch_t *scratch = NULL;

	if (n == 0 || n > UINT_MAX || hs_valid_platform() != HS_SUCCESS)
		return NULL;
	database = compile(literals, n);
	if (database == NULL)
		return NULL;
	hyperscan = calloc(1, sizeof(*hyperscan));
	if (hyperscan == NULL || hs_alloc_scratch(database, &scratch) != HS_SUCCESS) {
		free(hyperscan);
		hs_free_database(database);
		return NULL;
	}
	hyperscan->database = database;
	hyperscan->prototype = scratch;
	pthread_mutex_init(&hyperscan->lock, NULL);
	arena_defer(arena, hyperscan_free, hyperscan);
	return hyperscan;
}

static struct pooled *
take_scratch(struct hyperscan *hyperscan)
{
	struct pooled *pooled;

	pthread_mutex_lock(&hyperscan->lock);
	pooled = hyperscan->pool;
	if (pooled != NULL)
		hyperscan->pool = pooled->next;
	pthread_mutex_unlock(&hyperscan->lock);
	if (pooled != NULL)
		return pooled;
	pooled = calloc(1, sizeof(*pooled));
	if (pooled == NULL ||
	    hs_clone_scratch(hyperscan->prototype, &pooled->scratch) != HS_SUCCESS)
		bug("out of memory");
	return pooled;
}

static void
give_scratch(struct hyperscan *hyperscan, struct pooled *pooled)
{
	pthread_mutex_lock(&hyperscan->lock);
	pooled->next = hyperscan->pool;
	hyperscan->pool = pooled;
	pthread_mutex_unlock(&hyperscan->lock);
}

static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
    void *ctx)
{
	const struct scan *scan = ctx;

	(void)from;
	(void)flags;
	scan->hit(scan->ctx, id, (size_t)to);
	return 0;
}

bool
hyperscan_scan(struct hyperscan *hyperscan, struct slice text, matcher_hit_fn *hit,
    void *ctx)
{
	struct scan scan = { hit, ctx };
	struct pooled *pooled;
	hs_error_t status;

	if (text.n == 0)
		return true;
	if (text.n > UINT_MAX)
		return false;
	pooled = take_scratch(hyperscan);
	status = hs_scan(hyperscan->database, text.p, (unsigned)text.n, 0, pooled->scratch,
	    on_match, &scan);
	give_scratch(hyperscan, pooled);
	return status == HS_SUCCESS;
}

const char *
hyperscan_version(struct arena *arena)
{
	const char *version = hs_version();

	if (hs_valid_platform() != HS_SUCCESS)
		return NULL;
	return arena_strndup(arena, version, strcspn(version, " "));
}
