/*
 * What can be done to a message, from weakest to strongest.  The strongest
 * of all findings wins.
 */
#ifndef MW_BASE_ACTION_H
#define MW_BASE_ACTION_H

enum action {
	ACTION_NONE,		/* record word "pass" */
	ACTION_HOLD,		/* the MTA's quarantine */
	ACTION_TEMPFAIL,	/* 4yz */
	ACTION_REJECT,		/* 5yz */
};

enum mode {
	MODE_AUDIT,		/* log only */
	MODE_ENFORCE,
};

#endif
