/*
 * What the MTA told us.  A session is one milter connection; a message is made
 * at MAIL FROM and destroyed at end, abort or close, never reset.  Facts are
 * filled while the MTA speaks and frozen by message_finish(); after that they
 * are read only.  "Now" is a fact.
 */
#ifndef MW_FACTS_MESSAGE_H
#define MW_FACTS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/ip.h"
#include "base/slice.h"
#include "base/stream.h"
#include "mail/address.h"
#include "mail/body.h"
#include "mail/header.h"

struct arena;
struct change;
struct phrase;
struct settings;
struct settings_stream;
struct spool;
struct settings_strings;
struct view;

#define MESSAGE_RCPTS_KEPT 10000	/* recipients kept; the rest are counted */
#define MESSAGE_PHRASES_KEPT 100	/* of those found, the first of the list */

enum direction { DIRECTION_OUTBOUND, DIRECTION_INBOUND };

/* Which MTA speaks, where that matters: each changes other things behind a filter. */
enum mta { MTA_OTHER, MTA_SENDMAIL };

struct session {
	struct arena *arena;
	enum mta mta;
	struct ip client_addr;		/* family 0: none given */
	uint16_t client_port;
	const char *client_name;	/* may be NULL */
	const char *helo;		/* of the SMTP client, may be NULL */
	const char *mta_name;		/* macro j, may be NULL */
	const char *daemon_name;	/* macro {daemon_name}, may be NULL */
	const char *daemon_addr;	/* "addr@port" the client connected to, may be NULL */
	bool keeps_body;		/* the MTA lets no filter replace a body */
};

struct rcpt {
	struct address address;
	const char *mailer;		/* {rcpt_mailer}: smtp, relay, local ..., may be NULL */
	const char *host;		/* {rcpt_host}: next hop, may be NULL */
	const char *refused_by;		/* id of the check that refused it, NULL */
};

enum author_status {
	AUTHOR_ONE,			/* exactly one From field with one mailbox */
	AUTHOR_MISSING,			/* no From field, or none with a mailbox */
	AUTHOR_SEVERAL,			/* several fields or several mailboxes */
	AUTHOR_MALFORMED,		/* a From field that cannot be read */
};

/* What was mended before the facts were frozen, and how the MTA gets it. */
struct message_repair {
	bool headers, encoding;		/* which of the two there was need of */
	bool had_utf8;			/* a field held raw UTF-8: the MTA has seen it */
	const struct change *steps;	/* of the header section (mail/changes.h) */
	size_t n_steps;
	const struct spool *body;	/* in place of the one that came; NULL */
};

struct message {
	struct arena *arena;
	const struct session *session;
	time_t now;			/* when the message was begun */
	int64_t begun_us;		/* monotonic */
	const char *queue_id;		/* NULL until the MTA has one */
	enum direction direction;
	enum stream stream;		/* declared, else told */
	enum stream stream_told;	/* by headers and envelope alone */
	bool stream_known;		/* no field that tells stands beyond what was kept */
	bool stream_is_declared;	/* the section below names the kind */
	const struct settings_stream *declared;	/* its section, NULL */
	bool is_local;			/* pickup, sendmail command: no SMTP client */
	bool is_own_dsn;		/* message_tell_own_dsn() */
	bool is_notice;			/* of `mailworthy notify`, to who is to be told */
	bool is_smtputf8;
	const char *auth_user;		/* SASL login, NULL */
	const char *auth_type;

	struct address mail_from;
	bool mail_from_is_null;
	bool mail_from_malformed;
	struct rcpt *rcpts;
	size_t n_rcpts;			/* kept, those refused too */
	size_t rcpts_total;		/* without those refused */
	size_t rcpts_refused;
	struct headers *headers;
	struct body_facts body;		/* filled by message_finish() */
	const struct view *view;	/* likewise: parts, text, links */
	const struct phrase *const *phrases;	/* found in Subject and text (base/phrase.h),
						 * each wording once */
	size_t n_phrases;		/* kept; by passage_finish() */
	struct body *body_reader;	/* made by message_read_headers() */
	uint64_t size;			/* octets, headers with CRLF, blank line, body */

	/* filled by message_read_headers() */
	enum author_status author_status;
	struct address author;		/* the mailbox, of the first From where several */
	struct address_list from;	/* all mailboxes of all kept From fields */
	const char *author_domain;	/* A-label; NULL when there is none */
	const char *envelope_domain;	/* of MAIL FROM; NULL for the null reverse-path */
	const char *message_id;		/* value unfolded, NULL */
	const char *subject;		/* decoded, NULL */
	bool missing_date, missing_message_id;

	/* what repair adds before signing: values without leading blank, or NULL */
	const char *added_date;
	const char *added_message_id;
	/* headers and body are those that leave; what leads there, or NULL */
	const struct message_repair *repair;
};

struct session *session_new(void);
void session_free(struct session **session);

/* By its version (macro v): Sendmail gives a number alone, "8.17.1", Postfix its name
 * too.  NULL: not told. */
enum mta session_mta(const char *version);

/* now and begun_us come from the caller's clock. */
struct message *message_new(const struct session *session, time_t now, int64_t begun_us);
void message_free(struct message **message);

/* The texts stay the caller's, in the message's arena.  False when the
 * recipient was only counted. */
bool message_add_rcpt(struct message *message, const struct rcpt *rcpt);

/* Where a recipient's mail goes, by the mailer the MTA named. */
enum rcpt_way {
	RCPT_UNKNOWN,			/* nobody told; a transport we do not know */
	RCPT_STAYS,			/* on this host, or nowhere */
	RCPT_LEAVES,			/* by SMTP */
};

/* Of local mail whose mailer nobody told it is taken to leave. */
enum rcpt_way message_rcpt_way(const struct message *message, const struct rcpt *rcpt);

/*
 * A notice of the MTA itself, by the envelope and the session: local with the null
 * reverse-path.  With Sendmail those of its sendmail command, which come by SMTP from
 * this host under its own name; those of its daemon pass no filter.
 */
void message_tell_own_dsn(struct message *message);

/*
 * Author, domains, ids from the header section: once, after the last header.
 * Of an author with a domain that DNS cannot be asked for (a literal) the
 * author_domain is NULL.
 */
void message_read_headers(struct message *message);

/* The stream that the headers and the null reverse-path tell: likewise, and called
 * by it. */
void message_tell_stream(struct message *message);

/*
 * The stream that the settings declare: the first section whose conditions all
 * hold.  After message_read_headers(); without a section the stream stays as told.
 * The MTA's own DSNs are only ever declared dsn.
 */
void message_declare_stream(struct message *message, const struct settings *settings);

/*
 * Before the header is there: whether the message may be of that stream, by
 * login, network and envelope sender; *certain_r when nothing is left to be seen.
 */
bool message_may_be_of(const struct message *message,
    const struct settings_stream *stream, bool *certain_r);

/* The same with another header section, and for another body: all that was read
 * of the message is forgotten. */
void message_read_again(struct message *message, struct headers *headers);

/* A chunk of the body, any size, after message_read_headers(). */
void message_add_body(struct message *message, const void *bytes, size_t n);

/* Fills body and size: nothing changes after this. */
void message_finish(struct message *message);

/*
 * Tells whether it is mail of `mailworthy notify`: from a program of this host,
 * without a login, with the null reverse-path, its field, and the address of
 * `notify` as its only recipient.  Programs of this host can send such a message,
 * to that address alone.  After message_read_headers().
 */
void message_tell_notice(struct message *message, const struct settings *settings);
#define MESSAGE_NOTICE_FIELD "X-Mailworthy-Notice"

/* "transactional", "bulk", "list", "dsn"; NULL for STREAM_NONE. */
const char *message_stream_name(enum stream stream);

/* The author or the envelope sender is one of the list (settings_sender_matches). */
bool message_has_sender(const struct message *message,
    const struct settings_strings *senders);

/* By the options outbound, networks and ignore-daemons. */
enum direction message_direction(const struct message *message,
    const struct settings *settings);

#endif
