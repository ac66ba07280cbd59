/*
 * Names that label counters: an open hash table that only grows.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "record/labels.h"

enum { SLOTS = 512 };			/* over twice LABELS_MAX */

struct label {
	size_t number, n;
	char name[];
};

struct labels {
	pthread_mutex_t lock;			/* of additions */
	_Atomic(struct label *) slots[SLOTS];
	_Atomic(struct label *) by_number[LABELS_MAX + 1];
	atomic_size_t count;
};

struct labels *
labels_new(void)
{
	struct labels *labels = mem_alloc(sizeof(*labels));

	pthread_mutex_init(&labels->lock, NULL);
	return labels;
}

void
labels_free(struct labels **labels_p)
{
	struct labels *labels = *labels_p;

	*labels_p = NULL;
	if (labels == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		free(atomic_load(&labels->slots[i]));
	pthread_mutex_destroy(&labels->lock);
	free(labels);
}

/* FNV-1a: the names are the operator's own. */
static size_t
slot_of(const char *name, size_t n)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)name[i]) * 1099511628211u;
	return (size_t)((hash ^ hash >> 32) % SLOTS);
}

/* The name's label, or NULL and the slot where it belongs. */
static struct label *
find(struct labels *labels, const char *name, size_t n, size_t *slot_r)
{
	struct label *label;
	size_t slot = slot_of(name, n);

	while ((label = atomic_load_explicit(&labels->slots[slot],
	    memory_order_acquire)) != NULL) {
		if (label->n == n && memcmp(label->name, name, n) == 0)
			return label;
		slot = (slot + 1) % SLOTS;
	}
	*slot_r = slot;
	return NULL;
}

static size_t
add(struct labels *labels, const char *name, size_t n)
{
	struct label *label;
	size_t slot, number;

	pthread_mutex_lock(&labels->lock);
	label = find(labels, name, n, &slot);
	if (label == NULL && atomic_load(&labels->count) < LABELS_MAX) {
		label = mem_alloc(sizeof(*label) + n + 1);
		memcpy(label->name, name, n);
		label->n = n;
		label->number = atomic_fetch_add(&labels->count, 1) + 1;
		atomic_store_explicit(&labels->by_number[label->number], label,
		    memory_order_release);
		atomic_store_explicit(&labels->slots[slot], label, memory_order_release);
	}
	number = label != NULL ? label->number : 0;
	pthread_mutex_unlock(&labels->lock);
	return number;
}

size_t
labels_number(struct labels *labels, const char *name)
{
	size_t n = strnlen(name, LABEL_OCTETS_MAX), slot;
	struct label *label;

	if (strcmp(name, LABELS_OTHERS) == 0)
		return 0;
	label = find(labels, name, n, &slot);
	if (label != NULL)
		return label->number;
	if (atomic_load_explicit(&labels->count, memory_order_relaxed) >= LABELS_MAX)
		return 0;
	return add(labels, name, n);
}

const char *
labels_name(const struct labels *labels, size_t number)
{
	const struct label *label;

	if (number == 0 || number > LABELS_MAX)
		return number == 0 ? LABELS_OTHERS : NULL;
	label = atomic_load_explicit(&labels->by_number[number], memory_order_acquire);
	return label != NULL ? label->name : NULL;
}
