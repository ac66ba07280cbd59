/*
 * Versions of ourselves and of the libraries the core uses.
 */
#include <stdio.h>

#include "config.h"
#include "core/versions.h"

void
versions_print(FILE *out)
{
	fprintf(out, "mailworthy %s\n", PACKAGE_VERSION);
}
