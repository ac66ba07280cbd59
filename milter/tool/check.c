/*
 * mailworthy check: judges message files with the core of the daemon.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "core/feed.h"
#include "core/modefile.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "evidence/egress.h"
#include "facts/message.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "tool/report.h"
#include "tool/tool.h"
#include "tool/web.h"

#define RCPTS_MAX 1000

struct check_options {
	const char *config;
	const char *from;		/* NULL: Return-Path, else From */
	const char *rcpts[RCPTS_MAX];
	size_t n_rcpts;
	const char *client, *helo, *auth;
	const char *zone;		/* answers from this file instead of DNS */
	bool json;
	const char *leaving;		/* NULL, or the directory of what leaves */
	const char *html;		/* NULL, or the file of the page; - for output */
};

struct check_run {
	const struct check_options *options;
	struct arena *arena;
	struct snapshot *snapshot;
	struct dns *dns;
	struct egress_facts *egress;
	struct sightings *sightings;
	struct core *core;
	int kill_switch;		/* of modefile_read() */
};

enum { OPTION_ZONE = 256, OPTION_HTML, OPTION_LEAVING };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "from", required_argument, NULL, 'f' },
	{ "rcpt", required_argument, NULL, 'r' },
	{ "client", required_argument, NULL, 'i' },
	{ "helo", required_argument, NULL, 'e' },
	{ "auth", required_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },
	{ "html", required_argument, NULL, OPTION_HTML },
	{ "leaving", required_argument, NULL, OPTION_LEAVING },
	{ "zone", required_argument, NULL, OPTION_ZONE },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
usage(FILE *out, int status)
{
	fputs("usage: mailworthy check [option ...] FILE ...\n"
	    "  FILE            a message; - reads standard input\n"
	    "  --from ADDR     envelope sender (Return-Path, else From); <> for none\n"
	    "  --rcpt ADDR     envelope recipient, may stand more than once (To)\n"
	    "  --auth LOGIN    login of the sender\n"
	    "  --client ADDR   address of the SMTP client\n"
	    "  --helo NAME     name this host says HELO with (Postfix's myhostname)\n"
	    "  --json          one JSON object a message\n"
	    "  --html FILE     the report as a page for a browser (- writes it to the output)\n"
	    "  --leaving DIR   write the message as it would leave into this directory\n"
	    "  --zone FILE     take DNS answers from a zone file\n"
	    "  --config FILE   configuration (" TOOL_CONFIG ")\n"
	    "exit status: 0 would pass, 1 would be held, deferred or refused,\n"
	    "             2 wrong usage or configuration, or a file that cannot be read\n",
	    out);
	return status;
}

static int
parse_options(int argc, char **argv, struct check_options *options)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:f:r:i:e:a:jh", long_options, NULL)) != -1) {
		switch (option) {
		case 'c': options->config = optarg; break;
		case 'f': options->from = optarg; break;
		case 'r':
			if (options->n_rcpts == RCPTS_MAX)
				return tool_error("--rcpt: at most %d", RCPTS_MAX);
			options->rcpts[options->n_rcpts++] = optarg;
			break;
		case 'i': options->client = optarg; break;
		case 'e': options->helo = optarg; break;
		case 'a': options->auth = optarg; break;
		case 'j': options->json = true; break;
		case OPTION_HTML: options->html = optarg; break;
		case OPTION_LEAVING: options->leaving = optarg; break;
		case OPTION_ZONE: options->zone = optarg; break;
		case 'h': return usage(stdout, TOOL_OK);
		default: return tool_wrong_option(argv);
		}
	}
	if (options->html != NULL && (options->json || argc - optind > 1))
		return tool_error("--html writes one message's page: give it one FILE, and no "
		    "--json beside it");
	return optind < argc ? -1 : usage(stderr, TOOL_USAGE);
}

static bool
is_path(struct arena *arena, const char *text)
{
	struct address address;
	bool is_null;

	return address_path_parse(arena, slice_of(text), &address, &is_null) &&
	    (is_null || *address.domain != '\0');
}

/* -1 when all is well. */
static int
validate(const struct check_options *options, struct arena *arena)
{
	struct ip ip;

	if (options->from != NULL && !is_path(arena, options->from))
		return tool_error("--from: expected an address, as in news@example.com, or "
		    "<> for the null sender, got \"%s\"", options->from);
	for (size_t i = 0; i < options->n_rcpts; i++) {
		if (!is_path(arena, options->rcpts[i]))
			return tool_error("--rcpt: expected an address, as in "
			    "you@example.net, got \"%s\"", options->rcpts[i]);
	}
	if (options->client != NULL && !ip_parse(slice_of(options->client), &ip))
		return tool_error("--client: expected an IP address, got \"%s\"",
		    options->client);
	return -1;
}

/* ---- the parts ---- */

static struct dns *
open_dns(struct check_run *run, const char **error_r)
{
	struct slice zone;
	struct dns *dns;

	if (run->options->zone == NULL)
		return dns_new(&snapshot_settings(run->snapshot)->resolver, &clock_system,
		    run->arena, error_r);
	if (!tool_read(run->arena, run->options->zone, 16 * 1024 * 1024, &zone, error_r))
		return NULL;
	dns = dns_new_zone(zone, &clock_system, run->arena, error_r);
	if (dns == NULL)
		*error_r = arena_printf(run->arena, "%s: %s", run->options->zone, *error_r);
	return dns;
}

/* Whoever tries it before installing it needs no configuration. */
static const char *
choose_config(const struct check_run *run, struct files *files)
{
	static const char defaults[] = "# all of them\n";

	if (run->options->config != NULL)
		return run->options->config;
	if (access(TOOL_CONFIG, F_OK) != 0 && errno == ENOENT) {
		fputs("mailworthy: there is no " TOOL_CONFIG ": judged with the defaults, "
		    "no domain is managed\n", stderr);
		files_put(files, TOOL_CONFIG, defaults, sizeof(defaults) - 1);
	}
	return TOOL_CONFIG;
}

static bool
open_run(struct check_run *run, const char **error_r)
{
	struct files *files = files_new();
	struct core_options parts = { .clock = &clock_system };
	const char *state_dir;

	run->snapshot = snapshot_load_lenient(files, choose_config(run, files), run->arena,
	    error_r);
	files_free(&files);
	if (run->snapshot == NULL)
		return false;
	parts.dns = run->dns = open_dns(run, error_r);
	if (run->dns == NULL)
		return false;
	run->egress = egress_facts_new();
	/* what the daemon has seen helps; an ordinary user may not read it */
	state_dir = snapshot_settings(run->snapshot)->state_dir;
	run->sightings = sightings_open(arena_printf(run->arena, "%s/sightings", state_dir));
	run->kill_switch = modefile_read(state_dir);
	parts.egress = run->egress;
	parts.sightings = run->sightings;
	run->core = core_new(&parts, error_r);
	if (run->core == NULL)
		return false;
	core_set_mode(run->core, MODE_ENFORCE);	/* judge what enforce would do */
	return true;
}

static void
close_run(struct check_run *run)
{
	if (run->core != NULL)
		core_free(&run->core);
	if (run->sightings != NULL)
		sightings_close(&run->sightings);
	egress_facts_free(&run->egress);
	if (run->dns != NULL)
		dns_free(&run->dns);
	if (run->snapshot != NULL)
		snapshot_unref(&run->snapshot);
	arena_free(&run->arena);
}

/* ---- one message ---- */

/* The MTA's name: as given, else what Postfix says (left to the evidence), else
 * this host's. */
static struct session *
make_session(const struct check_run *run)
{
	const struct check_options *options = run->options;
	struct session *session = session_new();
	char name[256];

	if (options->client != NULL)
		ip_parse(slice_of(options->client), &session->client_addr);
	session->client_port = 1;
	if (run->egress->myhostname == NULL && gethostname(name, sizeof(name)) == 0) {
		name[sizeof(name) - 1] = '\0';
		session->mta_name = arena_strdup(session->arena, name);
	}
	if (options->helo != NULL)
		session->mta_name = arena_strdup(session->arena, options->helo);
	return session;
}

/* The value of a field near the top of the text, or "". */
static const char *
peek_field(struct arena *arena, struct slice text, const char *name)
{
	struct slice line;
	size_t n = strlen(name);

	while (slice_split(&text, '\n', &line)) {
		line = slice_trim(line);
		if (line.n == 0)
			break;
		if (line.n > n && line.p[n] == ':' && slice_starts_nocase(line, name))
			return slice_dup(arena, slice_trim(slice_sub(line, n + 1, line.n)));
	}
	return "";
}

static void
set_sender(struct message *message, const struct check_options *options, struct slice text)
{
	const char *path = options->from;
	struct address_list from;

	if (path == NULL)
		path = peek_field(message->arena, text, "Return-Path");
	if (*path == '\0') {
		address_list_parse(message->arena,
		    slice_of(peek_field(message->arena, text, "From")), &from);
		if (from.n > 0)
			path = arena_printf(message->arena, "<%s>", from.addresses[0].text);
	}
	message->mail_from_malformed = !address_path_parse(message->arena, slice_of(path),
	    &message->mail_from, &message->mail_from_is_null);
	if (*path == '\0' && options->from == NULL) {	/* not known is not null */
		message->mail_from_is_null = false;
		message->mail_from_malformed = true;
	}
}

static void
set_rcpts(struct message *message, const struct check_options *options, struct slice text)
{
	struct address_list to;
	struct rcpt rcpt = { .mailer = "smtp" };
	bool is_null;
	size_t i;

	for (i = 0; i < options->n_rcpts; i++) {
		address_path_parse(message->arena, slice_of(options->rcpts[i]), &rcpt.address,
		    &is_null);
		message_add_rcpt(message, &rcpt);
	}
	if (options->n_rcpts > 0)
		return;
	address_list_parse(message->arena, slice_of(peek_field(message->arena, text, "To")),
	    &to);
	for (i = 0; i < to.n; i++) {
		rcpt.address = to.addresses[i];
		message_add_rcpt(message, &rcpt);
	}
}

/* -1 when the page could not be written. */
static int
print_page(const struct passage *passage, int kill_switch, const char *path)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
	bool failed;

	if (out == NULL)
		return -1;
	web_print(out, passage_judged(passage), passage_verdict(passage),
	    passage_plan(passage), kill_switch);
	failed = ferror(out) != 0;
	if (out == stdout ? fflush(out) != 0 : fclose(out) != 0)
		failed = true;
	return failed ? -1 : 0;
}

static void
print(const struct check_run *run, const struct passage *passage, const char *path,
    bool several)
{
	if (run->options->json) {
		report_print_json(stdout, passage_judged(passage), passage_verdict(passage),
		    passage_plan(passage), passage_record(passage, false));
		return;
	}
	if (several)
		printf("== %s ==\n", path);
	report_print(stdout, passage_judged(passage), passage_verdict(passage),
	    passage_plan(passage), run->kill_switch, tool_colour(stdout),
	    tool_width(stdout));
}

static void
write_piece(void *context, const void *bytes, size_t n)
{
	fwrite(bytes, 1, n, context);
}

static const char *
leaving_path(struct arena *arena, const char *dir, const char *path)
{
	const char *name = strrchr(path, '/');

	name = strcmp(path, "-") == 0 ? "message" : name != NULL ? name + 1 : path;
	return arena_printf(arena, "%s/%s", dir, name);
}

/* -1 with errno: what is there then is not whole. */
static int
write_leaving(const struct passage *passage, struct slice text, const char *path)
{
	FILE *out = fopen(path, "wx");
	int status;

	if (out == NULL)
		return -1;
	feed_leaving(passage, text, write_piece, out);
	status = ferror(out) ? -1 : 0;
	return fclose(out) == 0 ? status : -1;
}

static int
check_file(struct check_run *run, const char *path, bool several)
{
	struct session *session = make_session(run);
	struct message *message = message_new(session, clock_now(&clock_system),
	    clock_mono_us(&clock_system));
	const char *error = "", *leaving = run->options->leaving == NULL ? NULL :
	    leaving_path(message->arena, run->options->leaving, path);
	struct passage *passage;
	struct slice text;
	int status;

	if (!tool_read(message->arena, path, FEED_BYTES_MAX, &text, &error)) {
		status = tool_error("%s", error);
	} else {
		message->auth_user = run->options->auth;
		message->direction = DIRECTION_OUTBOUND;
		set_sender(message, run->options, text);
		set_rcpts(message, run->options, text);
		passage = feed_message(run->core, run->snapshot, message, text);
		status = passage_verdict(passage)->would == ACTION_NONE ? TOOL_OK : TOOL_STOPPED;
		if (run->options->html == NULL)
			print(run, passage, path, several);
		else if (print_page(passage, run->kill_switch, run->options->html) != 0)
			status = tool_error("%s: the page could not be written: %s",
			    run->options->html, strerror(errno));
		if (leaving != NULL && write_leaving(passage, text, leaving) != 0)
			status = tool_error("%s: what leaves could not be written: %s",
			    leaving, strerror(errno));
	}
	message_free(&message);
	session_free(&session);
	return status;
}

/* The worst status of all; a file that cannot be read ends the run. */
static int
check_files(struct check_run *run, char **paths, int n)
{
	int worst = TOOL_OK, status;

	for (int i = 0; i < n && worst != TOOL_USAGE; i++) {
		status = check_file(run, paths[i], n > 1);
		if (status > worst)
			worst = status;
	}
	return worst;
}

int
tool_check(int argc, char **argv)
{
	struct check_options options = { 0 };
	struct check_run run = { .options = &options };
	int status = parse_options(argc, argv, &options);
	const char *error = "";

	if (status != -1)
		return status;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	run.arena = arena_new();
	status = validate(&options, run.arena);
	if (status == -1) {
		status = open_run(&run, &error) ?
		    check_files(&run, argv + optind, argc - optind) : tool_error("%s", error);
	}
	close_run(&run);
	return status;
}
