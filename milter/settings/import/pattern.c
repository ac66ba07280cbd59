/*
 * The left side of a SigningTable.
 */
#include <string.h>

#include "base/arena.h"
#include "settings/import/signing.h"
#include "settings/names.h"

static bool
is_stars(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '*')
			return false;
	}
	return text.n > 0;
}

static void
set_wrong(struct signing_pattern *pattern, const char *wrong, bool is_dead)
{
	pattern->wrong = wrong;
	pattern->is_dead = is_dead;
}

/* "example.com", "*.example.com", "*example.com", "*" to domains. */
static void
set_domains(struct arena *arena, struct slice text, struct signing_pattern *pattern)
{
	struct slice name = text;

	while (name.n > 1 && name.p[0] == '*' && name.p[1] == '*')
		name = slice_sub(name, 1, name.n);
	if (slice_eq(name, SLICE("*"))) {
		pattern->domains[0] = "*";
		return;
	}
	text = name;
	if (name.p[0] == '*')
		name = slice_sub(name, name.n > 1 && name.p[1] == '.' ? 2 : 1, name.n);
	if (slice_find(name, '*') < name.n) {
		set_wrong(pattern, "\"*\" may stand for whole first labels only: name the "
		    "domains one by one", false);
	} else if (!name_is_ascii(name)) {
		set_wrong(pattern, "write the domain in its ASCII form, which starts with "
		    "xn-- (idn2 prints it)", false);
	} else if (!name_is_domain(name)) {
		set_wrong(pattern, "this is no full domain", text.p[0] != '*');
	} else if (text.p[0] != '*') {
		pattern->domains[0] = slice_dup_lower(arena, name);
	} else {
		pattern->domains[0] = arena_printf(arena, "*.%s",
		    slice_dup_lower(arena, name));
		if (text.p[1] != '.') {
			pattern->domains[1] = slice_dup_lower(arena, name);
			pattern->is_loose = true;
		}
	}
}

void
signing_parse_glob(struct arena *arena, const char *text,
    struct signing_pattern *pattern_r)
{
	const char *at = strrchr(text, '@');
	struct slice all = slice_of(text), user;

	*pattern_r = (struct signing_pattern){ NULL };
	if (at == NULL) {
		if (text[0] == '*')
			set_domains(arena, all, pattern_r);
		else
			set_wrong(pattern_r, "in a refile: this matches no address; "
			    "write *@ before the domain", true);
		return;
	}
	user = slice_sub(all, 0, (size_t)(at - text));
	if (user.n == 0 || at[1] == '\0') {
		set_wrong(pattern_r, "this matches no address", true);
		return;
	}
	if (!is_stars(user))
		pattern_r->user = slice_dup_lower(arena, user);
	set_domains(arena, slice_of(at + 1), pattern_r);
}

/* Rspamd looks for the pattern in the address: something may stand before it. */
void
signing_parse_part(struct arena *arena, const char *text,
    struct signing_pattern *pattern_r)
{
	const char *at = strchr(text, '@');

	if (text[strcspn(text, "?+")] != '\0') {
		*pattern_r = (struct signing_pattern){ NULL };
		set_wrong(pattern_r, "\"?\" and \"+\" stand for letters in Rspamd: name the "
		    "domains one by one", false);
		return;
	}
	if (at == text || (at == NULL && text[0] != '*'))
		text = arena_printf(arena, "*%s", text);
	signing_parse_glob(arena, text, pattern_r);
}

void
signing_parse_key(struct arena *arena, const char *text,
    struct signing_pattern *pattern_r)
{
	const char *at = strrchr(text, '@');
	struct slice name = slice_of(at == NULL ? text : at + 1);

	*pattern_r = (struct signing_pattern){ NULL };
	if (at != NULL)
		pattern_r->user = slice_dup_lower(arena,
		    (struct slice){ text, (size_t)(at - text) });
	if (slice_eq(name, SLICE("*")) && strchr(text, '*') == name.p)
		pattern_r->domains[0] = "*";
	else if (strchr(text, '*') != NULL)
		set_wrong(pattern_r, "\"*\" is no wildcard here: write .example.com for "
		    "subdomains, example.com for every address of a domain, or name the "
		    "file with refile:", true);
	else if (name.n > 1 && name.p[0] == '.')
		set_domains(arena, slice_of(arena_printf(arena, "*%s",
		    slice_dup(arena, name))), pattern_r);
	else if (name.n == 0 || (at != NULL && at == text))
		set_wrong(pattern_r, "this matches no address", true);
	else
		set_domains(arena, name, pattern_r);
}

const char *
signing_wider(struct arena *arena, const char *pattern)
{
	const char *dot;

	if (strcmp(pattern, "*") == 0)
		return NULL;
	if (pattern[0] == '*')
		pattern += 2;
	dot = strchr(pattern, '.');
	return dot == NULL ? "*" : arena_printf(arena, "*%s", dot);
}
