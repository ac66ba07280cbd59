/*
 * Heap memory that is there or ends the process.
 */
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/log.h"
#include "base/mem.h"

void *
mem_array(size_t n, size_t size)
{
	void *p;

	p = calloc(n == 0 ? 1 : n, size == 0 ? 1 : size);
	if (p == NULL) {
		log_error("out of memory: no room for %zu times %zu bytes", n, size);
		_exit(EX_OSERR);
	}
	return p;
}

void *
mem_alloc(size_t size)
{
	return mem_array(1, size);
}

#ifdef __GLIBC__
enum { HEAPS = 2 };

void
mem_few_heaps(void)
{
	mallopt(M_ARENA_MAX, HEAPS);
}

void
mem_trim(void)
{
	malloc_trim(0);
}
#else
void
mem_few_heaps(void)
{
}

void
mem_trim(void)
{
}
#endif
