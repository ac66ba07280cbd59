/*
 * What belongs to one milter connection, and the macros it is told.
 */
#ifndef MW_PROTO_CONVERSATION_H
#define MW_PROTO_CONVERSATION_H

#include <stdbool.h>

#include <libmilter/mfapi.h>

struct core;
struct message;
struct passage;
struct proto_options;
struct rcpt_stage;
struct session;
struct snapshot;
struct plan;

#define CONVERSATION_HELO_MAX 512	/* octets kept of a HELO name */

struct conversation {
	const struct proto_options *options;
	struct snapshot *snapshot;	/* the settings it began with */
	struct session *session;	/* NULL before connect */
	struct message *message;	/* NULL outside a transaction */
	struct passage *passage;	/* NULL before the first of the body */
	struct rcpt_stage *rcpts;	/* NULL before the first recipient is judged */
	bool leading_spaces;		/* SMFIP_HDR_LEADSPC was agreed */
	bool judges_rcpts;		/* recipients may be refused: RCPT is answered */
	bool spares_rcpt;		/* agreed that RCPT has no answer */
	bool keeps_body;		/* SMFIF_CHGBODY was not offered */
	/* of the session; here, since a client may say HELO for ever */
	char helo[CONVERSATION_HELO_MAX + 1];
};

/* NULL when the process is stopping. */
struct conversation *conversation_new(const struct proto_options *options);
void conversation_free(struct conversation **conversation);

/* A new message of the session, in place of one that was in hand. */
struct message *conversation_begin_message(struct conversation *conversation);

/* Ends a message in hand that has no verdict: a record tells when recipients of
 * it were refused. */
void conversation_abandon_message(struct conversation *conversation);

/* Drops the message in hand, if there is one. */
void conversation_drop_message(struct conversation *conversation);

/* The record of the message in hand, judged, and its event when it was stopped. */
void conversation_record(const struct conversation *conversation);

/* The value of a macro, or NULL; its absence is said once a process. */
const char *macro_expected(SMFICTX *ctx, const char *name);
const char *macro_optional(SMFICTX *ctx, const char *name);
/* Likewise, as a number from 0 to 65535; 0 where there is none. */
unsigned macro_number(SMFICTX *ctx, const char *name);

/* Asks the MTA for the macros we need; each list replaces the stage's default. */
void macro_ask(SMFICTX *ctx);

/* The answer to a recipient or a message that is refused. */
sfsistat apply_refusal(SMFICTX *ctx, const struct plan *plan);

/*
 * Carries a plan out.  On failure the message is tempfailed, never half
 * edited.  The value is what the end-of-message callback returns.
 */
sfsistat apply_plan(SMFICTX *ctx, const struct conversation *conversation,
    const struct plan *plan);

/* Defers the message by a fault of our own, which `why` names in the log. */
sfsistat apply_failed(SMFICTX *ctx, const struct message *message, const char *why);

#endif
