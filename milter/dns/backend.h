/*
 * Where answers come from: the network, zone text, or a test.  The resolver
 * in front (dns.c) joins equal questions, keeps answers and knows their age;
 * a backend is asked each question once at a time.
 */
#ifndef MW_DNS_BACKEND_H
#define MW_DNS_BACKEND_H

#include "dns/dns.h"

struct dns_query;

struct dns_backend {
	/*
	 * Begins to answer: from any thread, several at once.  Each query ends
	 * by exactly one call of dns_query_done() or dns_query_abort(), in
	 * start() itself or later on another thread.
	 */
	void (*start)(struct dns_backend *backend, struct dns_query *query);

	/* Ends its threads, aborts what is not answered, frees itself. */
	void (*free)(struct dns_backend *backend);

	/*
	 * Not 0: it answers in start() or not at all, and this is how long a
	 * question without an answer is waited for (microseconds).
	 */
	int64_t instant_timeout_us;
};

/* Canonical text (dns/name.h). */
const char *dns_query_name(const struct dns_query *query);
enum dns_type dns_query_type(const struct dns_query *query);

/* The answer is copied; its name and type are not looked at. */
void dns_query_done(struct dns_query *query, const struct dns_answer *answer);

/* DNS_TEMPFAIL.  `server` may be NULL; `timeout` is for the counters. */
void dns_query_fail(struct dns_query *query, const char *error, const char *server,
    bool timeout);

/* The backend ends before it could answer: the query goes to its successor. */
void dns_query_abort(struct dns_query *query);

/* A resolver over a backend, which it owns from then on.  The clock must live
 * as long.  dns_reconfigure() leaves the backend alone. */
struct dns *dns_new_backend(struct dns_backend *backend, const struct clock *clock);

/* libunbound, in unbound.c, and zone text, in zone.c. */
struct dns_backend *dns_unbound_new(const struct settings_resolver *settings,
    struct arena *arena, const char **error_r);
struct dns_backend *dns_zone_new(struct slice zone, struct arena *arena,
    const char **error_r);

#endif
