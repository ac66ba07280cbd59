/*
 * Runs scenario files against the real core with fake DNS and clock:
 *
 *	SCENARIO_KEYS=tests/scenario/keys scenario FILE...
 *
 * A file is a title line, remarks and sections.  `--- then` begins another
 * message with the same core; sections that are not given stay as they were,
 * and a new zone keeps what was seen of the keys.
 *
 *	--- config      the configuration (socket and state-dir are there)
 *	--- zone        DNS, as for `mailworthy check --zone`
 *	--- session     one word and its value a line, see session_line() and
 *	                changes[].  "mailer" and "next-hop" are of the recipients
 *	                that follow; "abort" ends it after them
 *	--- message     the message; @0D@ is a byte, @REPEAT 1000 x@ a run,
 *	                \n a line end in it
 *	--- file NAME   a file in @SCRATCH@
 *	--- service NAME  a socket in @SCRATCH@ that answers with these lines
 *	--- expect      see expect.c
 *
 * standard.txt beside the keys gives the sections that a file leaves out.
 * `--- config +` adds to the standard's, `--- zone +` puts its records in place
 * of those of the same name and type, `--- message +` its fields in place of
 * those of the same name ("-Name" takes one out) and its body, if it has one,
 * in place of the body.
 *
 * @rsa2048@ in zone and configuration is the public half of keys/rsa2048.pem,
 * @KEYS@ the folder of the keys.  Prints "ok" or "not ok" a file.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "core/feed.h"
#include "core/health.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "facts/message.h"
#include "scenario.h"
#include "settings/files.h"
#include "settings/settings.h"

#define DEFAULT_NOW 1795262400	/* 2026-11-21 12:00:00 UTC */
#define INTERFACES_MAX 4

void
scenario_fault(struct scenario *s, const char *format, ...)
{
	va_list ap;

	if (s->faults++ == 0)
		printf("not ok scenario %s\n", s->path);
	printf("    message %u: ", s->round);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

void
scenario_die(const struct scenario *s, const char *what, const char *text)
{
	fprintf(stderr, "%s: message %u: %s: %s\n", s->path, s->round, what, text);
	exit(2);
}

/* ---- the world ---- */

static bool
open_snapshot(struct scenario *s)
{
	const char *path = arena_printf(s->arena, "%s/mailworthy.conf", s->scratch);
	const char *error = "";
	struct files *files;

	if (s->snapshot != NULL)
		snapshot_unref(&s->snapshot);
	write_file(path, slice_of(arena_printf(s->arena, "socket = \"unix:%s/sock\"\n"
	    "state-dir = \"%s\"\n%s", s->scratch, s->scratch,
	    expand_names(s, s->sections.config))), 0644);
	files = files_new();
	s->snapshot = snapshot_load(files, path, s->arena, &error);
	files_free(&files);
	if (s->snapshot == NULL)
		scenario_fault(s, "configuration: %s", error);
	return s->snapshot != NULL;
}

static bool
open_core(struct scenario *s)
{
	struct core_options parts = {
		.clock = &s->clock.clock, .sightings = s->sightings,
		.egress = s->egress, .keep_results = true,
	};
	const char *error = "";

	if (s->core != NULL)
		core_free(&s->core);
	if (s->dns != NULL)
		dns_free(&s->dns);
	s->dns = dns_new_zone(slice_of(expand_names(s, s->sections.zone)),
	    &s->clock.clock, s->arena, &error);
	parts.dns = s->dns;
	s->core = s->dns != NULL ? core_new(&parts, &error) : NULL;
	if (s->core == NULL)
		scenario_fault(s, "zone: %s", error);
	return s->core != NULL;
}

static void
set_now(struct scenario *s, const char *value)
{
	struct tm tm = { 0 };

	if (strptime(value, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL)
		scenario_die(s, "no such time", value);
	s->clock.now = timegm(&tm);
}

static void
advance(struct scenario *s, const char *value)
{
	clock_fake_advance(&s->clock, (int64_t)strtoll(value, NULL, 10) * 1000000);
}

/* The kill switch: audit, enforce, or file as the file says. */
static void
set_mode(struct scenario *s, const char *value)
{
	core_set_mode(s->core, strcmp(value, "audit") == 0 ? MODE_AUDIT :
	    strcmp(value, "enforce") == 0 ? MODE_ENFORCE : -1);
}

static void
say_nothing(void *ctx, const char *domain, const char *id, const char *text,
    const char *fix)
{
	(void)ctx, (void)domain, (void)id, (void)text, (void)fix;
}

/* What the daemon does on its timer. */
static void
look_at_health(struct scenario *s, const char *value)
{
	struct health *health = health_new();

	(void)value;
	health_round(health, s->core, s->snapshot, say_nothing, NULL, NULL);
	health_free(&health);
}

static void
set_interfaces(struct scenario *s, const char *value)
{
	struct slice rest = slice_of(value), word;
	struct ip ips[INTERFACES_MAX];
	size_t n = 0;

	while (n < INTERFACES_MAX && slice_split(&rest, ' ', &word))
		n += ip_parse(word, &ips[n]);
	if (s->egress != NULL)
		egress_facts_free(&s->egress);
	s->egress = egress_facts_fixed(ips, n);
}

/* The addresses of this host, for `addresses = {auto}`. */
static void
change_interfaces(struct scenario *s, const char *value)
{
	set_interfaces(s, value);
	open_core(s);
}

/* Lines of a session that change the world before the message is made. */
static const struct change {
	const char *word;
	void (*change)(struct scenario *, const char *);
} changes[] = {
	{ "now", set_now },
	{ "advance", advance },
	{ "mode", set_mode },
	{ "health", look_at_health },
	{ "interfaces", change_interfaces },
};

static const struct change *
find_change(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (strcmp(word, changes[i].word) == 0)
			return &changes[i];
	return NULL;
}

/* ---- the session ---- */

static void
add_rcpt(struct scenario *s, const char *value)
{
	struct rcpt rcpt = { .mailer = s->mailer, .host = s->next_hop };
	bool is_null;

	address_path_parse(s->mail->arena, slice_of(value), &rcpt.address, &is_null);
	if (rcpt.host == NULL)
		rcpt.host = rcpt.address.domain;
	message_add_rcpt(s->mail, &rcpt);
}

/* As at RCPT, in their order; then each stands in the message as it was judged. */
static void
judge_rcpts(struct scenario *s)
{
	struct message *mail = s->mail;
	size_t n = mail->n_rcpts;
	struct rcpt *rcpts = mail->rcpts;

	s->replies = json_object();
	if (!core_judges_rcpts(s->core, s->snapshot))
		return;
	s->rcpts = rcpt_stage_begin(s->core, s->snapshot, mail);
	mail->rcpts = NULL;
	mail->n_rcpts = mail->rcpts_total = 0;
	for (size_t i = 0; i < n; i++) {
		struct plan plan;
		const char *reply = "";

		if (rcpt_stage_judge(s->rcpts, &rcpts[i], &plan))
			reply = arena_printf(s->arena, "%s %s %s", plan.reply_code,
			    plan.reply_esc, plan.reply_text);
		json_object_set_new(s->replies, rcpts[i].address.text,
		    json_string(reply));
		message_add_rcpt(mail, &rcpts[i]);
	}
}

static void
set_sender(struct scenario *s, const char *value)
{
	struct message *mail = s->mail;

	mail->mail_from_malformed = !address_path_parse(mail->arena, slice_of(value),
	    &mail->mail_from, &mail->mail_from_is_null);
}

/* helo is the name we say; "-" is none. */
static void
session_line(struct scenario *s, const char *word, const char *value)
{
	struct message *mail = s->mail;
	const char *text = strcmp(value, "-") == 0 ? NULL : value;

	if (strcmp(word, "client") == 0)
		ip_parse(slice_of(value), &s->mta->client_addr);
	else if (strcmp(word, "helo") == 0)
		s->mta->mta_name = text;
	else if (strcmp(word, "version") == 0)
		s->mta->mta = session_mta(value);
	else if (strcmp(word, "daemon") == 0)
		s->mta->daemon_name = value;
	else if (strcmp(word, "daemon-addr") == 0)
		s->mta->daemon_addr = value;
	else if (strcmp(word, "auth") == 0)
		mail->auth_user = text;
	else if (strcmp(word, "id") == 0)
		mail->queue_id = text;
	else if (strcmp(word, "local") == 0) {
		mail->is_local = true;
		mail->auth_user = NULL;
	} else if (strcmp(word, "smtputf8") == 0)
		mail->is_smtputf8 = true;
	else if (strcmp(word, "from") == 0)
		set_sender(s, value);
	else if (strcmp(word, "rcpt") == 0)
		add_rcpt(s, value);
	else if (strcmp(word, "mailer") == 0)
		s->mailer = text;
	else if (strcmp(word, "next-hop") == 0)
		s->next_hop = text;
	else if (strcmp(word, "abort") == 0)
		s->aborts = true;
	else
		scenario_die(s, "session: no such word", word);
}

static void
change_world(struct scenario *s, const char *word, const char *value)
{
	const struct change *change = find_change(word);

	if (change != NULL)
		change->change(s, value);
}

static void
say_to_mta(struct scenario *s, const char *word, const char *value)
{
	if (find_change(word) == NULL)
		session_line(s, word, value);
}

static void
each_line(struct scenario *s, struct slice text,
    void (*fn)(struct scenario *, const char *, const char *))
{
	struct slice line;

	while (slice_split(&text, '\n', &line)) {
		size_t blank;

		line = slice_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		blank = slice_find(line, ' ');
		fn(s, slice_dup(s->arena, slice_sub(line, 0, blank)),
		    slice_dup(s->arena, slice_trim(slice_sub(line, blank, line.n))));
	}
}

/* ---- a round ---- */

static struct message *
mail_new(struct scenario *s)
{
	struct message *mail = message_new(s->mta, clock_now(&s->clock.clock),
	    clock_mono_us(&s->clock.clock));

	mail->queue_id = "4Xabc123";
	mail->auth_user = "alice";
	return mail;
}

static void
begin_message(struct scenario *s)
{
	s->mailer = "smtp";
	s->next_hop = NULL;
	s->aborts = false;
	s->rcpts = NULL;
	s->passage = NULL;
	s->mta = session_new();
	s->mta->mta_name = "mail.example.com";
	s->mta->client_port = 40000;
	ip_parse(SLICE("198.51.100.200"), &s->mta->client_addr);
	s->mail = mail_new(s);
	set_sender(s, "<alice@example.com>");
	each_line(s, s->sections.session, say_to_mta);
	if (s->mail->n_rcpts == 0)
		add_rcpt(s, "<bob@example.net>");
	message_tell_own_dsn(s->mail);
	s->mail->direction = message_direction(s->mail, snapshot_settings(s->snapshot));
	judge_rcpts(s);
}

static void
run_round(struct scenario *s)
{
	json_error_t error;
	const char *line;

	if ((s->sections.fresh_config && !open_snapshot(s)) ||
	    (s->sections.fresh_zone && !open_core(s)))
		return;
	if (s->sections.fresh_session)
		each_line(s, s->sections.session, change_world);
	begin_message(s);
	s->text = expand_message(s, s->sections.message);
	if (s->aborts) {
		line = s->rcpts != NULL && s->mail->rcpts_refused > 0 ?
		    rcpt_stage_record(s->rcpts, false) : "{}";
	} else {
		s->passage = feed_message(s->core, s->snapshot, s->mail, s->text);
		line = passage_record(s->passage, false);
	}
	s->record = json_loads(line, 0, &error);
	if (s->record == NULL)
		scenario_fault(s, "the record is no JSON: %s", line);
	each_line(s, s->sections.expect, expect_line);
	if (s->faults > 0)
		printf("    record: %s\n", line);
	json_decref(s->record);
	json_decref(s->replies);
	message_free(&s->mail);
	session_free(&s->mta);
}

/* ---- as it arrives ---- */

static void
add_piece(void *context, const void *bytes, size_t n)
{
	buf_add(context, bytes, n);
}

struct slice
scenario_edited(struct scenario *s, struct slice *body_r)
{
	struct buf *out = arena_alloc(s->arena, sizeof(*out));
	struct slice whole, rest, line;

	buf_init(out, s->arena, 4 * s->text.n + 1024 * 1024);
	feed_leaving(s->passage, s->text, add_piece, out);
	rest = whole = (struct slice){ buf_str(out), out->n };
	while (slice_split(&rest, '\n', &line) && line.n > 1)
		continue;
	*body_r = rest;
	return whole;
}

void
scenario_verify(struct scenario *s, size_t *n_r, size_t *passed_r)
{
	struct message *mail = mail_new(s);
	struct passage *passage;
	const struct evidence *evidence;
	struct slice body;
	size_t i;

	mail->mail_from_is_null = true;
	passage = feed_message(s->core, s->snapshot, mail, scenario_edited(s, &body));
	evidence = passage_evidence(passage);
	*n_r = evidence->dkim.existing_total;
	*passed_r = 0;
	for (i = 0; i < evidence->dkim.n_existing; i++)
		*passed_r += evidence->dkim.existing[i].result == DKIM_PASS;
	message_free(&mail);
}

/* ---- files ---- */

static void
run_scenario(const char *path, const struct sections *standard, const char *scratch,
    const char *keys, unsigned *failed)
{
	struct scenario s = { .path = path, .scratch = scratch, .keys = keys };
	struct slice rest;

	s.arena = arena_new();
	s.standard = standard;
	s.sections = *standard;
	clock_fake_init(&s.clock, DEFAULT_NOW);
	s.sightings = sightings_open(NULL);
	set_interfaces(&s, "192.0.2.1");
	rest = read_whole(s.arena, path);
	while (sections_next(&s, &rest)) {
		s.round++;
		run_round(&s);
	}
	if (s.core != NULL)
		core_free(&s.core);
	if (s.dns != NULL)
		dns_free(&s.dns);
	if (s.snapshot != NULL)
		snapshot_unref(&s.snapshot);
	egress_facts_free(&s.egress);
	sightings_close(&s.sightings);
	if (s.faults == 0)
		printf("ok scenario %s\n", path);
	else
		(*failed)++;
	arena_free(&s.arena);
	fflush(stdout);
}

/* The sections of standard.txt, in the arena. */
static struct sections
read_standard(struct arena *arena, const char *source)
{
	struct scenario s = { .arena = arena };
	struct slice rest;

	s.path = arena_printf(arena, "%s/../standard.txt", source);
	rest = read_whole(arena, s.path);
	sections_next(&s, &rest);
	s.sections.expect = (struct slice){ "", 0 };
	return s.sections;
}

/* Keys out of the source tree, with the permissions keys must have. */
static void
copy_keys(struct arena *arena, const char *from, const char *to)
{
	DIR *dir = opendir(from);
	struct dirent *entry;

	if (dir == NULL) {
		perror(from);
		exit(2);
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		write_file(arena_printf(arena, "%s/%s", to, entry->d_name),
		    read_whole(arena, arena_printf(arena, "%s/%s", from, entry->d_name)),
		    0600);
	}
	closedir(dir);
}

/* A flat folder, or one with a folder in it. */
static void
remove_folder(struct arena *arena, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	const char *name;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		name = arena_printf(arena, "%s/%s", path, entry->d_name);
		if (unlink(name) != 0)
			remove_folder(arena, name);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(path);
}

int
main(int argc, char **argv)
{
	char scratch[] = "/tmp/mailworthy-scenario-XXXXXX";
	struct arena *arena = arena_new();
	const char *source = getenv("SCENARIO_KEYS");
	struct sections standard;
	unsigned failed = 0;
	const char *keys;
	int i;

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	if (source == NULL)
		source = "tests/scenario/keys";
	if (argc < 2 || mkdtemp(scratch) == NULL) {
		fprintf(stderr, "usage: SCENARIO_KEYS=DIR scenario FILE...\n");
		return 2;
	}
	keys = arena_printf(arena, "%s/keys", scratch);
	mkdir(keys, 0700);
	copy_keys(arena, source, keys);
	standard = read_standard(arena, source);
	for (i = 1; i < argc; i++)
		run_scenario(argv[i], &standard, scratch, keys, &failed);
	remove_folder(arena, scratch);
	arena_free(&arena);
	return failed == 0 ? 0 : 1;
}
