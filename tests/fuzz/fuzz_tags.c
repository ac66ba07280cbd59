/*
 * Tag=value lists.
 */
#include <stdint.h>

#include "base/log.h"
#include "mail/tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct tags tags;

	tags_parse(text, &tags);
	if (tags.n > TAGS_MAX)
		bug("%zu tags", tags.n);
	for (size_t i = 0; i < tags.n; i++) {
		if (tags.tags[i].value.n > 0 && (tags.tags[i].value.p < text.p ||
		    tags.tags[i].value.p + tags.tags[i].value.n > text.p + text.n))
			bug("a value out of the list");
	}
	tags_find(&tags, "v");
	return 0;
}
