/*
 * The resolver: a cache in front, queries under way in a table so that equal
 * ones are joined, a backend behind.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/cache.h"
#include "base/clock.h"
#include "base/mem.h"
#include "dns/backend.h"
#include "dns/engine.h"

enum { ZONE_CACHE_ENTRIES = 2000 };

struct dns *
dns_new_backend(struct dns_backend *backend, const struct clock *clock)
{
	struct dns *dns;

	dns = mem_alloc(sizeof(*dns));
	dns->clock = clock;
	dns->backend = backend;
	dns->cache = cache_new(backend->instant_timeout_us != 0 ? ZONE_CACHE_ENTRIES :
	    DNS_CACHE_ENTRIES);
	dns->hash_key = hash_key_new();
	pthread_rwlock_init(&dns->backend_lock, NULL);
	pthread_mutex_init(&dns->reconfigure_lock, NULL);
	pthread_mutex_init(&dns->lock, NULL);
	dns->instant = backend->instant_timeout_us != 0;
	pthread_mutex_init(&dns->instant_lock, NULL);
	for (int i = 0; i < COUNTS; i++)
		atomic_init(&dns->counts[i], 0);
	return dns;
}

struct dns *
dns_new(const struct settings_resolver *settings, const struct clock *clock,
    struct arena *arena, const char **error_r)
{
	struct dns_backend *backend;
	struct dns *dns;

	backend = dns_unbound_new(settings, arena, error_r);
	if (backend == NULL)
		return NULL;
	dns = dns_new_backend(backend, clock);
	dns->reconfigurable = true;
	return dns;
}

struct dns *
dns_new_zone(struct slice zone, const struct clock *clock, struct arena *arena,
    const char **error_r)
{
	struct dns_backend *backend;

	backend = dns_zone_new(zone, arena, error_r);
	return backend == NULL ? NULL : dns_new_backend(backend, clock);
}

void
dns_on_long_wait(struct dns *dns, void (*told)(void))
{
	dns->on_long_wait = told;
}

int
dns_reconfigure(struct dns *dns, const struct settings_resolver *settings,
    const char **error_r)
{
	struct dns_backend *fresh, *old = NULL;

	if (!dns->reconfigurable)
		return 0;
	pthread_mutex_lock(&dns->reconfigure_lock);
	arena_free(&dns->error_arena);
	dns->error_arena = arena_new();
	fresh = dns_unbound_new(settings, dns->error_arena, error_r);
	if (fresh != NULL) {
		pthread_rwlock_wrlock(&dns->backend_lock);
		old = dns->backend;
		dns->backend = fresh;
		pthread_rwlock_unlock(&dns->backend_lock);
		/* What it had not answered goes to the new one. */
		old->free(old);
	}
	pthread_mutex_unlock(&dns->reconfigure_lock);
	return fresh == NULL ? -1 : 0;
}

void
dns_free(struct dns **dns)
{
	struct dns *gone = *dns;

	if (gone == NULL)
		return;
	*dns = NULL;
	pthread_mutex_lock(&gone->lock);
	gone->closing = true;
	pthread_mutex_unlock(&gone->lock);
	gone->backend->free(gone->backend);
	dns_clear_queries(gone);
	cache_free(&gone->cache);
	pthread_rwlock_destroy(&gone->backend_lock);
	pthread_mutex_destroy(&gone->reconfigure_lock);
	pthread_mutex_destroy(&gone->instant_lock);
	pthread_mutex_destroy(&gone->lock);
	arena_free(&gone->error_arena);
	free(gone);
}

void
dns_stats(struct dns *dns, struct dns_stats *stats_r)
{
	struct cache_stats kept;

	stats_r->queries = dns->counts[COUNT_QUERIES];
	stats_r->answers = dns->counts[COUNT_ANSWERS];
	stats_r->timeouts = dns->counts[COUNT_TIMEOUTS];
	stats_r->cache_hits = dns->counts[COUNT_HITS];
	stats_r->cache_misses = dns->counts[COUNT_MISSES];
	stats_r->stale = dns->counts[COUNT_STALE];
	stats_r->failures = dns->counts[COUNT_FAILURES];
	stats_r->clear = dns->counts[COUNT_CLEAR];
	histogram_read(&dns->times, &stats_r->times);
	cache_stats(dns->cache, &kept);
	stats_r->cache_entries = kept.entries;
	stats_r->cache_entries_max = dns->instant ? ZONE_CACHE_ENTRIES : DNS_CACHE_ENTRIES;
	pthread_mutex_lock(&dns->lock);
	stats_r->in_flight = dns->in_flight;
	pthread_mutex_unlock(&dns->lock);
}

const char *
dns_type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_SOA:
		return "SOA";
	case DNS_PTR:
		return "PTR";
	case DNS_MX:
		return "MX";
	case DNS_TXT:
		return "TXT";
	case DNS_AAAA:
		return "AAAA";
	}
	return "?";
}

const char *
dns_status_name(enum dns_status status)
{
	switch (status) {
	case DNS_OK:
		return "ok";
	case DNS_NODATA:
		return "nodata";
	case DNS_NXDOMAIN:
		return "nxdomain";
	case DNS_TEMPFAIL:
		return "tempfail";
	case DNS_PENDING:
		return "pending";
	}
	return "?";
}
