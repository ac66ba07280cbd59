/*
 * Gathers what is taken over from another filter.
 */
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "settings/files.h"
#include "settings/import/import.h"

enum { SHOWN_MAX = 80, OPTION_MAX = 60 };

struct import *
import_new(struct arena *arena, struct files *files, const struct map *own)
{
	struct import *import = arena_alloc(arena, sizeof(*import));

	import->arena = arena;
	import->files = files;
	import->own = own;
	import->by_name = map_new(arena);
	import->signs_logins = import->signs_local = true;
	import->signing_table = "SigningTable";
	import->key_table = "KeyTable";
	return import;
}

/* Room for one more element; the array doubles. */
static void *
grown(struct arena *arena, void *p, size_t n, size_t *capacity, size_t size)
{
	void *more;

	if (n < *capacity)
		return p;
	*capacity = *capacity == 0 ? 16 : 2 * *capacity;
	more = arena_array(arena, *capacity, size);
	if (n > 0)
		memcpy(more, p, n * size);
	return more;
}

void
import_say(struct import *import, enum import_weight weight, struct import_place at,
    const char *option, const char *format, ...)
{
	struct import_remark *remark;
	va_list ap;

	import->n_errors += weight == IMPORT_ERROR;
	if (import->n_remarks >= IMPORT_REMARKS_MAX) {
		import->n_untold++;
		return;
	}
	import->remarks = grown(import->arena, import->remarks, import->n_remarks,
	    &import->remarks_capacity, sizeof(*remark));
	remark = &import->remarks[import->n_remarks++];
	remark->weight = weight;
	remark->at = at;
	remark->option = option == NULL ? NULL :
	    log_safe(import->arena, slice_of(option), OPTION_MAX);
	va_start(ap, format);
	remark->text = arena_vprintf(import->arena, format, ap);
	va_end(ap);
}

bool
import_trusts(struct import *import, const struct file *file, const char *option)
{
	const struct import_place at = { file->path, 0 };

	if ((file->mode & S_IWOTH) != 0) {
		import_say(import, IMPORT_ERROR, at, option, "everybody can write this file: "
		    "chmod o-w it");
		return false;
	}
	if ((file->mode & S_IWGRP) != 0 && file->gid != 0)
		import_say(import, IMPORT_WARNING, at, option, "its group can write this file, "
		    "and so say whose mail is signed: chmod g-w it");
	return true;
}

const char *
import_shown(const struct import *import, const char *value)
{
	return arena_printf(import->arena, "\"%s\"",
	    log_safe(import->arena, slice_of(value), SHOWN_MAX));
}

struct import_domain *
import_domain(struct import *import, const char *name, struct import_place at)
{
	struct import_domain *domain;
	size_t place = (uintptr_t)map_get(import->by_name, name);

	if (place > 0)
		return &import->domains[place - 1];
	if (import->own != NULL && map_get(import->own, name) != NULL)
		return NULL;
	import->domains = grown(import->arena, import->domains, import->n_domains,
	    &import->domains_capacity, sizeof(*domain));
	domain = &import->domains[import->n_domains++];
	domain->name = arena_strdup(import->arena, name);
	domain->at = at;
	/* The place, not the address: the array moves. */
	map_set(import->by_name, name, (void *)(uintptr_t)import->n_domains);
	return domain;
}

/* No file of ours can say it. */
static bool
has_control(const char *path)
{
	for (; *path != '\0'; path++) {
		if ((unsigned char)*path < ' ' || *path == 0x7f)
			return true;
	}
	return false;
}

void
import_key(struct import *import, struct import_domain *domain,
    const struct import_key *key)
{
	struct import_key *same;

	if (has_control(key->file)) {
		import_say(import, IMPORT_ERROR, key->at, NULL, "the path of a key of %s holds "
		    "a line end or another control character: rename the file",
		    import_shown(import, domain->name));
		return;
	}
	for (size_t i = 0; i < domain->n_keys; i++) {
		same = &domain->keys[i];
		if (strcmp(same->selector, key->selector) != 0)
			continue;
		if (strcmp(same->file, key->file) != 0)
			import_say(import, IMPORT_ERROR, key->at, NULL, "selector %s of %s "
			    "has another key already (line %u): a selector is one key",
			    import_shown(import, key->selector),
			    import_shown(import, domain->name), same->at.line);
		return;
	}
	if (domain->n_keys == SETTINGS_KEYS_MAX) {
		import_say(import, IMPORT_ERROR, key->at, NULL, "%s has more than %d keys",
		    import_shown(import, domain->name), SETTINGS_KEYS_MAX);
		return;
	}
	if (domain->keys == NULL)
		domain->keys = arena_array(import->arena, 1, sizeof(*key));
	else if (domain->n_keys == 1) {
		same = arena_array(import->arena, SETTINGS_KEYS_MAX, sizeof(*key));
		*same = domain->keys[0];
		domain->keys = same;
	}
	domain->keys[domain->n_keys++] = *key;
}

void
import_say_several(struct import *import, const char *program)
{
	const struct import_domain *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < import->n_domains; i++) {
		if (import->domains[i].n_keys < 2)
			continue;
		first = first == NULL ? &import->domains[i] : first;
		n++;
	}
	if (first == NULL)
		return;
	import_say(import, IMPORT_WARNING, first->keys[1].at, NULL, "%s signs mail of %s%s "
	    "once with each of its %zu keys; here an Ed25519 key signs beside an RSA key, and "
	    "of two of one kind the newest that DNS shows signs alone", program,
	    import_shown(import, first->name), n == 1 ? "" : arena_printf(import->arena,
	    " (and %zu more)", n - 1), first->n_keys);
}

void
import_drop(struct import *import,
    bool (*drop)(void *context, const struct import_domain *domain), void *context)
{
	size_t n = 0;

	import->by_name = map_new(import->arena);
	for (size_t i = 0; i < import->n_domains; i++) {
		if (drop(context, &import->domains[i]))
			continue;
		import->domains[n++] = import->domains[i];
		map_set(import->by_name, import->domains[n - 1].name, (void *)(uintptr_t)n);
	}
	import->n_domains = n;
}
