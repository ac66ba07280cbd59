/*
 * The file of sightings: what is read is written so that it reads the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "dkim/keyring.h"
#include "dkim/sightings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sightings *first = sightings_open(NULL), *second = sightings_open(NULL);
	struct slice text = { (const char *)data, size };
	size_t n, again, bad;
	char *written, *rewritten;

	sightings_read(first, text, &bad);
	written = sightings_text(first, &n);
	if (sightings_read(second, (struct slice){ written, n }, &bad) != 0 || bad != 0)
		bug("%zu lines of our own cannot be read", bad);
	rewritten = sightings_text(second, &again);
	if (n != again || memcmp(written, rewritten, n) != 0)
		bug("written differently");
	free(written);
	free(rewritten);
	sightings_close(&first);
	sightings_close(&second);
	return 0;
}
