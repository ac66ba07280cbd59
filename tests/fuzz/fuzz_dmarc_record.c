/* DMARC records: any bytes that a TXT record can hold. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "evidence/dmarc_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct dmarc_record record;
	struct slice rest, uri;
	const char *why, *domain;
	enum dmarc_reading reading;

	reading = dmarc_record_read(arena, (struct slice){ (const char *)data, size },
	    &record, &why);
	if (reading == DMARC_READ_NO_POLICY && why == NULL)
		abort();
	if (reading == DMARC_READ_USABLE && record.text == NULL)
		abort();
	rest = slice_of(reading == DMARC_READ_OTHER ? NULL : record.rua);
	while (dmarc_next_uri(arena, &rest, &uri, &domain))
		if (uri.n > size || (domain != NULL && *domain == '\0'))
			abort();
	arena_free(&arena);
	return 0;
}
