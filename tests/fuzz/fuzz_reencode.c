/*
 * A message: Content-Type, Content-Transfer-Encoding, a line each, and its body.
 */
#include <stdint.h>

#include "../unit/mended.h"
#include "base/log.h"
#include "mail/changes.h"
#include "mail/mend.h"
#include "mail/reencode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size };
	struct slice type = { "", 0 }, encoding = { "", 0 };
	struct arena *arena = arena_new();
	struct headers *headers = headers_new(arena), *after = headers_new(arena);
	struct spool *body = spool_new(arena, size);
	struct mend_options options = { .charset = NULL };
	struct reencoded reencoded;
	const char *error = NULL;

	slice_split(&bytes, '\n', &type);
	slice_split(&bytes, '\n', &encoding);
	headers_add(headers, SLICE("Content-Type"), type);
	headers_add(headers, SLICE("Content-Transfer-Encoding"), encoding);
	spool_add(body, bytes.p, bytes.n);
	if (reencode(arena, headers, body, &options, 1 << 24, &reencoded, &error) == 0 &&
	    reencoded.body != NULL) {
		headers_add(after, SLICE("Content-Type"), reencoded.type != NULL ?
		    slice_of(reencoded.type) : type);
		headers_add(after, SLICE("Content-Transfer-Encoding"),
		    reencoded.encoding != NULL ? slice_of(reencoded.encoding) : encoding);
		error = mended_differs(arena, &(struct mended_side){ headers, body,
		    { NULL, 0 }, NULL }, &(struct mended_side){ after, reencoded.body,
		    { NULL, 0 }, NULL });
		if (error == NULL && !reencoded.left)
			error = mended_odd(mended_octets(arena, reencoded.body));
		if (error != NULL)
			bug("%s", error);
	}
	arena_free(&arena);
	return 0;
}
