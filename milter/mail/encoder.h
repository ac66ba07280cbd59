/*
 * Writes content as quoted-printable or base64 (RFC 2045 section 6), piece by
 * piece.  What comes out is ASCII without NUL in lines of at most 76 octets
 * that end in CRLF; no line begins with "--", so none can be taken for a
 * boundary, nor is it "." or does it begin with "From ".
 */
#ifndef MW_MAIL_ENCODER_H
#define MW_MAIL_ENCODER_H

#include <stdbool.h>
#include <stddef.h>

struct spool;

#define ENCODER_LINE_MAX 76
#define ENCODER_HELD_MAX 64		/* blanks at the end of a soft line break */

enum encoder_form {
	ENCODER_QP,		/* from the octets themselves; CRLF stays a line end */
	ENCODER_BASE64,
	/* from what is encoded already: only its lines are mended */
	ENCODER_QP_MEND,
	ENCODER_BASE64_MEND,
	/* text outside of parts, which nobody decodes: lines up to 998 octets, "?"
	 * for what is no ASCII */
	ENCODER_OUTSIDE,
};

struct encoder {
	enum encoder_form form;
	struct spool *out;
	char text[4096];	/* not in the spool yet */
	size_t n;
	size_t column;
	bool failed;
	bool cr;		/* held back: LF may follow */
	char blank;		/* held back: the line may end after it; 0: none */
	char first;		/* octet of the line */
	size_t from;		/* octets of "From" the line begins with */
	char held[ENCODER_HELD_MAX];	/* "=" and what follows it */
	size_t n_held;
	unsigned bits, n_bits;	/* of base64, not written yet */
};

/* `out` NULL: only to see whether it fails. */
void encoder_init(struct encoder *encoder, enum encoder_form form,
    struct spool *out);
void encoder_add(struct encoder *encoder, const char *p, size_t n);

/*
 * `is_last`: nothing follows, so the last line must be ended here.  -1 when the
 * MEND forms met something that decoders read differently, or that is no such
 * encoding: what was written is not to be used then.
 */
int encoder_finish(struct encoder *encoder, bool is_last);

#endif
