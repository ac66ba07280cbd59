/*
 * The settings of one moment: read whole from one file, immutable, counted
 * references, swapped whole.  Members come from options.def (same names with
 * '_' for '-').  Weights and thresholds are in tenths of a point.
 */
#ifndef MW_SETTINGS_SETTINGS_H
#define MW_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/action.h"
#include "base/ip.h"
#include "base/stream.h"
#include "settings/files.h"

struct arena;
struct lists;

#define SETTINGS_FILE_MAX (16 * 1024 * 1024)	/* bytes of the configuration file */
#define SETTINGS_DOMAINS_MAX 100000
#define SETTINGS_KEYS_MAX 8		/* keys of one domain */
#define SETTINGS_STREAMS_MAX 200	/* looked at one by one for each message */

enum {				/* bits of settings.outbound */
	OUTBOUND_AUTHENTICATED = 1,
	OUTBOUND_LOCAL = 2,
	OUTBOUND_NETWORKS = 4,
	OUTBOUND_ALL = 8,
};

enum {				/* bits of settings.repair */
	REPAIR_DATE = 1,
	REPAIR_MESSAGE_ID = 2,
	REPAIR_HEADERS = 4,
	REPAIR_ENCODING = 8,
};

enum {				/* bits of settings.log_privacy */
	PRIVACY_NO_SUBJECT = 1,
	PRIVACY_NO_RECIPIENTS = 2,
	PRIVACY_HASH_RECIPIENTS = 4,
	PRIVACY_HASH_SUBJECT = 8,
};

enum log_kind { LOG_TO_SYSLOG, LOG_TO_STDERR, LOG_TO_FILE };
enum trace_header { TRACE_NONE, TRACE_BRIEF, TRACE_FULL };
enum header_profile { PROFILE_STANDARD, PROFILE_STRICT, PROFILE_LIST_FRIENDLY };
enum canon { CANON_SIMPLE, CANON_RELAXED };
enum egress_kind { EGRESS_AUTO, EGRESS_LIST, EGRESS_RELAY };

struct settings_strings {
	const char **p;
	size_t n;
};

struct settings_networks {
	struct ip_net *p;
	size_t n;
};

struct settings_key {
	const char *selector;		/* lower-case */
	const char *file;		/* path; domain "*": with one %d, perhaps %s;
					 * "*.name": perhaps both; else expanded */
	const char *source;		/* the file whose line it is; NULL: settings->path */
	unsigned line;
};

struct settings_domain {
	const char *name;		/* A-label, lower-case; "*" or "*.name" */
	const char *source;		/* as of a key */
	unsigned line;
	bool is_imported;
	const char *sign_as;		/* d=, above or below the name; NULL: the author's
					 * domain */
	struct settings_key *keys;	/* the newest is the last */
	size_t n_keys;
	enum canon canon_header, canon_body;
	enum header_profile signed_headers;
	unsigned expire;		/* x= seconds after t=, 0 none */
	bool has_mode;
	enum mode mode;			/* where has_mode */
};

struct settings_egress {
	const char *name;
	unsigned line;
	enum egress_kind kind;
	struct ip *addresses;		/* EGRESS_LIST */
	size_t n_addresses;
	const char *helo;		/* "auto" or a name */
	struct settings_strings domains;	/* lower-case; "*", "*.name", name */
	const char *via;		/* EGRESS_RELAY: host of the smarthost, else NULL */
	const char *spf_include;	/* EGRESS_RELAY: name the record must include,
					 * or NULL */
};

struct settings_resolver {
	struct settings_strings servers;	/* "addr" or "addr@port" */
	unsigned timeout;		/* seconds for one answer */
	unsigned deadline;		/* seconds for one message */
};

struct settings_opinions {	/* filters asked beside us; "" not */
	const char *spamassassin;	/* as settings_socket() writes it */
	const char *rspamd;
	const char *clamav;
	unsigned timeout;		/* seconds for all of them */
	unsigned max_size;		/* MB (10^6 octets) */
};

/* A DNS blocklist that the doctor asks about our addresses and domains. */
struct settings_blocklist {
	const char *zone;		/* lower-case */
	unsigned line;
	unsigned of;			/* BLOCKLIST_ bits; 0: what is known of it */
	struct settings_strings codes;	/* "127.0.0.2" or "127.0.0.4-127.0.0.7" */
	const char *key;		/* a label, or "" */
};

struct settings_check {		/* one check's tuning */
	const char *id;
	unsigned line;
	int weight;			/* tenths, -1: the check's own */
	int action;			/* enum action, -1: the check's own */
	bool shadow;
	struct settings_strings exempt;	/* author or envelope addresses, "@domain";
					 * lower-case */
};

struct settings_tuning {	/* one check in one stream; -1: as outside of it */
	const char *id;
	unsigned line;
	int weight;			/* tenths */
	int action;			/* enum action */
	int shadow;			/* 0 or 1 */
};

/* A declared stream.  Of each kind of condition that is set one must hold. */
struct settings_stream {
	const char *name;
	unsigned line;
	enum stream kind;		/* STREAM_NONE: what the headers tell */
	struct settings_strings logins;	/* lower-case */
	struct settings_strings senders;	/* author or envelope addresses, "@domain";
						 * lower-case */
	struct settings_networks networks;	/* of the client */
	struct settings_strings header;	/* "Name: glob", both lower-case */
	int mode;			/* enum mode, -1: not set */
	int hold_below;			/* tenths, -1: that of the whole */
	const char *postal_address;	/* NULL: that of the whole */
	struct settings_tuning *checks;
	size_t n_checks;
};

struct settings_import {	/* another filter's files, read as they are */
	const char *name;		/* "opendkim" */
	unsigned line;
	const char *config;		/* path; NULL */
	const char *key_table;		/* data sets of opendkim(8); NULL */
	const char *signing_table;
	const char *internal_hosts;
};

struct settings_login {		/* one line of the logins table */
	const char *login;		/* lower-case */
	struct settings_strings owns;	/* lower-case: address, "@domain" or "*" */
};

struct settings {
	const char *path;		/* the file it was read from */
	enum mode mode;
	const char *socket;		/* as libmilter takes it: "unix:/path",
					 * "inet:port@host" or "inet6:port@host" */
	const char *socket_group;
	unsigned socket_mode;
	const char *control, *metrics;	/* likewise, a literal address; "" none */
	const char *user;
	enum log_kind log_kind;
	const char *log_file;		/* LOG_TO_FILE */
	unsigned log_privacy;		/* PRIVACY_ bits */
	unsigned outbound;		/* OUTBOUND_ bits */
	struct settings_networks networks;
	struct settings_strings ignore_daemons;	/* name or "address@port" */
	unsigned repair;		/* REPAIR_ bits */
	enum trace_header trace_header;
	int hold_below;			/* tenths, 0 off */
	struct settings_strings link_trackers;	/* lower-case; each with what is below it */
	const char *notify;		/* an address or "" */
	const char *sendmail_command;	/* path; the MTA's other commands are beside it */
	const char *postal_address;	/* for bulk mail, or "" */
	const char *state_dir;		/* sightings, mode file */
	bool sandbox;			/* the daemon limits itself */
	const char *logins_file;	/* path or "" */
	struct settings_login *logins;
	size_t n_logins;
	const char *lists_dir;		/* path or "" */
	const char *phrases_dir;	/* path or "" */
	const struct lists *lists;	/* never NULL */
	struct settings_resolver resolver;
	struct settings_opinions opinions;
	struct settings_egress *egresses;	/* in file order, at least one */
	size_t n_egresses;
	struct settings_domain *domains;
	size_t n_domains;
	struct settings_blocklist *blocklists;	/* in file order */
	size_t n_blocklists;
	struct settings_check *checks;
	size_t n_checks;
	struct settings_stream *streams;	/* in file order: the first that fits */
	size_t n_streams;
	struct settings_import *imports;
	size_t n_imports;
	const char *remarks;		/* what was imported and is not as it was: a line
					 * each; "" */
};

/* Tells whether a check of that id exists; handed in since checks/ is above. */
typedef bool settings_check_exists_fn(const char *id);

/*
 * Reads the file and the tables it names through `files` (which keeps what
 * was read).  The snapshot has one reference; it owns its memory.  On error
 * NULL, and *error_r (in `arena`) holds one line for each error:
 * "FILE:LINE: OPTION: what was expected", with hints ("did you mean ...").
 */
const struct settings *settings_load(struct files *files, const char *path,
    settings_check_exists_fn *check_exists, struct arena *arena, const char **error_r);

const struct settings *settings_ref(const struct settings *settings);
void settings_unref(const struct settings **settings);

/* What settings.socket holds for a socket as people write it, or NULL. */
const char *settings_socket(struct arena *arena, const char *text);
#define SETTINGS_SOCKET_FORM \
	"unix:/PATH (at most 107 bytes), inet:ADDRESS:PORT or inet:PORT@ADDRESS"

/* The other way round, as the configuration and Postfix write it: inet:ADDRESS:PORT. */
const char *settings_socket_shown(struct arena *arena, const char *socket);

/* The effective settings as a configuration file that parses to the same. */
void settings_dump(const struct settings *settings, FILE *out);

/*
 * Names of the options that differ and count after a restart only, with
 * commas between; "" for none.
 */
const char *settings_need_restart(const struct settings *old, const struct settings *new,
    struct arena *arena);

/*
 * The managed domain that signs for mail of `domain` (A-label, lower-case):
 * the exact name, else the longest "*.parent", else "*" when a key file for
 * it exists (`has_key` in dkim/ decides), or NULL.  A subdomain of a managed
 * name is managed only where "*.name" says so.
 */
const struct settings_domain *settings_find_domain(const struct settings *settings,
    const char *domain);

/*
 * The egress that names the domain most exactly: the name, else the longest
 * "*.parent", else "*"; or NULL.  No two egresses name the same.
 */
const struct settings_egress *settings_find_egress(const struct settings *settings,
    const char *domain);

/* Tuning of a check, or NULL. */
const struct settings_check *settings_find_check(const struct settings *settings,
    const char *id);

/* Tuning of a check in that stream, or NULL; so for no stream. */
const struct settings_tuning *settings_find_tuning(const struct settings_stream *stream,
    const char *id);

/* What a login may use, without case; NULL when the table does not name it. */
const struct settings_login *settings_find_login(const struct settings *settings,
    const char *login);

/* An address (lower-case or not) by "local@domain" or "@domain" patterns, as in
 * `exempt` and `senders`. */
bool settings_sender_matches(const struct settings_strings *senders,
    const char *local_part, const char *domain);

/* "example.com" matches "*", "example.com", and "a.example.com" "*.example.com". */
bool settings_domain_matches(const char *pattern, const char *domain);

#endif
