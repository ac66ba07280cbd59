/*
 * A string-keyed map in an arena: insert and look up, no removal.  Keys are
 * compared byte for byte; lower-case them first where case is no matter.
 * The hash is keyed with a random value: remote keys cannot flood a bucket.
 */
#ifndef MW_BASE_MAP_H
#define MW_BASE_MAP_H

#include <stddef.h>

struct arena;
struct map;

struct map *map_new(struct arena *arena);

/* The value stored under the key, or NULL. */
void *map_get(const struct map *map, const char *key);

/* Stores or replaces; the key is copied. */
void map_set(struct map *map, const char *key, void *value);

size_t map_count(const struct map *map);

/* Calls fn for each entry in the order of insertion. */
void map_each(const struct map *map, void (*fn)(void *ctx, const char *key, void *value),
    void *ctx);

#endif
