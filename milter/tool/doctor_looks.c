/*
 * Domains looked at, and their findings as lines.
 */
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"
#include "core/core.h"
#include "core/look.h"
#include "dkim/keyring.h"
#include "evidence/egress.h"
#include "evidence/evidence.h"
#include "settings/settings.h"
#include "tool/doctor.h"
#include "tool/doctor_looks.h"
#include "tool/page.h"

enum { HITS_MAX = 64, FAULT_FROM = 20, WARNING_FROM = 5 };

enum doctor_grade
doctor_grade_of(int weight)
{
	if (weight >= FAULT_FROM)
		return DOCTOR_FAULT;
	return weight >= WARNING_FROM ? DOCTOR_WARNING : DOCTOR_ADVICE;
}

/* ---- looking ---- */

static void
take(void *ctx, const struct check *check, const struct check_result *result)
{
	struct doctor_look *look = ctx;

	if ((result->status == CHECK_HIT || result->status == CHECK_TEMPERROR) &&
	    look->n_hits < HITS_MAX)
		look->hits[look->n_hits++] = (struct doctor_hit){ check, *result };
}

static bool
names_id(const char *ids, const char *id)
{
	struct slice rest = slice_of(ids), word;

	while (slice_split(&rest, ' ', &word)) {
		if (slice_is(word, id))
			return true;
	}
	return false;
}

/* One fault counts once: another finding of the domain tells it already. */
static bool
is_covered(const struct doctor_look *look, const struct doctor_hit *hit)
{
	for (size_t i = 0; i < look->n_hits; i++) {
		const struct doctor_hit *other = &look->hits[i];
		const char *covers = other->result.covers != NULL ?
		    other->result.covers : other->check->covers;

		if (other->result.status == CHECK_HIT && covers != NULL &&
		    names_id(covers, hit->check->id))
			return true;
	}
	return false;
}

/* Up to the first '-'. */
static bool
same_kind(const char *a, const char *b)
{
	size_t n = strcspn(a, "-");

	return n == strcspn(b, "-") && strncmp(a, b, n) == 0;
}

/* What DNS could not tell is said once of a kind. */
static bool
is_repeated(const struct doctor_look *look, size_t i)
{
	if (look->hits[i].result.status != CHECK_TEMPERROR)
		return false;
	for (size_t j = 0; j < i; j++) {
		if (same_kind(look->hits[i].check->id, look->hits[j].check->id))
			return true;
	}
	return false;
}

static void
leave_out(struct doctor_look *look)
{
	struct doctor_hit *kept = look->hits;
	bool drop[HITS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < look->n_hits; i++)
		drop[i] = is_covered(look, &look->hits[i]) || is_repeated(look, i);
	for (size_t i = 0; i < look->n_hits; i++) {
		if (!drop[i])
			kept[n++] = look->hits[i];
	}
	look->n_hits = n;
}

static void
free_look(void *object)
{
	struct doctor_look *look = object;

	look_free(&look->look);
}

const struct doctor_look *
doctor_look_at(struct doctor *doctor, const char *domain)
{
	struct doctor_look *look;

	for (look = doctor->looks; look != NULL; look = look->next) {
		if (strcmp(look->domain, domain) == 0)
			return look;
	}
	look = arena_alloc(doctor->arena, sizeof(*look));
	look->domain = arena_strdup(doctor->arena, domain);
	look->hits = arena_array(doctor->arena, HITS_MAX, sizeof(*look->hits));
	look->look = look_new(doctor->core, doctor->snapshot, domain,
	    doctor_host_name(doctor));
	look_judge(look->look, take, look);
	leave_out(look);
	look->next = doctor->looks;
	doctor->looks = look;
	return look;
}

void
doctor_looks_free(struct doctor *doctor)
{
	struct doctor_look *look;

	for (look = doctor->looks; look != NULL; look = look->next)
		free_look(look);
	doctor->looks = NULL;
}

/* ---- names ---- */

const char *
doctor_host_name(struct doctor *doctor)
{
	char name[256];

	if (doctor->egress->myhostname != NULL)
		return doctor->egress->myhostname;
	if (gethostname(name, sizeof(name)) != 0)
		return NULL;
	name[sizeof(name) - 1] = '\0';
	return arena_strdup(doctor->arena, name);
}

static void
add_name(struct doctor *doctor, struct map *seen, const char **names, size_t *n,
    const char *name)
{
	if (strchr(name, '*') != NULL || map_get(seen, name) != NULL ||
	    *n == DOCTOR_DOMAINS_MAX || !doctor_wants(doctor, name))
		return;
	map_set(seen, name, doctor);
	names[(*n)++] = name;
}

const char *const *
doctor_domain_names(struct doctor *doctor, size_t *n_r)
{
	const struct settings *settings = doctor->settings;
	const struct keyring *ring = snapshot_keyring(doctor->snapshot);
	const char **names = arena_array(doctor->arena, DOCTOR_DOMAINS_MAX + 1,
	    sizeof(*names));
	struct map *seen = map_new(doctor->arena);

	*n_r = 0;
	for (size_t i = 0; i < settings->n_domains; i++)
		add_name(doctor, seen, names, n_r, settings->domains[i].name);
	for (size_t i = 0; i < keyring_count(ring); i++)
		add_name(doctor, seen, names, n_r, keyring_at(ring, i)->domain);
	if (doctor->options->domain != NULL)
		add_name(doctor, seen, names, n_r, doctor->options->domain);
	return names;
}

/* ---- findings as lines ---- */

/* "NAME. IN TXT ...": where that is to be published, and *rest_r behind it. */
static const char *
place_of_record(struct doctor *doctor, struct doctor_line *line, struct slice record,
    struct slice *rest_r)
{
	const char *name;

	*rest_r = record;
	record.n = slice_find(record, ' ');
	if (record.n < 2 || record.p[record.n - 1] != '.' || record.n == rest_r->n)
		return "";
	*rest_r = slice_sub(*rest_r, record.n - 1, rest_r->n);
	name = slice_dup(doctor->arena, slice_sub(record, 0, record.n - 1));
	return doctor_place_of(doctor, line, name);
}

void
doctor_fix_by(struct doctor *doctor, struct doctor_line *line, const char *fix)
{
	struct slice text = slice_of(fix), before, after, rest;
	const char *place;
	size_t start, end;

	if (!page_find_record(text, &start, &end)) {
		line->fix = arena_strdup(doctor->arena, fix);
		return;
	}
	before = slice_trim(slice_sub(text, 0, start));
	after = slice_sub(text, end, text.n);
	if (after.n > 1 && before.n > 0)	/* "Publish: RECORD (why)." */
		doctor_fix(doctor, line, "%.*s%.*s:", (int)before.n - 1, before.p,
		    (int)after.n - 1, after.p);
	else
		doctor_fix(doctor, line, "%.*s", (int)before.n, before.p);
	place = place_of_record(doctor, line, slice_sub(text, start, end - start), &rest);
	doctor_paste(doctor, line, "%s%.*s", place, (int)rest.n, rest.p);
}

/* "SPF", "DMARC", "the names of the addresses" */
static const char *
kind_of(const char *id)
{
	if (same_kind(id, "spf-"))
		return "SPF";
	if (same_kind(id, "dmarc-"))
		return "DMARC";
	if (same_kind(id, "dkim-"))
		return "The key record";
	if (same_kind(id, "egress-"))
		return "The name of an address";
	return "The domain";
}

struct doctor_line *
doctor_say_hit(struct doctor *doctor, const struct doctor_hit *hit, const char *subject)
{
	const struct check_result *result = &hit->result;
	struct doctor_line *line;

	if (result->status == CHECK_TEMPERROR)
		return doctor_say(doctor, DOCTOR_UNKNOWN, hit->check->id, subject,
		    "%s could not be judged: DNS gave no answer.", kind_of(hit->check->id));
	line = doctor_say(doctor, doctor_grade_of(result->weight), hit->check->id, subject,
	    "%s", result->text);
	doctor_fix_by(doctor, line, result->fix != NULL ? result->fix : hit->check->fix);
	return line;
}
