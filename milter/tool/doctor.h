/*
 * `mailworthy doctor`: what is wrong with the whole set-up, in one report.
 *
 * A section is a function that adds lines to the report; the table of sections
 * is in doctor.c.  A line has an id: that of a check where a check judges the
 * matter (checks/catalogue.def), else one of doctor.def.  `mailworthy explain`
 * knows both, and man/mailworthy-doctor.7 lists those of doctor.def.
 */
#ifndef MW_TOOL_DOCTOR_H
#define MW_TOOL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

struct arena;
struct core;
struct dns;
struct doctor_look;
struct egress_facts;
struct files;
struct settings;
struct sightings;
struct snapshot;

#define DOCTOR_VIA_MAX 8
#define DOCTOR_RECEIVED_MAX 100
#define DOCTOR_OK_SHOWN 25	/* lines of a section where all is well, without --all */

/* ---- the report ---- */

enum doctor_grade {
	DOCTOR_OK,
	DOCTOR_UNKNOWN,		/* could not be seen, with the reason */
	DOCTOR_ADVICE,		/* would be better; nothing fails */
	DOCTOR_WARNING,		/* costs reputation, or will fail one day */
	DOCTOR_FAULT,		/* mail is lost or refused because of it */
	DOCTOR_GRADES
};

/* One thing that was looked at.  Texts are in the report's arena. */
struct doctor_line {
	enum doctor_grade grade;
	const char *id;
	const char *subject;	/* domain, address, file; "" for the host itself */
	const char *text;	/* one plain sentence or two */
	const char *fix;	/* how to mend it, or NULL */
	const char *paste;	/* exact text to publish or paste, '\n' between its
				 * lines, or NULL */
	struct doctor_line *next;
};

struct doctor_section {
	const char *name;	/* for --json */
	const char *title;
	struct doctor_line *first, *last;
	struct doctor_section *next;
};

struct doctor_report {
	struct arena *arena;
	struct doctor_section *first, *last;
	size_t n[DOCTOR_GRADES];
	const char *config;	/* path */
	time_t now;
};

struct doctor_report *doctor_report_new(struct arena *arena);

/* Lines are added to the section begun last. */
void doctor_report_begin(struct doctor_report *report, const char *name,
    const char *title);

/* Remote parts of the text must have gone through log_safe(). */
struct doctor_line *doctor_report_add(struct doctor_report *report,
    enum doctor_grade grade, const char *id, const char *subject, const char *text);

const char *doctor_grade_name(enum doctor_grade grade);

/* The next after `line` (NULL: the first) that says it of the subject, or NULL. */
const struct doctor_line *doctor_report_find(const struct doctor_report *report,
    const char *id, const char *subject);

/* "3 faults, 2 warnings, 1 piece of advice"; "nothing is wrong". */
const char *doctor_summary(const struct doctor_report *report);

/* ---- ids ---- */

struct doctor_id {
	const char *id;
	const char *meaning;
	const char *fix;
};

const struct doctor_id *doctor_ids(size_t *n_r);	/* doctor.def, in its order */
const struct doctor_id *doctor_id_find(const char *id);

/* ---- showing it ---- */

struct doctor_view {
	bool colour;
	unsigned width;		/* as tool_width() says */
	bool all;		/* every line where all is well, too */
	bool problems;		/* none of those */
};

void doctor_show(FILE *out, const struct doctor_report *report,
    const struct doctor_view *view);

/* One object; its keys are in mailworthy(1). */
void doctor_show_json(FILE *out, const struct doctor_report *report);

/* ---- a run ---- */

struct doctor_options {
	const char *config;
	const char *domain;	/* --domain, A-label, lower-case; NULL: all */
	const char *zone;	/* --zone; NULL: real DNS */
	const char *postfix_config;	/* directory of main.cf; NULL: the usual one */
	const char *postconf;	/* the program; NULL: the usual one */
	const char *sendmail_cf;	/* NULL: that of /etc/mail, where no Postfix is */
	/* --send and --received: that section alone */
	bool send;
	const char *send_from, *send_to;	/* addresses; NULL: chosen */
	const char *send_via[DOCTOR_VIA_MAX];	/* HOST:PORT or "sendmail" */
	size_t n_send_via;
	const char *sink_address;
	unsigned sink_port;	/* 0: none, mail goes to a mailbox */
	unsigned send_wait;	/* seconds */
	const char *received[DOCTOR_RECEIVED_MAX];	/* files */
	size_t n_received;
	bool json;
	struct doctor_view view;
};

/*
 * What the sections look at.  `settings` and what hangs on it are NULL where
 * the configuration cannot be read; sections that want it are not run then.
 */
struct doctor {
	const struct doctor_options *options;
	struct arena *arena;
	struct doctor_report *report;
	struct files *files;
	struct snapshot *snapshot;
	const struct settings *settings;
	bool no_config;			/* there is none: settings holds the defaults */
	const char *config_errors;	/* lines "FILE:LINE: OPTION: what was expected" */
	const char *key_errors;		/* lines of keys that cannot be used; "" none */
	struct dns *dns;		/* NULL: could not be set up */
	struct egress_facts *egress;	/* never NULL */
	struct sightings *sightings;
	struct core *core;		/* NULL without settings or dns */
	struct doctor_look *looks;	/* doctor_looks.h */
	const char *queue_directory;	/* Postfix's; its daemons may be rooted there */
	bool progress;			/* standard error is a terminal */
	bool nothing_sent;		/* --send and --received had nothing to judge */
};

/* Adds a line; bug() for an id that neither table has. */
struct doctor_line *doctor_say(struct doctor *doctor, enum doctor_grade grade,
    const char *id, const char *subject, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void doctor_fix(struct doctor *doctor, struct doctor_line *line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One line more of what to publish or paste. */
void doctor_paste(struct doctor *doctor, struct doctor_line *line, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

#define DOCTOR_PASTE_MAX (15 * 1024)	/* octets of a value; a report cuts longer texts */

/* The value where it can be printed as it is, NULL where that would alter or cut
 * it: what replaces something is pasted whole or not at all. */
const char *doctor_whole(const struct doctor *doctor, const char *value);

/*
 * The TXT record of a name as one line of a zone, strings split.  Where DNS has a
 * CNAME there, the fix, which is there by then, goes on with whose record it is:
 * no other may stand beside it (RFC 1034 section 3.6.2).
 */
void doctor_paste_txt(struct doctor *doctor, struct doctor_line *line, const char *name,
    const char *value);

/* The name at which a TXT record of `name` is to be published, by the same rule. */
const char *doctor_place_of(struct doctor *doctor, struct doctor_line *line,
    const char *name);

/* "asking DNS about example.com", on a terminal's last line, until the next. */
void doctor_progress(struct doctor *doctor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether --domain leaves the domain in. */
bool doctor_wants(const struct doctor *doctor, const char *domain);

/* ---- the sections ---- */

void doctor_configuration(struct doctor *doctor);
void doctor_keys(struct doctor *doctor);
void doctor_domains(struct doctor *doctor);
void doctor_egress(struct doctor *doctor);
void doctor_resolver(struct doctor *doctor);
void doctor_blocklists(struct doctor *doctor);
void doctor_host(struct doctor *doctor);
void doctor_daemon(struct doctor *doctor);
void doctor_mta(struct doctor *doctor);
void doctor_send(struct doctor *doctor);

/* An option of --send; TOOL_USAGE with a word about it, or -1. */
int doctor_send_option(struct doctor_options *options, struct arena *arena, int option,
    const char *value);

enum {			/* options of doctor_send_option() */
	DOCTOR_OPTION_SEND = 1000, DOCTOR_OPTION_FROM, DOCTOR_OPTION_TO, DOCTOR_OPTION_VIA,
	DOCTOR_OPTION_SINK, DOCTOR_OPTION_WAIT, DOCTOR_OPTION_RECEIVED,
};

#endif
