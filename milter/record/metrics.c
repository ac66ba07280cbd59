/*
 * The text exposition format of Prometheus, version 0.0.4: HELP and TYPE
 * once a metric, then its samples; in label values backslash, quote and line
 * feed are escaped.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "facts/message.h"
#include "record/status.h"

#define LABEL_SHOWN_MAX 1200	/* a name of 300 octets, each shown as \xHH */

enum metric {
#define METRIC(id, name, type, help) METRIC_##id,
#include "record/metrics.def"
#undef METRIC
};

static const struct {
	const char *name, *type, *help;
} metrics[] = {
#define METRIC(id, name, type, help) { name, type, help },
#include "record/metrics.def"
#undef METRIC
};

static void
head(struct buf *out, enum metric metric)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metrics[metric].name,
	    metrics[metric].help, metrics[metric].name, metrics[metric].type);
}

/* Octets that are no text show as \xHH: two names never look alike. */
static void
add_label_value(struct buf *out, const char *value)
{
	const char *safe = log_safe(out->arena, slice_of(value), LABEL_SHOWN_MAX);

	for (; *safe != '\0'; safe++) {
		if (*safe == '\\' || *safe == '"')
			buf_add_char(out, '\\');
		buf_add_char(out, *safe);
	}
}

/* Pairs of name and value until NULL; a pair without a value is left out. */
static void
add_labels(struct buf *out, va_list pairs)
{
	const char *name, *value;
	char before = '{';

	while ((name = va_arg(pairs, const char *)) != NULL) {
		value = va_arg(pairs, const char *);
		if (value == NULL)
			continue;
		buf_add_char(out, before);
		buf_printf(out, "%s=\"", name);
		add_label_value(out, value);
		buf_add_char(out, '"');
		before = ',';
	}
	if (before == ',')
		buf_add_char(out, '}');
}

static void
sample(struct buf *out, enum metric metric, uint64_t value, ...)
{
	va_list pairs;

	buf_add_str(out, metrics[metric].name);
	va_start(pairs, value);
	add_labels(out, pairs);
	va_end(pairs);
	buf_printf(out, " %" PRIu64 "\n", value);
}

/* A metric of one sample. */
static void
single(struct buf *out, enum metric metric, uint64_t value)
{
	head(out, metric);
	sample(out, metric, value, NULL);
}

static void
add_seconds(struct buf *out, uint64_t us)
{
	buf_printf(out, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
}

static void
histogram(struct buf *out, enum metric metric, const struct histogram_read *read)
{
	const char *name = metrics[metric].name;
	uint64_t total = 0;

	head(out, metric);
	for (size_t i = 0; i < HISTOGRAM_STEPS; i++) {
		total += read->counts[i];
		buf_printf(out, "%s_bucket{le=\"", name);
		add_seconds(out, histogram_steps_us[i]);
		buf_printf(out, "\"} %" PRIu64 "\n", total);
	}
	buf_printf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", name, read->total,
	    name);
	add_seconds(out, read->sum_us);
	buf_printf(out, "\n%s_count %" PRIu64 "\n", name, read->total);
}

/* ---- what is told ---- */

static void
tell_daemon(struct buf *out, const struct status *status)
{
	enum mode mode = status->kill_switch == -1 ? status->mode :
	    (enum mode)status->kill_switch;

	head(out, METRIC_BUILD_INFO);
	sample(out, METRIC_BUILD_INFO, 1, "version", status->version, NULL);
	single(out, METRIC_STARTED, (uint64_t)status->started);
	single(out, METRIC_RESTARTS, status->restarts);
	single(out, METRIC_ENFORCE, mode == MODE_ENFORCE);
	single(out, METRIC_KILL_SWITCH, status->kill_switch != -1);
	single(out, METRIC_GENERATION, status->generation);
	single(out, METRIC_LOADED, (uint64_t)status->loaded);
	single(out, METRIC_RELOAD_OK, status->reload_error == NULL);
}

static const char *
stream_word(enum stream stream)
{
	const char *name = message_stream_name(stream);

	return name != NULL ? name : "none";
}

static void
tell_messages(struct buf *out, const struct counts *counts)
{
	size_t i;

	head(out, METRIC_MESSAGES);
	for (i = 0; i < counts->n_messages; i++) {
		const struct counts_messages *m = &counts->messages[i];

		sample(out, METRIC_MESSAGES, m->n, "verdict", action_name(m->verdict),
		    "mode", mode_name(m->mode), "stream", stream_word(m->stream),
		    "section", m->section, NULL);
	}
	head(out, METRIC_WOULD);
	for (i = 0; i < COUNTED_ACTIONS; i++)
		sample(out, METRIC_WOULD, counts->would[i], "would",
		    action_name((enum action)i), NULL);
	single(out, METRIC_RCPTS, counts->events[COUNTED_RCPT]);
	single(out, METRIC_OCTETS, counts->events[COUNTED_OCTETS]);
}

static void
tell_refused(struct buf *out, const struct counts *counts)
{
	size_t n, i;
	const struct check *table = check_table(&n);

	head(out, METRIC_REFUSED);
	for (i = 0; i < n; i++) {
		if (table[i].stage != STAGE_RCPT)
			continue;
		sample(out, METRIC_REFUSED, counts->refused[i][0], "check", table[i].id,
		    "action", action_name(ACTION_TEMPFAIL), NULL);
		sample(out, METRIC_REFUSED, counts->refused[i][1], "check", table[i].id,
		    "action", action_name(ACTION_REJECT), NULL);
	}
	single(out, METRIC_INBOUND, counts->events[COUNTED_INBOUND]);
	single(out, METRIC_ABORTED, counts->events[COUNTED_ABORTED]);
	single(out, METRIC_NOT_APPLIED, counts->events[COUNTED_NOT_APPLIED]);
}

static void
tell_findings(struct buf *out, const struct counts *counts)
{
	size_t n, i;
	const struct check *table = check_table(&n);

	head(out, METRIC_FINDINGS);
	for (i = 0; i < n; i++)
		for (int state = 0; state < FINDING_STATES; state++)
			if (state == FINDING_STANDS || counts->findings[i][state] > 0)
				sample(out, METRIC_FINDINGS, counts->findings[i][state],
				    "check", table[i].id, "state",
				    counted_finding_name((enum counted_finding)state), NULL);
	head(out, METRIC_CHECKS_OPEN);
	sample(out, METRIC_CHECKS_OPEN, counts->checks_unknown, "reason", "unknown", NULL);
	sample(out, METRIC_CHECKS_OPEN, counts->checks_temporary, "reason", "temporary",
	    NULL);
	histogram(out, METRIC_EOM, &counts->eom);
}

static const char *
algorithm(enum key_type type)
{
	return type == KEY_RSA ? "rsa-sha256" : "ed25519-sha256";
}

static void
tell_work(struct buf *out, const struct counts *counts)
{
	size_t i, k;

	head(out, METRIC_SIGNATURES);
	for (i = 0; i < counts->n_signatures; i++)
		sample(out, METRIC_SIGNATURES, counts->signatures[i].n, "domain",
		    counts->signatures[i].domain, "algorithm",
		    algorithm(counts->signatures[i].type), "result",
		    counted_signature_name(counts->signatures[i].result), NULL);
	single(out, METRIC_CANNOT_SIGN, counts->events[COUNTED_CANNOT_SIGN]);
	head(out, METRIC_REPAIRED);
	for (i = 0; i < REPAIRED_KINDS; i++)
		sample(out, METRIC_REPAIRED, counts->repaired[i], "kind",
		    counted_repair_name((enum counted_repair)i), NULL);
	head(out, METRIC_OPINIONS);
	for (i = 0; i < OPINIONS; i++)
		for (k = 0; k < OPINION_RESULTS; k++)
			sample(out, METRIC_OPINIONS, counts->opinions[i][k], "filter",
			    counted_opinion_from((enum opinion_from)i), "result",
			    counted_opinion_name((enum counted_opinion)k), NULL);
	head(out, METRIC_EVIDENCE);
	for (i = 0; i < EVIDENCE_ITEMS; i++)
		for (k = 0; k < COUNTED_KNOWN; k++)
			sample(out, METRIC_EVIDENCE, counts->evidence[i][k], "item",
			    counted_evidence_name((enum counted_evidence)i), "known",
			    counted_known_name((enum known)k), NULL);
}

static const char *
state_of(const struct status_key *key)
{
	return key_dns_name(key->known ? key->seen.state : KEY_DNS_UNKNOWN);
}

static void
tell_keys(struct buf *out, const struct status *status)
{
	const struct status_key *key, *end = status->keys + status->n_keys;

	head(out, METRIC_KEYS);
	for (int state = 0; state <= KEY_DNS_MALFORMED; state++)
		sample(out, METRIC_KEYS, status->keys_by_state[state], "state",
		    key_dns_name((enum key_dns)state), NULL);
	head(out, METRIC_KEY_STATE);
	for (key = status->keys; key < end; key++)
		sample(out, METRIC_KEY_STATE, 1, "domain", key->domain, "selector",
		    key->selector, "algorithm", algorithm(key->type), "state",
		    state_of(key), NULL);
	head(out, METRIC_KEY_SIGNS);
	for (key = status->keys; key < end; key++)
		sample(out, METRIC_KEY_SIGNS, key->signs, "domain", key->domain, "selector",
		    key->selector, "algorithm", algorithm(key->type), NULL);
	head(out, METRIC_KEY_SEEN);
	for (key = status->keys; key < end; key++)
		sample(out, METRIC_KEY_SEEN, key->known ? (uint64_t)key->seen.last_match : 0,
		    "domain", key->domain, "selector", key->selector, "algorithm",
		    algorithm(key->type), NULL);
	single(out, METRIC_DOMAINS, status->domains_total);
	single(out, METRIC_UNSIGNABLE, status->domains_cannot_sign);
}

static void
tell_warnings(struct buf *out, const struct status *status)
{
	size_t n, i, k;
	const struct check *table = check_table(&n);

	head(out, METRIC_WARNINGS);
	for (i = 0; i < n; i++) {
		uint64_t standing = 0;

		/* "dkim-key-missing of key s1" */
		for (k = 0; k < status->n_warnings; k++)
			standing += slice_eq((struct slice){ status->warnings[k].id,
			    strcspn(status->warnings[k].id, " ") }, slice_of(table[i].id));
		if (table[i].is_host)
			sample(out, METRIC_WARNINGS, standing, "check", table[i].id, NULL);
	}
}

static void
tell_dns(struct buf *out, const struct status *status)
{
	const struct status_dns *dns = &status->dns;

	single(out, METRIC_DNS_QUERIES, dns->queries);
	single(out, METRIC_DNS_ANSWERS, dns->answers);
	single(out, METRIC_DNS_FAILURES, dns->failures);
	single(out, METRIC_DNS_TIMEOUTS, dns->timeouts);
	single(out, METRIC_DNS_STALE, dns->stale);
	single(out, METRIC_DNS_IN_FLIGHT, dns->in_flight);
	single(out, METRIC_DNS_OVER, status->counts.events[COUNTED_DNS_OVER]);
	histogram(out, METRIC_DNS_TIME, &dns->time);
}

static void
tell_caches(struct buf *out, const struct status *status)
{
	const struct status_cache *cache, *end = status->caches + status->n_caches;

	head(out, METRIC_CACHE_ENTRIES);
	for (cache = status->caches; cache < end; cache++)
		sample(out, METRIC_CACHE_ENTRIES, cache->entries, "cache", cache->name, NULL);
	head(out, METRIC_CACHE_MAX);
	for (cache = status->caches; cache < end; cache++)
		sample(out, METRIC_CACHE_MAX, cache->entries_max, "cache", cache->name, NULL);
	head(out, METRIC_CACHE_HITS);
	for (cache = status->caches; cache < end; cache++)
		sample(out, METRIC_CACHE_HITS, cache->hits, "cache", cache->name, NULL);
	head(out, METRIC_CACHE_MISSES);
	for (cache = status->caches; cache < end; cache++)
		sample(out, METRIC_CACHE_MISSES, cache->misses, "cache", cache->name, NULL);
}

static void
tell_process(struct buf *out, const struct status *status)
{
	single(out, METRIC_CONNECTIONS, status->connections);
	single(out, METRIC_CONNECTIONS_TOTAL, status->counts.events[COUNTED_CONNECTION]);
	single(out, METRIC_IN_HAND, status->messages);
	single(out, METRIC_JUDGING, status->judging);
	head(out, METRIC_PROCESS_CPU);
	buf_printf(out, "%s ", metrics[METRIC_PROCESS_CPU].name);
	add_seconds(out, status->cpu_us);
	buf_add_char(out, '\n');
	single(out, METRIC_PROCESS_START, (uint64_t)status->worker_started);
	single(out, METRIC_PROCESS_RSS, status->rss);
	single(out, METRIC_PROCESS_FDS, status->fds);
	single(out, METRIC_PROCESS_FDS_MAX, status->fds_max);
	single(out, METRIC_PROCESS_THREADS, status->threads);
}

void
status_metrics(const struct status *status, struct buf *out)
{
	tell_daemon(out, status);
	tell_messages(out, &status->counts);
	tell_refused(out, &status->counts);
	tell_findings(out, &status->counts);
	tell_work(out, &status->counts);
	tell_keys(out, status);
	tell_warnings(out, status);
	tell_dns(out, status);
	tell_caches(out, status);
	tell_process(out, status);
}
