/*
 * mailworthy doctor --send: hands probes over, catches them, has them judged.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/log.h"
#include "core/modefile.h"
#include "mail/domain.h"
#include "settings/settings.h"
#include "tool/compare.h"
#include "tool/doctor_send.h"
#include "tool/postfix.h"
#include "tool/sink.h"
#include "tool/tool.h"

#define RECEIVED_MAX (16 * 1024 * 1024)
#define COMMAND_TIMEOUT_MS 30000
#define SUBJECTS_SHOWN 4

/* ---- findings ---- */

const char *
send_subject(struct send *send, const struct probe *probe)
{
	return arena_printf(send->doctor->arena, "%s by %s", probe_name(probe->trait),
	    probe->way);
}

struct send_finding *
send_note(struct send *send, enum doctor_grade grade, const char *id, const char *subject,
    const char *text)
{
	struct send_finding *finding;

	for (size_t i = 0; i < send->n_findings; i++) {
		finding = &send->findings[i];
		if (finding->grade != grade || strcmp(finding->id, id) != 0 ||
		    strcmp(finding->text, text) != 0)
			continue;
		finding->n++;
		if (finding->n <= SUBJECTS_SHOWN)
			finding->subjects = arena_printf(send->doctor->arena, "%s, %s",
			    finding->subjects, subject);
		return finding;
	}
	if (send->n_findings < SEND_FINDINGS_MAX)
		send->n_findings++;
	finding = &send->findings[send->n_findings - 1];
	*finding = (struct send_finding){ .grade = grade, .id = id, .text = text,
	    .subjects = subject, .n = 1 };
	return finding;
}

static void
say_findings(struct send *send)
{
	for (size_t i = 0; i < send->n_findings; i++) {
		const struct send_finding *finding = &send->findings[i];
		struct doctor_line *line;

		line = doctor_say(send->doctor, finding->grade, finding->id,
		    finding->n <= SUBJECTS_SHOWN ? finding->subjects :
		    arena_printf(send->doctor->arena, "%s and %zu more", finding->subjects,
		    finding->n - SUBJECTS_SHOWN), "%s", finding->text);
		if (finding->fix != NULL)
			doctor_fix(send->doctor, line, "%s", finding->fix);
	}
}

/* ---- who sends ---- */

/* The author of probes: as asked for, else of the first domain with a name. */
static const char *
choose_sender(const struct doctor *doctor)
{
	const struct settings *settings = doctor->settings;

	if (doctor->options->send_from != NULL)
		return doctor->options->send_from;
	for (size_t i = 0; i < settings->n_domains; i++)
		if (*settings->domains[i].name != '*')
			return arena_printf(doctor->arena, "postmaster@%s",
			    settings->domains[i].name);
	return NULL;
}

static bool
begin(struct doctor *doctor, struct send *send)
{
	const struct doctor_options *options = doctor->options;
	const char *error;
	int mode = modefile_read(doctor->settings->state_dir);

	*send = (struct send){ .doctor = doctor };
	send->signs = (mode < 0 ? (int)doctor->settings->mode : mode) == MODE_ENFORCE;
	send->postfix = postfix_ask(doctor->arena, options->postconf, options->postfix_config,
	    &error);
	if (options->n_received > 0)
		return true;
	send->from = choose_sender(doctor);
	send->to = options->send_to != NULL ? options->send_to : SEND_RECIPIENT;
	if (send->from == NULL) {
		doctor_say(doctor, DOCTOR_UNKNOWN, "send-route", "", "No domain is managed, so "
		    "there is nobody to send from: name an address with --from.");
		return false;
	}
	if (send->postfix == NULL && options->send_to == NULL) {
		doctor_fix(doctor, doctor_say(doctor, DOCTOR_UNKNOWN, "send-route", "",
		    "There is no Postfix here that could be asked whether it brings messages "
		    "back: nothing was sent."), "Name a mailbox of yours with --to, and hand what "
		    "arrives there back with --received.");
		return false;
	}
	if (probe_address_ok(send->from) && probe_address_ok(send->to))
		return true;
	doctor_say(doctor, DOCTOR_UNKNOWN, "send-route", probe_address_ok(send->from) ?
	    log_safe(doctor->arena, slice_of(send->to), 100) :
	    log_safe(doctor->arena, slice_of(send->from), 100),
	    "This is no address that probes can be sent with.");
	return false;
}

/* ---- handing them over ---- */

/* Programs of the host end lines with LF. */
static struct slice
without_cr(struct arena *arena, struct slice text)
{
	struct buf out;

	buf_init(&out, arena, text.n + 1);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\r')
			buf_add_char(&out, text.p[i]);
	return (struct slice){ buf_str(&out), out.n };
}

static const char *
find_sendmail(const struct send *send)
{
	const char *told = send->postfix == NULL ? "" : postfix_get(send->postfix,
	    "sendmail_path");
	const char *const paths[] = { *told == '\0' ? "/usr/sbin/sendmail" : told,
	    "/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/local/sbin/sendmail", NULL };

	return command_find(paths);
}

static int
give_to_sendmail(struct send *send, struct slice message, const char **error_r)
{
	const char *program = find_sendmail(send);
	bool named = send->postfix != NULL && send->doctor->options->postfix_config != NULL;
	const char *const plain[] = { program, "-i", "-odb", "-f", send->from, "--", send->to,
	    NULL };
	const char *const with_dir[] = { program, "-C", named ? send->postfix->dir : "", "-i",
	    "-odb", "-f", send->from, "--", send->to, NULL };
	struct command command = { .argv = named ? with_dir : plain,
	    .input = without_cr(send->doctor->arena, message),
	    .timeout_ms = COMMAND_TIMEOUT_MS, .output_max = 65536 };
	struct command_output output;

	if (program == NULL) {
		*error_r = "there is no sendmail command";
		return -1;
	}
	if (command_run(send->doctor->arena, &command, &output, error_r) != 0)
		return -1;
	if (output.status == 0)
		return 0;
	*error_r = arena_printf(send->doctor->arena, "%s: %s", program,
	    log_safe(send->doctor->arena, slice_trim(output.err), 300));
	return -1;
}

/* "127.0.0.1:587", "[::1]:25", "mail.example.com" */
static void
split_via(struct arena *arena, const char *via, const char **host_r, const char **port_r)
{
	struct slice text = slice_of(via), host;
	size_t colon;

	*port_r = "25";
	if (text.n > 0 && *text.p == '[') {
		host = slice_sub(text, 1, slice_find(text, ']') - 1);
		text = slice_sub(text, host.n + 2, text.n);
		colon = slice_find(text, ':');
	} else {
		colon = slice_find(text, ':');
		host = slice_sub(text, 0, colon);
	}
	if (colon < text.n)
		*port_r = slice_dup(arena, slice_sub(text, colon + 1, text.n));
	*host_r = slice_dup(arena, host);
}

static int
give_to_smtp(struct send *send, struct sink *sink, const char *via, const struct probe *probe,
    struct slice message, const char **error_r)
{
	struct submission submission = { .from = send->from, .to = send->to,
	    .is_8bit = probe_is_8bit(probe->trait), .message = message };
	char name[256];

	submission.helo = gethostname(name, sizeof(name)) == 0 ? name : "localhost";
	name[sizeof(name) - 1] = '\0';
	split_via(send->doctor->arena, via, &submission.host, &submission.port);
	return sink_submit(sink, send->doctor->arena, &submission, COMMAND_TIMEOUT_MS, error_r);
}

/* ---- catching them ---- */

/* The field of a message that tells which probe it is. */
static bool
read_mark(struct arena *arena, struct slice text, struct probe *probe_r)
{
	struct message_text *split = arena_alloc(arena, sizeof(*split));
	long place;

	message_split(text, split);
	place = message_find(split, PROBE_FIELD, split->n);
	return place >= 0 && probe_read(arena, split->values[place], probe_r);
}

static bool
is_same(const struct probe *a, const struct probe *b)
{
	return a->trait == b->trait && strcmp(a->run, b->run) == 0 &&
	    strcmp(a->way, b->way) == 0;
}

/* Waits for it, and takes whatever comes before. */
static void
wait_for(struct send *send, struct sink *sink, const struct probe *probe)
{
	unsigned seconds = send->doctor->options->send_wait != 0 ?
	    send->doctor->options->send_wait : SEND_WAIT;
	int64_t until = clock_mono_us(&clock_system) + (int64_t)seconds * 1000000;
	struct probe found;
	struct slice text;

	while (clock_mono_us(&clock_system) < until) {
		if (!sink_take(sink, &text)) {
			sink_serve(sink, -1, 200);
			continue;
		}
		if (!read_mark(send->doctor->arena, text, &found) ||
		    strcmp(found.run, probe->run) != 0)
			continue;
		send_judge(send, &found, text);
		if (is_same(&found, probe))
			return;
	}
	send_note(send, DOCTOR_FAULT, "send-arrived", send_subject(send, probe), arena_printf(
	    send->doctor->arena, "Handed over, but it did not arrive within %u s.",
	    seconds))->fix = "The mail log says what became of it: held, deferred or bounced; "
	    "`mailq` shows what waits. --wait gives it more time.";
}

static void
send_one(struct send *send, struct sink *sink, const char *via, const struct probe *probe)
{
	struct slice message = probe_make(send->doctor->arena, probe);
	const char *error = "";
	int status;

	doctor_progress(send->doctor, "sending: %s", send_subject(send, probe));
	if (strcmp(via, "sendmail") == 0)
		status = give_to_sendmail(send, message, &error);
	else
		status = give_to_smtp(send, sink, via, probe, message, &error);
	if (status != 0)
		send_note(send, DOCTOR_FAULT, "send-arrived", send_subject(send, probe),
		    arena_printf(send->doctor->arena, "It could not be handed over: %s.", error))
		    ->fix = "--via names another way in; an address that your mail server "
		    "refuses can be replaced with --to.";
	else
		send->n_handed_over++;
	if (status == 0 && sink != NULL)
		wait_for(send, sink, probe);
}

/* A last line without its end is there for programs of this host alone. */
static bool
fits(enum probe_trait trait, const char *via)
{
	return trait != PROBE_NO_END || strcmp(via, "sendmail") == 0;
}

static void
send_all(struct send *send, struct sink *sink, const char *via, const char *run)
{
	struct probe probe = { .from = send->from, .to = send->to, .run = run,
	    .way = strcmp(via, "sendmail") == 0 ? "sendmail" : "smtp",
	    .sent = clock_now(&clock_system) };

	for (probe.trait = 0; probe.trait < PROBE_TRAITS; probe.trait++)
		if (fits(probe.trait, via))
			send_one(send, sink, via, &probe);
	if (sink == NULL)
		return;
	sink_offer_8bitmime(sink, false);
	probe.trait = PROBE_8BIT;
	probe.way = strcmp(via, "sendmail") == 0 ? "sendmail-7bit" : "smtp-7bit";
	send_one(send, sink, via, &probe);
	sink_offer_8bitmime(sink, true);
}

static const char *
make_run(const struct doctor *doctor)
{
	return arena_printf(doctor->arena, "r%llx-%lx", (unsigned long long)
	    clock_now(&clock_system), (unsigned long)getpid());
}

static void
send_by_each_way(struct send *send, struct sink *sink)
{
	static const char *const usual[] = { "127.0.0.1:25", "sendmail" };
	const struct doctor_options *options = send->doctor->options;
	const char *run = make_run(send->doctor);
	size_t n = options->n_send_via;

	for (size_t i = 0; i < (n == 0 ? 2 : n); i++)
		send_all(send, sink, n == 0 ? usual[i] : options->send_via[i], run);
}

static void
send_to_sink(struct send *send)
{
	const struct doctor_options *options = send->doctor->options;
	const char *error = "", *address = options->sink_address == NULL ? "127.0.0.1" :
	    options->sink_address;
	struct sink *sink = sink_open(send->doctor->arena, address, options->sink_port == 0 ?
	    SEND_PORT : options->sink_port, send->to, &error);

	if (sink == NULL) {
		doctor_fix(send->doctor, doctor_say(send->doctor, DOCTOR_UNKNOWN, "send-route",
		    "", "The doctor cannot catch messages: %s.", error),
		    "Choose another port with --sink.");
		return;
	}
	if (send->postfix == NULL || send_has_route(send, address, sink_port(sink)))
		send_by_each_way(send, sink);
	sink_close(&sink);
}

static void
send_away(struct send *send)
{
	struct doctor_line *line;

	send_by_each_way(send, NULL);
	if (send->n_findings > 0)
		return;
	line = doctor_say(send->doctor, DOCTOR_OK, "send-arrived", send->to,
	    "probes were handed over to be sent there");
	doctor_fix(send->doctor, line, "Save their sources as they arrive, each in a file, and:");
	doctor_paste(send->doctor, line, "mailworthy doctor --received FILE --received FILE ...");
}

/* ---- those that come back in files ---- */

static struct slice
with_crlf(struct arena *arena, struct slice text)
{
	struct buf out;

	buf_init(&out, arena, 2 * text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r'))
			buf_add_char(&out, '\r');
		buf_add_char(&out, text.p[i]);
	}
	return (struct slice){ buf_str(&out), out.n };
}

static void
judge_file(struct send *send, const char *path)
{
	struct arena *arena = send->doctor->arena;
	const char *error = "";
	struct probe probe;
	struct slice text;

	if (!tool_read(arena, path, RECEIVED_MAX, &text, &error)) {
		doctor_say(send->doctor, DOCTOR_UNKNOWN, "send-arrived", path, "%s.", error);
		return;
	}
	if (slice_starts_nocase(text, "From "))		/* a line of the mailbox file */
		text = slice_sub(text, slice_find(text, '\n') + 1, text.n);
	text = with_crlf(arena, text);
	if (!read_mark(arena, text, &probe)) {
		doctor_say(send->doctor, DOCTOR_UNKNOWN, "send-arrived", path,
		    "It is none of the doctor's messages: there is no " PROBE_FIELD " field "
		    "that can be read.");
		return;
	}
	send->from = probe.from;
	send->to = probe.to;
	send_judge(send, &probe, text);
}

void
doctor_send(struct doctor *doctor)
{
	const struct doctor_options *options = doctor->options;
	struct send *send = arena_alloc(doctor->arena, sizeof(*send));

	if (!begin(doctor, send)) {
		doctor->nothing_sent = true;
		return;
	}
	if (options->n_received > 0)
		for (size_t i = 0; i < options->n_received; i++)
			judge_file(send, options->received[i]);
	else if (options->sink_port != 0 || options->send_to == NULL)
		send_to_sink(send);
	else
		send_away(send);
	doctor->nothing_sent = send->n_judged + send->n_findings + send->n_handed_over == 0;
	say_findings(send);
}

/* ---- options ---- */

static int
set_sink(struct doctor_options *options, struct arena *arena, const char *value)
{
	struct slice text = slice_of(value), port = text;
	unsigned long number;
	struct ip ip;

	for (size_t i = text.n; i > 0; i--) {
		if (text.p[i - 1] != ':')
			continue;
		port = slice_sub(text, i, text.n);
		text = slice_sub(text, 0, i - 1);
		if (!ip_parse(text, &ip))
			return tool_error("--sink: expected PORT or ADDRESS:PORT, got \"%s\"",
			    value);
		options->sink_address = ip_text(arena, &ip);
		break;
	}
	if (!slice_number(port, 65535, &number) || number == 0)
		return tool_error("--sink: expected PORT or ADDRESS:PORT, got \"%s\"", value);
	options->sink_port = (unsigned)number;
	return -1;
}

static int
set_wait(struct doctor_options *options, const char *value)
{
	unsigned long number;

	if (!slice_number(slice_of(value), 86400, &number) || number == 0)
		return tool_error("--wait: expected seconds, 1 to 86400, got \"%s\"", value);
	options->send_wait = (unsigned)number;
	return -1;
}

int
doctor_send_option(struct doctor_options *options, struct arena *arena, int option,
    const char *value)
{
	switch (option) {
	case DOCTOR_OPTION_SEND: options->send = true; break;
	case DOCTOR_OPTION_FROM: options->send_from = value; break;
	case DOCTOR_OPTION_TO: options->send_to = value; break;
	case DOCTOR_OPTION_VIA:
		if (options->n_send_via == DOCTOR_VIA_MAX)
			return tool_error("--via: at most %d", DOCTOR_VIA_MAX);
		options->send_via[options->n_send_via++] = value;
		break;
	case DOCTOR_OPTION_RECEIVED:
		if (options->n_received == DOCTOR_RECEIVED_MAX)
			return tool_error("--received: at most %d", DOCTOR_RECEIVED_MAX);
		options->received[options->n_received++] = value;
		break;
	case DOCTOR_OPTION_SINK: return set_sink(options, arena, value);
	case DOCTOR_OPTION_WAIT: return set_wait(options, value);
	}
	return -1;
}
