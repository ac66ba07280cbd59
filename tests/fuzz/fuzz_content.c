/*
 * Content-Type, Content-Disposition, Content-Transfer-Encoding.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct arena *arena = arena_new();
	struct content_type type;

	content_type_parse(arena, text, &type);
	for (size_t i = 0; i < type.n_params; i++) {
		if (type.params[i].name == NULL || type.params[i].value == NULL)
			bug("half a parameter");
	}
	if (*type.type == '\0' || *type.subtype == '\0')
		bug("no type");
	content_disposition_parse(arena, text, &type);
	content_param(&type, "filename");
	transfer_encoding_parse(text);
	arena_free(&arena);
	return 0;
}
