/*
 * mailworthy doctor: the sections, in order, and what they look at.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "checks/check.h"
#include "checks/common.h"
#include "core/core.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "mail/domain.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "tool/doctor.h"
#include "tool/doctor_looks.h"
#include "tool/tool.h"

#define CNAME_SHOWN_MAX 300

static const struct {
	const char *name;
	const char *title;
	void (*run)(struct doctor *doctor);
	bool wants_settings;
} sections[] = {
	{ "configuration", "Configuration", doctor_configuration, false },
	{ "keys", "Keys", doctor_keys, true },
	{ "domains", "Domains", doctor_domains, true },
	{ "egress", "Addresses mail leaves from", doctor_egress, true },
	{ "resolver", "DNS servers", doctor_resolver, true },
	{ "blocklists", "Blocklists", doctor_blocklists, true },
	{ "host", "Host", doctor_host, true },
	{ "daemon", "Daemon", doctor_daemon, true },
	{ "mta", "Mail server", doctor_mta, true },
	{ "send", "Messages through the whole chain", doctor_send, true },
};

enum { OPTION_ZONE = 256, OPTION_ALL, OPTION_PROBLEMS, OPTION_POSTFIX_CONFIG,
    OPTION_POSTCONF, OPTION_SENDMAIL_CF };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "domain", required_argument, NULL, 'd' },
	{ "json", no_argument, NULL, 'j' },
	{ "all", no_argument, NULL, OPTION_ALL },
	{ "problems", no_argument, NULL, OPTION_PROBLEMS },
	{ "zone", required_argument, NULL, OPTION_ZONE },
	{ "postfix-config", required_argument, NULL, OPTION_POSTFIX_CONFIG },
	{ "postconf", required_argument, NULL, OPTION_POSTCONF },
	{ "sendmail-cf", required_argument, NULL, OPTION_SENDMAIL_CF },
	{ "send", no_argument, NULL, DOCTOR_OPTION_SEND },
	{ "from", required_argument, NULL, DOCTOR_OPTION_FROM },
	{ "to", required_argument, NULL, DOCTOR_OPTION_TO },
	{ "via", required_argument, NULL, DOCTOR_OPTION_VIA },
	{ "sink", required_argument, NULL, DOCTOR_OPTION_SINK },
	{ "wait", required_argument, NULL, DOCTOR_OPTION_WAIT },
	{ "received", required_argument, NULL, DOCTOR_OPTION_RECEIVED },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
usage(FILE *out, int status)
{
	fputs("usage: mailworthy doctor [option ...]\n"
	    "  --domain NAME         look at this domain only\n"
	    "  --problems            leave out what is well\n"
	    "  --all                 every line, also where many things are well\n"
	    "  --json                one JSON object\n"
	    "  --zone FILE           take DNS answers from a zone file\n"
	    "  --postfix-config DIR  where main.cf is (/etc/postfix)\n"
	    "  --postconf FILE       postconf(1), if not in a usual place\n"
	    "  --sendmail-cf FILE    look at Sendmail, with this file, and not at Postfix\n"
	    "  --config FILE         configuration (" TOOL_CONFIG ")\n"
	    "  --send                send messages through the mail server, see what arrives:\n"
	    "    --from ADDR           sender and author (postmaster of a managed domain)\n"
	    "    --to ADDR             recipient (mailworthy@doctor.test)\n"
	    "    --via HOST:PORT       hand them over there by SMTP,\n"
	    "    --via sendmail        or by sendmail(1) (both, by SMTP to 127.0.0.1:25)\n"
	    "    --sink [ADDR:]PORT    where to catch them (127.0.0.1:8825)\n"
	    "    --wait SECONDS        for each to arrive (20)\n"
	    "  --received FILE       compare a message of --send that arrived in a mailbox\n"
	    "exit status: 0 no fault, 1 faults found, 2 wrong usage or nothing could be sent\n",
	    out);
	return status;
}

/* ---- what the sections use ---- */

struct doctor_line *
doctor_say(struct doctor *doctor, enum doctor_grade grade, const char *id,
    const char *subject, const char *format, ...)
{
	const char *text;
	va_list ap;

	if (doctor_id_find(id) == NULL && !check_exists(id))
		bug("doctor: no id %s", id);
	va_start(ap, format);
	text = arena_vprintf(doctor->arena, format, ap);
	va_end(ap);
	return doctor_report_add(doctor->report, grade, id, subject, text);
}

void
doctor_fix(struct doctor *doctor, struct doctor_line *line, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	line->fix = arena_vprintf(doctor->arena, format, ap);
	va_end(ap);
}

void
doctor_paste(struct doctor *doctor, struct doctor_line *line, const char *format, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, format);
	text = arena_vprintf(doctor->arena, format, ap);
	va_end(ap);
	line->paste = line->paste == NULL ? text :
	    arena_printf(doctor->arena, "%s\n%s", line->paste, text);
}

const char *
doctor_whole(const struct doctor *doctor, const char *value)
{
	return strcmp(log_safe(doctor->arena, slice_of(value), DOCTOR_PASTE_MAX), value) == 0 ?
	    value : NULL;
}

/* Whether a managed domain has the name, so that its records are ours to write. */
static bool
is_managed(const struct doctor *doctor, const char *name)
{
	for (size_t i = 0; i < doctor->settings->n_domains; i++) {
		const char *domain = doctor->settings->domains[i].name;

		if (*domain != '*' && domain_is_under(name, domain))
			return true;
	}
	return false;
}

static const char *
canonical_of(struct doctor *doctor, const char *name)
{
	struct lookups *lookups = lookups_new(doctor->dns, doctor->arena,
	    doctor->settings->resolver.deadline, DNS_QUERIES_MAX);
	const struct dns_answer *answer = dns_get(lookups, name, DNS_TXT);

	while (answer->status == DNS_PENDING && lookups_wait(lookups))
		answer = dns_get(lookups, name, DNS_TXT);
	return strcmp(answer->canonical, answer->name) == 0 ? NULL : answer->canonical;
}

const char *
doctor_place_of(struct doctor *doctor, struct doctor_line *line, const char *name)
{
	const char *target = doctor->dns == NULL ? NULL : canonical_of(doctor, name), *shown;
	struct slice fix = slice_of(line->fix != NULL ? line->fix : "");

	if (target == NULL)
		return name;
	if (fix.n > 0 && fix.p[fix.n - 1] == ':')
		fix.n--;
	shown = log_safe(doctor->arena, slice_of(target), CNAME_SHOWN_MAX);
	if (is_managed(doctor, target) && strcmp(shown, target) == 0) {
		doctor_fix(doctor, line, "%.*s, at the name that %s leads to by a CNAME:",
		    (int)fix.n, fix.p, name);
		return target;
	}
	doctor_fix(doctor, line, "%.*s. %s is a CNAME, and the record is that of %s: have it "
	    "changed there, by whoever runs that. Nothing may stand beside a CNAME, so this "
	    "would have to take its place:", (int)fix.n, fix.p, name, shown);
	return name;
}

void
doctor_paste_txt(struct doctor *doctor, struct doctor_line *line, const char *name,
    const char *value)
{
	const struct check_input input = { .arena = doctor->arena };

	name = doctor_place_of(doctor, line, name);
	doctor_paste(doctor, line, "%s", check_txt(&input, name, value));
}

void
doctor_progress(struct doctor *doctor, const char *format, ...)
{
	va_list ap;

	if (!doctor->progress)
		return;
	fputs("\r\033[K", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fflush(stderr);
}

bool
doctor_wants(const struct doctor *doctor, const char *domain)
{
	return doctor->options->domain == NULL ||
	    strcmp(doctor->options->domain, domain) == 0;
}

/* ---- a run ---- */

static int
parse_options(int argc, char **argv, struct arena *arena, struct doctor_options *options)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:d:jh", long_options, NULL)) != -1) {
		switch (option) {
		case 'c': options->config = optarg; break;
		case 'd':
			options->domain = domain_to_ascii(arena, slice_of(optarg));
			if (options->domain == NULL)
				return tool_error("--domain: expected a domain, got \"%s\"",
				    optarg);
			break;
		case 'j': options->json = true; break;
		case OPTION_ALL: options->view.all = true; break;
		case OPTION_PROBLEMS: options->view.problems = true; break;
		case OPTION_ZONE: options->zone = optarg; break;
		case OPTION_POSTFIX_CONFIG: options->postfix_config = optarg; break;
		case OPTION_POSTCONF: options->postconf = optarg; break;
		case OPTION_SENDMAIL_CF: options->sendmail_cf = optarg; break;
		case 'h': return usage(stdout, TOOL_OK);
		case '?': return tool_wrong_option(argv);
		default:
			if (doctor_send_option(options, arena, option, optarg) != -1)
				return TOOL_USAGE;
		}
	}
	return optind == argc ? -1 : tool_extra_argument(argv, argv[optind]);
}

/* Whoever looks around before installing it needs no configuration. */
static void
load(struct doctor *doctor)
{
	static const char defaults[] = "# all of them\n";
	const char *path = doctor->options->config;

	doctor->no_config = access(path, F_OK) != 0 && errno == ENOENT;
	if (doctor->no_config)
		files_put(doctor->files, path, defaults, sizeof(defaults) - 1);
	doctor->snapshot = snapshot_load_partial(doctor->files, path, doctor->arena,
	    &doctor->config_errors, &doctor->key_errors);
	if (doctor->snapshot != NULL)
		doctor->settings = snapshot_settings(doctor->snapshot);
}

static struct dns *
open_dns(const struct doctor *doctor, const char **error_r)
{
	struct slice zone;

	if (doctor->options->zone == NULL)
		return dns_new(&doctor->settings->resolver, &clock_system, doctor->arena,
		    error_r);
	if (!tool_read(doctor->arena, doctor->options->zone, 16 * 1024 * 1024, &zone,
	    error_r))
		return NULL;
	return dns_new_zone(zone, &clock_system, doctor->arena, error_r);
}

/* What the settings lead to; -1, or the exit status where that is at fault. */
static int
open_parts(struct doctor *doctor)
{
	struct core_options parts = { .clock = &clock_system };
	const char *error = "";

	doctor->sightings = sightings_open(arena_printf(doctor->arena, "%s/sightings",
	    doctor->settings->state_dir));
	doctor->dns = open_dns(doctor, &error);
	if (doctor->dns == NULL)
		return tool_error("%s%s%s", doctor->options->zone != NULL ?
		    doctor->options->zone : "DNS", ": ", error);
	parts.dns = doctor->dns;
	parts.egress = doctor->egress;
	parts.sightings = doctor->sightings;
	doctor->core = core_new(&parts, &error);
	if (doctor->core == NULL)
		return tool_error("%s", error);
	return -1;
}

static void
run_sections(struct doctor *doctor)
{
	bool send = doctor->options->send || doctor->options->n_received > 0;

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (sections[i].wants_settings && doctor->core == NULL)
			continue;
		if ((sections[i].run == doctor_send) != send &&
		    (sections[i].wants_settings || doctor->core != NULL))
			continue;
		doctor_report_begin(doctor->report, sections[i].name, sections[i].title);
		sections[i].run(doctor);
	}
	doctor_progress(doctor, "%s", "");
}

static void
close_parts(struct doctor *doctor)
{
	doctor_looks_free(doctor);
	if (doctor->core != NULL)
		core_free(&doctor->core);
	if (doctor->sightings != NULL)
		sightings_close(&doctor->sightings);
	egress_facts_free(&doctor->egress);
	if (doctor->dns != NULL)
		dns_free(&doctor->dns);
	if (doctor->snapshot != NULL)
		snapshot_unref(&doctor->snapshot);
	files_free(&doctor->files);
}

static int
run(struct doctor *doctor)
{
	const struct doctor_options *options = doctor->options;
	int status = -1;

	doctor->report = doctor_report_new(doctor->arena);
	doctor->report->config = options->config;
	doctor->report->now = clock_now(&clock_system);
	doctor->files = files_new();
	doctor->egress = egress_facts_of(options->postconf, options->postfix_config,
	    options->sendmail_cf);
	load(doctor);
	if (doctor->settings != NULL)
		status = open_parts(doctor);
	if (status == -1) {
		run_sections(doctor);
		if (options->json)
			doctor_show_json(stdout, doctor->report);
		else
			doctor_show(stdout, doctor->report, &options->view);
		status = doctor->report->n[DOCTOR_FAULT] > 0 ? TOOL_STOPPED :
		    doctor->nothing_sent ? TOOL_USAGE : TOOL_OK;
	}
	close_parts(doctor);
	return status;
}

int
tool_doctor(int argc, char **argv)
{
	struct doctor_options options = { .config = TOOL_CONFIG };
	struct doctor doctor = {
		.options = &options, .arena = arena_new(), .config_errors = "",
		.key_errors = "",
		.queue_directory = "/var/spool/postfix",
		.progress = isatty(STDERR_FILENO) != 0,
	};
	int status = parse_options(argc, argv, doctor.arena, &options);

	if (status == -1) {
		log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
		options.view.colour = tool_colour(stdout);
		options.view.width = tool_width(stdout);
		status = run(&doctor);
	}
	arena_free(&doctor.arena);
	return status;
}
