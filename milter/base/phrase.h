/*
 * A phrase that filters hold against mail: settings/ reads them from their
 * files, mail/ finds them in texts.
 */
#ifndef MW_BASE_PHRASE_H
#define MW_BASE_PHRASE_H

#define PHRASES_MAX 20000
#define PHRASE_MAX 200			/* octets of one */

enum phrase_where { PHRASE_SUBJECT = 1, PHRASE_BODY = 2 };	/* bits */

struct phrase {
	const char *text;		/* UTF-8, blanks single, ASCII letters small */
	const char *language;		/* "en" */
	unsigned where;			/* PHRASE_ bits */
};

#endif
