/*
 * Bytes kept for a second reading: the first in memory, the rest in a file
 * without a name (O_TMPFILE, else unlinked at once) that goes with the arena.
 * Not thread-safe: one thread at a time.
 */
#ifndef MW_BASE_SPOOL_H
#define MW_BASE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct spool;

#define SPOOL_MEMORY (256 * 1024)	/* octets kept in memory */

/* Nothing is opened before the memory is full.  `max`: octets kept at most. */
struct spool *spool_new(struct arena *arena, uint64_t max);

/* Before its arena goes, where many follow one another; sets *spool NULL. */
void spool_free(struct spool **spool);

/* What could not be kept (disk full, no descriptor, over the maximum) makes the
 * spool failed for good: what it holds is not whole and must not be used. */
void spool_add(struct spool *spool, const void *bytes, size_t n);
bool spool_failed(const struct spool *spool);
const char *spool_error(const struct spool *spool);	/* for people; NULL */

uint64_t spool_size(const struct spool *spool);

/* Octets from `at` on, at most n; 0 at the end, -1 on an error. */
long spool_read(const struct spool *spool, uint64_t at, void *bytes, size_t n);

/* A descriptor that holds all of it, for libraries that want one; it stays the
 * spool's.  -1 when it cannot be had. */
int spool_fd(struct spool *spool);

#endif
