/*
 * The recipients: domains that take no mail, slips of the pen, addresses that
 * few receivers can take, and how many there are.
 *
 * Judged one by one at RCPT, where a client is there to hear it, and together
 * at end of message.  What is done about a recipient must not hit the others:
 * an action is only asked for where it is right for every one of them.
 */
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"

enum {
	WEIGHT_TYPO_TAKES_MAIL = 3,
	RCPTS_MANY = 100,
	NAMED_MAX = 5,		/* recipients named in a text */
	NAMES_MAX = 2000,
};

struct named {			/* recipients that a finding is about */
	struct buf text;
	size_t shown;		/* domains, those beyond NAMED_MAX too */
};

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

static bool
is_in_doubt(const struct destination *d)
{
	return !is_dead(d) && !takes_mail(d);
}

/* The first one there: whom the finding names. */
static const struct address *
recipient_at(const struct message *message, const struct destination *d)
{
	for (size_t i = 0; i < message->n_rcpts; i++) {
		const struct rcpt *rcpt = &message->rcpts[i];

		if (rcpt->refused_by == NULL && rcpt->address.domain != NULL &&
		    strcmp(rcpt->address.domain, d->domain) == 0)
			return &rcpt->address;
	}
	return NULL;
}

static const char *
why_dead(const struct destination *d)
{
	if (d->null_mx)
		return "takes no mail at all (its MX is \".\")";
	if (d->exists == KNOWN_ABSENT)
		return "does not exist in DNS";
	return "has neither an MX nor an address record in DNS";
}

static void
name_one(const struct check_input *input, struct named *named,
    const struct destination *d, const char *why)
{
	const struct address *address = recipient_at(input->message, d);

	if (named->shown++ >= NAMED_MAX || address == NULL)
		return;
	buf_printf(&named->text, "%s%s: the domain %s", named->text.n > 0 ? "; " : "",
	    check_safe(input, address->text), why);
	if (d->likely != NULL)
		buf_printf(&named->text, ", did you mean %s@%s?",
		    check_safe(input, address->local_part), d->likely);
}

static const char *
names(struct named *named)
{
	const char *text;

	if (named->shown > NAMED_MAX)
		buf_printf(&named->text, "; and %zu domain%s more",
		    named->shown - NAMED_MAX, named->shown - NAMED_MAX == 1 ? "" : "s");
	text = buf_str(&named->text);
	if (text[0] != '\0' && text[strlen(text) - 1] != '?')
		buf_printf(&named->text, ".");
	return buf_str(&named->text);
}

/* Two answers each say that no recipient of the message can be reached. */
static bool
nobody_is_reached(const struct check_input *input)
{
	const struct destinations_evidence *all = &input->evidence->destinations;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (is_dead(&all->p[i]) && all->p[i].confirmed &&
		    !all->p[i].routed_by_hand)
			n += all->p[i].rcpts;
	return n == input->message->rcpts_total;
}

/* Nothing was found: could everybody be looked at? */
static void
not_found(const struct check_input *input, bool doubt, struct check_result *result)
{
	const struct destinations_evidence *all = &input->evidence->destinations;

	if (doubt)
		check_temperror(result);
	else if (all->skipped > 0 || all->unknown_mailer > 0 ||
	    input->message->n_rcpts < input->message->rcpts_total)
		check_dunno(result);
	else
		check_ok(result);
}

/* RFC 7505 section 4.2 for the null MX, else RFC 3463 section 3.2. */
static void
set_dead(const struct check_input *input, const struct destination *first,
    struct check_result *result)
{
	result->enhanced = first->null_mx ? "1.10" : "1.2";
	result->no_action = !nobody_is_reached(input);
}

static void
find_typos(const struct check_input *input, bool dead, struct named *named,
    const struct destination **first_r)
{
	const struct destinations_evidence *all = &input->evidence->destinations;

	*first_r = NULL;
	buf_init(&named->text, input->arena, NAMES_MAX);
	for (size_t i = 0; i < all->n; i++) {
		const struct destination *d = &all->p[i];

		if (d->likely == NULL || d->routed_by_hand ||
		    (dead ? !is_dead(d) : !takes_mail(d)))
			continue;
		if (*first_r == NULL)
			*first_r = d;
		name_one(input, named, d, dead ? why_dead(d) :
		    "takes mail, but is one or two slips from a large one");
	}
}

/* Every domain that takes no mail is a slip of another. */
static bool
all_dead_are_typos(const struct destinations_evidence *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_dead(&all->p[i]) && all->p[i].likely == NULL)
			return false;
	return true;
}

void
check_rcpt_typo(const struct check_input *input, struct check_result *result)
{
	const struct destinations_evidence *all = &input->evidence->destinations;
	struct named dead = { .shown = 0 }, live = { .shown = 0 };
	const struct destination *first;
	bool doubt = false;

	find_typos(input, true, &dead, &first);
	if (first != NULL) {
		check_hit(input, result, "%s", names(&dead));
		set_dead(input, first, result);
		result->covers = all_dead_are_typos(all) ? "rcpt-no-mail" : NULL;
		return;
	}
	find_typos(input, false, &live, &first);
	if (first != NULL) {
		result->weight = WEIGHT_TYPO_TAKES_MAIL;
		result->no_action = true;	/* it may be meant */
		check_hit(input, result, "%s", names(&live));
		return;
	}
	for (size_t i = 0; i < all->n; i++)
		if (all->p[i].likely != NULL && is_in_doubt(&all->p[i]))
			doubt = true;
	not_found(input, doubt, result);
}

void
check_rcpt_no_mail(const struct check_input *input, struct check_result *result)
{
	const struct destinations_evidence *all = &input->evidence->destinations;
	const struct destination *first = NULL;
	struct named named = { .shown = 0 };
	bool doubt = false;

	buf_init(&named.text, input->arena, NAMES_MAX);
	for (size_t i = 0; i < all->n; i++) {
		const struct destination *d = &all->p[i];

		if (d->routed_by_hand)
			continue;
		if (is_in_doubt(d))
			doubt = true;
		if (!is_dead(d))
			continue;
		if (first == NULL)
			first = d;
		name_one(input, &named, d, why_dead(d));
	}
	if (first == NULL) {
		not_found(input, doubt, result);
		return;
	}
	check_hit(input, result, "%s", names(&named));
	set_dead(input, first, result);
}

static bool
is_ascii(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

void
check_rcpt_eai(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	const struct address *first = NULL;
	size_t n = 0;
	bool unknown = message->n_rcpts < message->rcpts_total + message->rcpts_refused;

	for (size_t i = 0; i < message->n_rcpts; i++) {
		const struct rcpt *rcpt = &message->rcpts[i];
		enum rcpt_way way = message_rcpt_way(message, rcpt);

		if (rcpt->refused_by != NULL || way == RCPT_STAYS ||
		    (is_ascii(rcpt->address.local_part) &&
		    is_ascii(rcpt->address.domain_utf8)))
			continue;
		if (way == RCPT_UNKNOWN)
			unknown = true;
		else if (n++ == 0)
			first = &rcpt->address;
	}
	if (first == NULL) {
		unknown ? check_dunno(result) : check_ok(result);
		return;
	}
	check_hit(input, result, n == 1 ? "The address %s is not ASCII: the receiver's "
	    "and every host on the way must take SMTPUTF8, or it bounces." :
	    "%s and %zu more addresses of recipients are not ASCII: the receivers and "
	    "every host on the way must take SMTPUTF8, or it bounces.",
	    check_safe(input, first->text), n - 1);
	result->enhanced = "6.7";	/* RFC 6531 section 3.5 */
	result->no_action = n < message->rcpts_total;
}

void
check_rcpt_count(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	size_t leaving = 0, unknown = 0, kept = 0;

	for (size_t i = 0; i < message->n_rcpts; i++) {
		if (message->rcpts[i].refused_by != NULL)
			continue;
		kept++;
		switch (message_rcpt_way(message, &message->rcpts[i])) {
		case RCPT_LEAVES:
			leaving++;
			break;
		case RCPT_UNKNOWN:
			unknown++;
			break;
		case RCPT_STAYS:
			break;
		}
	}
	unknown += message->rcpts_total - kept;
	if (leaving > RCPTS_MANY)
		check_hit(input, result, "The message has %zu recipients; over %d in one "
		    "message look like a mailing without a list, and receivers take only "
		    "some of them at once.", leaving, RCPTS_MANY);
	else if (leaving + unknown > RCPTS_MANY)
		check_dunno(result);
	else
		check_ok(result);
}
