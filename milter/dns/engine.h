/*
 * What the files of the resolver share: dns.c makes it, query.c runs the
 * questions, lookups.c is what a message holds of it.
 *
 * Locks, in the order they are taken: instant_lock, the resolver's `lock`, a
 * message's mailbox.  The cache has its own.  backend_lock is held only while
 * a question is handed over.
 */
#ifndef MW_DNS_ENGINE_H
#define MW_DNS_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/hash.h"
#include "base/histogram.h"
#include "dns/value.h"

#define DNS_IN_FLIGHT_MAX 2000		/* queries of the process at one time */

enum { DNS_BUCKETS = 1024 };

struct dns_query;

enum dns_count {
	COUNT_QUERIES, COUNT_ANSWERS, COUNT_TIMEOUTS, COUNT_HITS, COUNT_MISSES,
	COUNT_STALE, COUNT_FAILURES, COUNT_CLEAR, COUNTS,
};

struct dns {
	const struct clock *clock;
	struct cache *cache;
	pthread_rwlock_t backend_lock;
	struct dns_backend *backend;
	bool reconfigurable;		/* the backend may be replaced */
	bool instant;			/* it answers at once or not at all */
	void (*on_long_wait)(void);	/* NULL: nobody minds */
	pthread_mutex_t reconfigure_lock;	/* and error_arena */
	struct arena *error_arena;
	pthread_mutex_t instant_lock;	/* one question at a time to such a backend */

	pthread_mutex_t lock;		/* the members below */
	struct dns_query *buckets[DNS_BUCKETS];
	size_t in_flight;
	bool closing;

	struct hash_key hash_key;
	atomic_uint_fast64_t counts[COUNTS];
	struct histogram times;		/* of questions to their end */
};

/* Where answers are left for one message. */
struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t arrived;		/* on CLOCK_MONOTONIC */
	size_t n;			/* answers not fetched yet */
};

/* One message's interest in one query. */
struct waiter {
	struct waiter *next;		/* of the same query; under the resolver's lock */
	struct dns_query *query;	/* while it is waited for; likewise */
	struct mailbox *mailbox;
	struct dns_query *answered;	/* a reference; under the mailbox's lock */
};

/* Keys of the cache and of queries under way are "T" + canonical name, where
 * T is ' ' + type; with the highest bit for a second opinion, which is not
 * kept. */
enum { DNS_KEY_AGAIN = 0x80 };

static inline enum dns_type
dns_key_type(const char *key)
{
	return (enum dns_type)((key[0] & ~DNS_KEY_AGAIN & 0xff) - ' ');
}

static inline bool
dns_key_is_again(const char *key)
{
	return (key[0] & DNS_KEY_AGAIN) != 0;
}

/*
 * What is known of the key, or NULL: a packed copy in the arena.  *fresh_s_r
 * is the seconds it is good for, 0 when it has expired.  A fresh one that is
 * about to end is asked for anew in the background.
 */
struct dns_value *dns_known(struct dns *dns, const char *key, struct arena *arena,
    uint32_t *fresh_s_r);

/*
 * Asks, or joins the query under way.  `previous` (or NULL) is what was known
 * before; without a waiter nobody waits for the answer.  False when too many
 * queries are under way.
 */
bool dns_ask(struct dns *dns, const char *key, const struct dns_value *previous,
    struct waiter *waiter);

/* Ends the interest; afterwards nothing arrives any more. */
void dns_forget(struct dns *dns, struct waiter *waiter);

/* The packed answer that arrived. */
const struct dns_value *dns_arrived(const struct waiter *waiter);

/* A backend that answers at once has not: its query ends as timed out. */
void dns_expire(struct dns *dns, struct waiter *waiter);

/* Frees queries that their backend never ended; nobody waits any more. */
void dns_clear_queries(struct dns *dns);

void dns_count(struct dns *dns, enum dns_count what);

#endif
