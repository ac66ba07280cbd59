/*
 * SPF as receivers will see it (RFC 7208), for every address mail leaves from.
 * The results exclude each other by the worst, so that one hole in a record
 * weighs once.
 */
#include <strings.h>
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"

#define NEAR_LOOKUPS 8
#define NEAR_VOIDS 1
#define RECORD_SHOWN_MAX 1000	/* longer records are not repeated in a fix */

/* False when SPF of the identity could not be judged; the status says so. */
static bool
is_judged(const struct check_input *input, struct check_result *result)
{
	const struct spf_evidence *spf = &input->evidence->spf;

	if (spf->domain == NULL) {
		check_dunno(result);
		return false;
	}
	return check_known(spf->known, result);
}

/* Tallies the egress addresses, or the relay, that get `wanted`. */
static void
tally_results(const struct check_input *input, enum spf_result wanted,
    struct check_tally *tally)
{
	const struct egress_evidence *egress = &input->evidence->egress;
	size_t i;

	check_tally_init(tally, input);
	for (i = 0; i < egress->n; i++) {
		const struct egress_address *address = &egress->addresses[i];

		if (!check_tally_known(tally, address->spf_known))
			continue;
		if (address->spf.result == SPF_TEMPERROR)
			tally->temperror = true;
		else if (address->spf.result == wanted)
			check_tally_hit(tally, ip_text(input->arena, &address->ip));
	}
	if (egress->n == 0 && input->evidence->spf.worst == wanted)
		check_tally_hit(tally, check_safe(input, egress->via));
}

static bool
has_result(const struct check_input *input, enum spf_result wanted)
{
	struct check_tally tally;

	tally_results(input, wanted, &tally);
	return tally.hits > 0;
}

/* An address with that result, or NULL (a relay). */
static const struct egress_address *
find_address(const struct check_input *input, enum spf_result wanted)
{
	const struct egress_evidence *egress = &input->evidence->egress;
	size_t i;

	for (i = 0; i < egress->n; i++)
		if (egress->addresses[i].spf_known == KNOWN_VALUE &&
		    egress->addresses[i].spf.result == wanted)
			return &egress->addresses[i];
	return NULL;
}

/* "example.com", with a word about the identity where it is the HELO name. */
static const char *
name_identity(const struct check_input *input)
{
	const struct spf_evidence *spf = &input->evidence->spf;
	const char *domain = check_safe(input, spf->domain);

	if (!spf->is_helo)
		return domain;
	return arena_printf(input->arena,
	    "%s (the HELO name, by which mail with the null sender is judged)", domain);
}

/* The terms that let the addresses in that do not pass, each with a blank
 * before it; all addresses when `all`. */
static const char *
missing_terms(const struct check_input *input, bool all)
{
	const struct egress_evidence *egress = &input->evidence->egress;
	struct buf terms;
	size_t i;

	buf_init(&terms, input->arena, RECORD_SHOWN_MAX);
	for (i = 0; i < egress->n; i++) {
		const struct egress_address *address = &egress->addresses[i];

		if (!all && (address->spf_known != KNOWN_VALUE ||
		    address->spf.result == SPF_PASS ||
		    address->spf.result == SPF_TEMPERROR))
			continue;
		buf_printf(&terms, " ip%d:%s", address->ip.family == 6 ? 6 : 4,
		    ip_text(input->arena, &address->ip));
	}
	if (egress->is_relay && egress->relay_include != NULL)
		buf_printf(&terms, " include:%s", egress->relay_include);
	return buf_str(&terms);
}

/* The record with the missing terms put in front: a match there ends the
 * evaluation before anything else is asked. */
static void
fix_by_terms(const struct check_input *input, struct check_result *result,
    const char *record)
{
	const char *domain = check_safe(input, input->evidence->spf.domain);
	const char *terms = missing_terms(input, false);
	size_t prefix = strlen("v=spf1");
	const char *changed;

	if (*terms == '\0')
		return;
	if (record == NULL || strncasecmp(record, "v=spf1", prefix) != 0 ||
	    strlen(record) > RECORD_SHOWN_MAX) {
		check_fix(input, result, "Add%s to the SPF record of %s, directly "
		    "after v=spf1.", terms, domain);
		return;
	}
	changed = arena_printf(input->arena, "v=spf1%s%s", terms,
	    record + prefix);
	check_fix(input, result, "Add%s to the SPF record of %s: %s", terms, domain,
	    check_txt(input, domain, changed));
}

static void
say_relay(const struct check_input *input, struct check_result *result, const char
    *word)
{
	const struct egress_evidence *egress = &input->evidence->egress;

	check_hit(input, result, "SPF of %s does not let in the relay %s: its record "
	    "does not include %s (%s).", name_identity(input), check_safe(input,
	    egress->via), check_safe(input, egress->relay_include), word);
	fix_by_terms(input, result, NULL);
}

/* A finding for one of fail, softfail, neutral. */
static void
judge_result(const struct check_input *input, struct check_result *result,
    enum spf_result wanted)
{
	const struct egress_address *address = find_address(input, wanted);
	const char *word = spf_result_name(wanted);
	const char *term;
	struct check_tally tally;

	tally_results(input, wanted, &tally);
	if (!check_tally_any(&tally, result))
		return;
	if (address == NULL) {
		say_relay(input, result, word);
		return;
	}
	term = address->spf.term != NULL ? address->spf.term : "no term that matches";
	check_hit(input, result, "SPF says %s for %s, from which mail of %s leaves: %s "
	    "in the record of %s (\"%s\").", word, buf_str(&tally.names),
	    name_identity(input), check_cut(input, term), check_cut(input,
	    address->spf.term_domain != NULL ? address->spf.term_domain :
	    input->evidence->spf.domain), check_cut(input, address->spf.record));
	fix_by_terms(input, result, address->spf.record);
}

void
check_spf_none(const struct check_input *input, struct check_result *result)
{
	const char *domain = check_safe(input, input->evidence->spf.domain);
	const char *terms = missing_terms(input, true);
	struct check_tally tally;

	if (!is_judged(input, result))
		return;
	tally_results(input, SPF_NONE, &tally);
	if (!check_tally_any(&tally, result))
		return;
	check_hit(input, result, "%s publishes no SPF record.", name_identity(input));
	if (*terms != '\0')
		check_fix(input, result, "Publish an SPF record that names the "
		    "addresses mail of %s leaves from, and add its other senders: %s",
		    domain, check_txt(input, domain, arena_printf(input->arena,
		    "v=spf1%s ~all", terms)));
}

void
check_spf_fail(const struct check_input *input, struct check_result *result)
{
	if (is_judged(input, result))
		judge_result(input, result, SPF_FAIL);
}

void
check_spf_softfail(const struct check_input *input, struct check_result *result)
{
	if (!is_judged(input, result))
		return;
	if (has_result(input, SPF_FAIL))
		check_ok(result);
	else
		judge_result(input, result, SPF_SOFTFAIL);
}

void
check_spf_neutral(const struct check_input *input, struct check_result *result)
{
	if (!is_judged(input, result))
		return;
	if (has_result(input, SPF_FAIL) || has_result(input, SPF_SOFTFAIL))
		check_ok(result);
	else
		judge_result(input, result, SPF_NEUTRAL);
}

static void
fix_permerror(const struct check_input *input, struct check_result *result,
    const struct spf_answer *spf)
{
	const char *domain = check_safe(input, input->evidence->spf.domain);
	const char *term = check_cut(input, spf->term != NULL ? spf->term : "the "
	    "broken term");

	if (spf->records_found > 1)
		check_fix(input, result, "Keep one TXT record at %s that begins with "
		    "v=spf1, with the terms of all %u in it.", domain,
		    spf->records_found);
	else if (spf->lookups > SPF_LOOKUPS_MAX)
		check_fix(input, result, "Bring the record of %s down to %d lookups: "
		    "put ip4: and ip6: terms in place of include, a and mx, and drop "
		    "services no longer used.", domain, SPF_LOOKUPS_MAX);
	else if (spf->voids > SPF_VOIDS_MAX)
		check_fix(input, result, "Take the terms out of the record of %s whose "
		    "names no longer exist in DNS.", domain);
	else
		check_fix(input, result, "Mend or remove %s in the SPF record of %s.",
		    term, spf->term_domain != NULL ? check_cut(input,
		    spf->term_domain) : domain);
}

void
check_spf_permerror(const struct check_input *input, struct check_result *result)
{
	const struct egress_address *address = find_address(input, SPF_PERMERROR);
	const struct spf_answer *spf;
	struct check_tally tally;
	const char *why;

	if (!is_judged(input, result))
		return;
	tally_results(input, SPF_PERMERROR, &tally);
	if (!check_tally_any(&tally, result))
		return;
	if (address == NULL) {
		check_hit(input, result, "The SPF record of %s is broken (permerror).",
		    name_identity(input));
		return;
	}
	spf = &address->spf;
	if (spf->records_found > 1)
		why = arena_printf(input->arena, "%u records that begin with v=spf1",
		    spf->records_found);
	else if (spf->lookups > SPF_LOOKUPS_MAX)
		why = arena_printf(input->arena, "over %d DNS lookups (%u)",
		    SPF_LOOKUPS_MAX, spf->lookups);
	else if (spf->voids > SPF_VOIDS_MAX)
		why = arena_printf(input->arena, "over %d lookups without an answer "
		    "(%u)", SPF_VOIDS_MAX, spf->voids);
	else
		why = NULL;
	if (why == NULL)
		check_hit(input, result, "SPF of %s ends in an error (permerror): %s.",
		    name_identity(input), check_cut(input, spf->problem));
	else
		check_hit(input, result, "The SPF record of %s is broken (permerror): "
		    "%s%s%s%s%s.", name_identity(input), why, spf->term != NULL ?
		    ", at " : "", check_cut(input, spf->term), spf->term != NULL &&
		    spf->term_domain != NULL ? " in the record of " : "",
		    spf->term != NULL ? check_cut(input, spf->term_domain) : "");
	fix_permerror(input, result, spf);
}

void
check_spf_near_limit(const struct check_input *input, struct check_result *result)
{
	const struct egress_evidence *egress = &input->evidence->egress;
	unsigned lookups = 0, voids = 0;
	struct check_tally tally;
	size_t i;

	if (!is_judged(input, result))
		return;
	check_tally_init(&tally, input);
	for (i = 0; i < egress->n; i++) {
		const struct spf_answer *spf = &egress->addresses[i].spf;

		if (!check_tally_known(&tally, egress->addresses[i].spf_known))
			continue;
		if (spf->result == SPF_PERMERROR) {
			check_ok(result);	/* spf-permerror tells it */
			return;
		}
		if (spf->result == SPF_TEMPERROR)
			tally.temperror = true;
		lookups = spf->lookups > lookups ? spf->lookups : lookups;
		voids = spf->voids > voids ? spf->voids : voids;
	}
	if (lookups >= NEAR_LOOKUPS || voids >= NEAR_VOIDS)
		check_hit(input, result, "The SPF record of %s takes %u of %d allowed "
		    "DNS lookups and %u of %d allowed ones without an answer.",
		    name_identity(input), lookups, SPF_LOOKUPS_MAX, voids,
		    SPF_VOIDS_MAX);
	else
		check_tally_any(&tally, result);
}

void
check_spf_too_wide(const struct check_input *input, struct check_result *result)
{
	const struct spf_evidence *spf = &input->evidence->spf;
	const char *term = spf->width.term != NULL ? spf->width.term : "a term";

	if (spf->domain == NULL) {
		check_dunno(result);
		return;
	}
	if (!check_known(spf->width_known, result))
		return;
	if (spf->width_known == KNOWN_ABSENT || (!spf->width.plus_all &&
	    !spf->width.wide)) {
		check_ok(result);
		return;
	}
	if (!spf->width.plus_all)
		result->weight = 20;
	check_hit(input, result, "The SPF record of %s lets in far too many hosts: %s.",
	    name_identity(input), check_cut(input, term));
	check_fix(input, result, "Put the addresses that send mail of %s in place of "
	    "%s (those here:%s), and end the record with ~all or -all.",
	    check_safe(input, spf->domain), check_cut(input, term),
	    missing_terms(input, true));
}

void
check_spf_evaluators_differ(const struct check_input *input, struct check_result
    *result)
{
	const struct egress_evidence *egress = &input->evidence->egress;
	struct check_tally tally;
	size_t i;

	if (!is_judged(input, result))
		return;
	check_tally_init(&tally, input);
	for (i = 0; i < egress->n; i++) {
		const struct egress_address *address = &egress->addresses[i];

		if (!check_tally_known(&tally, address->spf_known))
			continue;
		if (!address->second_asked) {
			tally.dunno = true;
			continue;
		}
		if (address->second == SPF_TEMPERROR || address->spf.result ==
		    SPF_TEMPERROR) {
			tally.temperror = true;
			continue;
		}
		if (address->second != address->spf.result)
			check_tally_hit(&tally, arena_printf(input->arena,
			    "%s for %s where RFC 7208 gives %s",
			    spf_result_name(address->second),
			    ip_text(input->arena, &address->ip),
			    spf_result_name(address->spf.result)));
	}
	if (check_tally_any(&tally, result))
		check_hit(input, result, "libspf2, which some receivers use, reads the "
		    "SPF record of %s otherwise: %s.", name_identity(input),
		    buf_str(&tally.names));
}

void
check_spf_egress_partial(const struct check_input *input, struct check_result *result)
{
	const struct egress_evidence *egress = &input->evidence->egress;
	const char *record = NULL;
	struct check_tally tally;
	size_t passing = 0, i;

	if (!is_judged(input, result))
		return;
	check_tally_init(&tally, input);
	for (i = 0; i < egress->n; i++) {
		const struct egress_address *address = &egress->addresses[i];

		if (!check_tally_known(&tally, address->spf_known))
			continue;
		if (address->spf.result == SPF_TEMPERROR) {
			tally.temperror = true;
		} else if (address->spf.result == SPF_PASS) {
			passing++;
		} else {
			record = address->spf.record;
			check_tally_hit(&tally, arena_printf(input->arena, "%s (%s)",
			    ip_text(input->arena, &address->ip),
			    spf_result_name(address->spf.result)));
		}
	}
	if (!check_tally_any(&tally, result))
		return;
	if (passing == 0) {
		tally.hits = 0;
		check_tally_any(&tally, result);
		return;
	}
	check_hit(input, result, "SPF of %s passes for some egress addresses only; not "
	    "for %s.", name_identity(input), buf_str(&tally.names));
	fix_by_terms(input, result, record);
}
