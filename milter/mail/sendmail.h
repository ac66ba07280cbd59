/*
 * What Sendmail does to a message behind its filters, as measured with 8.17: it
 * writes the fields with addresses anew as it sends a message, with one blank
 * after each comma, quotes around names with dots, folds of its own.
 */
#ifndef MW_MAIL_SENDMAIL_H
#define MW_MAIL_SENDMAIL_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;

#define SENDMAIL_LINE_MAX 990	/* of its smtp and esmtp mailers, without CRLF */

/* The field is one of those. */
bool sendmail_rewrites(struct slice name);

/*
 * A value, as in header.h, in the form that Sendmail sends as it is, with LF folds;
 * it says the same.  A value that is in that form already stays octet for octet.
 * False where there is no such form: an address without a domain or of this host,
 * one that is too long, brackets without a partner.
 */
bool sendmail_form(struct arena *arena, struct slice name, struct slice value,
    struct slice *form_r);

/* They differ by blanks and folds alone, which relaxed canonicalization passes over
 * (RFC 6376 section 3.4.2). */
bool sendmail_same_text(struct slice a, struct slice b);

#endif
