/*
 * A string-keyed map: entries in order of insertion, and a table of their
 * numbers with open addressing.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/map.h"

enum { SLOTS_FIRST = 16 };

struct entry {
	const char *key;
	void *value;
	uint64_t hash;
};

struct map {
	struct arena *arena;
	struct hash_key hash_key;
	struct entry *entries;
	size_t n;
	uint32_t *slots;	/* number of the entry + 1; 0: free */
	size_t n_slots;		/* power of two, at least 2 n */
};

struct map *
map_new(struct arena *arena)
{
	struct map *map;

	map = arena_alloc(arena, sizeof(*map));
	map->arena = arena;
	map->hash_key = hash_key_new();
	map->n_slots = SLOTS_FIRST;
	map->slots = arena_array(arena, map->n_slots, sizeof(*map->slots));
	map->entries = arena_array(arena, map->n_slots / 2, sizeof(*map->entries));
	return map;
}

/* The slot that holds the key or where it belongs. */
static size_t
map_slot(const struct map *map, const char *key, uint64_t hash)
{
	size_t slot = (size_t)hash & (map->n_slots - 1);
	const struct entry *entry;

	while (map->slots[slot] != 0) {
		entry = &map->entries[map->slots[slot] - 1];
		if (entry->hash == hash && strcmp(entry->key, key) == 0)
			break;
		slot = (slot + 1) & (map->n_slots - 1);
	}
	return slot;
}

static void
map_grow(struct map *map)
{
	struct entry *entries;

	if (map->n_slots > UINT32_MAX / 4)
		bug("map of %zu entries", map->n);
	map->n_slots *= 2;
	entries = arena_array(map->arena, map->n_slots / 2, sizeof(*entries));
	memcpy(entries, map->entries, map->n * sizeof(*entries));
	map->entries = entries;
	map->slots = arena_array(map->arena, map->n_slots, sizeof(*map->slots));
	for (size_t i = 0; i < map->n; i++)
		map->slots[map_slot(map, entries[i].key, entries[i].hash)] =
		    (uint32_t)(i + 1);
}

void *
map_get(const struct map *map, const char *key)
{
	uint64_t hash = hash_bytes(&map->hash_key, slice_of(key));
	size_t slot = map_slot(map, key, hash);

	return map->slots[slot] == 0 ? NULL : map->entries[map->slots[slot] - 1].value;
}

void
map_set(struct map *map, const char *key, void *value)
{
	uint64_t hash = hash_bytes(&map->hash_key, slice_of(key));
	size_t slot = map_slot(map, key, hash);

	if (map->slots[slot] != 0) {
		map->entries[map->slots[slot] - 1].value = value;
		return;
	}
	if (map->n == map->n_slots / 2) {
		map_grow(map);
		slot = map_slot(map, key, hash);
	}
	map->entries[map->n] = (struct entry){
		arena_strdup(map->arena, key), value, hash
	};
	map->slots[slot] = (uint32_t)++map->n;
}

size_t
map_count(const struct map *map)
{
	return map->n;
}

void
map_each(const struct map *map, void (*fn)(void *ctx, const char *key, void *value),
    void *ctx)
{
	for (size_t i = 0; i < map->n; i++)
		fn(ctx, map->entries[i].key, map->entries[i].value);
}
