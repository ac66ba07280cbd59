/*
 * A body as it can travel through any host (RFC 5321 section 4.5.3.1.6, RFC
 * 2045 section 6): leaves with 8-bit octets, lines over 998 octets, NUL, CR or
 * LF that stand alone are written again as quoted-printable or base64, parts
 * that say 8bit or binary without need say 7bit.  What a reader decodes stays
 * the same, octet for octet.  Parts of multipart/signed and
 * multipart/encrypted are not touched.
 */
#ifndef MW_MAIL_REENCODE_H
#define MW_MAIL_REENCODE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct body_facts;
struct headers;
struct mend_options;
struct spool;

#define REENCODE_PART_HEADER_MAX (64 * 1024)	/* octets of one part's header */

struct reencoded {
	const struct spool *body;	/* the new one; NULL: as it was */
	/* fields of the message's own header: values with their leading blank, NULL: as
	 * they are */
	const char *type, *encoding;
	bool add_mime_version;
	bool left;		/* something stays that not every host takes */
};

/* False for a body that has nothing of all that: it need not be read again. */
bool reencode_is_needed(const struct body_facts *facts,
    const struct mend_options *options);

/*
 * `max`: octets the new body may have.  -1 and *error_r when the body must stay
 * as it is: beyond the walker's limits, or the new one could not be kept.
 */
int reencode(struct arena *arena, const struct headers *headers,
    const struct spool *body, const struct mend_options *options, uint64_t max,
    struct reencoded *reencoded_r, const char **error_r);

#endif
