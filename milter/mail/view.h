/*
 * The message as a reader's mail program would take it apart: the tree of its
 * parts, their decoded text, their links, their attachments.  Built while the
 * body passes (mail/body.h), in bounded memory; what is over a limit is
 * counted, not read.
 */
#ifndef MW_MAIL_VIEW_H
#define MW_MAIL_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "mail/attachment.h"
#include "mail/content.h"
#include "mail/html.h"
#include "mail/part.h"
#include "mail/url.h"

struct arena;

#define VIEW_TEXT_MAX (1024 * 1024)	/* octets of decoded text kept of all text/plain */
#define VIEW_LINKS_MAX 10000		/* of all parts */
#define VIEW_WORD_MAX 100		/* octets kept of a type, charset, encoding */
#define VIEW_CPU_MS 150			/* spent on HTML and attachments of a message;
					 * what comes then is not looked into */
/* Of HTML at most HTML_READ_MAX octets are read in all parts together. */
#define VIEW_NONE ((size_t)-1)

enum view_kind {
	VIEW_MULTIPART,
	VIEW_MESSAGE,		/* message/rfc822, message/global: its header is a part's */
	VIEW_TEXT,		/* text/plain and other text to be read, no attachment */
	VIEW_HTML,		/* text/html, no attachment */
	VIEW_OTHER,		/* any other leaf, text sent as an attachment too */
};

struct view_part {
	const char *section;		/* "1.2", as IMAP numbers parts (RFC 9051 section
					 * 6.4.5.1); "" for a multipart message itself,
					 * "2.TEXT" for a multipart that is the content of
					 * the attached message 2 */
	size_t parent;			/* index, VIEW_NONE for the message itself */
	unsigned depth;			/* 1: the message itself */
	enum view_kind kind;
	const char *type;		/* "text/html", lower-case, harmless, cut */
	const char *charset;		/* as given, harmless, cut; NULL */
	const char *disposition;	/* "attachment", "inline", ...; NULL */
	const char *filename;		/* decoded UTF-8, remote text; NULL */
	bool is_attachment;		/* filename or disposition attachment */
	bool in_attached_message;	/* below a message/rfc822 part */
	bool in_signed, in_encrypted;	/* below multipart/signed, /encrypted */
	enum transfer_encoding encoding;
	const char *encoding_given;	/* harmless, cut; NULL when absent */
	uint64_t size;			/* octets as they stand, its own header not; of a
					 * multipart to the end of its last boundary */
	uint64_t decoded_size;		/* octets after decoding, as far as read */
	bool has_8bit;
	bool bad_encoding;		/* base64 or quoted-printable that is none */
	bool charset_unknown;		/* no such charset, or bytes that are none of it */
	bool charset_guessed;		/* none is named, and octets were taken for
					 * windows-1252 */
	bool ascii_only;		/* decoded: no octet over 127 */
	bool over_limit;		/* not all of it was read */
	const char *malformed;		/* structure fault, for people: boundary missing,
					 * never opened, never closed ...; NULL */
	struct slice text;		/* VIEW_TEXT: decoded UTF-8; VIEW_HTML: visible text */
	const struct html_facts *html;		/* VIEW_HTML, read */
	const struct attachment *attachment;	/* VIEW_OTHER, looked into; NULL */
};

struct view_link {
	size_t part;			/* index */
	const char *target;		/* as written, remote text */
	const char *text;		/* remote text; NULL: stands in running text */
	struct url url;
};

struct view {
	struct view_part *parts;	/* in the order they stand */
	size_t n_parts;			/* kept: at most PART_ENTITIES_MAX */
	struct view_link *links;	/* of all readable parts (not of attached messages) */
	size_t n_links;
	size_t links_total;
	bool over_limit;		/* something was not read */
};

/* ---- how body.h makes it ---- */

struct view_reader;

struct view_reader *view_reader_new(struct arena *arena);

/* What the walker of parts is to tell the reader, its object. */
const struct part_watch *view_reader_watch(void);

/* Octets of the leaf the walker is in, line ends included (never CR without the
 * LF that follows), in pieces of any size. */
void view_reader_add(struct view_reader *reader, const char *bytes, size_t n);

/* After part_walk_finish().  over_limit: the walker did not read something. */
const struct view *view_reader_finish(struct view_reader *reader, bool over_limit);

/* A view without parts. */
const struct view *view_empty(void);

#endif
