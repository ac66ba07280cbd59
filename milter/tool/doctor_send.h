/*
 * `mailworthy doctor --send` and `--received`: probes go through the chain, and
 * what arrives is compared with what was sent.
 */
#ifndef MW_TOOL_DOCTOR_SEND_H
#define MW_TOOL_DOCTOR_SEND_H

#include <stdbool.h>

#include "base/slice.h"
#include "tool/doctor.h"
#include "tool/probe.h"

struct postfix;
struct sink;

#define SEND_RECIPIENT "mailworthy@doctor.test"	/* RFC 2606: nobody's */
#define SEND_PORT 8825
#define SEND_WAIT 20				/* seconds for a probe to arrive */
#define SEND_FINDINGS_MAX 400

/* What was found of one or several probes. */
struct send_finding {
	enum doctor_grade grade;
	const char *id;
	const char *text, *fix, *paste;		/* fix, paste: NULL */
	const char *subjects;			/* "8bit by smtp, plain by smtp" */
	size_t n;
};

struct send {
	struct doctor *doctor;
	struct postfix *postfix;		/* NULL: not this host's MTA */
	const char *from, *to;
	bool signs;				/* enforce mode */
	struct send_finding findings[SEND_FINDINGS_MAX];
	size_t n_findings;
	size_t n_judged, n_handed_over;
};

/* Adds it, or the subject to the one that says the same. */
struct send_finding *send_note(struct send *send, enum doctor_grade grade, const char *id,
    const char *subject, const char *text);

/* The message as it arrived, with CRLF. */
void send_judge(struct send *send, const struct probe *probe, struct slice text);

/* "8bit by smtp" */
const char *send_subject(struct send *send, const struct probe *probe);

/*
 * Whether Postfix hands mail for the recipient to the sink; if not, says what
 * to add.
 */
bool send_has_route(struct send *send, const char *address, unsigned port);

#endif
