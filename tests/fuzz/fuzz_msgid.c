/*
 * Message-ID: both sides lie in the field.
 */
#include <stdint.h>

#include "base/log.h"
#include "mail/msgid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct msgid id;

	msgid_parse(text, &id);
	if (id.valid && (id.left.n == 0 || id.right.n == 0 || id.left.p < text.p ||
	    id.right.p + id.right.n >= text.p + text.n))
		bug("sides out of the field");
	return 0;
}
