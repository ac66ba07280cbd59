/*
 * The standing of a daemon as JSON.  Times are seconds since 1970.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "facts/message.h"
#include "record/status.h"
#include "record/writer.h"

static json_t *
number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* A moment that may not have been; null then. */
static json_t *
moment(time_t at)
{
	return at == 0 ? json_null() : json_integer((json_int_t)at);
}

static json_t *
yes_or_unknown(bool known, bool yes)
{
	return known ? json_boolean(yes) : json_null();
}

static void
put_daemon(const struct writer *w, const struct status *status, json_t *out)
{
	json_t *config = json_object();

	writer_put(out, "v", json_integer(1));
	writer_put(out, "version", writer_word(status->version));
	writer_put(out, "time", moment(status->now));
	writer_put(out, "started", moment(status->started));
	writer_put(out, "pid", json_integer(status->master_pid));
	writer_put(out, "worker_started", moment(status->worker_started));
	writer_put(out, "worker_pid", json_integer(status->worker_pid));
	writer_put(out, "worker_restarts", number(status->restarts));
	writer_put(out, "socket", writer_remote(w, status->socket));
	writer_put(out, "mode", writer_word(mode_name(status->mode)));
	writer_put(out, "mode_override", status->kill_switch == -1 ? json_null() :
	    writer_word(mode_name((enum mode)status->kill_switch)));
	writer_put(config, "file", writer_remote(w, status->config));
	writer_put(config, "generation", number(status->generation));
	writer_put(config, "loaded", moment(status->loaded));
	writer_put(config, "reload", moment(status->reload_at));
	writer_put(config, "error", writer_remote(w, status->reload_error));
	writer_put(out, "config", config);
}

static json_t *
care(const struct writer *w, const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->n_care; i++) {
		const struct status_care *care = &status->care[i];
		json_t *one = json_object();

		writer_put(one, "level", writer_word(care->is_error ? "error" : "warning"));
		writer_put(one, "text", writer_ours(w, care->text));
		writer_put(one, "fix", writer_ours(w, care->fix));
		writer_append(list, one);
	}
	return list;
}

static json_t *
warnings(const struct writer *w, const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->n_warnings; i++) {
		const struct status_warning *warning = &status->warnings[i];
		json_t *one = json_object();

		writer_put(one, "domain", writer_remote(w, warning->domain));
		writer_put(one, "id", writer_remote(w, warning->id));
		writer_put(one, "text", writer_ours(w, warning->text));
		writer_put(one, "fix", writer_ours(w, warning->fix));
		writer_put(one, "since", moment(warning->since));
		writer_append(list, one);
	}
	return list;
}

static json_t *
key_entry(const struct writer *w, const struct status_key *key)
{
	const struct sighting *seen = key->known ? &key->seen : &(struct sighting){ 0 };
	json_t *one = json_object();

	writer_put(one, "domain", writer_remote(w, key->domain));
	writer_put(one, "selector", writer_remote(w, key->selector));
	writer_put(one, "algorithm", writer_word(key->type == KEY_RSA ? "rsa-sha256" :
	    "ed25519-sha256"));
	writer_put(one, "name", writer_remote(w, key->dns_name));
	writer_put(one, "dns", writer_word(key_dns_name(seen->state)));
	writer_put(one, "since", moment(seen->since));
	writer_put(one, "looked", moment(seen->last));
	writer_put(one, "last_match", moment(seen->last_match));
	writer_put(one, "testing", json_boolean(seen->testing));
	writer_put(one, "problem", seen->problem[0] != '\0' ?
	    writer_remote(w, seen->problem) : json_null());
	writer_put(one, "signs", json_boolean(key->signs));
	writer_put(one, "takes_over", moment(key->takes_over));
	writer_put(one, "superseded_by", writer_remote(w, key->superseded_by));
	return one;
}

static json_t *
domain_entry(const struct writer *w, const struct status_domain *domain)
{
	static const char *const policies[] = { "none", "quarantine", "reject" };
	static const char *const words[] = {
		[RING_USABLE] = "yes", [RING_NO_DOMAIN] = "no-key", [RING_NO_KEY] = "no-key",
		[RING_UNSEEN] = "no-key", [RING_NOT_IN_DNS] = "not-in-dns" };
	json_t *one = json_object();

	writer_put(one, "domain", writer_remote(w, domain->name));
	writer_put(one, "mode", writer_word(mode_name(domain->mode)));
	writer_put(one, "signs", writer_word(domain->is_pattern ? "by-name" :
	    words[domain->usable]));
	writer_put(one, "spf", writer_word(writer_spf_word(domain->spf_known, domain->spf)));
	writer_put(one, "dmarc", domain->dmarc_known == KNOWN_NO ? json_null() :
	    writer_word(domain->dmarc_known == KNOWN_TEMPERROR ? "temperror" :
	    domain->dmarc_known == KNOWN_ABSENT ? "absent" : policies[domain->dmarc]));
	return one;
}

static void
put_domains(const struct writer *w, const struct status *status, json_t *out)
{
	json_t *domains = json_array(), *keys = json_array(), *states = json_object();
	size_t i;

	for (i = 0; i < status->n_domains; i++)
		writer_append(domains, domain_entry(w, &status->domains[i]));
	for (i = 0; i < status->n_keys; i++)
		writer_append(keys, key_entry(w, &status->keys[i]));
	for (i = 0; i <= KEY_DNS_MALFORMED; i++)
		writer_put(states, key_dns_name((enum key_dns)i),
		    number(status->keys_by_state[i]));
	writer_put(out, "domains", domains);
	writer_put(out, "domains_total", number(status->domains_total));
	writer_put(out, "domains_cannot_sign", number(status->domains_cannot_sign));
	writer_put(out, "keys", keys);
	writer_put(out, "keys_total", number(status->keys_total));
	writer_put(out, "keys_by_state", states);
}

static const char *
helo_source_word(enum helo_source source)
{
	switch (source) {
	case HELO_UNTOLD:
		return NULL;
	case HELO_CONFIGURED:
		return "configuration";
	case HELO_MTA_SETTINGS:
		return "mta";
	case HELO_MACRO:
		return "macro";
	}
	return NULL;
}

static json_t *
egress(const struct writer *w, const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->n_egresses; i++) {
		const struct status_egress *egress = &status->egresses[i];
		json_t *one = json_object();

		writer_put(one, "egress", writer_remote(w, egress->egress));
		writer_put(one, "address", writer_remote(w, egress->address));
		writer_put(one, "relay", json_boolean(egress->is_relay));
		writer_put(one, "helo", writer_remote(w, egress->helo));
		writer_put(one, "helo_from", writer_word(helo_source_word(
		    egress->helo_source)));
		writer_put(one, "ptr", writer_remote(w, egress->ptr_name));
		writer_put(one, "ptr_known", writer_word(counted_known_name(
		    egress->ptr_known)));
		writer_put(one, "ptr_leads_back", yes_or_unknown(
		    egress->ptr_known == KNOWN_VALUE, egress->ptr_forward));
		writer_put(one, "helo_leads_here", yes_or_unknown(
		    egress->helo_known == KNOWN_VALUE || egress->helo_known == KNOWN_ABSENT,
		    egress->helo_forward));
		writer_append(list, one);
	}
	return list;
}

static json_t *
time_entry(const struct histogram_read *read)
{
	json_t *one = json_object();

	writer_put(one, "n", number(read->total));
	writer_put(one, "p50", number(histogram_quantile_us(read, 50)));
	writer_put(one, "p99", number(histogram_quantile_us(read, 99)));
	return one;
}

static void
put_dns(const struct status *status, json_t *out)
{
	const struct status_dns *dns = &status->dns;
	json_t *one = json_object(), *caches = json_array();

	writer_put(one, "queries", number(dns->queries));
	writer_put(one, "answers", number(dns->answers));
	writer_put(one, "failures", number(dns->failures));
	writer_put(one, "timeouts", number(dns->timeouts));
	writer_put(one, "stale", number(dns->stale));
	writer_put(one, "in_flight", number(dns->in_flight));
	writer_put(one, "recent", number(dns->recent));
	writer_put(one, "recent_failures", number(dns->recent_failures));
	writer_put(one, "time_us", time_entry(&dns->time));
	writer_put(out, "dns", one);
	for (size_t i = 0; i < status->n_caches; i++) {
		const struct status_cache *cache = &status->caches[i];

		one = json_object();
		writer_put(one, "cache", writer_word(cache->name));
		writer_put(one, "entries", number(cache->entries));
		writer_put(one, "entries_max", number(cache->entries_max));
		writer_put(one, "hits", number(cache->hits));
		writer_put(one, "misses", number(cache->misses));
		writer_append(caches, one);
	}
	writer_put(out, "caches", caches);
}

static json_t *
by_action(const uint64_t *counts)
{
	json_t *one = json_object();

	for (int action = 0; action < COUNTED_ACTIONS; action++)
		writer_put(one, action_name((enum action)action), number(counts[action]));
	return one;
}

static json_t *
by_stream(const struct writer *w, const struct counts *counts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < counts->n_messages; i++) {
		const struct counts_messages *m = &counts->messages[i];
		json_t *one;

		if (m->n == 0)
			continue;
		one = json_object();
		writer_put(one, "verdict", writer_word(action_name(m->verdict)));
		writer_put(one, "mode", writer_word(mode_name(m->mode)));
		writer_put(one, "stream", writer_word(message_stream_name(m->stream)));
		writer_put(one, "section", writer_remote(w, m->section));
		writer_put(one, "n", number(m->n));
		writer_append(list, one);
	}
	return list;
}

static void
put_messages(const struct writer *w, const struct counts *counts, json_t *out)
{
	json_t *one = json_object();
	uint64_t refused = 0;

	for (size_t i = 0; i < counts->n_checks; i++)
		refused += counts->refused[i][0] + counts->refused[i][1];
	writer_put(one, "total", number(counts->messages_total));
	writer_put(one, "by_verdict", by_action(counts->by_verdict));
	writer_put(one, "audit_would", by_action(counts->would));
	writer_put(one, "by_stream", by_stream(w, counts));
	writer_put(one, "recipients", number(counts->events[COUNTED_RCPT]));
	writer_put(one, "recipients_refused", number(refused));
	writer_put(one, "octets", number(counts->events[COUNTED_OCTETS]));
	writer_put(one, "unjudged", number(counts->events[COUNTED_INBOUND]));
	writer_put(one, "aborted", number(counts->events[COUNTED_ABORTED]));
	writer_put(one, "not_applied", number(counts->events[COUNTED_NOT_APPLIED]));
	writer_put(one, "cannot_sign", number(counts->events[COUNTED_CANNOT_SIGN]));
	writer_put(one, "end_us", time_entry(&counts->eom));
	writer_put(out, "messages", one);
}

struct ranked {
	const char *id;
	uint64_t stands, all;
	const uint64_t *states;
};

static int
compare_ranked(const void *a_p, const void *b_p)
{
	const struct ranked *a = a_p, *b = b_p;

	if (a->stands != b->stands)
		return a->stands < b->stands ? 1 : -1;
	return a->all != b->all ? a->all < b->all ? 1 : -1 : 0;
}

/* Those met, the most frequent first. */
static json_t *
findings(const struct writer *w, const struct counts *counts)
{
	struct ranked *ranked = arena_array(w->arena, counts->n_checks, sizeof(*ranked));
	json_t *list = json_array();
	size_t n, i, state;
	const struct check *table = check_table(&n);

	for (i = 0; i < counts->n_checks; i++) {
		ranked[i] = (struct ranked){ table[i].id,
			counts->findings[i][FINDING_STANDS], 0, counts->findings[i] };
		for (state = 0; state < FINDING_STATES; state++)
			ranked[i].all += counts->findings[i][state];
	}
	qsort(ranked, counts->n_checks, sizeof(*ranked), compare_ranked);
	for (i = 0; i < counts->n_checks && ranked[i].all > 0; i++) {
		json_t *one = json_object();

		writer_put(one, "id", writer_word(ranked[i].id));
		for (state = 0; state < FINDING_STATES; state++)
			writer_put(one, counted_finding_name((enum counted_finding)state),
			    number(ranked[i].states[state]));
		writer_append(list, one);
	}
	return list;
}

static json_t *
signatures(const struct writer *w, const struct counts *counts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < counts->n_signatures; i++) {
		const struct counts_signatures *s = &counts->signatures[i];
		json_t *one = json_object();

		writer_put(one, "domain", writer_remote(w, s->domain));
		writer_put(one, "algorithm", writer_word(s->type == KEY_RSA ? "rsa-sha256" :
		    "ed25519-sha256"));
		writer_put(one, "result", writer_word(counted_signature_name(s->result)));
		writer_put(one, "n", number(s->n));
		writer_append(list, one);
	}
	return list;
}

static json_t *
process(const struct status *status)
{
	json_t *one = json_object();

	writer_put(one, "connections", number(status->connections));
	writer_put(one, "connections_total",
	    number(status->counts.events[COUNTED_CONNECTION]));
	writer_put(one, "messages_in_hand", number(status->messages));
	writer_put(one, "messages_at_end", number(status->judging));
	writer_put(one, "resident_octets", number(status->rss));
	writer_put(one, "descriptors", number(status->fds));
	writer_put(one, "descriptors_max", number(status->fds_max));
	writer_put(one, "threads", number(status->threads));
	writer_put(one, "cpu_us", number(status->cpu_us));
	return one;
}

const char *
status_json(const struct status *status, struct arena *arena)
{
	const struct writer w = { NULL, &writer_no_limits, arena };
	json_t *out = json_object();
	struct buf text;

	put_daemon(&w, status, out);
	writer_put(out, "care", care(&w, status));
	put_domains(&w, status, out);
	writer_put(out, "egress", egress(&w, status));
	writer_put(out, "warnings", warnings(&w, status));
	writer_put(out, "warnings_total", number(status->warnings_total));
	put_dns(status, out);
	put_messages(&w, &status->counts, out);
	writer_put(out, "findings", findings(&w, &status->counts));
	writer_put(out, "signatures", signatures(&w, &status->counts));
	writer_put(out, "process", process(status));
	writer_write(out, arena, STATUS_TEXT_MAX - 1, &text);
	buf_add_char(&text, '\n');
	return buf_str(&text);
}

const char *
status_health_json(const struct status *status, struct arena *arena)
{
	const struct writer w = { NULL, &writer_no_limits, arena };
	json_t *out = json_object();
	struct buf text;

	writer_put(out, "status", writer_word(status_has_error(status) ? "error" :
	    status->n_care > 0 ? "warning" : "ok"));
	writer_put(out, "care", care(&w, status));
	writer_write(out, arena, STATUS_TEXT_MAX - 1, &text);
	buf_add_char(&text, '\n');
	return buf_str(&text);
}
