/*
 * One message's questions: each name once, a budget, a deadline, and a
 * second-best answer where a better one lets itself be waited for.
 */
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "dns/backend.h"
#include "dns/engine.h"
#include "dns/name.h"

enum {
	/* RFC 8767 section 5: the client response timer. */
	STALE_AFTER_US = 1800 * 1000,
	/* What failed a while ago is given little time to have mended. */
	FAILED_AFTER_US = 300 * 1000,
	/* A server nearby has answered by then. */
	LONG_WAIT_US = 10 * 1000,
};

struct lookup {
	struct waiter waiter;
	struct lookup *next;		/* pending */
	struct dns_answer *answer;	/* what dns_get() gave out */
	struct dns_value *second_best;	/* packed, expired; or NULL */
	int64_t second_best_us;		/* when it is taken; real monotonic time */
};

struct lookups {
	struct dns *dns;
	struct arena *arena;
	struct map *answers;		/* key to struct dns_answer */
	struct mailbox mailbox;
	struct lookup *pending;
	size_t n_pending;
	unsigned queries, max_queries;
	unsigned deadline_seconds;
	int64_t left_us;		/* of the time to wait */
	int64_t short_us;		/* of it, before it is called long */
	bool over;
};

/* Waiting is done in real time, whatever clock rules the cache. */
static int64_t
real_us(void)
{
	return clock_mono_us(&clock_system);
}

static void
mailbox_init(struct mailbox *mailbox)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&mailbox->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&mailbox->arrived, &attr);
	pthread_condattr_destroy(&attr);
}

/* Until something has come or the moment has passed; true when it has come. */
static bool
mailbox_wait(struct mailbox *mailbox, int64_t until_us)
{
	struct timespec until = {
		.tv_sec = (time_t)(until_us / 1000000),
		.tv_nsec = (long)(until_us % 1000000) * 1000,
	};
	bool arrived;

	pthread_mutex_lock(&mailbox->lock);
	while (mailbox->n == 0)
		if (pthread_cond_timedwait(&mailbox->arrived, &mailbox->lock,
		    &until) != 0)
			break;
	arrived = mailbox->n > 0;
	pthread_mutex_unlock(&mailbox->lock);
	return arrived;
}

static bool
lookup_has_arrived(struct lookup *lookup)
{
	struct mailbox *mailbox = lookup->waiter.mailbox;
	bool arrived;

	pthread_mutex_lock(&mailbox->lock);
	arrived = lookup->waiter.answered != NULL;
	pthread_mutex_unlock(&mailbox->lock);
	return arrived;
}

static void
lookups_cancel(void *object)
{
	struct lookups *lookups = object;

	for (struct lookup *it = lookups->pending; it != NULL; it = it->next)
		dns_forget(lookups->dns, &it->waiter);
	pthread_cond_destroy(&lookups->mailbox.arrived);
	pthread_mutex_destroy(&lookups->mailbox.lock);
}

struct lookups *
lookups_new(struct dns *dns, struct arena *arena, unsigned deadline_seconds,
    unsigned max_queries)
{
	struct lookups *lookups;

	lookups = arena_alloc(arena, sizeof(*lookups));
	lookups->dns = dns;
	lookups->arena = arena;
	lookups->answers = map_new(arena);
	lookups->max_queries = max_queries;
	lookups->deadline_seconds = deadline_seconds;
	lookups->left_us = (int64_t)deadline_seconds * 1000000;
	lookups->short_us = LONG_WAIT_US;
	mailbox_init(&lookups->mailbox);
	arena_defer(arena, lookups_cancel, lookups);
	return lookups;
}

/* Puts the answer where dns_get() pointed. */
static void
lookup_settle(struct lookups *lookups, struct lookup *lookup, struct dns_value *packed)
{
	struct dns_answer *answer = lookup->answer;

	*answer = *dns_value_unpack(packed);
	answer->ttl = packed->ttl;
	if (answer->stale)
		dns_count(lookups->dns, COUNT_STALE);
}

static void
lookup_settle_arrived(struct lookups *lookups, struct lookup *lookup)
{
	lookup_settle(lookups, lookup,
	    dns_value_copy(lookups->arena, dns_arrived(&lookup->waiter)));
	dns_forget(lookups->dns, &lookup->waiter);
}

/* True when there was one to take. */
static bool
lookup_settle_second_best(struct lookups *lookups, struct lookup *lookup)
{
	struct dns_value *value = lookup->second_best;

	if (value == NULL)
		return false;
	if (value->answer.status != DNS_TEMPFAIL)
		value->answer.stale = true;
	value->ttl = DNS_FAILURE_SECONDS;
	lookup_settle(lookups, lookup, value);
	return true;
}

/* A limit of ours: the last good answer, or none. */
static void
lookup_settle_over(struct lookups *lookups, struct lookup *lookup, const char *why)
{
	struct dns_answer *answer = lookup->answer;

	lookups->over = true;
	if (lookup_settle_second_best(lookups, lookup) &&
	    answer->status != DNS_TEMPFAIL)
		return;
	answer->status = DNS_TEMPFAIL;
	answer->over_budget = true;
	answer->error = why;
}

static const char *
why_deadline(const struct lookups *lookups)
{
	return arena_printf(lookups->arena, "DNS had not answered after the %u s that "
	    "one message may take", lookups->deadline_seconds);
}

/* The reason not to ask now, or NULL. */
static const char *
why_over(const struct lookups *lookups)
{
	if (lookups->queries >= lookups->max_queries)
		return arena_printf(lookups->arena,
		    "the limit of %u DNS queries for one message is reached",
		    lookups->max_queries);
	if (lookups->left_us <= 0)
		return why_deadline(lookups);
	return NULL;
}

static void
lookup_set_second_best(struct lookups *lookups, struct lookup *lookup,
    struct dns_value *known)
{
	bool usable = dns_value_usable_stale(known, clock_mono_us(lookups->dns->clock));

	if (!usable && known->answer.status != DNS_TEMPFAIL)
		return;
	lookup->second_best = known;
	lookup->second_best_us = real_us() +
	    (usable && !known->answer.stale ? STALE_AFTER_US : FAILED_AFTER_US);
}

/* Asks for what is not known or known no more. */
static struct dns_answer *
lookup_start(struct lookups *lookups, const char *key, struct dns_value *known)
{
	struct lookup *lookup;
	const char *why;

	lookup = arena_alloc(lookups->arena, sizeof(*lookup));
	lookup->waiter.mailbox = &lookups->mailbox;
	lookup->answer = arena_alloc(lookups->arena, sizeof(*lookup->answer));
	lookup->answer->name = arena_strdup(lookups->arena, key + 1);
	lookup->answer->canonical = lookup->answer->name;
	lookup->answer->type = dns_key_type(key);
	lookup->answer->status = DNS_PENDING;
	if (known != NULL)
		lookup_set_second_best(lookups, lookup, known);
	why = why_over(lookups);
	if (why == NULL && !dns_ask(lookups->dns, key, known, &lookup->waiter))
		why = "too many DNS queries are under way";
	if (why != NULL) {
		lookup_settle_over(lookups, lookup, why);
		return lookup->answer;
	}
	lookups->queries++;
	if (lookup_has_arrived(lookup)) {
		lookup_settle_arrived(lookups, lookup);
		return lookup->answer;
	}
	lookup->next = lookups->pending;
	lookups->pending = lookup;
	lookups->n_pending++;
	return lookup->answer;
}

static const struct dns_answer *
unfit_name(struct lookups *lookups, const char *name, enum dns_type type)
{
	struct dns_answer *answer;

	answer = arena_alloc(lookups->arena, sizeof(*answer));
	answer->status = DNS_NXDOMAIN;
	answer->name = answer->canonical = arena_strdup(lookups->arena, name);
	answer->type = type;
	return answer;
}

static const struct dns_answer *
get(struct lookups *lookups, const char *name, enum dns_type type, bool again)
{
	char key[1 + DNS_NAME_TEXT_MAX];
	struct dns_answer *answer;
	struct dns_value *known = NULL;
	uint32_t fresh_s = 0;

	key[0] = (char)((' ' + (int)type) | (again ? DNS_KEY_AGAIN : 0));
	if (!dns_name_canonical(name, key + 1) || key[1] == '\0')
		return unfit_name(lookups, name, type);
	answer = map_get(lookups->answers, key);
	if (answer != NULL)
		return answer;
	if (!again)
		known = dns_known(lookups->dns, key, lookups->arena, &fresh_s);
	if (fresh_s > 0) {
		answer = dns_value_unpack(known);
		answer->ttl = fresh_s;
		if (answer->stale)
			dns_count(lookups->dns, COUNT_STALE);
	} else {
		answer = lookup_start(lookups, key, known);
	}
	map_set(lookups->answers, key, answer);
	return answer;
}

const struct dns_answer *
dns_get(struct lookups *lookups, const char *name, enum dns_type type)
{
	return get(lookups, name, type, false);
}

const struct dns_answer *
dns_get_again(struct lookups *lookups, const char *name, enum dns_type type)
{
	return get(lookups, name, type, true);
}

void
dns_pretend_txt(struct lookups *lookups, const char *name, struct slice text)
{
	char key[1 + DNS_NAME_TEXT_MAX];
	struct dns_answer *answer = arena_alloc(lookups->arena, sizeof(*answer));
	struct dns_rr *rr = arena_alloc(lookups->arena, sizeof(*rr));

	key[0] = (char)(' ' + (int)DNS_TXT);
	if (!dns_name_canonical(name, key + 1) || key[1] == '\0')
		return;
	rr->text = (struct slice){ arena_strndup(lookups->arena, text.p, text.n), text.n };
	rr->n_strings = 1;
	*answer = (struct dns_answer){
		.status = DNS_OK, .type = DNS_TXT, .rrs = rr, .n = 1,
		.name = arena_strdup(lookups->arena, key + 1), .ttl = DNS_FAILURE_SECONDS,
	};
	answer->canonical = answer->name;
	map_set(lookups->answers, key, answer);
}

void
lookups_limit(struct lookups *lookups, unsigned seconds)
{
	if (lookups->left_us > (int64_t)seconds * 1000000)
		lookups->left_us = (int64_t)seconds * 1000000;
}

size_t
lookups_pending(const struct lookups *lookups)
{
	return lookups->n_pending;
}

/* What became of a pending one by now; false when it is pending still. */
static bool
lookup_finish(struct lookups *lookups, struct lookup *lookup, int64_t now_us)
{
	if (lookup_has_arrived(lookup)) {
		lookup_settle_arrived(lookups, lookup);
		return true;
	}
	if (lookup->second_best != NULL && now_us >= lookup->second_best_us) {
		dns_forget(lookups->dns, &lookup->waiter);
		lookup_settle_second_best(lookups, lookup);
		return true;
	}
	if (lookups->left_us > 0)
		return false;
	dns_forget(lookups->dns, &lookup->waiter);
	lookup_settle_over(lookups, lookup, why_deadline(lookups));
	return true;
}

static void
lookups_finish(struct lookups *lookups, int64_t now_us)
{
	struct lookup **at = &lookups->pending;

	while (*at != NULL) {
		if (lookup_finish(lookups, *at, now_us)) {
			*at = (*at)->next;
			lookups->n_pending--;
		} else {
			at = &(*at)->next;
		}
	}
}

/*
 * A backend that answers at once has nothing more to say: its time-out ends
 * all that is pending, on a clock that stands still without waiting.
 */
static void
lookups_wait_instant(struct lookups *lookups, int64_t timeout_us)
{
	if (timeout_us > lookups->left_us)
		timeout_us = lookups->left_us;
	if (lookups->dns->clock->mono_us == clock_system.mono_us)
		mailbox_wait(&lookups->mailbox, real_us() + timeout_us);
	lookups->left_us -= timeout_us;
	lookups->over = lookups->over || lookups->left_us <= 0;
	for (struct lookup *it = lookups->pending; it != NULL; it = it->next)
		dns_expire(lookups->dns, &it->waiter);
	lookups_finish(lookups, real_us());
}

/* Whoever minds that this thread is busy is told once, when it takes long. */
static void
wait_until(struct lookups *lookups, int64_t until_us)
{
	int64_t start_us = real_us();
	bool arrived;

	if (lookups->dns->on_long_wait != NULL && lookups->short_us > 0 &&
	    start_us + lookups->short_us < until_us) {
		arrived = mailbox_wait(&lookups->mailbox, start_us + lookups->short_us);
		lookups->short_us -= real_us() - start_us;
		if (arrived)
			return;
		lookups->short_us = 0;
		lookups->dns->on_long_wait();
	}
	mailbox_wait(&lookups->mailbox, until_us);
}

bool
lookups_wait(struct lookups *lookups)
{
	int64_t start_us, until_us;

	if (lookups->pending == NULL)
		return false;
	if (lookups->dns->instant) {
		lookups_wait_instant(lookups,
		    lookups->dns->backend->instant_timeout_us);
		return true;
	}
	start_us = real_us();
	until_us = start_us + lookups->left_us;
	for (struct lookup *it = lookups->pending; it != NULL; it = it->next)
		if (it->second_best != NULL && it->second_best_us < until_us)
			until_us = it->second_best_us;
	wait_until(lookups, until_us);
	lookups->left_us -= real_us() - start_us;
	lookups_finish(lookups, real_us());
	return true;
}

unsigned
lookups_queries(const struct lookups *lookups)
{
	return lookups->queries;
}

bool
lookups_over(const struct lookups *lookups)
{
	return lookups->over;
}
