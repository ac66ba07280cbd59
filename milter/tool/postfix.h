/*
 * Postfix's settings as postconf(1) prints them: main.cf with $name expanded,
 * the services of master.cf, what "-o" overrides there.  Pure functions over
 * text, but postfix_ask().
 */
#ifndef MW_TOOL_POSTFIX_H
#define MW_TOOL_POSTFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct map;

#define POSTFIX_SERVICES_MAX 1000
#define POSTFIX_OVERRIDES_MAX 20000
#define POSTFIX_MILTERS_MAX 50
#define POSTFIX_RULES_MAX 2000
#define POSTFIX_ASK_TIMEOUT_MS 5000
#define POSTFIX_OUTPUT_MAX (4 * 1024 * 1024)

struct postfix_service {
	const char *name;	/* "submission", "127.0.0.1:10025" */
	const char *type;	/* "inet", "unix", "pass" */
	const char *command;	/* "smtpd", without its path */
	bool chrooted;
	struct map *own;	/* what -o sets */
};

struct postfix {
	struct arena *arena;
	const char *dir;	/* where main.cf is */
	const char *program;	/* postconf; "" where the text came from elsewhere */
	struct map *main;
	struct postfix_service *services;
	size_t n_services;
};

/* `main` of `postconf -x`, `master` of `postconf -M`, `overrides` of
 * `postconf -Px`.  Lines that are none of these are left out. */
struct postfix *postfix_parse(struct arena *arena, struct slice main, struct slice master,
    struct slice overrides);

/*
 * Asks the postconf of this host; `program` and `dir` may be NULL for those in
 * the usual places.  NULL with *error_r "" where there is no Postfix.
 */
struct postfix *postfix_ask(struct arena *arena, const char *program, const char *dir,
    const char **error_r);

/* What postmap -q says of the key; NULL for nothing.  0, or -1 and *error_r. */
int postfix_look_up(const struct postfix *postfix, const char *table, const char *key,
    const char **value_r, const char **error_r);

/* The value, "" where it is empty or the version does not know it. */
const char *postfix_get(const struct postfix *postfix, const char *name);
bool postfix_knows(const struct postfix *postfix, const char *name);

/* As the service sees it; service may be NULL. */
const char *postfix_get_in(const struct postfix *postfix,
    const struct postfix_service *service, const char *name);
bool postfix_overrides(const struct postfix_service *service, const char *name);

/* The next service after `after` (NULL: the first) that runs the command. */
const struct postfix_service *postfix_next(const struct postfix *postfix,
    const struct postfix_service *after, const char *command);

/* Words with blanks or commas between; "{...}" is one word. */
bool postfix_word(struct slice *rest, struct slice *word_r);
bool postfix_has_word(const char *list, const char *word);	/* without case */

/* "30s", "5m", "1h", "2d", "1w", "30": seconds, or -1.  `unit` where none stands. */
long postfix_seconds(const char *text, char unit);
bool postfix_is_yes(const char *text);

/* ---- milters ---- */

enum postfix_milter_kind { MILTER_UNIX, MILTER_INET, MILTER_OTHER };

struct postfix_milter {
	const char *text;		/* the address as written */
	enum postfix_milter_kind kind;
	const char *path;		/* MILTER_UNIX: as written */
	const char *host, *port;	/* MILTER_INET: without brackets */
	const char *default_action;	/* own settings, or NULL */
	const char *command_timeout;
	const char *content_timeout;
	const char *protocol;
};

/* The milters of a list, at most POSTFIX_MILTERS_MAX. */
struct postfix_milter *postfix_milters(struct arena *arena, const char *list, size_t *n_r);

/* The file on this host where a service finds the path. */
const char *postfix_milter_file(const struct postfix *postfix,
    const struct postfix_service *service, const struct postfix_milter *milter);

/* Whether it leads to the socket, as settings.socket is written. */
bool postfix_milter_is(const struct postfix *postfix, const struct postfix_service *service,
    const struct postfix_milter *milter, const char *socket);

/* How Postfix names the socket; NULL for a path outside of its queue directory
 * where `chrooted` asks for one inside. */
const char *postfix_milter_for(const struct postfix *postfix, const char *socket,
    bool chrooted);

/* ---- header_checks and their like ---- */

struct postfix_rule {
	unsigned line;
	const char *pattern;	/* as written, with its slashes */
	const char *field;	/* the one field it is about, lower-case; "" unknown */
	const char *action;	/* "REPLACE", upper-case */
	bool changes;		/* the message, not only its way */
};

/* The rules of a regexp: or pcre: file, at most POSTFIX_RULES_MAX. */
struct postfix_rule *postfix_rules(struct arena *arena, struct slice text, size_t *n_r);

#endif
