/*
 * Kinds of mail by why it is sent: rules for bulk mail bind bulk mail only.
 */
#ifndef MW_BASE_STREAM_H
#define MW_BASE_STREAM_H

enum stream {
	STREAM_NONE,		/* nothing tells: mail from person to person, mostly */
	STREAM_TRANSACTIONAL,	/* one message for one act: receipts, codes, notices */
	STREAM_BULK,		/* the same to many: newsletters, marketing */
	STREAM_LIST,		/* a discussion list */
	STREAM_DSN,		/* delivery reports, the null reverse-path */
};

#endif
