/*
 * Looking through many bytes at once, a machine word at a time.
 */
#ifndef MW_MAIL_BYTES_H
#define MW_MAIL_BYTES_H

#include <stddef.h>

enum {				/* bits of bytes_odd() */
	BYTES_8BIT = 1,		/* a byte over 127 */
	BYTES_NUL_CR = 2,	/* a NUL or a CR */
};

/* How many bytes at the front are printable ASCII (SP to "~"). */
size_t bytes_plain(const char *p, size_t n);

unsigned bytes_odd(const char *p, size_t n);

#endif
