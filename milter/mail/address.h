/*
 * Addresses of header fields and of the envelope (RFC 5322 section 3.4 with
 * the obsolete forms, RFC 6532, RFC 5321 section 4.1.2).  No recursion: groups
 * are read in a loop.  Slices point into the input unless said otherwise.
 */
#ifndef MW_MAIL_ADDRESS_H
#define MW_MAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

#define ADDRESS_LIST_MAX 2000	/* mailboxes kept of one field; the rest are counted */

enum {				/* bits of address.faults */
	ADDRESS_FAULT_SYNTAX = 1,	/* no mailbox even by the obsolete grammar; the
					 * fields hold what could be read */
	ADDRESS_FAULT_UNQUOTED_SPECIAL = 2,	/* specials in the display name, or text
						 * after <>: receivers read over it */
	ADDRESS_FAULT_SPACE_IN_ANGLE = 4,	/* blanks inside the address */
	ADDRESS_FAULT_BAD_LABEL = 8,	/* domain is no valid host name */
	ADDRESS_FAULT_EMPTY_NAME = 16,	/* display name is "" */
	ADDRESS_FAULT_NO_DOMAIN = 32,
	ADDRESS_FAULT_NO_LOCAL = 64,
	ADDRESS_FAULT_ENCODED_WORD = 128,	/* =?...?= inside the addr-spec */
	ADDRESS_FAULT_8BIT_DOMAIN_INVALID = 256,	/* U-label that IDNA refuses */
	ADDRESS_FAULT_FORBIDDEN_CHAR = 512,	/* one of ,$%?{}<> in it (Yahoo) */
};

struct address {
	struct slice display_name;	/* raw: quotes and encoded words kept */
	const char *name;		/* decoded display name, or the comment that
					 * stands for one; UTF-8, never NULL */
	const char *local_part;		/* unquoted; any bytes but NUL; may be "" */
	const char *domain;		/* A-label, lower-case, no final dot, or a
					 * literal with its []; "" when not valid */
	const char *domain_utf8;	/* as written, for people; may be no UTF-8 */
	const char *text;		/* local@domain for people and records */
	unsigned faults;
};

struct address_list {
	struct address *addresses;	/* real mailboxes, in order */
	size_t n;
	size_t total;			/* with those beyond ADDRESS_LIST_MAX */
	size_t groups;			/* named groups, empty ones too */
	unsigned faults;		/* of the field as a whole */
};

/*
 * Parses a From, To, Cc, Reply-To ... value (unfolded or not).  Never fails:
 * what cannot be read is a fault, and each address a receiver could take for
 * one is in the list: "<a@b> <c@d>" and "a@b c@d" are two.  A comma in an
 * unquoted name ("Doe, John <j@d>") does not end a mailbox.
 */
void address_list_parse(struct arena *arena, struct slice value,
    struct address_list *list_r);

/*
 * An envelope path as the MTA hands it over: "<a@b>", "a@b", "<>", "", with
 * source route. False when it cannot be read (fields are filled as far as
 * known); a local-part alone ("root") can, with ADDRESS_FAULT_NO_DOMAIN.
 * is_null for the null reverse-path.
 */
bool address_path_parse(struct arena *arena, struct slice path,
    struct address *address_r, bool *is_null_r);

#endif
