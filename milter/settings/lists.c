/*
 * Looking into the lists.
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "settings/lists_store.h"

bool
lists_has(const struct lists *lists, enum list list, const char *word)
{
	return word != NULL && map_get(lists->lists[list].index, word) != NULL;
}

/* The value of the name or of its closest parent, the top label included. */
static void *
find_parent(const struct map *map, const char *domain)
{
	void *found;

	while (domain != NULL && *domain != '\0') {
		found = map_get(map, domain);
		if (found != NULL)
			return found;
		domain = strchr(domain, '.');
		if (domain != NULL)
			domain++;
	}
	return NULL;
}

bool
lists_has_domain(const struct lists *lists, enum list list, const char *domain)
{
	return find_parent(lists->lists[list].index, domain) != NULL;
}

const char *const *
lists_words(const struct lists *lists, enum list list, size_t *n_r)
{
	*n_r = lists->lists[list].n;
	return lists->lists[list].words;
}

const struct provider *
lists_provider(const struct lists *lists, const char *mx_host)
{
	return find_parent(lists->by_mx, mx_host);
}

const struct blocklist *
lists_blocklist(const struct lists *lists, const char *zone)
{
	for (size_t i = 0; i < lists->n_blocklists; i++) {
		if (strcmp(lists->blocklists[i].zone, zone) == 0)
			return &lists->blocklists[i];
	}
	return NULL;
}

const struct phrase *
lists_phrases(const struct lists *lists, size_t *n_r)
{
	*n_r = lists->n_phrases;
	return lists->phrases;
}
