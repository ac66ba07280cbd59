/*
 * Domain names as text and as they travel (RFC 1035 section 3.1).
 *
 * Canonical text is lower-case and has no final dot.  A dot or backslash
 * inside a label is written "\." and "\\", any other byte outside 0x21-0x7e
 * "\DDD", so that two names are equal when their texts are.  "" is the root.
 */
#ifndef MW_DNS_NAME_H
#define MW_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define DNS_NAME_TEXT_MAX 1024	/* longest canonical text, with its NUL */

/*
 * Canonical text of a name written by hand: either case, with or without the
 * final dot, escapes as above.  False, with out_r unusable, for a name not
 * fit for DNS: an empty label, a label over 63 or a name over 255 bytes on
 * the wire, a bare control byte, a broken escape.
 */
bool dns_name_canonical(const char *name, char out_r[DNS_NAME_TEXT_MAX]);

/*
 * Canonical text of an uncompressed name at the front of n bytes, and its
 * length on the wire.  False when it is cut short, too long or has a
 * compression pointer.
 */
bool dns_name_from_wire(const unsigned char *wire, size_t n,
    char out_r[DNS_NAME_TEXT_MAX], size_t *used_r);

/* The part of a canonical name after its first label: "" at the end. */
const char *dns_name_parent(const char *name);

#endif
