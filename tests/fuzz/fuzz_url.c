/*
 * URLs as link targets and in running text.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/domain.h"
#include "mail/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size }, found;
	struct arena *arena = arena_new();
	size_t at = 0;
	struct url url;

	url_parse(arena, text, &url);
	if (url.host != NULL && !url.host_is_ip && !domain_is_queryable(url.host))
		bug("a host no DNS could be asked for");
	if ((url.host == NULL && url.org_domain != NULL) || url.path.n > URL_MAX)
		bug("impossible URL");
	while (url_find(text, &at, &found)) {
		if (found.n == 0 || found.p < text.p || at > size ||
		    found.p + found.n > text.p + at)
			bug("found outside of the text");
		url_parse(arena, found, &url);
	}
	arena_free(&arena);
	return 0;
}
