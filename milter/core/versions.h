/* Versions of ourselves and of every library, for -V and bug reports. */
#ifndef MW_CORE_VERSIONS_H
#define MW_CORE_VERSIONS_H

#include <stdio.h>

/* One "name version" a line. */
void versions_print(FILE *out);

#endif
