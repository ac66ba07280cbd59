/*
 * The doctor on the MTA's settings.  Each function looks at one matter and adds
 * its lines to the report; settings may be those of a host without managed
 * domains, but are there.
 */
#ifndef MW_TOOL_DOCTOR_MTA_H
#define MW_TOOL_DOCTOR_MTA_H

#include <stdbool.h>

#include "tool/doctor.h"
#include "tool/postfix.h"

struct sendmail_cf;

struct mta {
	struct doctor *doctor;
	struct postfix *postfix;		/* one of the two is there */
	const struct sendmail_cf *sendmail;
};

/* A listening smtpd, and what it asks. */
struct mta_listener {
	const struct postfix_service *service;
	struct postfix_milter *milters;
	size_t n;
	size_t ours;			/* n: we are not among them */
	const char *off;		/* why none of them sees the message, or NULL */
	const char *filter;		/* content_filter; "" none */
	bool loopback;			/* this host alone reaches it */
	bool submission;		/* users hand mail over here */
	bool returns;			/* a content filter hands mail back here */
};

/* Who asks us: doctor_postfix.c and doctor_postfix_milter.c. */
void mta_listeners(struct mta *mta);
void mta_local_mail(struct mta *mta);
void mta_milter_settings(struct mta *mta);

struct mta_listener *mta_listeners_read(struct mta *mta, size_t *n_r);
bool mta_asks_us(const struct mta_listener *listener);
/* The service that takes local mail to the milters, or NULL. */
const struct postfix_service *mta_cleanup(const struct mta *mta);
bool mta_names_us(const struct mta *mta, const struct postfix_service *service,
    const struct postfix_milter *milters, size_t n, size_t *at_r);

/*
 * What to paste: doctor_postfix_paste.c.  `name` is smtpd_milters or
 * non_smtpd_milters as the service (NULL: main.cf) sees it.
 */
struct mta_wish {
	const char *name, *value;	/* of a setting in the braces of an entry */
};
/* The whole list with us in our place or last, without us ("" for nobody), or
 * with our settings mended. */
const char *mta_list_with_us(const struct mta *mta, const struct postfix_service *service,
    const char *name);
const char *mta_list_without_us(const struct mta *mta, const struct postfix_service *service,
    const char *name);
const char *mta_list_mended(const struct mta *mta, const struct postfix_service *service,
    const char *name, const struct mta_wish *wishes, size_t n);
/* Whether the entry has a name of ours and there is no such file. */
bool mta_is_stale(const struct mta *mta, const struct postfix_service *service,
    const struct postfix_milter *milter);
/* Whether the service can be told no address before the socket is put elsewhere. */
bool mta_must_move(const struct mta *mta, const struct postfix_service *service,
    const char *name);
/* The fix that has us asked, the socket moved where that must be. */
void mta_fix_list(struct mta *mta, struct doctor_line *line,
    const struct postfix_service *service, const char *name);
/* The fix that sets a value where it is set: main.cf, or the service's -o. */
void mta_fix_setting(struct mta *mta, struct doctor_line *line,
    const struct postfix_service *service, const char *name, const char *value);
/* "  -o name=value"; false, and nothing, where the value cannot be printed. */
bool mta_paste_option(struct mta *mta, struct doctor_line *line, const char *name,
    const char *value);

/* Can the daemons reach the socket: doctor_postfix_reach.c. */
void mta_socket(struct mta *mta);

/* What changes a message after it was signed: doctor_postfix_after.c. */
void mta_after_signing(struct mta *mta);
/* Content filters: doctor_postfix_filter.c. */
void mta_content_filter(struct mta *mta);
/* Whether mail of the sendmail command asks us; whether it comes back from a
 * content filter at a listener that does. */
bool mta_local_asks_us(const struct mta *mta);
bool mta_local_comes_back(struct mta *mta);
/* What is wrong on the way out: doctor_postfix_way.c. */
void mta_way_out(struct mta *mta);

/* All of Sendmail: doctor_sendmail.c. */
void mta_sendmail(struct mta *mta);

/* What both MTAs have.  A signer among the other milters: true when it is one. */
bool mta_say_signer(struct mta *mta, const char *where, const struct postfix_milter *milter);
void mta_say_behind(struct mta *mta, const char *where, const struct postfix_milter *milter);
/* The relay that a setting names ("[host]:port", "" none); an address mail is
 * sent from. */
void mta_judge_relay(struct mta *mta, const char *next_hop, const char *setting);
void mta_judge_address(struct mta *mta, const char *where, const char *value);

/* The value fit to be shown. */
const char *mta_shown(const struct mta *mta, const char *value);

#endif
