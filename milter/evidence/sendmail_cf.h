/*
 * A sendmail.cf as Sendmail reads it, as far as the way of outbound mail is
 * concerned.  A pure function over text.
 */
#ifndef MW_EVIDENCE_SENDMAIL_CF_H
#define MW_EVIDENCE_SENDMAIL_CF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct map;

#define SENDMAIL_CF_MAX (4 * 1024 * 1024)	/* octets of the file */
#define SENDMAIL_FILTERS_MAX 50
#define SENDMAIL_MAILERS_MAX 100
#define SENDMAIL_DAEMONS_MAX 50

struct sendmail_filter {	/* an X line */
	const char *name;
	const char *socket;		/* S= */
	const char *flags;		/* F=; "" none */
	const char *timeouts;		/* T= */
};

struct sendmail_mailer {	/* an M line */
	const char *name;
	const char *flags;		/* F= */
	unsigned long line_limit;	/* L=; 0 none */
	bool is_smtp;			/* P=[IPC] */
};

struct sendmail_cf {
	struct arena *arena;
	const char *path;
	struct map *options;		/* lower-case name to value, the last one */
	struct map *macros;		/* D lines: "M", "{name}" */
	struct map *tables;		/* K lines */
	struct sendmail_filter filters[SENDMAIL_FILTERS_MAX];
	size_t n_filters;
	struct sendmail_mailer mailers[SENDMAIL_MAILERS_MAX];
	size_t n_mailers;
	const char *daemons[SENDMAIL_DAEMONS_MAX];	/* DaemonPortOptions */
	size_t n_daemons;
};

struct sendmail_cf *sendmail_cf_parse(struct arena *arena, struct slice text);

/* "" where it is not set. */
const char *sendmail_cf_option(const struct sendmail_cf *cf, const char *name);
const char *sendmail_cf_macro(const struct sendmail_cf *cf, const char *name);

/*
 * No length of MIME fields is limited ("0/0"): then no MIME writer goes over what is
 * sent.  With any other value, and where none is set, one does.
 */
bool sendmail_cf_keeps_mime(const struct sendmail_cf *cf);

/* Of "Name=MTA, Port=25" the value of a key, whole or by its first letter, which
 * is all that Sendmail looks at; "" none. */
const char *sendmail_cf_equate(struct arena *arena, const char *list, const char *key);

/* Seconds of "S:4m;R:4m;E:10m" for a letter; -1 where it is not there. */
long sendmail_cf_timeout(const char *timeouts, char letter);

/* The filters of a list in their order, at most SENDMAIL_FILTERS_MAX. */
size_t sendmail_cf_filters(const struct sendmail_cf *cf, const char *list,
    const struct sendmail_filter *filters_r[SENDMAIL_FILTERS_MAX]);

#endif
