/*
 * Last care for texts on their way out.  Remote parts inside went through
 * log_safe() when the text was made, so backslashes are left alone here; what
 * slipped through nevertheless is escaped, and a text never has a line end.
 */
#ifndef MW_VERDICT_TEXT_H
#define MW_VERDICT_TEXT_H

#include <stddef.h>

struct arena;

/* Valid UTF-8 on one line, harmless to terminals, at most max octets and then
 * "...".  "" for NULL. */
const char *text_for_people(struct arena *arena, const char *text, size_t max);

/* The same in printable ASCII without '%' (libmilter reads it as a format),
 * everything else as \xHH; at most max octets, "..." included. */
const char *text_for_smtp(struct arena *arena, const char *text, size_t max);

/* What a DKIM-Signature value signs: its h= without blanks, or NULL. */
const char *text_signed_names(struct arena *arena, const char *signature);

#endif
