/*
 * Messages that the doctor sends through the whole chain, one trait each: what
 * breaks signatures on the way shows in one of them.  A field of the message
 * holds all that it was made from, so that one which comes back is compared
 * with what was sent, without anything kept in between.
 */
#ifndef MW_TOOL_PROBE_H
#define MW_TOOL_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/slice.h"

struct arena;

#define PROBE_FIELD "Mailworthy-Probe"
#define PROBE_ADDRESS_MAX 254		/* octets of from and to */

enum probe_trait {
	PROBE_PLAIN,			/* nothing odd at all */
	PROBE_LAYOUT,			/* blanks at ends of lines, dots, "From " */
	PROBE_FIELDS,			/* folds, tabs, runs of blanks in fields */
	PROBE_8BIT,			/* UTF-8 as it is */
	PROBE_LONG_LINE,		/* over 998 octets */
	PROBE_MULTIPART,		/* text, HTML, attachment, preamble */
	PROBE_EMPTY,			/* no body */
	PROBE_NO_END,			/* the last line does not end */
	PROBE_RAW_SUBJECT,		/* UTF-8 in Subject as it is */
	PROBE_TRAITS
};

struct probe {
	enum probe_trait trait;
	const char *from, *to;		/* addresses, 7-bit */
	const char *run;		/* letters and digits: tells one run from another */
	const char *way;		/* "smtp", "sendmail": a word */
	time_t sent;
};

const char *probe_name(enum probe_trait trait);		/* "long-line" */
const char *probe_about(enum probe_trait trait);	/* "a line over 998 octets" */
bool probe_is_8bit(enum probe_trait trait);		/* asks for BODY=8BITMIME */

/* Whether an address can stand in the field. */
bool probe_address_ok(const char *address);

/* The message, with CRLF. */
struct slice probe_make(struct arena *arena, const struct probe *probe);

/* Reads the value of the field; false when it is none of ours. */
bool probe_read(struct arena *arena, struct slice value, struct probe *probe_r);

#endif
