/*
 * What can be told of a running daemon, gathered by daemon/ at one moment, and
 * its two forms: Prometheus text for GET /metrics, JSON for GET /status.
 */
#ifndef MW_RECORD_STATUS_H
#define MW_RECORD_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/action.h"
#include "base/buf.h"
#include "base/histogram.h"
#include "dkim/keyring.h"
#include "evidence/evidence.h"
#include "record/counters.h"

#define STATUS_KEYS_MAX 1000		/* told one by one; all are in the sums */
#define STATUS_DOMAINS_MAX 500
#define STATUS_WARNINGS_MAX 500
#define STATUS_ERROR_MAX 4000		/* octets of the error of a reload */
#define STATUS_TEXT_MAX (8 * 1024 * 1024)	/* octets of either form */

struct status_key {
	const char *domain, *selector, *dns_name;
	enum key_type type;
	bool known;			/* DNS has answered: `seen` is filled */
	struct sighting seen;
	bool signs;			/* now */
	time_t takes_over;		/* it will sign from then on; 0: nobody knows */
	const char *superseded_by;	/* selector of the key that has taken over, NULL */
};

struct status_domain {			/* a managed domain */
	const char *name;
	bool is_pattern;		/* "*.name": its domains are judged as mail comes */
	enum mode mode;			/* that applies to its mail */
	enum ring_usable usable;
	/* what the last look found; KNOWN_NO: none yet */
	enum known spf_known;
	enum spf_result spf;		/* the worst over the egress addresses */
	enum known dmarc_known;
	enum dmarc_policy dmarc;
};

struct status_egress {			/* an address that mail leaves from */
	const char *egress;		/* name of the section */
	const char *address;		/* or the relay's host */
	bool is_relay;
	const char *helo;		/* NULL: not known */
	enum helo_source helo_source;
	enum known ptr_known;
	const char *ptr_name;
	bool ptr_forward;		/* the name leads back */
	enum known helo_known;
	bool helo_forward;		/* HELO name has this address */
};

struct status_cache {
	const char *name;
	uint64_t entries, entries_max, hits, misses;
};

struct status_dns {
	uint64_t queries, answers, failures, timeouts, cache_hits, cache_misses, stale;
	uint64_t in_flight;
	uint64_t recent, recent_failures;	/* ended in the last minute or two */
	struct histogram_read time;
};

struct status_warning {			/* a finding of DNS health that stands */
	const char *domain, *id, *text, *fix;
	time_t since;
};

struct status_care {			/* something that somebody should look at */
	bool is_error;			/* mail suffers now */
	const char *text, *fix;
};

struct status {
	const char *version;
	time_t now, started, worker_started;
	long master_pid, worker_pid;
	unsigned restarts;		/* of the worker, since the daemon started */
	/* configuration */
	const char *config, *socket;
	enum mode mode;
	int kill_switch;		/* MODE_AUDIT, MODE_ENFORCE, -1 none */
	unsigned generation;		/* configurations taken, 1 after the start */
	time_t loaded;			/* when that one was */
	time_t reload_at;		/* of the last reload; 0 none */
	const char *reload_error;	/* why it was refused; NULL */
	/* DNS and keys */
	struct status_domain *domains;
	size_t n_domains, domains_total;
	size_t domains_cannot_sign;	/* in enforce mode: their mail is stopped */
	struct status_key *keys;
	size_t n_keys, keys_total;
	uint64_t keys_by_state[KEY_DNS_MALFORMED + 1];
	struct status_egress *egresses;
	size_t n_egresses;
	struct status_warning *warnings;
	size_t n_warnings, warnings_total;
	struct status_dns dns;
	struct status_cache caches[2];
	size_t n_caches;
	/* the process */
	struct counts counts;
	uint64_t connections, messages, judging;	/* now */
	uint64_t rss, fds, fds_max, cpu_us, threads;
	/* by status_judge() */
	struct status_care *care;
	size_t n_care;
};

/* Fills care from the rest. */
void status_judge(struct status *status, struct arena *arena);

/* Something stands that stops or spoils mail now. */
bool status_has_error(const struct status *status);

/* The text exposition format, version 0.0.4. */
void status_metrics(const struct status *status, struct buf *out);

/* For GET /health: "ok" and what stands. */
const char *status_health_json(const struct status *status, struct arena *arena);

/* One JSON object: mailworthy(1), status. */
const char *status_json(const struct status *status, struct arena *arena);

#endif
