/*
 * Questions under way: equal ones joined, answers kept and handed out, the
 * last good answer used where a new one failed.
 */
#include <string.h>

#include "base/arena.h"
#include "base/cache.h"
#include "base/clock.h"
#include "dns/backend.h"
#include "dns/engine.h"

struct dns_query {
	struct arena *arena;		/* holds all of it */
	struct dns *dns;
	atomic_uint refs;		/* the table's and one a waiter answered */
	struct dns_query *chain;	/* next of the same bucket */
	uint64_t hash;
	int64_t begun_us;
	const char *key;
	struct waiter *waiters;
	const struct dns_value *previous;	/* expired, or about to; packed */
	const struct dns_value *value;	/* the answer; packed */
	bool claimed;			/* somebody is ending it */
};

void
dns_count(struct dns *dns, enum dns_count what)
{
	atomic_fetch_add_explicit(&dns->counts[what], 1, memory_order_relaxed);
}

const char *
dns_query_name(const struct dns_query *query)
{
	return query->key + 1;
}

enum dns_type
dns_query_type(const struct dns_query *query)
{
	return dns_key_type(query->key);
}

static void
query_unref(struct dns_query *query)
{
	struct arena *arena = query->arena;

	if (atomic_fetch_sub(&query->refs, 1) == 1)
		arena_free(&arena);
}

static struct dns_query *
query_new(struct dns *dns, const char *key, uint64_t hash,
    const struct dns_value *previous)
{
	struct arena *arena = arena_new();
	struct dns_query *query;

	query = arena_alloc(arena, sizeof(*query));
	query->arena = arena;
	query->dns = dns;
	atomic_init(&query->refs, 1);
	query->hash = hash;
	query->begun_us = clock_mono_us(dns->clock);
	query->key = arena_strdup(arena, key);
	if (previous != NULL)
		query->previous = dns_value_copy(arena, previous);
	return query;
}

static struct dns_query **
table_at(struct dns *dns, uint64_t hash)
{
	return &dns->buckets[hash % DNS_BUCKETS];
}

static struct dns_query *
table_find(struct dns *dns, const char *key, uint64_t hash)
{
	struct dns_query *query = *table_at(dns, hash);

	while (query != NULL && (query->hash != hash || strcmp(query->key, key) != 0))
		query = query->chain;
	return query;
}

static void
table_add(struct dns *dns, struct dns_query *query)
{
	struct dns_query **at = table_at(dns, query->hash);

	query->chain = *at;
	*at = query;
	dns->in_flight++;
}

static void
table_remove(struct dns *dns, struct dns_query *query)
{
	struct dns_query **at = table_at(dns, query->hash);

	while (*at != query)
		at = &(*at)->chain;
	*at = query->chain;
	dns->in_flight--;
}

/* Hands the query to the backend of the moment; it may be gone afterwards. */
static void
query_start(struct dns *dns, struct dns_query *query)
{
	pthread_rwlock_rdlock(&dns->backend_lock);
	dns->backend->start(dns->backend, query);
	pthread_rwlock_unlock(&dns->backend_lock);
}

static bool
query_ask(struct dns *dns, const char *key, const struct dns_value *previous,
    struct waiter *waiter)
{
	uint64_t hash = hash_bytes(&dns->hash_key, slice_of(key));
	struct dns_query *query, *fresh = NULL;

	pthread_mutex_lock(&dns->lock);
	query = table_find(dns, key, hash);
	if (query == NULL && !dns->closing && dns->in_flight < DNS_IN_FLIGHT_MAX) {
		query = fresh = query_new(dns, key, hash, previous);
		table_add(dns, query);
	}
	if (query != NULL && waiter != NULL) {
		waiter->query = query;
		waiter->next = query->waiters;
		query->waiters = waiter;
	}
	pthread_mutex_unlock(&dns->lock);
	if (fresh != NULL) {
		dns_count(dns, COUNT_QUERIES);
		query_start(dns, fresh);
	}
	return query != NULL;
}

bool
dns_ask(struct dns *dns, const char *key, const struct dns_value *previous,
    struct waiter *waiter)
{
	bool asked;

	if (!dns->instant)
		return query_ask(dns, key, previous, waiter);
	/* What is in the table afterwards is never answered: it may be expired. */
	pthread_mutex_lock(&dns->instant_lock);
	asked = query_ask(dns, key, previous, waiter);
	pthread_mutex_unlock(&dns->instant_lock);
	return asked;
}

static void
waiter_deliver(struct waiter *waiter, struct dns_query *query)
{
	struct mailbox *mailbox = waiter->mailbox;

	atomic_fetch_add(&query->refs, 1);
	waiter->query = NULL;
	waiter->next = NULL;
	pthread_mutex_lock(&mailbox->lock);
	waiter->answered = query;
	mailbox->n++;
	pthread_cond_signal(&mailbox->arrived);
	pthread_mutex_unlock(&mailbox->lock);
}

/*
 * The value to give and to keep: after a failure the last good answer, for a
 * day (RFC 8767), before the failure itself.
 */
static void
query_settle(struct dns_query *query, const struct dns_answer *answer)
{
	const int64_t second = 1000000;
	const struct dns_value *previous = query->previous;
	struct dns *dns = query->dns;
	int64_t now_us = clock_mono_us(dns->clock);
	int64_t keep_us = DNS_STALE_SECONDS * second;

	if (answer->status != DNS_TEMPFAIL || previous == NULL ||
	    !dns_value_usable_stale(previous, now_us)) {
		query->value = dns_value_pack(query->arena, query->key + 1,
		    dns_query_type(query), answer, now_us);
		if (answer->status == DNS_TEMPFAIL)
			keep_us = DNS_FAILURE_KEEP_SECONDS * second;
	} else if (now_us < previous->good_until_us) {
		/* Asked early: there is still time. */
		query->value = dns_value_until(query->arena, previous, now_us);
		return;
	} else {
		query->value = dns_value_stale(query->arena, previous);
		keep_us += previous->good_until_us - now_us;
	}
	if (dns_key_is_again(query->key))
		return;
	cache_put(dns->cache, query->key, query->value, query->value->size, now_us,
	    query->value->ttl * second, keep_us);
}

/* For the one who has claimed the query. */
static void
query_end(struct dns_query *query, const struct dns_answer *answer)
{
	struct dns *dns = query->dns;
	struct waiter *waiter;

	histogram_add(&dns->times, clock_mono_us(dns->clock) - query->begun_us);
	dns_count(dns, answer->status == DNS_TEMPFAIL ? COUNT_FAILURES : COUNT_CLEAR);
	query_settle(query, answer);
	pthread_mutex_lock(&dns->lock);
	table_remove(dns, query);
	while ((waiter = query->waiters) != NULL) {
		query->waiters = waiter->next;
		waiter_deliver(waiter, query);
	}
	pthread_mutex_unlock(&dns->lock);
	query_unref(query);
}

void
dns_query_done(struct dns_query *query, const struct dns_answer *answer)
{
	pthread_mutex_lock(&query->dns->lock);
	query->claimed = true;
	pthread_mutex_unlock(&query->dns->lock);
	dns_count(query->dns, COUNT_ANSWERS);
	query_end(query, answer);
}

void
dns_query_fail(struct dns_query *query, const char *error, const char *server,
    bool timeout)
{
	struct dns_answer answer = { .status = DNS_TEMPFAIL, .error = error,
		.server = server };

	if (timeout)
		dns_count(query->dns, COUNT_TIMEOUTS);
	dns_query_done(query, &answer);
}

void
dns_query_abort(struct dns_query *query)
{
	struct dns *dns = query->dns;
	bool closing;

	pthread_mutex_lock(&dns->lock);
	closing = dns->closing;
	pthread_mutex_unlock(&dns->lock);
	if (closing)
		dns_query_fail(query, "the resolver was stopped", NULL, false);
	else
		query_start(dns, query);
}

const struct dns_value *
dns_arrived(const struct waiter *waiter)
{
	return waiter->answered->value;
}

static void
waiter_unlink(struct waiter *waiter)
{
	struct waiter **at = &waiter->query->waiters;

	while (*at != waiter)
		at = &(*at)->next;
	*at = waiter->next;
	waiter->query = NULL;
}

void
dns_forget(struct dns *dns, struct waiter *waiter)
{
	struct dns_query *query, *gone = NULL;

	pthread_mutex_lock(&dns->lock);
	query = waiter->query;
	if (query != NULL) {
		waiter_unlink(waiter);
		/* Such a backend will never come back to it. */
		if (query->waiters == NULL && !query->claimed &&
		    dns->instant) {
			table_remove(dns, query);
			gone = query;
		}
	}
	pthread_mutex_unlock(&dns->lock);
	if (waiter->answered != NULL) {
		pthread_mutex_lock(&waiter->mailbox->lock);
		gone = waiter->answered;
		waiter->answered = NULL;
		waiter->mailbox->n--;
		pthread_mutex_unlock(&waiter->mailbox->lock);
	}
	if (gone != NULL)
		query_unref(gone);
}

void
dns_expire(struct dns *dns, struct waiter *waiter)
{
	static const struct dns_answer none = { .status = DNS_TEMPFAIL,
		.error = "no answer from the DNS server in time" };
	struct dns_query *query;

	pthread_mutex_lock(&dns->lock);
	query = waiter->query;
	if (query != NULL && query->claimed)
		query = NULL;
	if (query != NULL)
		query->claimed = true;
	pthread_mutex_unlock(&dns->lock);
	if (query == NULL)
		return;
	dns_count(dns, COUNT_TIMEOUTS);
	query_end(query, &none);
}

struct dns_value *
dns_known(struct dns *dns, const char *key, struct arena *arena, uint32_t *fresh_s_r)
{
	int64_t now_us = clock_mono_us(dns->clock), left_us;
	struct dns_value *value;
	struct cache_hit hit;

	*fresh_s_r = 0;
	if (!cache_get(dns->cache, key, arena, now_us, &hit)) {
		dns_count(dns, COUNT_MISSES);
		return NULL;
	}
	value = hit.value;
	left_us = hit.expires_us - now_us;
	if (left_us <= 0) {
		dns_count(dns, COUNT_MISSES);
		return value;
	}
	dns_count(dns, COUNT_HITS);
	*fresh_s_r = (uint32_t)((left_us + 999999) / 1000000);
	if (left_us < (int64_t)value->ttl * 100000 &&
	    value->answer.status != DNS_TEMPFAIL && !value->answer.stale)
		dns_ask(dns, key, value, NULL);
	return value;
}

void
dns_clear_queries(struct dns *dns)
{
	struct dns_query *query;

	for (size_t i = 0; i < DNS_BUCKETS; i++)
		while ((query = dns->buckets[i]) != NULL) {
			table_remove(dns, query);
			query_unref(query);
		}
}
