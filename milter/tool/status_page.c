/*
 * The page of `mailworthy status`, from the daemon's JSON.
 */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "record/writer.h"
#include "tool/page.h"
#include "tool/status.h"
#include "tool/words.h"

enum {
	LABEL_COLUMN = 10,
	KEY_COLUMN = 2, ALGORITHM_COLUMN = 20, STATE_COLUMN = 30,
	COUNT_COLUMN = 34,
	FINDINGS_SHOWN = 10, DOMAINS_SHOWN = 50, WARNINGS_SHOWN = 50,
};

struct view {
	struct page *page;
	json_t *root;
	int64_t now;
};

/* ---- values: what is missing is 0, "" or NULL ---- */

static uint64_t
number(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

static const char *
text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool
is(const json_t *object, const char *key, const char *word)
{
	const char *value = text(object, key);

	return value != NULL && strcmp(value, word) == 0;
}

static bool
is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* "1,234,567". */
static const char *
count(const struct view *v, uint64_t n)
{
	return arena_count(v->page->arena, n);
}

/* "3 days 4 h", "4 h 2 min", "12 min", "30 s". */
static const char *
span(const struct view *v, int64_t seconds)
{
	struct arena *arena = v->page->arena;
	long long s = seconds > 0 ? seconds : 0;

	if (s >= 2 * 86400)
		return arena_printf(arena, "%lld days %lld h", s / 86400, s / 3600 % 24);
	if (s >= 3600)
		return arena_printf(arena, "%lld h %lld min", s / 3600, s / 60 % 60);
	if (s >= 60)
		return arena_printf(arena, "%lld min", s / 60);
	return arena_printf(arena, "%lld s", s);
}

static const char *
ago(const struct view *v, uint64_t at)
{
	return arena_printf(v->page->arena, "%s ago", span(v, v->now - (int64_t)at));
}

/* "0.4 ms", "12 ms", "1.2 s". */
static const char *
duration(const struct view *v, uint64_t us)
{
	struct arena *arena = v->page->arena;

	if (us < 10000)
		return arena_printf(arena, "%" PRIu64 ".%" PRIu64 " ms", us / 1000,
		    us / 100 % 10);
	if (us < 1000000)
		return arena_printf(arena, "%" PRIu64 " ms", us / 1000);
	return arena_printf(arena, "%" PRIu64 ".%" PRIu64 " s", us / 1000000,
	    us / 100000 % 10);
}

static void
line(const struct view *v, const char *label, const char *value)
{
	page_put(v->page, PAGE_DIM, label);
	page_tab(v->page, LABEL_COLUMN);
	page_wrap(v->page, LABEL_COLUMN, value);
}

static void
and_more(const struct view *v, uint64_t n)
{
	page_wrap(v->page, KEY_COLUMN, arena_printf(v->page->arena, "and %s more",
	    count(v, n)));
}

/* ---- head ---- */

static void
show_head(const struct view *v)
{
	const json_t *config = json_object_get(v->root, "config");
	struct arena *arena = v->page->arena;
	const char *override = text(v->root, "mode_override");
	const char *mode = text(v->root, "mode");
	uint64_t restarts = number(v->root, "worker_restarts");

	page_put(v->page, PAGE_BOLD, arena_printf(arena, "mailworthy %s has served for %s",
	    text(v->root, "version") != NULL ? text(v->root, "version") : "",
	    span(v, v->now - (int64_t)number(v->root, "started"))));
	page_end(v->page);
	line(v, "Mode", override != NULL ? arena_printf(arena, "%s for everything, by "
	    "`mailworthy mode %s`; the configuration says %s", override, override,
	    mode != NULL ? mode : "nothing") : mode != NULL ? mode : "not known");
	if (restarts > 0)
		line(v, "Restarts", arena_printf(arena, "%s of the worker, the last %s",
		    count(v, restarts), ago(v, number(v->root, "worker_started"))));
	if (text(v->root, "socket") != NULL)
		line(v, "Socket", text(v->root, "socket"));
	if (text(config, "file") != NULL)
		line(v, "Settings", arena_printf(arena, "%s, taken %s", text(config, "file"),
		    ago(v, number(config, "loaded"))));
}

static void
show_care(const struct view *v)
{
	const json_t *list = json_object_get(v->root, "care"), *one;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	page_heading(v->page, "Needs care");
	json_array_foreach(list, i, one) {
		bool is_error = is(one, "level", "error");

		page_tab(v->page, 2);
		page_put(v->page, is_error ? PAGE_BAD : PAGE_WARN,
		    is_error ? "error" : "warning");
		page_tab(v->page, LABEL_COLUMN + 2);
		page_wrap(v->page, LABEL_COLUMN + 2,
		    text(one, "text") != NULL ? text(one, "text") : "");
		if (text(one, "fix") != NULL) {
			page_tab(v->page, LABEL_COLUMN + 2);
			page_put(v->page, PAGE_DIM, "Fix ");
			page_wrap(v->page, LABEL_COLUMN + 6, text(one, "fix"));
		}
	}
}

/* ---- domains and keys ---- */

/* What becomes of a key, and what DNS shows of it. */
static const char *
key_words(const struct view *v, const json_t *key)
{
	struct arena *arena = v->page->arena;
	const char *dns = text(key, "dns"), *problem = text(key, "problem");
	uint64_t takes_over = number(key, "takes_over");
	const char *newer = text(key, "superseded_by");
	const char *does = is_true(key, "signs") ? "signs" :
	    newer != NULL ? arena_printf(arena, "superseded by %s", newer) :
	    takes_over == 0 ? "waits" :
	    (int64_t)takes_over <= v->now ? "takes over now" :
	    arena_printf(arena, "takes over in %s", span(v, (int64_t)takes_over - v->now));

	if (dns == NULL || strcmp(dns, "unknown") == 0)
		return arena_printf(arena, "%s; DNS has not shown it yet", does);
	if (strcmp(dns, "match") == 0)
		return arena_printf(arena, "%s; in DNS for %s%s, seen %s", does,
		    span(v, v->now - (int64_t)number(key, "since")),
		    is_true(key, "testing") ? " with t=y (testing)" : "",
		    ago(v, number(key, "looked")));
	return arena_printf(arena, "%s; DNS: %s at %s%s%s, for %s", does, dns,
	    text(key, "name") != NULL ? text(key, "name") : "its name",
	    problem != NULL ? ", " : "", problem != NULL ? problem : "",
	    span(v, v->now - (int64_t)number(key, "since")));
}

static enum page_style
key_style(const json_t *key)
{
	if (is(key, "dns", "match"))
		return PAGE_GOOD;
	if (text(key, "dns") == NULL || is(key, "dns", "unknown"))
		return PAGE_PLAIN;
	return is_true(key, "signs") ? PAGE_BAD : PAGE_WARN;
}

static void
show_keys(const struct view *v, const char *domain)
{
	const json_t *list = json_object_get(v->root, "keys"), *key;
	size_t i;

	json_array_foreach(list, i, key) {
		if (!is(key, "domain", domain))
			continue;
		page_tab(v->page, KEY_COLUMN + 2);
		page_put(v->page, key_style(key),
		    text(key, "selector") != NULL ? text(key, "selector") : "");
		page_tab(v->page, ALGORITHM_COLUMN);
		page_put(v->page, PAGE_PLAIN, is(key, "algorithm", "ed25519-sha256") ?
		    "ed25519" : "rsa");
		page_tab(v->page, STATE_COLUMN);
		page_wrap(v->page, STATE_COLUMN, key_words(v, key));
	}
}

static void
show_domain(const struct view *v, const json_t *domain)
{
	struct arena *arena = v->page->arena;
	const char *spf = text(domain, "spf"), *dmarc = text(domain, "dmarc");
	const char *mode = text(domain, "mode");

	page_tab(v->page, KEY_COLUMN);
	page_put(v->page, PAGE_BOLD, text(domain, "domain"));
	page_tab(v->page, STATE_COLUMN);
	if (is(domain, "signs", "by-name")) {
		page_wrap(v->page, STATE_COLUMN, arena_printf(arena, "%s; each domain of it "
		    "by its own records", mode != NULL ? mode : ""));
		return;
	}
	page_wrap(v->page, STATE_COLUMN, arena_printf(arena, "%s%s; SPF %s, DMARC %s",
	    mode != NULL ? mode : "", is(domain, "signs", "no-key") ? ", has no key" :
	    is(domain, "signs", "not-in-dns") ? ", no key of it is in DNS" : "",
	    spf != NULL ? spf : "not known", dmarc != NULL ? dmarc : "not known"));
	show_keys(v, text(domain, "domain"));
}

static void
show_domains(const struct view *v)
{
	const json_t *list = json_object_get(v->root, "domains"), *domain;
	uint64_t total = number(v->root, "domains_total");
	size_t i, shown = 0;

	page_heading(v->page, "Managed domains and their keys");
	json_array_foreach(list, i, domain)
		if (shown < DOMAINS_SHOWN && text(domain, "domain") != NULL) {
			show_domain(v, domain);
			shown++;
		}
	if (total == 0)
		page_wrap(v->page, KEY_COLUMN, "None: nothing is signed. `mailworthy keygen "
		    "DOMAIN` tells what to do.");
	else if (total > shown)
		and_more(v, total - shown);
}

static void
show_warnings(const struct view *v)
{
	const json_t *list = json_object_get(v->root, "warnings"), *one;
	uint64_t total = number(v->root, "warnings_total");
	size_t i, shown = 0;

	if (total == 0)
		return;
	page_heading(v->page, "Warnings that stand");
	json_array_foreach(list, i, one) {
		if (shown == WARNINGS_SHOWN || text(one, "id") == NULL)
			continue;
		shown++;
		page_tab(v->page, 2);
		page_put(v->page, PAGE_WARN, arena_printf(v->page->arena, "%s: %s",
		    text(one, "domain") != NULL ? text(one, "domain") : "",
		    text(one, "id")));
		page_put(v->page, PAGE_DIM, arena_printf(v->page->arena, ", for %s",
		    span(v, v->now - (int64_t)number(one, "since"))));
		page_end(v->page);
		page_tab(v->page, 4);
		page_wrap(v->page, 4, text(one, "text") != NULL ? text(one, "text") : "");
		if (text(one, "fix") != NULL) {
			page_tab(v->page, 4);
			page_put(v->page, PAGE_DIM, "Fix ");
			page_wrap(v->page, 8, text(one, "fix"));
		}
	}
	if (total > shown)
		and_more(v, total - shown);
}

static const char *
leads(const json_t *address, const char *key, const char *yes, const char *no)
{
	const json_t *value = json_object_get(address, key);

	return json_is_true(value) ? yes : json_is_false(value) ? no : ", not looked up";
}

/* Of a HELO name: who told it, where it was not the configuration. */
static const char *
told_by(const json_t *address)
{
	return is(address, "helo_from", "macro") ? " (as the MTA calls itself)" :
	    is(address, "helo_from", "mta") ? " (from the MTA's settings)" : "";
}

static void
show_egress(const struct view *v)
{
	const json_t *list = json_object_get(v->root, "egress"), *one;
	struct arena *arena = v->page->arena;
	size_t i;

	page_heading(v->page, "Where mail leaves");
	json_array_foreach(list, i, one) {
		const char *address = text(one, "address"), *ptr = text(one, "ptr");
		const char *helo = text(one, "helo");

		page_tab(v->page, 2);
		page_put(v->page, PAGE_PLAIN, address != NULL ? address : "");
		page_tab(v->page, ALGORITHM_COLUMN);
		if (is_true(one, "relay")) {
			page_wrap(v->page, ALGORITHM_COLUMN, "a relay: its PTR and HELO are its "
			    "own affair");
			continue;
		}
		page_wrap(v->page, ALGORITHM_COLUMN, arena_printf(arena,
		    "PTR %s%s; HELO %s%s%s", ptr != NULL ? ptr : is(one, "ptr_known", "absent") ?
		    "none" : "not known", ptr != NULL ? leads(one, "ptr_leads_back",
		    ", which leads back", ", which does NOT lead back") : "",
		    helo != NULL ? helo : "not known yet: the MTA's name comes with the first "
		    "connection", helo != NULL ? told_by(one) : "", helo != NULL ?
		    leads(one, "helo_leads_here", ", which has this address",
		    ", which does NOT have this address") : ""));
	}
	if (json_array_size(list) == 0) {
		page_tab(v->page, 2);
		page_wrap(v->page, 2, number(v->root, "domains_total") == 0 ?
		    "Not looked at without a managed domain." :
		    "Not known yet, or no address is public: see section egress.");
	}
}

/* ---- counts ---- */

static const char *
verdicts(const struct view *v, const json_t *counts)
{
	struct arena *arena = v->page->arena;

	return arena_printf(arena, "%s pass, %s hold, %s tempfail, %s reject",
	    count(v, number(counts, "pass")), count(v, number(counts, "hold")),
	    count(v, number(counts, "tempfail")), count(v, number(counts, "reject")));
}

static uint64_t
total_of(const json_t *counts)
{
	return number(counts, "pass") + number(counts, "hold") + number(counts, "tempfail") +
	    number(counts, "reject");
}

static void
show_messages(const struct view *v)
{
	const json_t *m = json_object_get(v->root, "messages");
	const json_t *would = json_object_get(m, "audit_would");
	const json_t *end = json_object_get(m, "end_us");
	struct arena *arena = v->page->arena;

	page_heading(v->page, arena_printf(arena, "Since the worker was started, %s",
	    ago(v, number(v->root, "worker_started"))));
	line(v, "Messages", arena_printf(arena, "%s judged: %s", count(v, number(m, "total")),
	    verdicts(v, json_object_get(m, "by_verdict"))));
	if (total_of(would) > 0)
		line(v, "", arena_printf(arena, "%s of them in audit mode, where enforce mode "
		    "would have: %s", count(v, total_of(would)), verdicts(v, would)));
	if (number(m, "unjudged") + number(m, "aborted") > 0)
		line(v, "", arena_printf(arena, "%s not outbound, passed untouched; %s given up "
		    "by the client or the MTA", count(v, number(m, "unjudged")),
		    count(v, number(m, "aborted"))));
	if (number(m, "cannot_sign") + number(m, "not_applied") > 0)
		line(v, "", arena_printf(arena, "%s could not be signed; %s deferred since the "
		    "MTA refused an edit", count(v, number(m, "cannot_sign")),
		    count(v, number(m, "not_applied"))));
	line(v, "To", arena_printf(arena, "%s recipient%s; %s more refused at RCPT",
	    count(v, number(m, "recipients")), number(m, "recipients") == 1 ? "" : "s",
	    count(v, number(m, "recipients_refused"))));
	if (number(end, "n") > 0)
		line(v, "Answer", arena_printf(arena, "half within %s of the end of a message, "
		    "99 %% within %s", duration(v, number(end, "p50")),
		    duration(v, number(end, "p99"))));
}

static void
show_findings(const struct view *v)
{
	const json_t *list = json_object_get(v->root, "findings"), *one;
	size_t i, shown = 0;

	if (json_array_size(list) == 0)
		return;
	page_heading(v->page, "The most frequent findings");
	json_array_foreach(list, i, one) {
		uint64_t shadow = number(one, "shadow");

		if (shown == FINDINGS_SHOWN || text(one, "id") == NULL ||
		    number(one, "stands") + shadow == 0)
			continue;
		shown++;
		page_tab(v->page, 2);
		page_put(v->page, PAGE_PLAIN, text(one, "id"));
		page_tab(v->page, COUNT_COLUMN);
		page_put(v->page, PAGE_PLAIN, count(v, number(one, "stands")));
		if (shadow > 0)
			page_put(v->page, PAGE_DIM, arena_printf(v->page->arena,
			    ", and %s in shadow", count(v, shadow)));
		page_end(v->page);
	}
}

static void
show_dns(const struct view *v)
{
	const json_t *dns = json_object_get(v->root, "dns");
	const json_t *time = json_object_get(dns, "time_us");
	const json_t *list = json_object_get(v->root, "caches"), *cache;
	struct arena *arena = v->page->arena;
	const char *label = "Caches";
	size_t i;

	page_heading(v->page, "DNS and the process");
	line(v, "DNS", arena_printf(arena, "%s questions asked: %s clear answers, %s without "
	    "(%s of them timed out)%s", count(v, number(dns, "queries")),
	    count(v, number(dns, "answers")), count(v, number(dns, "failures")),
	    count(v, number(dns, "timeouts")), number(dns, "stale") == 0 ? "" :
	    arena_printf(arena, "; %s old answers in place of new ones",
	    count(v, number(dns, "stale")))));
	if (number(time, "n") > 0)
		line(v, "", arena_printf(arena, "half ended within %s, 99 %% within %s",
		    duration(v, number(time, "p50")), duration(v, number(time, "p99"))));
	json_array_foreach(list, i, cache) {
		uint64_t hits = number(cache, "hits");
		uint64_t all = hits + number(cache, "misses");

		line(v, label, arena_printf(arena, "%s: %s of %s entries%s",
		    text(cache, "cache") != NULL ? text(cache, "cache") : "",
		    count(v, number(cache, "entries")), count(v, number(cache, "entries_max")),
		    all == 0 ? "" : arena_printf(arena, ", %" PRIu64 " %% of %s questions "
		    "answered", hits * 100 / all, count(v, all))));
		label = "";
	}
}

static void
show_process(const struct view *v)
{
	const json_t *process = json_object_get(v->root, "process");
	struct arena *arena = v->page->arena;

	line(v, "Worker", arena_printf(arena, "%s resident, %s of %s descriptors, %s threads, "
	    "%s of CPU", words_size(arena, number(process, "resident_octets")),
	    count(v, number(process, "descriptors")),
	    count(v, number(process, "descriptors_max")),
	    count(v, number(process, "threads")), duration(v, number(process, "cpu_us"))));
	line(v, "Now", arena_printf(arena, "%s connections, %s messages in hand, %s at their "
	    "end", count(v, number(process, "connections")),
	    count(v, number(process, "messages_in_hand")),
	    count(v, number(process, "messages_at_end"))));
}

/* NULL when this is no such document. */
static json_t *
load(struct slice document)
{
	json_t *root = json_loadb(document.p, document.n, JSON_REJECT_DUPLICATES, NULL);

	if (root != NULL && (!json_is_object(root) || number(root, "v") != 1 ||
	    number(root, "time") == 0)) {
		json_decref(root);
		root = NULL;
	}
	return root;
}

static int
needs_care(const json_t *root)
{
	return json_array_size(json_object_get(root, "care")) > 0 ? 1 : 0;
}

int
status_page(struct page *page, struct slice document)
{
	struct view v = { .page = page, .root = load(document) };
	int care;

	if (v.root == NULL)
		return -1;
	v.now = (int64_t)number(v.root, "time");
	show_head(&v);
	show_care(&v);
	show_domains(&v);
	show_warnings(&v);
	show_egress(&v);
	show_messages(&v);
	show_findings(&v);
	show_dns(&v);
	show_process(&v);
	care = needs_care(v.root);
	json_decref(v.root);
	return care;
}

int
status_care(struct slice document)
{
	json_t *root = load(document);
	int care = root != NULL ? needs_care(root) : -1;

	json_decref(root);
	return care;
}
