/*
 * Reads a body once, in chunks of any size, in bounded memory: line lengths,
 * odd bytes, and for each leaf part whether its bytes keep what its
 * Content-Transfer-Encoding promises.  What is found does not depend on where
 * the chunks are cut.
 */
#ifndef MW_MAIL_BODY_H
#define MW_MAIL_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct headers;
struct body;
struct view;

struct body_facts {
	uint64_t size;			/* octets */
	uint64_t lines;			/* a last one without line end counts */
	size_t longest_line;		/* octets without CRLF */
	uint64_t longest_line_at;	/* line number, from 1 */
	uint64_t nul_bytes;
	uint64_t bare_cr, bare_lf;
	bool has_8bit;
	bool ends_in_crlf;		/* true for an empty body too */
	size_t parts;			/* leaves, with those beyond the limit */
	size_t levels;			/* the message itself is 1 */
	bool over_limit;		/* parts, levels, a part's header beyond ours
					 * (part.h): counted, not read */
	/* first leaf of each kind, as "part 2 (text/html)", or NULL */
	const char *undeclared_8bit;	/* has 8-bit bytes, says 7bit or nothing */
	const char *declared_8bit;	/* has them and says 8bit or binary */
	const char *unknown_encoding;	/* Content-Transfer-Encoding nobody knows */
	bool says_8bit;			/* a part, or the message, declares 8bit or binary */
	bool has_mime_parts;		/* multipart with at least one boundary found */
	bool encoded_filename;		/* encoded word in a part's name or filename */
};

/* `headers` are the message's, complete.  Kept pointer: arena. */
struct body *body_new(struct arena *arena, const struct headers *headers);
void body_add(struct body *body, const void *bytes, size_t n);
void body_finish(struct body *body, struct body_facts *facts_r);

/* What the parts hold; after body_finish(). */
const struct view *body_view(const struct body *body);

#endif
