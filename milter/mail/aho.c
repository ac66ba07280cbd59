/*
 * An Aho-Corasick automaton.  Most octets of a text lead back to the root,
 * which has a table; other nodes' edges are in one hash table, so that many
 * long literals stay small enough for the processor's cache.
 */
#include <stdint.h>

#include "base/arena.h"
#include "mail/matcher.h"

enum { NOT_FOUND = 0, ROOT = 0 };	/* no edge leads to the root */

struct edge {
	uint32_t from;			/* node */
	uint32_t octet;
	uint32_t to;			/* 0: free */
};

struct node {
	uint32_t fail;			/* node of the longest proper suffix */
	uint32_t literal;		/* that ends here, index + 1, or 0 */
	uint32_t next_out;		/* suffix that ends a literal, or 0 */
};

struct aho {
	struct node *nodes;
	uint32_t n_nodes;
	struct edge *edges;
	uint32_t mask;			/* of the hash table */
	uint32_t root[256];
};

static uint32_t
slot_of(const struct aho *aho, uint32_t from, unsigned char octet)
{
	uint32_t hash = (from << 8 | octet) * 2654435761u;

	return (hash ^ hash >> 15) & aho->mask;
}

static uint32_t
edge_find(const struct aho *aho, uint32_t from, unsigned char octet)
{
	const struct edge *edge;

	if (from == ROOT)
		return aho->root[octet];
	for (uint32_t i = slot_of(aho, from, octet);; i = (i + 1) & aho->mask) {
		edge = &aho->edges[i];
		if (edge->to == NOT_FOUND || (edge->from == from && edge->octet == octet))
			return edge->to;
	}
}

static void
edge_add(struct aho *aho, uint32_t from, unsigned char octet, uint32_t to)
{
	uint32_t i;

	if (from == ROOT) {
		aho->root[octet] = to;
		return;
	}
	i = slot_of(aho, from, octet);
	while (aho->edges[i].to != NOT_FOUND)
		i = (i + 1) & aho->mask;
	aho->edges[i] = (struct edge){ from, octet, to };
}

/* The node after the octet: that of the longest suffix which goes on. */
static uint32_t
step(const struct aho *aho, uint32_t node, unsigned char octet)
{
	uint32_t to;

	while ((to = edge_find(aho, node, octet)) == NOT_FOUND && node != ROOT)
		node = aho->nodes[node].fail;
	return to;
}

/* Where each node came from, for the second pass. */
struct origin {
	uint32_t parent;
	unsigned char octet;
	uint32_t depth;
};

static void
add_literal(struct aho *aho, struct origin *origins, struct slice literal, size_t index)
{
	uint32_t node = ROOT, to;

	for (size_t i = 0; i < literal.n; i++) {
		unsigned char octet = (unsigned char)literal.p[i];

		to = edge_find(aho, node, octet);
		if (to == NOT_FOUND) {
			to = aho->n_nodes++;
			origins[to] = (struct origin){ node, octet, (uint32_t)i + 1 };
			edge_add(aho, node, octet, to);
		}
		node = to;
	}
	aho->nodes[node].literal = (uint32_t)index + 1;
}

/* Suffixes, from short to long: counting sort of the nodes by depth. */
static void
link_suffixes(struct aho *aho, const struct origin *origins, uint32_t depth_max,
    struct arena *work)
{
	uint32_t *order = arena_array(work, aho->n_nodes, sizeof(*order));
	uint32_t *first = arena_array(work, depth_max + 2u, sizeof(*first));

	for (uint32_t i = 1; i < aho->n_nodes; i++)
		first[origins[i].depth + 1]++;
	for (uint32_t d = 1; d <= depth_max + 1; d++)
		first[d] += first[d - 1];
	for (uint32_t i = 1; i < aho->n_nodes; i++)
		order[first[origins[i].depth]++] = i;
	for (uint32_t i = 0; i + 1 < aho->n_nodes; i++) {
		struct node *node = &aho->nodes[order[i]];
		const struct origin *origin = &origins[order[i]];

		if (origin->parent != ROOT)
			node->fail = step(aho, aho->nodes[origin->parent].fail,
			    origin->octet);
		node->next_out = aho->nodes[node->fail].literal != 0 ? node->fail :
		    aho->nodes[node->fail].next_out;
	}
}

const struct aho *
aho_new(struct arena *arena, const struct slice *literals, size_t n)
{
	struct aho *aho = arena_alloc(arena, sizeof(*aho));
	struct arena *work = arena_new();
	struct origin *origins;
	size_t total = 1, slots = 1024, depth_max = 0;

	for (size_t i = 0; i < n; i++) {
		total += literals[i].n;
		depth_max = literals[i].n > depth_max ? literals[i].n : depth_max;
	}
	while (slots < 2 * total)
		slots *= 2;
	aho->nodes = arena_array(arena, total, sizeof(*aho->nodes));
	aho->edges = arena_array(arena, slots, sizeof(*aho->edges));
	aho->mask = (uint32_t)slots - 1;
	aho->n_nodes = 1;
	origins = arena_array(work, total, sizeof(*origins));
	for (size_t i = 0; i < n; i++)
		add_literal(aho, origins, literals[i], i);
	link_suffixes(aho, origins, (uint32_t)depth_max, work);
	arena_free(&work);
	return aho;
}

void
aho_scan(const struct aho *aho, struct slice text, matcher_hit_fn *hit, void *ctx)
{
	uint32_t node = ROOT, out;

	for (size_t i = 0; i < text.n; i++) {
		node = step(aho, node, (unsigned char)text.p[i]);
		out = aho->nodes[node].literal != 0 ? node : aho->nodes[node].next_out;
		for (; out != 0; out = aho->nodes[out].next_out)
			hit(ctx, aho->nodes[out].literal - 1, i + 1);
	}
}
