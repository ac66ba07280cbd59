/*
 * Mailbox providers: domains whose addresses anybody can have and whose mail
 * only their own hosts may send.
 */
#ifndef MW_MAIL_FREEMAIL_H
#define MW_MAIL_FREEMAIL_H

#include <stdbool.h>

/* `domain` is a lower-case A-label name; NULL and "" are none. */
bool freemail_is_domain(const char *domain);

#endif
