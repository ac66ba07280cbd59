/* Message-ID (RFC 5322 section 3.6.4). */
#ifndef MW_MAIL_MSGID_H
#define MW_MAIL_MSGID_H

#include <stdbool.h>

#include "base/slice.h"

struct msgid {
	struct slice left, right;
	bool valid;		/* <left@right>, nothing beside it */
	bool right_is_name;	/* right side is a host name or literal with a dot */
	bool encoded_word;
};

void msgid_parse(struct slice value, struct msgid *msgid_r);

#endif
