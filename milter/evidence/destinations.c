/*
 * The domains of the recipients that leave by SMTP, as a sender sees them: do
 * they take mail, who runs their mailboxes, and were they meant at all.
 *
 * A clear no is confirmed when two answers say it: every question about the
 * domain was answered, none of them out of date (RFC 8767), and the servers,
 * asked for the MX once more past what we keep, said the same again.  A doubt
 * anywhere, or a second answer unlike the first, leaves it open.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "evidence/collection.h"
#include "evidence/results.h"
#include "evidence/typo.h"
#include "mail/domain.h"
#include "settings/lists.h"
#include "settings/settings.h"

enum {
	/* Of the message's queries; the sender's own domains need the others. */
	QUERIES_MAX = 60,
	/* A no is asked for anew after so many seconds, however long its TTL. */
	NO_TTL_MAX = 300,
};

enum progress { PROGRESS_NEW, PROGRESS_ASKED, PROGRESS_DONE };

struct gathered {			/* while one message's are put together */
	struct destinations_evidence *out;
	struct map *known;		/* domain to its struct destination */
	struct destination beyond;	/* stands for all that are too many */
};

/* ---- which there are ---- */

/* Names that are resolved on the spot, in no DNS of the world's (RFC 6761,
 * RFC 6762, RFC 8375, and what networks use in their own). */
static bool
is_local_name(const char *domain)
{
	static const char *const tops[] = {
		"local", "localhost", "localdomain", "internal", "intranet", "lan",
		"home", "corp", "private", "test", "onion", "alt", "home.arpa",
	};

	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (domain_is_under(domain, tops[i]))
			return true;
	return false;
}

/* "[mail.example.com]:587", "example.com." without what is not the name. */
static struct slice
bare_host(const char *host)
{
	struct slice name = slice_of(host);

	if (name.n > 0 && name.p[0] == '[') {
		name = slice_sub(name, 1, name.n);
		return slice_sub(name, 0, slice_find(name, ']'));
	}
	name = slice_sub(name, 0, slice_find(name, ':'));
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

/*
 * The next hop is neither the domain's own MX nor a relay that the settings
 * know: a table of this MTA leads there, whatever DNS says.
 */
static bool
is_routed_by_hand(const struct collection *c, const struct rcpt *rcpt)
{
	const struct settings *settings = c->input->settings;
	struct slice host = bare_host(rcpt->host);

	if (host.n == 0 || (rcpt->host[0] != '[' &&
	    (slice_is(host, rcpt->address.domain) ||
	    slice_is(host, rcpt->address.domain_utf8))))
		return false;
	for (size_t i = 0; i < settings->n_egresses; i++)
		if (settings->egresses[i].via != NULL && slice_eq_nocase(host,
		    bare_host(settings->egresses[i].via)))
			return false;
	return true;
}

static struct destination *
add_domain(struct gathered *g, const char *domain)
{
	struct destination *destination = map_get(g->known, domain);

	if (destination != NULL)
		return destination;
	if (g->out->n == DESTINATIONS_MAX) {
		destination = &g->beyond;
		g->out->skipped++;
	} else {
		destination = &g->out->p[g->out->n++];
		destination->domain = domain;
	}
	map_set(g->known, domain, destination);
	return destination;
}

static void
gather(struct collection *c)
{
	const struct message *message = c->input->message;
	size_t room = message->n_rcpts < DESTINATIONS_MAX ? message->n_rcpts :
	    DESTINATIONS_MAX;
	struct gathered g = { .out = &c->evidence->destinations };
	struct destination *destination;

	g.known = map_new(c->input->arena);
	g.out->p = arena_array(c->input->arena, room, sizeof(*g.out->p));
	c->progress = arena_array(c->input->arena, room, sizeof(*c->progress));
	for (size_t i = 0; i < message->n_rcpts; i++) {
		const struct rcpt *rcpt = &message->rcpts[i];
		enum rcpt_way way = message_rcpt_way(message, rcpt);

		if (rcpt->refused_by != NULL || way == RCPT_STAYS)
			continue;
		if (way == RCPT_UNKNOWN) {
			g.out->unknown_mailer++;
			continue;
		}
		if (!domain_is_fqdn(rcpt->address.domain) ||
		    is_local_name(rcpt->address.domain))
			continue;
		destination = add_domain(&g, rcpt->address.domain);
		destination->rcpts++;
		if (is_routed_by_hand(c, rcpt))
			destination->routed_by_hand = true;
	}
}

/* ---- what DNS says ---- */

struct found {				/* of one domain */
	struct destination *d;
	const char *mx_host;		/* that tells the provider; NULL */
	uint32_t ttl;
};

/* A no out of date is none. */
static enum known
known_of_fresh(const struct dns_answer *answer)
{
	enum known known = known_of(answer);

	return known == KNOWN_ABSENT && answer->stale ? KNOWN_TEMPERROR : known;
}

static bool
is_null_mx(const struct dns_answer *answer)
{
	return answer->status == DNS_OK && answer->n == 1 &&
	    answer->rrs[0].name != NULL && answer->rrs[0].name[0] == '\0';
}

/* The host of a provider we know, else the first choice. */
static const char *
telling_host(const struct lists *lists, const struct dns_answer *answer)
{
	const struct dns_rr *best = NULL;

	for (size_t i = 0; i < answer->n; i++) {
		const struct dns_rr *rr = &answer->rrs[i];

		if (rr->name == NULL)
			continue;
		if (lists != NULL && lists_provider(lists, rr->name) != NULL)
			return rr->name;
		if (best == NULL || rr->preference < best->preference)
			best = rr;
	}
	return best != NULL ? best->name : NULL;
}

/* The servers are asked once more: 1 while they are. */
static int
confirm(const struct collection *c, struct destination *d)
{
	const struct dns_answer *again = dns_get_again(c->input->lookups, d->domain, DNS_MX);

	if (again->status == DNS_PENDING)
		return 1;
	d->confirmed = !again->stale && (d->null_mx ? is_null_mx(again) :
	    again->status == DNS_NODATA || again->status == DNS_NXDOMAIN);
	if (!d->confirmed && again->status == DNS_OK)
		d->mx = KNOWN_TEMPERROR;	/* one of the two is wrong */
	return 0;
}

/* Without an MX the address is one (RFC 5321 section 5.1). */
static int
ask_address(const struct collection *c, struct found *found)
{
	struct destination *d = found->d;
	const struct dns_answer *v4 = collection_ask(c, d->domain, DNS_A, &found->ttl);
	const struct dns_answer *v6 = collection_ask(c, d->domain, DNS_AAAA, &found->ttl);

	if (v4->status != DNS_OK && v6->status != DNS_OK &&
	    (v4->status == DNS_PENDING || v6->status == DNS_PENDING))
		return 1;
	d->address = known_either(known_of_fresh(v4), known_of_fresh(v6));
	if (d->address == KNOWN_VALUE || v4->status == DNS_NODATA ||
	    v6->status == DNS_NODATA)
		d->exists = KNOWN_VALUE;
	return d->mx == KNOWN_ABSENT && d->address == KNOWN_ABSENT ? confirm(c, d) : 0;
}

static int
ask(const struct collection *c, struct found *found)
{
	struct destination *d = found->d;
	const struct dns_answer *mx = collection_ask(c, d->domain, DNS_MX, &found->ttl);

	if (mx->status == DNS_PENDING)
		return 1;
	d->mx = known_of_fresh(mx);
	d->exists = mx->status == DNS_NXDOMAIN ? d->mx :
	    d->mx == KNOWN_ABSENT ? KNOWN_VALUE : d->mx;
	d->null_mx = is_null_mx(mx);
	if (d->null_mx)
		return mx->stale ? 0 : confirm(c, d);
	if (d->mx == KNOWN_VALUE) {
		found->mx_host = telling_host(c->input->settings->lists, mx);
		return 0;
	}
	return ask_address(c, found);
}

/* ---- what follows from it ---- */

static bool
is_dead(const struct destination *d)
{
	return d->mx != KNOWN_TEMPERROR && (d->null_mx ||
	    (d->mx == KNOWN_ABSENT && d->address == KNOWN_ABSENT));
}

static bool
takes_mail(const struct destination *d)
{
	return !d->null_mx && (d->mx == KNOWN_VALUE || d->address == KNOWN_VALUE);
}

static void
find_provider(const struct collection *c, struct destination *d, const char *mx_host)
{
	const struct lists *lists = c->input->settings->lists;

	if (lists == NULL)
		return;
	if (mx_host != NULL)
		d->provider = lists_provider(lists, mx_host);
	if (d->provider != NULL)
		d->provider_known = KNOWN_VALUE;
	else if (takes_mail(d) || is_dead(d))
		d->provider_known = KNOWN_ABSENT;
	else
		d->provider_known = KNOWN_TEMPERROR;
}

/* Whoever lets a provider we know run his mail has a name of his own. */
static void
find_likely(const struct collection *c, struct destination *d)
{
	const struct lists *lists = c->input->settings->lists;
	struct typo_words words;

	if (lists == NULL || lists_has(lists, LIST_FREEMAIL, d->domain) ||
	    lists_has(lists, LIST_MAILBOXES, d->domain) ||
	    (takes_mail(d) && d->provider != NULL))
		return;
	words.mailboxes = lists_words(lists, LIST_MAILBOXES, &words.n_mailboxes);
	words.tlds = lists_words(lists, LIST_TYPO_TLDS, &words.n_tlds);
	d->likely = typo_likely(d->domain, takes_mail(d), &words);
}

/* ---- one domain ---- */

static void
keep(const struct collection *c, const struct buf *key, const struct found *found)
{
	const struct destination *d = found->d;
	uint32_t ttl = found->ttl;
	struct buf value;

	if (!takes_mail(d) && !is_dead(d))
		return;
	if (is_dead(d) && !d->confirmed)
		return;
	if (is_dead(d) && ttl > NO_TTL_MAX)
		ttl = NO_TTL_MAX;
	pack_new(&value, c->input->arena);
	pack_number(&value, d->exists);
	pack_number(&value, d->mx);
	pack_number(&value, d->address);
	pack_number(&value, d->null_mx);
	pack_number(&value, d->confirmed);
	pack_text(&value, found->mx_host);
	results_put(c, key, &value, ttl);
}

static void
take_kept(struct unpack *unpack, struct found *found)
{
	struct destination *d = found->d;

	d->exists = (enum known)unpack_number(unpack);
	d->mx = (enum known)unpack_number(unpack);
	d->address = (enum known)unpack_number(unpack);
	d->null_mx = unpack_number(unpack) != 0;
	d->confirmed = unpack_number(unpack) != 0;
	found->mx_host = unpack_text(unpack);
}

/* 1 while it waits; else the answers stand in *found. */
static int
look_up(struct collection *c, struct found *found, enum progress *progress)
{
	struct destination fresh = *found->d;
	struct found asked = { .d = &fresh, .ttl = UINT32_MAX };
	struct unpack unpack;
	struct buf key;
	enum result_age age;

	result_key(&key, c->input->arena, 'T');
	result_key_text(&key, fresh.domain);
	age = results_get(c, &key, &unpack);
	if (age != RESULT_NONE)
		take_kept(&unpack, found);
	if (age == RESULT_FRESH)
		return 0;
	if (*progress == PROGRESS_NEW && lookups_queries(c->input->lookups) >= QUERIES_MAX) {
		if (age == RESULT_NONE)
			found->d->exists = found->d->mx = found->d->address =
			    KNOWN_TEMPERROR;
		return 0;
	}
	*progress = PROGRESS_ASKED;
	if (ask(c, &asked) != 0)
		return age == RESULT_NONE;
	/* a doubt does not end a yes that still holds; a no it does */
	if (age == RESULT_DUE && takes_mail(found->d) && !takes_mail(&fresh) &&
	    !is_dead(&fresh))
		return 0;
	*found->d = fresh;
	found->mx_host = asked.mx_host;
	keep(c, &key, &asked);
	return 0;
}

int
collect_destinations(struct collection *c)
{
	struct destinations_evidence *all = &c->evidence->destinations;
	int waits = 0;

	if (all->p == NULL)
		gather(c);
	for (size_t i = 0; i < all->n; i++) {
		struct found found = { .d = &all->p[i] };
		enum progress progress = (enum progress)c->progress[i];

		if (progress == PROGRESS_DONE)
			continue;
		if (look_up(c, &found, &progress) != 0) {
			waits = 1;
		} else {
			find_provider(c, found.d, found.mx_host);
			find_likely(c, found.d);
			progress = PROGRESS_DONE;
		}
		c->progress[i] = (unsigned char)progress;
	}
	return waits;
}
