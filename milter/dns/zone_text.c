/*
 * Zone text, line by line.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "dns/name.h"
#include "dns/zone_text.h"

enum { TTL_DEFAULT = 300, TTL_LIMIT = 2147483647, STRING_MAX = 255 };

struct reader {
	struct arena *arena;
	struct map *nodes;
	struct slice rest;		/* of the line */
	const char *error;		/* the first */
};

static const struct {
	const char *name;
	unsigned type;
} zone_types[] = {
	{ "A", DNS_A },
	{ "AAAA", DNS_AAAA },
	{ "ANY", ZONE_ANY },
	{ "CNAME", ZONE_CNAME },
	{ "MX", DNS_MX },
	{ "PTR", DNS_PTR },
	{ "SOA", DNS_SOA },
	{ "TXT", DNS_TXT },
};

static const struct {
	const char *name;
	enum zone_rule rule;
} zone_rules[] = {
	{ "!servfail", ZONE_SERVFAIL },
	{ "!timeout", ZONE_TIMEOUT },
	{ "!nodata", ZONE_NODATA },
	{ "!nxdomain", ZONE_NXDOMAIN },
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
reader_fail(struct reader *reader, const char *what, struct slice at)
{
	if (reader->error == NULL)
		reader->error = arena_printf(reader->arena, "%s, not \"%s\"", what,
		    log_safe(reader->arena, at, 80));
	return false;
}

/* The next word of the line without taking it; empty at the end. */
static struct slice
reader_peek(struct reader *reader)
{
	size_t n = 0;

	reader->rest = slice_trim(reader->rest);
	while (n < reader->rest.n && !is_blank(reader->rest.p[n]))
		n++;
	return slice_sub(reader->rest, 0, n);
}

static struct slice
reader_word(struct reader *reader)
{
	struct slice word = reader_peek(reader);

	reader->rest = slice_trim(slice_sub(reader->rest, word.n, reader->rest.n));
	return word;
}

static bool
reader_name(struct reader *reader, const char **name_r)
{
	struct slice word = reader_word(reader);
	char text[DNS_NAME_TEXT_MAX];

	if (word.n == 0 || memchr(word.p, '\0', word.n) != NULL ||
	    !dns_name_canonical(slice_dup(reader->arena, word), text))
		return reader_fail(reader, "expected a domain name", word);
	*name_r = arena_strdup(reader->arena, text);
	return true;
}

static bool
reader_number(struct reader *reader, unsigned long max, unsigned long *number_r)
{
	struct slice word = reader_word(reader);

	if (!slice_number(word, max, number_r))
		return reader_fail(reader, "expected a number", word);
	return true;
}

static bool
reader_address(struct reader *reader, struct zone_record *record)
{
	struct slice word = reader_word(reader);
	struct ip *ip = &record->rr.ip;
	unsigned char family = record->type == DNS_A ? 4 : 6;
	bool mapped = family == 6 && slice_starts_nocase(word, "::ffff:");

	if (!ip_parse(word, ip) || (ip->family != family && !mapped))
		return reader_fail(reader, family == 4 ? "expected an IPv4 address" :
		    "expected an IPv6 address", word);
	return true;
}

static bool
reader_soa(struct reader *reader, struct zone_record *record)
{
	unsigned long numbers[5];
	const char *rname;

	if (!reader_name(reader, &record->rr.name))
		return false;
	record->minimum = ZONE_SOA_MINIMUM;
	if (reader->rest.n == 0)	/* the short form: the name alone */
		return true;
	if (!reader_name(reader, &rname))
		return false;
	for (size_t i = 0; i < 5; i++)
		if (!reader_number(reader, UINT32_MAX, &numbers[i]))
			return false;
	record->minimum = (uint32_t)numbers[4];
	return true;
}

/* One byte of a quoted string; *p is behind it afterwards. */
static bool
quoted_byte(struct slice line, size_t *p, char *byte_r)
{
	const char *at = line.p + *p;
	size_t left = line.n - *p;
	unsigned long value;

	*byte_r = at[0];
	*p += 1;
	if (at[0] != '\\')
		return true;
	if (left < 2)
		return false;
	if (at[1] < '0' || at[1] > '9') {
		*byte_r = at[1];
		*p += 1;
		return true;
	}
	if (!slice_number(slice_sub(line, *p, 3), 255, &value) || left < 4)
		return false;
	*byte_r = (char)(unsigned char)value;
	*p += 3;
	return true;
}

/* A "quoted string" at the front of the line, added to the text. */
static bool
reader_quoted(struct reader *reader, char *text, size_t *n)
{
	struct slice line = reader->rest;
	size_t p = 1, start = *n;

	while (p < line.n && line.p[p] != '"') {
		if (!quoted_byte(line, &p, &text[*n]))
			return reader_fail(reader, "expected \\\" \\\\ or \\DDD", line);
		*n += 1;
	}
	if (p >= line.n)
		return reader_fail(reader, "expected a closing quote", line);
	if (*n - start > STRING_MAX)
		return reader_fail(reader, "expected at most 255 bytes in a string "
		    "(write several, or the text without quotes)", line);
	reader->rest = slice_trim(slice_sub(line, p + 1, line.n));
	return true;
}

static bool
reader_text(struct reader *reader, struct zone_record *record)
{
	struct dns_rr *rr = &record->rr;
	char *text;
	size_t n = 0;

	reader->rest = slice_trim(reader->rest);
	if (reader->rest.n == 0)
		return reader_fail(reader, "expected a text", reader->rest);
	if (reader->rest.p[0] != '"') {
		rr->text.p = slice_dup(reader->arena, reader->rest);
		rr->text.n = reader->rest.n;
		rr->n_strings = (rr->text.n + STRING_MAX - 1) / STRING_MAX;
		reader->rest.n = 0;
		return true;
	}
	text = arena_alloc(reader->arena, reader->rest.n + 1);
	while (reader->rest.n > 0 && reader->rest.p[0] == '"') {
		if (!reader_quoted(reader, text, &n))
			return false;
		rr->n_strings++;
	}
	rr->text = (struct slice){ text, n };
	return true;
}

static bool
reader_data(struct reader *reader, struct zone_record *record)
{
	unsigned long number;

	switch (record->type) {
	case DNS_A:
	case DNS_AAAA:
		return reader_address(reader, record);
	case DNS_MX:
		if (!reader_number(reader, 65535, &number))
			return false;
		record->rr.preference = (unsigned)number;
		return reader_name(reader, &record->rr.name);
	case DNS_PTR:
	case ZONE_CNAME:
		return reader_name(reader, &record->rr.name);
	case DNS_SOA:
		return reader_soa(reader, record);
	case DNS_TXT:
		return reader_text(reader, record);
	}
	return reader_fail(reader, "expected !servfail, !timeout, !nodata or !nxdomain",
	    reader->rest);
}

static bool
reader_rule(struct reader *reader, struct zone_record *record)
{
	struct slice word = reader_word(reader);

	for (size_t i = 0; i < sizeof(zone_rules) / sizeof(zone_rules[0]); i++)
		if (slice_is(word, zone_rules[i].name)) {
			record->rule = zone_rules[i].rule;
			return true;
		}
	return reader_fail(reader, "expected !servfail, !timeout, !nodata or !nxdomain",
	    word);
}

/* [TTL] [IN] TYPE */
static bool
reader_type(struct reader *reader, struct zone_record *record)
{
	struct slice word = reader_word(reader);
	unsigned long ttl = TTL_DEFAULT;

	if (slice_number(word, TTL_LIMIT, &ttl))
		word = reader_word(reader);
	record->ttl = (uint32_t)ttl;
	if (slice_is(word, "IN"))
		word = reader_word(reader);
	for (size_t i = 0; i < sizeof(zone_types) / sizeof(zone_types[0]); i++)
		if (slice_is(word, zone_types[i].name)) {
			record->type = zone_types[i].type;
			return true;
		}
	return reader_fail(reader,
	    "expected a type (A AAAA MX TXT PTR SOA CNAME ANY)", word);
}

/* The node of the name, made with all above it. */
static struct zone_node *
reader_node(struct reader *reader, const char *name)
{
	struct zone_node *node = map_get(reader->nodes, name), *first = node;

	while (node == NULL) {
		node = arena_alloc(reader->arena, sizeof(*node));
		if (first == NULL)
			first = node;
		map_set(reader->nodes, name, node);
		if (*name == '\0')
			break;
		name = dns_name_parent(name);
		node = map_get(reader->nodes, name);
	}
	return first;
}

static bool
reader_line(struct reader *reader)
{
	struct zone_record *record, **at;
	const char *name;

	record = arena_alloc(reader->arena, sizeof(*record));
	if (!reader_name(reader, &name) || !reader_type(reader, record))
		return false;
	if (reader_peek(reader).n > 0 && reader->rest.p[0] == '!') {
		if (!reader_rule(reader, record))
			return false;
	} else if (!reader_data(reader, record)) {
		return false;
	}
	if (reader_peek(reader).n > 0)
		return reader_fail(reader, "expected the end of the line",
		    reader->rest);
	at = &reader_node(reader, name)->records;
	while (*at != NULL)
		at = &(*at)->next;
	*at = record;
	return true;
}

char *
zone_text_read(struct slice text, struct map *nodes, struct arena *arena)
{
	struct reader reader = { .arena = arena, .nodes = nodes };
	unsigned line = 0;

	while (slice_split(&text, '\n', &reader.rest)) {
		line++;
		reader.rest = slice_trim(reader.rest);
		if (reader.rest.n == 0 || reader.rest.p[0] == ';')
			continue;
		if (!reader_line(&reader))
			return arena_printf(arena, "line %u: %s", line, reader.error);
	}
	return NULL;
}
