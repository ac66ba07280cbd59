/*
 * The parts that live as long as the process.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cache.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/parts.h"
#include "dkim/sign.h"
#include "evidence/collect.h"
#include "evidence/opinion/breaker.h"
#include "mail/html.h"

struct core {
	struct core_options options;
	struct dkim_lib *dkim;
	struct results_cache *results;
	struct breakers *breakers;	/* of other filters */
	atomic_int mode;		/* the kill switch, -1 none */
	atomic_uint serial;		/* makes Message-IDs differ */
};

struct core *
core_new(const struct core_options *options, const char **error_r)
{
	struct core *core = mem_alloc(sizeof(*core));

	core->options = *options;
	atomic_init(&core->mode, -1);
	atomic_init(&core->serial, 0);
	html_init();
	core->dkim = dkim_lib_new(error_r);
	if (core->dkim == NULL) {
		free(core);
		return NULL;
	}
	core->breakers = breakers_new();
	if (options->keep_results)
		core->results = results_cache_new();
	return core;
}

void
core_free(struct core **core_p)
{
	struct core *core = *core_p;

	*core_p = NULL;
	if (core == NULL)
		return;
	if (core->results != NULL)
		results_cache_free(&core->results);
	breakers_free(&core->breakers);
	dkim_lib_free(&core->dkim);
	free(core);
}

void
core_set_mode(struct core *core, int mode)
{
	atomic_store(&core->mode, mode);
}

int
core_mode(const struct core *core)
{
	return atomic_load(&core->mode);
}

struct dkim_lib *
core_dkim(const struct core *core)
{
	return core->dkim;
}

const struct core_options *
core_parts(const struct core *core)
{
	return &core->options;
}

struct results_cache *
core_results(const struct core *core)
{
	return core->results;
}

void
core_results_stats(const struct core *core, struct cache_stats *stats_r)
{
	*stats_r = (struct cache_stats){ 0 };
	if (core->results != NULL)
		results_cache_stats(core->results, stats_r);
}

struct breakers *
core_breakers(const struct core *core)
{
	return core->breakers;
}

unsigned
core_next_serial(struct core *core)
{
	return atomic_fetch_add(&core->serial, 1);
}
