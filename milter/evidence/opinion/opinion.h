/*
 * Second opinions: what SpamAssassin's spamd, Rspamd and ClamAV's clamd say of
 * a message.  All that are configured are asked at once over one wait with one
 * deadline; one that is down, slow or not understood is unknown, never a reason
 * to stop mail.
 */
#ifndef MW_EVIDENCE_OPINION_H
#define MW_EVIDENCE_OPINION_H

#include "base/buf.h"
#include "base/slice.h"
#include "evidence/evidence.h"

struct arena;
struct breakers;
struct clock;
struct message;
struct settings;
struct spool;

#define OPINION_ANSWER_MAX (256 * 1024)	/* octets of an answer read */
#define OPINION_SYMBOLS_MAX 20		/* names of rules kept */

struct opinion_request {
	const struct settings *settings;
	const struct message *message;
	const struct spool *body;	/* NULL: could not be kept */
	const struct clock *clock;
	struct breakers *breakers;	/* NULL: each is asked */
	struct arena *arena;
};

/* True when some filter is configured: the body must be kept. */
bool opinions_wanted(const struct settings *settings);

/* Octets of the largest message that is handed on. */
uint64_t opinions_size_max(const struct settings *settings);

/* Fills all of them; waits at most the configured timeout. */
void opinions_ask(const struct opinion_request *request,
    struct opinion opinions_r[OPINIONS]);

/* ---- one filter's way of speaking ---- */

struct dialect {
	const char *name;		/* for people */
	bool is_chunked;		/* each piece has its length in front (clamd) */
	/* What goes before a message of `size` octets. */
	void (*greet)(const struct opinion_request *request, uint64_t size,
	    struct buf *out);
	/* Fills the opinion from a whole answer; known stays KNOWN_NO when it is not
	 * understood, with the error. */
	void (*understand)(struct arena *arena, struct slice answer,
	    struct opinion *opinion);
};

extern const struct dialect dialect_spamd;	/* SPAMC/1.5, spamd/PROTOCOL */
extern const struct dialect dialect_rspamd;	/* HTTP, /checkv2 */
extern const struct dialect dialect_clamd;	/* zINSTREAM, clamd(8) */

/* "-1.05" in hundredths; false when it is no number. */
bool opinion_number(struct slice text, int *hundredths_r);

/* Adds ",NAME" of a rule; only what rules are named with. */
void opinion_symbol(struct buf *symbols, struct slice name);

#endif
