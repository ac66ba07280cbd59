/*
 * A sendmail.cf: every filter has a name in the text and times that can be read.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "evidence/sendmail_cf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sendmail_filter *filters[SENDMAIL_FILTERS_MAX];
	struct arena *arena = arena_new();
	struct sendmail_cf *cf = sendmail_cf_parse(arena, (struct slice){ (const char *)data,
	    size });
	size_t n = sendmail_cf_filters(cf, sendmail_cf_option(cf, "InputMailFilters"), filters);

	for (size_t i = 0; i < n; i++) {
		if (sendmail_cf_timeout(filters[i]->timeouts, 'R') < -1)
			bug("a time before time");
		sendmail_cf_equate(arena, filters[i]->flags, "F");
	}
	for (size_t i = 0; i < cf->n_daemons; i++)
		sendmail_cf_equate(arena, cf->daemons[i], "InputMailFilters");
	sendmail_cf_macro(cf, "M");
	arena_free(&arena);
	return 0;
}
