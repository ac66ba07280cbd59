/*
 * Looks through base64 and quoted-printable (RFC 2045 sections 6.7, 6.8)
 * without decoding: is it what it says, and how much comes out of it.  Cheap
 * enough for attachments that nobody reads.
 */
#ifndef MW_MAIL_TRANSFER_H
#define MW_MAIL_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mail/content.h"

struct transfer {
	enum transfer_encoding encoding;
	uint64_t digits;		/* base64; else octets that come out */
	unsigned pads;			/* "=" at the end of base64 */
	unsigned state;			/* of quoted-printable, after "=" */
	bool bad;
};

void transfer_begin(struct transfer *transfer, enum transfer_encoding encoding);
void transfer_add(struct transfer *transfer, const char *bytes, size_t n);

/* How many "=" lack at the end of base64, which readers let pass. */
unsigned transfer_missing(const struct transfer *transfer);

/* After the last octet.  bad_r: some of it is none of the encoding. */
uint64_t transfer_finish(struct transfer *transfer, bool *bad_r);

#endif
