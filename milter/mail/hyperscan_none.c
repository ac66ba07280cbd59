/*
 * In place of Hyperscan where there is none.
 */
#include "mail/matcher.h"

struct hyperscan *
hyperscan_new(struct arena *arena, const struct slice *literals, size_t n)
{
	(void)arena;
	(void)literals;
	(void)n;
	return NULL;
}

bool
hyperscan_scan(struct hyperscan *hyperscan, struct slice text, matcher_hit_fn *hit,
    void *ctx)
{
	(void)hyperscan;
	(void)text;
	(void)hit;
	(void)ctx;
	return false;
}

const char *
hyperscan_version(struct arena *arena)
{
	(void)arena;
	return NULL;
}
