/*
 * What postconf prints, lists of milters, tables of rules: NUL parts the texts.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "tool/postfix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(const struct postfix *postfix)
{
	for (size_t i = 0; i < postfix->n_services; i++) {
		const struct postfix_service *service = &postfix->services[i];
		struct postfix_milter *milters;
		size_t n;

		milters = postfix_milters(postfix->arena, postfix_get_in(postfix, service,
		    "smtpd_milters"), &n);
		if (n > POSTFIX_MILTERS_MAX)
			bug("too many milters");
		for (size_t k = 0; k < n; k++) {
			if (milters[k].kind == MILTER_UNIX)
				postfix_milter_file(postfix, service, &milters[k]);
			postfix_milter_is(postfix, service, &milters[k], "inet:8893@127.0.0.1");
			postfix_milter_is(postfix, service, &milters[k], "unix:/run/m");
		}
	}
	postfix_seconds(postfix_get(postfix, "milter_content_timeout"), 's');
	postfix_milter_for(postfix, "unix:/run/m", true);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, main, master, overrides;
	struct arena *arena = arena_new();
	size_t n;

	if (!slice_split(&rest, '\0', &main))
		main = rest;
	if (!slice_split(&rest, '\0', &master))
		master = rest;
	if (!slice_split(&rest, '\0', &overrides))
		overrides = rest;
	look(postfix_parse(arena, main, master, overrides));
	postfix_rules(arena, (struct slice){ (const char *)data, size }, &n);
	arena_free(&arena);
	return 0;
}
