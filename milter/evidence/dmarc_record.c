/*
 * Reads one DMARC record.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "evidence/dmarc_lib.h"
#include "evidence/dmarc_record.h"
#include "mail/domain.h"

enum {
	REDUCED_MAX = 100,	/* octets of what libopendmarc is given */
	SHOWN_MAX = 80,		/* octets of a faulty part shown to people */
	PARTS_MAX = 64,
};

/* Values as they stand in the record, and what was wrong. */
struct reading {
	struct arena *arena;
	const char *p, *sp, *np;	/* canonical words, NULL: absent or not valid */
	char adkim, aspf, testing, psd;
	struct slice rua;
	unsigned seen;			/* bits of tags seen */
	bool bad_policy;		/* p, sp or np not valid (section 4.10.1) */
	const char *problem;		/* the first fault */
};

enum {
	SEEN_P = 1, SEEN_SP = 2, SEEN_NP = 4, SEEN_ADKIM = 8, SEEN_ASPF = 16,
	SEEN_T = 32, SEEN_PSD = 64, SEEN_RUA = 128,
};

static void
fault(struct reading *reading, const char *what, struct slice part)
{
	if (reading->problem == NULL)
		reading->problem = arena_printf(reading->arena, "%s: %s", what,
		    log_safe(reading->arena, part, SHOWN_MAX));
}

static const char *
policy_word(struct slice value)
{
	static const char *const words[] = { "none", "quarantine", "reject" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_is(value, words[i]))
			return words[i];
	return NULL;
}

static void
read_policy(struct reading *reading, const char **word, struct slice value)
{
	*word = policy_word(value);
	if (*word != NULL)
		return;
	reading->bad_policy = true;
	fault(reading, "a policy that is none of none, quarantine, reject", value);
}

/* A one-letter value; a bad one leaves the default (section 4.7). */
static void
read_letter(struct reading *reading, char *letter, const char *allowed,
    struct slice value)
{
	char small;

	if (value.n == 1) {
		small = value.p[0];
		if (small >= 'A' && small <= 'Z')
			small = (char)(small - 'A' + 'a');
		if (strchr(allowed, small) != NULL && small != '\0') {
			*letter = small;
			return;
		}
	}
	fault(reading, "a value that is not known", value);
}

static unsigned
tag_bit(struct slice name)
{
	static const struct { const char *name; unsigned bit; } tags[] = {
		{ "p", SEEN_P }, { "sp", SEEN_SP }, { "np", SEEN_NP },
		{ "adkim", SEEN_ADKIM }, { "aspf", SEEN_ASPF }, { "t", SEEN_T },
		{ "psd", SEEN_PSD }, { "rua", SEEN_RUA },
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (slice_eq(name, slice_of(tags[i].name)))
			return tags[i].bit;
	return 0;
}

/* A tag twice: a policy is then none that could be trusted (RFC 6376 section
 * 3.2 calls the whole list invalid), else the first one counts. */
static bool
is_repeated(struct reading *reading, unsigned bit, struct slice part)
{
	bool repeated = (reading->seen & bit) != 0;

	reading->seen |= bit;
	if (!repeated)
		return false;
	fault(reading, "a tag stands twice", part);
	if ((bit & (SEEN_P | SEEN_SP | SEEN_NP)) != 0)
		reading->bad_policy = true;
	return true;
}

static void
read_tag(struct reading *reading, struct slice part, struct slice name,
    struct slice value)
{
	unsigned bit = tag_bit(name);

	if (bit == 0 || is_repeated(reading, bit, part))
		return;
	if (bit == SEEN_P)
		read_policy(reading, &reading->p, value);
	if (bit == SEEN_SP)
		read_policy(reading, &reading->sp, value);
	if (bit == SEEN_NP)
		read_policy(reading, &reading->np, value);
	if (bit == SEEN_ADKIM)
		read_letter(reading, &reading->adkim, "rs", value);
	if (bit == SEEN_ASPF)
		read_letter(reading, &reading->aspf, "rs", value);
	if (bit == SEEN_T)
		read_letter(reading, &reading->testing, "yn", value);
	if (bit == SEEN_PSD)
		read_letter(reading, &reading->psd, "ynu", value);
	if (bit == SEEN_RUA)
		reading->rua = value;
}

/* A tag name is letters, digits and "_" (RFC 6376 section 3.2). */
static bool
is_tag_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return name.n > 0;
}

static void
read_part(struct reading *reading, struct slice part)
{
	size_t equals = slice_find(part, '=');
	struct slice name = slice_trim(slice_sub(part, 0, equals));

	if (equals == part.n || !is_tag_name(name)) {
		fault(reading, "a part that is no tag=value", part);
		return;
	}
	read_tag(reading, part, name, slice_trim(slice_sub(part, equals + 1, part.n)));
}

/* "v=DMARC1" first, no blank before it, its value with this case exactly. */
static bool
is_version(struct slice part)
{
	size_t equals = slice_find(part, '=');

	return part.n > 0 && part.p[0] == 'v' &&
	    slice_eq(slice_trim(slice_sub(part, 0, equals)), SLICE("v")) &&
	    slice_eq(slice_trim(slice_sub(part, equals + 1, part.n)), SLICE("DMARC1"));
}

/* Meant as a DMARC record by whoever wrote it? */
static const char *
why_not(struct slice text)
{
	struct slice bare = slice_trim(text);

	if (bare.n > 0 && (bare.p[0] == '"' || bare.p[0] == '\''))
		bare = slice_sub(bare, 1, bare.n);
	if (!slice_starts_nocase(bare, "v=dmarc") &&
	    !slice_starts_nocase(bare, "v = dmarc") &&
	    !slice_starts_nocase(bare, "dmarc1"))
		return NULL;
	if (text.n > DMARC_RECORD_MAX)
		return "the record is longer than any receiver reads";
	if (bare.p != slice_trim(text).p)
		return "quote marks stand inside the record";
	return "the record does not begin with exactly \"v=DMARC1;\"";
}

static bool
has_valid_uri(struct arena *arena, struct slice rua)
{
	struct slice rest = rua, uri;
	const char *domain;

	while (dmarc_next_uri(arena, &rest, &uri, &domain)) {
		if (slice_starts_nocase(uri, "mailto:") ? domain != NULL :
		    slice_find(uri, ':') > 0 && slice_find(uri, ':') + 1 < uri.n)
			return true;
	}
	return false;
}

static enum dmarc_policy
policy_of(char letter)
{
	if (letter == 'r')
		return DMARC_POLICY_REJECT;
	return letter == 'q' ? DMARC_POLICY_QUARANTINE : DMARC_POLICY_NONE;
}

/*
 * What libopendmarc makes of the record reduced to valid tags.  It gets neither
 * rua (it may read behind it) nor np, t and psd, which it does not know.
 */
static int
parse_reduced(const struct reading *reading, const char *p, struct dmarc_record *record)
{
	struct dmarc_letters letters;
	char text[REDUCED_MAX];

	snprintf(text, sizeof(text), "v=DMARC1; p=%s; sp=%s; adkim=%c; aspf=%c", p,
	    reading->sp != NULL ? reading->sp : p, reading->adkim, reading->aspf);
	if (dmarc_lib_parse(text, &letters) != 0)
		return -1;
	record->p = policy_of(letters.p);
	record->sp = policy_of(letters.sp);
	record->adkim = letters.adkim == 's' ? ALIGN_STRICT : ALIGN_RELAXED;
	record->aspf = letters.aspf == 's' ? ALIGN_STRICT : ALIGN_RELAXED;
	return 0;
}

static enum dmarc_reading
settle(struct reading *reading, struct dmarc_record *record, const char **why_r)
{
	const char *p = reading->p;

	record->has_p = p != NULL;
	record->testing = reading->testing == 'y';
	record->psd = reading->psd;
	record->has_rua = reading->rua.n > 0;
	if (record->has_rua)
		record->rua = slice_dup(reading->arena, reading->rua);
	record->problem = reading->problem;
	if (p == NULL || reading->bad_policy) {
		if (!has_valid_uri(reading->arena, reading->rua)) {
			*why_r = reading->bad_policy ? reading->problem :
			    "it has neither p= nor a valid rua=";
			return DMARC_READ_NO_POLICY;
		}
		p = "none";
		reading->sp = reading->np = NULL;
	}
	record->has_sp = reading->sp != NULL;
	record->has_np = reading->np != NULL;
	if (parse_reduced(reading, p, record) != 0) {
		*why_r = "libopendmarc cannot read it";
		return DMARC_READ_NO_POLICY;
	}
	record->np = reading->np != NULL ? policy_of(reading->np[0]) : record->sp;
	return DMARC_READ_USABLE;
}

enum dmarc_reading
dmarc_record_read(struct arena *arena, struct slice text, struct dmarc_record *record_r,
    const char **why_r)
{
	struct reading reading = { .arena = arena, .adkim = 'r', .aspf = 'r',
	    .testing = 'n', .psd = 'u' };
	struct slice rest = text, part;

	memset(record_r, 0, sizeof(*record_r));
	*why_r = NULL;
	if (text.n > DMARC_RECORD_MAX || !slice_split(&rest, ';', &part) ||
	    !is_version(part)) {
		*why_r = why_not(text);
		return DMARC_READ_OTHER;
	}
	record_r->text = log_safe(arena, text, DMARC_RECORD_MAX);
	for (unsigned n = 0; n < PARTS_MAX && slice_split(&rest, ';', &part); n++) {
		part = slice_trim(part);
		if (part.n > 0)
			read_part(&reading, part);
		else if (slice_trim(rest).n > 0)
			fault(&reading, "two semicolons in a row", rest);
	}
	return settle(&reading, record_r, why_r);
}

bool
dmarc_next_uri(struct arena *arena, struct slice *rest, struct slice *uri_r,
    const char **domain_r)
{
	struct slice address;
	size_t at;

	*domain_r = NULL;
	if (!slice_split(rest, ',', uri_r))
		return false;
	*uri_r = slice_trim(*uri_r);
	*uri_r = slice_sub(*uri_r, 0, slice_find(*uri_r, '!'));
	if (!slice_starts_nocase(*uri_r, "mailto:"))
		return true;
	address = slice_sub(*uri_r, 7, uri_r->n);
	address = slice_sub(address, 0, slice_find(address, '?'));
	at = slice_find(address, '@');
	if (at == 0 || at + 1 >= address.n)
		return true;
	*domain_r = domain_to_ascii(arena, slice_sub(address, at + 1, address.n));
	return true;
}
