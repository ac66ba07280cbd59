/*
 * The one resolver.  Answers come from our own cache (TTL, negative TTL, stale
 * answers for a day, RFC 8767); what is not there is asked for asynchronously,
 * equal questions joined.  One `struct dns` serves the process; one `struct
 * lookups` serves one message and holds its budget and deadline.
 *
 * Collectors never wait.  They call dns_get(); an answer that is not here yet
 * has the status DNS_PENDING and its query is under way.  They then return
 * "pending" and are run again from the start after lookups_wait().
 */
#ifndef MW_DNS_DNS_H
#define MW_DNS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/ip.h"
#include "base/slice.h"

struct arena;
struct clock;
struct dns;
struct lookups;
struct settings_resolver;

#define DNS_QUERIES_MAX 120		/* network queries a message; cache hits are free */
#define DNS_RRS_MAX 256			/* records kept of one answer */
#define DNS_STALE_SECONDS 86400
#define DNS_CACHE_ENTRIES 200000

enum dns_type {
	DNS_A = 1, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28,
};

enum dns_status {
	DNS_OK,			/* NOERROR with data */
	DNS_NODATA,
	DNS_NXDOMAIN,
	DNS_TEMPFAIL,		/* SERVFAIL, timeout, bogus, budget or deadline spent */
	DNS_PENDING,
};

struct dns_rr {
	struct ip ip;		/* A, AAAA */
	unsigned preference;	/* MX */
	const char *name;	/* MX, PTR target, SOA mname: lower-case, no final dot; "" is the root */
	struct slice text;	/* TXT: strings joined */
	size_t n_strings;	/* TXT: strings that were joined */
};

struct dns_answer {
	enum dns_status status;
	const char *name;		/* as asked: lower-case, no final dot */
	enum dns_type type;
	const char *canonical;		/* after CNAMEs, where the records stand; not NULL */
	const struct dns_rr *rrs;	/* of the type asked for */
	size_t n;
	uint32_t ttl;			/* seconds left, smallest of the chain */
	bool stale;			/* expired, served because the new query failed */
	bool secure;			/* DNSSEC validated; so far never: no anchor */
	bool over_budget;		/* TEMPFAIL by our own limits */
	const char *error;		/* TEMPFAIL: what happened, for people; else NULL */
	const char *server;		/* who said so ("127.0.0.1@53", "cache"), may be NULL */
};

/*
 * Starts the resolver thread; NULL and *error_r (static or in arena).  The
 * servers are the settings' (4 at most), else those of /etc/resolv.conf at
 * this moment.  The next one is asked as well after 300 ms without an answer
 * (the only one again after 1 s) and the first clear answer is taken.
 *
 * Good answers are believed for their TTL, a day at most, negative ones for
 * an hour at most, a failure for 30 s.  Names that are asked for when less than
 * a tenth of their TTL is left are refreshed in the background.
 *
 * libunbound answers some names itself: localhost, 127.in-addr.arpa, ::1's
 * name and onion.  Its other built-in zones (test, invalid, home.arpa,
 * private and documentation networks) are turned off.
 */
struct dns *dns_new(const struct settings_resolver *settings, const struct clock *clock,
    struct arena *arena, const char **error_r);

/*
 * A resolver that answers from zone text only, at once: for tests and for
 * `mailworthy check --zone FILE`.  One record a line:
 *   NAME [TTL] TYPE DATA      TYPE: A AAAA MX TXT PTR SOA CNAME
 *   NAME [TTL] TYPE|ANY !servfail | !timeout | !nodata | !nxdomain
 * SOA data: all seven words, or the first alone.
 * TXT data: one or more "quoted strings" (\" \\ \DDD), or the bare rest of the line.
 * `; comment` lines.  Names without any record are NXDOMAIN, unless something
 * lies below them (NODATA).  A !timeout name has no answer for 4 s or until the
 * deadline, whichever is first; on a fake clock that time is taken from the
 * message's but passes at once.  *.name wildcards as in RFC 4592.  The TTL is
 * 300 s where none is given; that of a negative answer comes from the SOA
 * above, else it is 60 s.
 */
struct dns *dns_new_zone(struct slice zone, const struct clock *clock,
    struct arena *arena, const char **error_r);

/* Called once for each message that waits longer than DNS usually takes, by the
 * thread that waits.  Before the first question. */
void dns_on_long_wait(struct dns *dns, void (*told)(void));

void dns_free(struct dns **dns);

/*
 * New servers or timeouts after a reload; the cache stays, questions under way
 * are asked again.  On error -1, the old ones stay, and *error_r is valid
 * until the next call.  No effect on zone text.
 */
int dns_reconfigure(struct dns *dns, const struct settings_resolver *settings,
    const char **error_r);

struct dns_stats {
	uint64_t queries, answers, timeouts, cache_hits, cache_misses, stale;
	uint64_t clear;			/* questions that ended with a clear answer ... */
	uint64_t failures;		/* ... and without; timeouts are among them */
	uint64_t in_flight, cache_entries, cache_entries_max;	/* now */
	struct histogram_read times;	/* of questions to their end */
};
void dns_stats(struct dns *dns, struct dns_stats *stats_r);

/*
 * Lives in the arena; cancels what is pending when the arena is freed, which
 * must come before dns_free().  The deadline is the time spent in
 * lookups_wait(), all in all.
 */
struct lookups *lookups_new(struct dns *dns, struct arena *arena,
    unsigned deadline_seconds, unsigned max_queries);

/*
 * Never NULL; the answer lives in the arena of the lookups and stays the same
 * for their life (once not pending).  A name that is not fit for DNS is
 * DNS_NXDOMAIN without a query.  In a name "\." is a dot inside a label, "\\" a
 * backslash and "\DDD" any byte, as in the names of answers.
 *
 * Where an old answer is known that has expired, the new one is waited for
 * 1.8 s (0.3 s when asking failed lately), then the old one is given, stale.
 * The same goes for a remembered failure (0.3 s).
 */
const struct dns_answer *dns_get(struct lookups *lookups, const char *name,
    enum dns_type type);

/*
 * A second opinion: always asked of the servers, never answered from what was
 * kept or by a query begun for dns_get(), and not kept.  Once a message; later
 * calls give the same answer.
 */
const struct dns_answer *dns_get_again(struct lookups *lookups, const char *name,
    enum dns_type type);

/*
 * In these lookups the name has that one TXT record from now on, whatever DNS
 * says: to judge a record before it is published.  Text is copied.
 */
void dns_pretend_txt(struct lookups *lookups, const char *name, struct slice text);

/* From now on at most that many seconds are waited. */
void lookups_limit(struct lookups *lookups, unsigned seconds);

/* Queries under way. */
size_t lookups_pending(const struct lookups *lookups);

/*
 * Waits until one or more pending answers have come or the deadline is over
 * (then all pending ones become DNS_TEMPFAIL).  False when none was pending.
 */
bool lookups_wait(struct lookups *lookups);

unsigned lookups_queries(const struct lookups *lookups);	/* sent to the network */
bool lookups_over(const struct lookups *lookups);		/* a limit was reached */

const char *dns_type_name(enum dns_type type);
const char *dns_status_name(enum dns_status status);

#endif
