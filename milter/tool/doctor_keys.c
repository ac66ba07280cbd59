/*
 * The doctor on the keys: files, what DNS shows, what signs now and what will.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "core/core.h"
#include "core/look.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "tool/access.h"
#include "tool/complaint.h"
#include "tool/doctor.h"
#include "tool/doctor_looks.h"
#include "tool/reach.h"

enum {
	BITS_ADVISED = 2048,
	AGE_MAX = 366 * 86400,
	AT_ONCE = 100,
	REMOTE_MAX = 300,
};

static const char *
safe(const struct doctor *doctor, const char *text)
{
	return log_safe(doctor->arena, slice_of(text), REMOTE_MAX);
}

/* ---- files ---- */

static void
say_errors(struct doctor *doctor)
{
	struct slice rest = slice_of(doctor->key_errors);
	struct complaint complaint;

	while (complaint_next(doctor->arena, &rest, &complaint)) {
		struct doctor_line *said = doctor_say(doctor, DOCTOR_FAULT, "key-file",
		    complaint.path, "%s", complaint.what);

		doctor_fix(doctor, said, "%s", doctor_id_find("key-file")->fix);
		if (complaint.command != NULL)
			doctor_paste(doctor, said, "%s", complaint.command);
	}
}

/* Whether the daemon could read it, were it not started as root. */
static void
say_access(struct doctor *doctor, const char *path)
{
	const char *user = doctor->settings->user, *at;
	struct doctor_line *line;
	struct reach_user account;

	if (user == NULL || *user == '\0')
		return;
	if (!reach_user(user, &account)) {
		if (doctor_report_find(doctor->report, "key-access", user) != NULL)
			return;
		line = doctor_say(doctor, DOCTOR_FAULT, "key-access", user,
		    "There is no user %s on this host, as whom the daemon is to run.",
		    user);
		doctor_fix(doctor, line, "Make one, or name another as user:");
		doctor_paste(doctor, line, "adduser --system --group %s", user);
		return;
	}
	if (access_may(doctor->arena, &account, path, ACCESS_READ, &at) != ACCESS_REFUSED)
		return;
	line = doctor_say(doctor, DOCTOR_ADVICE, "key-access", path, "The user %s may not "
	    "%s %s (%s): the daemon must be started as root to read the key.", user,
	    strcmp(at, path) == 0 ? "read" : "enter", at, access_shown(doctor->arena, at));
	if (!access_is_ours(at)) {
		doctor_fix(doctor, line, "Where systemd starts it with User=%s, keep the key "
		    "where that user may read it, as in /etc/mailworthy/keys: %s is not "
		    "mailworthy's alone.", user, at);
		return;
	}
	doctor_fix(doctor, line, "Where systemd starts it with User=%s, let its group in:",
	    user);
	doctor_paste(doctor, line, "chgrp %s %s && chmod %s %s", reach_group(doctor->arena,
	    &account), at, strcmp(at, path) == 0 ? "g+r" : "g+x", at);
}

/* An imported section names its keys in the other filter's files. */
static void
paste_next_key(struct doctor *doctor, struct doctor_line *line, const struct ring_key *key)
{
	const struct settings_domain *settings = key->settings;

	if (settings->is_imported)
		doctor_paste(doctor, line, "mailworthy keygen %s", key->domain);
	else if (settings->name[0] != '*')
		doctor_paste(doctor, line, "mailworthy keygen --rotate %s", settings->name);
	else if (settings->sign_as == NULL)
		doctor_paste(doctor, line, "mailworthy keygen --rotate %s", key->domain);
	else
		doctor_paste(doctor, line, "mailworthy keygen --rotate '%s'", settings->name);
}

static void
say_age(struct doctor *doctor, const struct ring_key *key)
{
	struct doctor_line *line;
	struct stat st;
	long days;

	if (stat(key->path, &st) != 0)
		return;
	days = (long)((doctor->report->now - st.st_mtime) / 86400);
	if (doctor->report->now - st.st_mtime < AGE_MAX)
		return;
	line = doctor_say(doctor, DOCTOR_ADVICE, "key-age", key->dns_name, "The key file %s "
	    "is %ld days old.", key->path, days);
	doctor_fix(doctor, line, "Make the next one, publish its record, and add it after "
	    "this one; it takes over when DNS has shown it for long enough:");
	paste_next_key(doctor, line, key);
}

/* ---- what DNS shows ---- */

static const char *
strength(const struct doctor *doctor, const struct ring_key *key)
{
	return key_type(key->key) == KEY_RSA ? arena_printf(doctor->arena, "RSA %u bits",
	    key_bits(key->key)) : "Ed25519";
}

static const char *
when(const struct doctor *doctor, time_t moment)
{
	struct tm tm;
	char text[40];

	gmtime_r(&moment, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm);
	return arena_strdup(doctor->arena, text);
}

/* What the key does now, as a clause. */
static const char *
part_of(const struct doctor *doctor, const struct ring_key *key,
    const struct ring_choice *choice)
{
	time_t now = doctor->report->now, takes_over;
	const struct ring_key *newer;

	if (key == choice->rsa)
		return "it signs now";
	if (key == choice->ed25519)
		return "it signs now, beside the RSA key";
	if (key_type(key->key) == KEY_ED25519 && choice->rsa == NULL)
		return "it does not sign: an Ed25519 key signs beside an RSA key only";
	newer = keyring_superseded_by(doctor->sightings, key, now);
	if (newer != NULL)
		return arena_printf(doctor->arena, "it signs no more: %s has taken over",
		    newer->selector);
	takes_over = keyring_takes_over(doctor->sightings, key, now);
	if (takes_over != 0)
		return arena_printf(doctor->arena, "it takes over at %s if the daemon sees "
		    "it until then", when(doctor, takes_over));
	return "it does not sign: another key of the section does";
}

static void
paste_record(struct doctor *doctor, struct doctor_line *line, const struct ring_key *key)
{
	doctor_paste_txt(doctor, line, key->dns_name, look_key_record(doctor->arena,
	    key->key));
}

static void
say_good(struct doctor *doctor, const struct ring_key *key,
    const struct dns_answer *answer, const struct sighting *seen)
{
	struct doctor_line *line;
	struct ring_choice choice;

	keyring_choose_among(key->among, doctor->sightings, doctor->report->now, &choice);
	doctor_say(doctor, DOCTOR_OK, "key", key->dns_name, "%s, DNS shows it%s%s; %s",
	    strength(doctor, key), strcmp(answer->canonical, answer->name) != 0 ?
	    ", by a CNAME to " : "", strcmp(answer->canonical, answer->name) != 0 ?
	    safe(doctor, answer->canonical) : "", part_of(doctor, key, &choice));
	if (!seen->testing)
		return;
	line = doctor_say(doctor, DOCTOR_ADVICE, "dkim-key-testing", key->dns_name,
	    "The key record carries t=y: receivers may ignore the signature.");
	doctor_fix(doctor, line, "Publish it without t=y:");
	paste_record(doctor, line, key);
}

static const char *
fault_text(const struct doctor *doctor, const struct sighting *seen)
{
	switch (seen->state) {
	case KEY_DNS_UNKNOWN:
	case KEY_DNS_MATCH:
		break;
	case KEY_DNS_MISSING:
		return "DNS has no record there";
	case KEY_DNS_MISMATCH:
		return "The record in DNS is that of another key";
	case KEY_DNS_REVOKED:
		return "The record in DNS says that the key is revoked (empty p=)";
	case KEY_DNS_MALFORMED:
		return arena_printf(doctor->arena, "The record in DNS cannot be used: %s",
		    seen->problem);
	}
	return "";
}

/* Says once more what is said of a message, of this key. */
static void
say_bad(struct doctor *doctor, const struct ring_key *key, const struct dns_answer *answer,
    const struct check *check, const struct sighting *seen, bool signs)
{
	struct doctor_line *line;

	line = doctor_say(doctor, signs ? DOCTOR_FAULT : DOCTOR_WARNING, check->id,
	    key->dns_name, "%s%s%s. %s", fault_text(doctor, seen),
	    strcmp(answer->canonical, answer->name) != 0 ? "; a CNAME leads to " : "",
	    strcmp(answer->canonical, answer->name) != 0 ?
	    safe(doctor, answer->canonical) : "",
	    signs ? "Mail of the domain leaves with a signature that does not verify, or "
	    "waits." : "Another key of the domain signs until that is mended.");
	doctor_fix(doctor, line, "Publish exactly this one TXT record%s:",
	    seen->state == KEY_DNS_MISMATCH ? " (or put the key file back that belongs to "
	    "the one that stands there)" : "");
	paste_record(doctor, line, key);
}

/* Mail of the domain is signed with some other key, of which DNS shows nothing bad. */
static bool
another_signs(struct doctor *doctor, const struct ring_key *key)
{
	struct ring_choice choice;

	keyring_choose_among(key->among, doctor->sightings, doctor->report->now, &choice);
	return choice.usable == RING_USABLE && choice.rsa != key && choice.ed25519 != key &&
	    (!choice.rsa_known || look_key_check(choice.rsa_sighting.state) == NULL);
}

static void
say_dns(struct doctor *doctor, const struct ring_key *key,
    const struct dns_answer *answer)
{
	const struct check *check;
	struct sighting seen;

	if (answer->status == DNS_TEMPFAIL || answer->stale) {
		doctor_say(doctor, DOCTOR_UNKNOWN, "key", key->dns_name, "%s; DNS could not "
		    "be asked for its record: %s.", strength(doctor, key),
		    answer->error != NULL ? answer->error : "no answer");
		return;
	}
	if (!sightings_get(doctor->sightings, key, &seen))
		return;
	check = look_key_check(seen.state);
	if (check == NULL)
		say_good(doctor, key, answer, &seen);
	else
		say_bad(doctor, key, answer, check, &seen, !another_signs(doctor, key));
}

static void
say_strength(struct doctor *doctor, const struct ring_key *key)
{
	struct doctor_line *line;

	if (key_type(key->key) != KEY_RSA || key_bits(key->key) >= BITS_ADVISED)
		return;
	line = doctor_say(doctor, DOCTOR_WARNING, "dkim-key-weak", key->dns_name,
	    "The key has %u bits; receivers advise 2048.", key_bits(key->key));
	doctor_fix(doctor, line, "Make one of 2048 bits under a new selector, publish its "
	    "record, and add it after this one:");
	paste_next_key(doctor, line, key);
}

/* ---- keys of which only the name is known ---- */

static void
say_unseen(struct doctor *doctor, const struct settings_domain *domain,
    const struct settings_key *key, struct lookups *lookups)
{
	const struct file *file = files_get(doctor->files, key->file);
	const char *name = arena_printf(doctor->arena, "%s._domainkey.%s", key->selector,
	    domain->sign_as != NULL ? domain->sign_as : domain->name);
	const struct dns_answer *answer;

	if (file->bytes != NULL || (file->error != EACCES && file->error != EPERM &&
	    file->error != ENOKEY))
		return;
	answer = dns_get(lookups, name, DNS_TXT);
	while (answer->status == DNS_PENDING && lookups_wait(lookups))
		answer = dns_get(lookups, name, DNS_TXT);
	doctor_say(doctor, DOCTOR_UNKNOWN, "key-unseen", name, "%s %s, so it was not "
	    "compared with DNS, where %s.", key->file, file->error == ENOKEY ?
	    "is the service's alone" : "may not be read by this user",
	    answer->status == DNS_OK ? "a record stands" :
	    answer->status == DNS_TEMPFAIL ? "nothing could be asked" :
	    "no record stands");
}

static void
say_all_unseen(struct doctor *doctor)
{
	const struct settings *settings = doctor->settings;
	struct lookups *lookups = lookups_new(doctor->dns, doctor->arena,
	    settings->resolver.deadline, DNS_QUERIES_MAX);

	for (size_t i = 0; i < settings->n_domains; i++) {
		const struct settings_domain *domain = &settings->domains[i];

		if (domain->name[0] == '*' || !doctor_wants(doctor, domain->name))
			continue;
		for (size_t k = 0; k < domain->n_keys; k++)
			say_unseen(doctor, domain, &domain->keys[k], lookups);
	}
}

/* ---- the section ---- */

static bool
is_wanted(const struct doctor *doctor, const struct ring_key *key)
{
	return strchr(key->domain, '*') == NULL && (doctor_wants(doctor, key->domain) ||
	    doctor_wants(doctor, key->settings->name));
}

/* ---- one name for several keys ---- */

struct named {				/* the keys of one DNS name */
	const struct ring_key *first;
	bool clash;
};

static void
say_clash(struct doctor *doctor, const struct ring_key *one, const struct ring_key *other)
{
	struct doctor_line *line = doctor_say(doctor, DOCTOR_FAULT, "key-clash",
	    one->dns_name, "%s and %s are different keys, and the record of both would have "
	    "this name: what is signed with one of them does not verify, whatever is published.",
	    one->path, other->path);

	if (one->settings == other->settings && one->settings->sign_as != NULL)
		doctor_fix(doctor, line, "Let one key sign for all of section \"%s\": as its "
		    "file, a path without %%d. Or take sign-as out of the section: each domain "
		    "then signs as itself, with a record of its own.", one->settings->name);
	else
		doctor_fix(doctor, line, "Give one of them another selector, and publish its "
		    "record at the name with that, or let both sections name the same file.");
}

/* By DNS name: no advice on one record can be right for several keys. */
static struct map *
look_for_clashes(struct doctor *doctor, const struct keyring *ring)
{
	struct map *names = map_new(doctor->arena);

	for (size_t i = 0; i < keyring_count(ring); i++) {
		const struct ring_key *key = keyring_at(ring, i);
		struct named *named = map_get(names, key->dns_name);

		if (!is_wanted(doctor, key))
			continue;
		if (named == NULL) {
			named = arena_alloc(doctor->arena, sizeof(*named));
			*named = (struct named){ .first = key };
			map_set(names, key->dns_name, named);
		} else if (!named->clash && strcmp(look_key_record(doctor->arena,
		    named->first->key), look_key_record(doctor->arena, key->key)) != 0) {
			named->clash = true;
			say_clash(doctor, named->first, key);
		}
	}
	return names;
}

static bool
clashes(const struct map *names, const struct ring_key *key)
{
	const struct named *named = map_get(names, key->dns_name);

	return named != NULL && named->clash;
}

/* Keys [from, to): asked for at once. */
static void
look_at(struct doctor *doctor, const struct keyring *ring, const struct map *names,
    size_t from, size_t to)
{
	struct lookups *lookups = lookups_new(doctor->dns, doctor->arena,
	    doctor->settings->resolver.deadline, AT_ONCE);
	size_t i;

	for (i = from; i < to; i++) {
		if (is_wanted(doctor, keyring_at(ring, i)))
			dns_get(lookups, keyring_at(ring, i)->dns_name, DNS_TXT);
	}
	while (lookups_wait(lookups))
		continue;
	for (i = from; i < to; i++) {
		if (is_wanted(doctor, keyring_at(ring, i)))
			sightings_note(doctor->sightings, keyring_at(ring, i),
			    dns_get(lookups, keyring_at(ring, i)->dns_name, DNS_TXT),
			    doctor->report->now);
	}
	for (i = from; i < to; i++) {
		const struct ring_key *key = keyring_at(ring, i);

		if (!is_wanted(doctor, key))
			continue;
		if (!clashes(names, key))
			say_dns(doctor, key, dns_get(lookups, key->dns_name, DNS_TXT));
		say_strength(doctor, key);
		say_age(doctor, key);
		say_access(doctor, key->path);
	}
}

void
doctor_keys(struct doctor *doctor)
{
	const struct keyring *ring = snapshot_keyring(doctor->snapshot);
	size_t n = keyring_count(ring);
	const struct map *names;

	say_errors(doctor);
	names = look_for_clashes(doctor, ring);
	doctor_progress(doctor, "asking DNS about %zu keys", n);
	for (size_t i = 0; i < n; i += AT_ONCE)
		look_at(doctor, ring, names, i, i + AT_ONCE < n ? i + AT_ONCE : n);
	say_all_unseen(doctor);
}
