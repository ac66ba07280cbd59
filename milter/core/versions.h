/* Versions of ourselves and of every library, for -V and bug reports. */
#ifndef MW_CORE_VERSIONS_H
#define MW_CORE_VERSIONS_H

#include <stdio.h>

/* A line for ourselves, one for what finds phrases, one for each library loaded. */
void versions_print(FILE *out);

#endif
