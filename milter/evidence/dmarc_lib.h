/*
 * libopendmarc as the parser of a record that was read and reduced before
 * (its names collide with ours, so it has this file to itself).
 */
#ifndef MW_EVIDENCE_DMARC_LIB_H
#define MW_EVIDENCE_DMARC_LIB_H

struct dmarc_letters {
	char p, sp;		/* 'n', 'q', 'r' */
	char adkim, aspf;	/* 'r', 's' */
};

/* 0, or -1 when the library refuses the record. */
int dmarc_lib_parse(const char *record, struct dmarc_letters *letters_r);

#endif
