/*
 * What bytes are by how they begin: the types that mail is full of, and those
 * that receivers refuse.  Costs next to nothing; what it does not know is for
 * mail/magic.h.
 */
#ifndef MW_MAIL_SIGNATURE_H
#define MW_MAIL_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum form {			/* how to look inside */
	FORM_DATA,		/* nothing inside is looked at */
	FORM_ZIP, FORM_GZIP, FORM_BZIP2, FORM_XZ, FORM_TAR, FORM_7Z, FORM_RAR,
	FORM_OLE,		/* [MS-CFB]: Office before 2007, MSI, encrypted OOXML */
};

struct known_type {
	const char *type;	/* MIME type */
	const char *suffix;	/* "exe"; NULL: none is usual */
	enum form form;
};

#define SIGNATURE_LEAST 64	/* octets at which a first try makes sense */

/* By the first octets; NULL when they tell nothing. */
const struct known_type *signature_find(const unsigned char *bytes, size_t n);

/* The same for text: `n` octets that may be cut anywhere.  NULL: no text. */
const struct known_type *signature_find_text(const unsigned char *bytes, size_t n);

/* The row of a MIME type; NULL for one not listed. */
const struct known_type *signature_of_type(const char *type);

/*
 * The last suffix of a file name, as Windows takes it: what stands after the
 * last dot of the last path element, blanks and dots at the end dropped.  Empty
 * when there is none.
 */
struct slice signature_suffix(struct slice name);

/* The suffix is that of an archive or a compressed file ("zip", "tgz"). */
bool signature_is_archive_suffix(struct slice suffix);

/* Files of that suffix are ZIP by nature and no archives ("docx", "jar"). */
bool signature_is_zip_suffix(struct slice suffix);

#endif
