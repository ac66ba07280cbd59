/*
 * Raw 8-bit text of a field, already unfolded, in ASCII: the pieces of
 * field_mend() (mend.h).
 */
#ifndef MW_MAIL_MEND_TEXT_H
#define MW_MAIL_MEND_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;

#define MEND_WORD_MAX 75		/* octets of an encoded word (RFC 2047 section 2) */

struct mend_text {
	struct buf *out;
	const char *charset;	/* of what is written */
	bool is_utf8;		/* characters are kept whole by that */
	size_t word_max;	/* octets of an encoded word, so that it fits its line */
	size_t long_word;	/* a word of more octets is encoded too */
};

/* Unstructured text: words with 8-bit octets become encoded words. */
void mend_unstructured(const struct mend_text *mend, struct slice text);

/* Mailboxes: display names, names of groups and comments. */
void mend_addresses(const struct mend_text *mend, struct slice text);

/* Parameters (RFC 2231); never boundary and charset. */
void mend_parameters(const struct mend_text *mend, struct slice text);

#endif
