/* The alphabet of base64 (RFC 4648 section 4). */
#ifndef MW_BASE_BASE64_H
#define MW_BASE_BASE64_H

/* 0 to 63, or -1 for a byte that is no digit ("=" too). */
int base64_value(char digit);

char base64_digit(unsigned value);	/* by its lowest six bits */

#endif
