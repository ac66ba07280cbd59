/*
 * The selectors of a domain.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "dns/dns.h"
#include "settings/settings.h"
#include "tool/selectors.h"

enum { QUERIES_MAX = 40 };

struct selectors {
	const struct settings *settings;
	const char *sdid;
	struct dns *dns;		/* NULL: cannot be asked */
	struct lookups *lookups;
	struct arena *arena;
};

const char *
selectors_sdid(const struct settings_domain *section, const char *domain)
{
	return section != NULL && section->sign_as != NULL ? section->sign_as : domain;
}

struct selectors *
selectors_open(const struct settings *settings, const char *sdid)
{
	struct selectors *selectors = mem_alloc(sizeof(*selectors));
	const char *error = "";

	*selectors = (struct selectors){ .settings = settings, .arena = arena_new() };
	selectors->sdid = arena_strdup(selectors->arena, sdid);
	selectors->dns = dns_new(&settings->resolver, &clock_system, selectors->arena,
	    &error);
	if (selectors->dns != NULL)
		selectors->lookups = lookups_new(selectors->dns, selectors->arena,
		    settings->resolver.deadline, QUERIES_MAX);
	return selectors;
}

void
selectors_close(struct selectors **selectors_p)
{
	struct selectors *selectors = *selectors_p;

	*selectors_p = NULL;
	if (selectors == NULL)
		return;
	arena_free(&selectors->arena);	/* before the resolver: its questions live there */
	dns_free(&selectors->dns);
	free(selectors);
}

const struct dns_answer *
selectors_ask(struct selectors *selectors, const char *selector)
{
	const char *name = arena_printf(selectors->arena, "%s._domainkey.%s", selector,
	    selectors->sdid);
	const struct dns_answer *answer;

	if (selectors->lookups == NULL)
		return NULL;
	while ((answer = dns_get(selectors->lookups, name, DNS_TXT))->status == DNS_PENDING)
		lookups_wait(selectors->lookups);
	return answer;
}

bool
selectors_in_dns(struct selectors *selectors, const char *selector)
{
	const struct dns_answer *answer = selectors_ask(selectors, selector);

	return answer != NULL && answer->status == DNS_OK;
}

const char *
selectors_path(struct arena *arena, const char *file, const char *domain,
    const char *selector)
{
	struct buf out;

	buf_init(&out, arena, 4096);
	for (; *file != '\0'; file++) {
		if (file[0] == '%' && (file[1] == 'd' || file[1] == 's'))
			buf_add_str(&out, *++file == 'd' ? domain : selector);
		else
			buf_add_char(&out, *file);
	}
	return buf_str(&out);
}

bool
selectors_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Of a section with a star the files that are there count: it is for domains to come. */
static bool
uses(const struct selectors *selectors, const struct settings_domain *section,
    const char *selector, const char *path)
{
	bool wild = section->name[0] == '*';

	for (size_t i = 0; i < section->n_keys; i++) {
		const struct settings_key *key = &section->keys[i];
		const char *file;

		if (strcmp(key->selector, selector) != 0)
			continue;
		file = selectors_path(selectors->arena, key->file, selectors->sdid, selector);
		if (strcmp(file, path) != 0 && (!wild || selectors_exists(file)))
			return true;
	}
	return false;
}

bool
selectors_named(const struct selectors *selectors, const char *selector, const char *path)
{
	const struct settings *settings = selectors->settings;

	for (size_t i = 0; i < settings->n_domains; i++) {
		const struct settings_domain *section = &settings->domains[i];
		bool same = section->sign_as == NULL && section->name[0] == '*' ?
		    section == settings_find_domain(settings, selectors->sdid) :
		    strcmp(selectors_sdid(section, section->name), selectors->sdid) == 0;

		if (same && uses(selectors, section, selector, path))
			return true;
	}
	return false;
}
