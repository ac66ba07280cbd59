/*
 * Runs scenario files against the real core with fake DNS and clock:
 *
 *	scenario FILE...
 *
 * A file is a title line and sections.  `--- then` begins another message with
 * the same core; a new zone keeps what was seen of the keys.
 *
 *	--- config      the configuration (socket, state-dir and egress are there)
 *	--- zone        DNS, as for `mailworthy check --zone`
 *	--- session     one word and its value a line: client auth helo daemon local
 *	                now from rcpt smtputf8 id advance mode login-table
 *	--- message     the message; @0D@ is a byte, @REPEAT 1000 x@ a run
 *	--- expect      see expect_line()
 *
 * @rsa2048@ in a zone is the public half of keys/rsa2048.pem; @KEYS@ in a
 * configuration is where the keys are.  Prints "ok" or "not ok" a file.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "core/feed.h"
#include "core/health.h"
#include "dkim/key.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "facts/message.h"
#include "settings/files.h"
#include "settings/settings.h"

#define DEFAULT_NOW 1795262400	/* 2026-11-21 12:00:00 UTC */
#define FILE_MAX (4 * 1024 * 1024)

struct scenario {
	struct arena *arena;
	const char *path;
	const char *scratch, *keys;
	struct clock_fake clock;
	struct sightings *sightings;
	struct egress_facts *egress;
	struct snapshot *snapshot;
	struct dns *dns;
	struct core *core;
	struct slice config, zone, session, message, expect;
	unsigned faults;
	unsigned round;
	/* of the round */
	struct session *mta;
	struct message *mail;
	struct passage *passage;
	json_t *record;
};

static void fault(struct scenario *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
fault(struct scenario *s, const char *format, ...)
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

/* ---- reading ---- */

static struct slice
read_whole(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = arena_alloc(arena, FILE_MAX);
	size_t n;

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	n = fread(text, 1, FILE_MAX, file);
	fclose(file);
	return (struct slice){ text, n };
}

/* Replaces @name@ by the public half of keys/name.pem, @KEYS@ by the folder. */
static const char *
expand_names(struct scenario *s, struct slice text)
{
	struct buf out;

	buf_init(&out, s->arena, FILE_MAX);
	while (text.n > 0) {
		size_t at = slice_find(text, '@'), end;
		struct slice name, pem;
		const char *error, *path;
		struct key *key;

		buf_add(&out, text.p, at);
		text = slice_sub(text, at, text.n);
		if (text.n == 0)
			break;
		end = slice_find(slice_sub(text, 1, text.n), '@');
		name = slice_sub(text, 1, end);
		path = arena_printf(s->arena, "%s/%s.pem", s->keys, slice_dup(s->arena, name));
		if (slice_eq(name, SLICE("KEYS"))) {
			buf_add_str(&out, s->keys);
		} else if (name.n > 0 && name.n < 32 && access(path, R_OK) == 0) {
			pem = read_whole(s->arena, path);
			key = key_parse(pem, s->arena, &error);
			buf_add_str(&out, key_public_base64(key));
			key_free(&key);
		} else {
			buf_add_char(&out, '@');
			text = slice_sub(text, 1, text.n);
			continue;
		}
		text = slice_sub(text, end + 2, text.n);
	}
	return buf_str(&out);
}

/* One @...@ of a message; true when it was one. */
static bool
expand_one(struct buf *out, struct slice name)
{
	char *end, text[64];
	unsigned long n;

	if (name.n >= sizeof(text))
		return false;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	if (name.n == 2) {
		n = strtoul(text, &end, 16);
		if (*end != '\0')
			return false;
		buf_add_char(out, (char)n);
		return true;
	}
	if (strncmp(text, "REPEAT ", 7) != 0)
		return false;
	n = strtoul(text + 7, &end, 10);
	for (end++; n > 0; n--)
		buf_add_str(out, strcmp(end, "LINE") == 0 ? "\r\n" : end);
	return true;
}

static struct slice
expand_message(struct scenario *s, struct slice text)
{
	struct buf out;

	buf_init(&out, s->arena, 64 * 1024 * 1024);
	while (text.n > 0) {
		size_t at = slice_find(text, '@'), nl = slice_find(text, '\n');

		if (nl < at) {
			buf_add(&out, text.p, nl);
			buf_add_str(&out, "\r\n");
			text = slice_sub(text, nl + 1, text.n);
			continue;
		}
		buf_add(&out, text.p, at);
		text = slice_sub(text, at, text.n);
		if (text.n == 0)
			break;
		at = slice_find(slice_sub(text, 1, text.n), '@');
		if (expand_one(&out, slice_sub(text, 1, at)))
			text = slice_sub(text, at + 2, text.n);
		else {
			buf_add_char(&out, '@');
			text = slice_sub(text, 1, text.n);
		}
	}
	return (struct slice){ buf_str(&out), out.n };
}

/* ---- the parts ---- */

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0 ||
	    chmod(path, mode) != 0) {
		perror(path);
		exit(2);
	}
}

static bool
open_snapshot(struct scenario *s)
{
	const char *path = arena_printf(s->arena, "%s/mailworthy.conf", s->scratch);
	const char *error = "";
	struct files *files;

	if (s->snapshot != NULL)
		snapshot_unref(&s->snapshot);
	write_file(path, arena_printf(s->arena, "socket = \"unix:%s/sock\"\n"
	    "state-dir = \"%s\"\n%s", s->scratch, s->scratch,
	    expand_names(s, s->config)), 0644);
	files = files_new();
	s->snapshot = snapshot_load(files, path, s->arena, &error);
	files_free(&files);
	if (s->snapshot == NULL)
		fault(s, "configuration: %s", error);
	return s->snapshot != NULL;
}

static bool
open_core(struct scenario *s)
{
	struct core_options parts = {
		.clock = &s->clock.clock, .sightings = s->sightings, .egress = s->egress,
		.keep_results = true,
	};
	const char *error = "";

	if (s->core != NULL)
		core_free(&s->core);
	if (s->dns != NULL)
		dns_free(&s->dns);
	s->dns = dns_new_zone(slice_of(expand_names(s, s->zone)), &s->clock.clock, s->arena,
	    &error);
	parts.dns = s->dns;
	s->core = s->dns != NULL ? core_new(&parts, &error) : NULL;
	if (s->core == NULL)
		fault(s, "zone: %s", error);
	return s->core != NULL;
}

/* ---- the session ---- */

static time_t
parse_time(const char *text)
{
	struct tm tm = { 0 };

	if (strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL) {
		fprintf(stderr, "bad time %s\n", text);
		exit(2);
	}
	return timegm(&tm);
}

static void
say_nothing(void *ctx, const char *domain, const char *id, const char *text,
    const char *fix)
{
	(void)ctx, (void)domain, (void)id, (void)text, (void)fix;
}

static void
add_rcpt(struct scenario *s, const char *value)
{
	struct rcpt rcpt = { .mailer = "smtp", .host = "example.net" };
	bool is_null;

	address_path_parse(s->mail->arena, slice_of(value), &rcpt.address, &is_null);
	message_add_rcpt(s->mail, &rcpt);
}

/* Lines that change the world before the message is made. */
static bool
world_line(struct scenario *s, const char *word, const char *value)
{
	if (strcmp(word, "now") == 0)
		s->clock.now = parse_time(value);
	else if (strcmp(word, "advance") == 0)
		clock_fake_advance(&s->clock, (int64_t)strtoll(value, NULL, 10) * 1000000);
	else if (strcmp(word, "mode") == 0)
		core_set_mode(s->core, strcmp(value, "audit") == 0 ? MODE_AUDIT :
		    strcmp(value, "enforce") == 0 ? MODE_ENFORCE : -1);
	else if (strcmp(word, "health") == 0) {
		struct health *health = health_new();

		health_round(health, s->core, s->snapshot, say_nothing, NULL, NULL);
		health_free(&health);
	} else
		return false;
	return true;
}

static void
session_line(struct scenario *s, const char *word, const char *value)
{
	struct message *mail = s->mail;

	if (strcmp(word, "client") == 0)
		ip_parse(slice_of(value), &s->mta->client_addr);
	else if (strcmp(word, "helo") == 0)
		s->mta->mta_name = value;
	else if (strcmp(word, "auth") == 0)
		mail->auth_user = value;
	else if (strcmp(word, "id") == 0)
		mail->queue_id = value;
	else if (strcmp(word, "local") == 0)
		mail->is_local = true;
	else if (strcmp(word, "smtputf8") == 0)
		mail->is_smtputf8 = true;
	else if (strcmp(word, "from") == 0)
		mail->mail_from_malformed = !address_path_parse(mail->arena, slice_of(value),
		    &mail->mail_from, &mail->mail_from_is_null);
	else if (strcmp(word, "rcpt") == 0)
		add_rcpt(s, value);
	else {
		fprintf(stderr, "%s: session: %s?\n", s->path, word);
		exit(2);
	}
}

static void
each_line(struct scenario *s, struct slice text,
    void (*fn)(struct scenario *, const char *, const char *), bool world)
{
	struct slice line;

	while (slice_split(&text, '\n', &line)) {
		const char *word, *value;
		size_t blank;

		line = slice_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		blank = slice_find(line, ' ');
		word = slice_dup(s->arena, slice_sub(line, 0, blank));
		value = slice_dup(s->arena, slice_trim(slice_sub(line, blank, line.n)));
		if (fn == session_line && (strcmp(word, "now") == 0 ||
		    strcmp(word, "advance") == 0 || strcmp(word, "mode") == 0 ||
		    strcmp(word, "health") == 0)) {
			if (world)
				world_line(s, word, value);
		} else if (!world)
			fn(s, word, value);
	}
}

/* ---- expectations ---- */

static const struct finding *
find(struct scenario *s, const char *id)
{
	const struct verdict *verdict = passage_verdict(s->passage);
	size_t i;

	if (!check_exists(id)) {
		fprintf(stderr, "%s: there is no check %s\n", s->path, id);
		exit(2);
	}
	for (i = 0; i < verdict->n_findings; i++)
		if (strcmp(verdict->findings[i].check->id, id) == 0)
			return &verdict->findings[i];
	return NULL;
}

static const char *
tenths(struct scenario *s, int value)
{
	return arena_printf(s->arena, "%d.%d", value / 10, value % 10);
}

/* "ID [weight W] [by ID] [shadow] [exempt] [text rest of the line]" */
static void
expect_finding(struct scenario *s, const char *value)
{
	struct slice rest = slice_of(value), word, next;
	const struct finding *finding;

	slice_split(&rest, ' ', &word);
	finding = find(s, slice_dup(s->arena, word));
	if (finding == NULL) {
		fault(s, "no finding %s", value);
		return;
	}
	while (slice_split(&rest, ' ', &word)) {
		if (slice_is(word, "text")) {
			if (strstr(finding->text, slice_dup(s->arena, rest)) == NULL &&
			    strstr(finding->fix, slice_dup(s->arena, rest)) == NULL)
				fault(s, "%s: text \"%s\", fix \"%s\", expected \"%.*s\"",
				    finding->check->id, finding->text, finding->fix,
				    (int)rest.n, rest.p);
			return;
		}
		if (slice_is(word, "shadow") && !finding->shadow)
			fault(s, "%s is not in shadow", finding->check->id);
		if (slice_is(word, "exempt") && !finding->exempt)
			fault(s, "%s is not exempt", finding->check->id);
		if (slice_is(word, "alone") && finding->covered_by != NULL)
			fault(s, "%s is covered by %s", finding->check->id, finding->covered_by);
		if (slice_is(word, "weight") && slice_split(&rest, ' ', &next) &&
		    !slice_is(next, tenths(s, finding->weight)))
			fault(s, "%s: weight %s, expected %.*s (%s)", finding->check->id,
			    tenths(s, finding->weight), (int)next.n, next.p, finding->text);
		if (slice_is(word, "by") && slice_split(&rest, ' ', &next) &&
		    (finding->covered_by == NULL || !slice_is(next, finding->covered_by)))
			fault(s, "%s: covered by %s, expected %.*s", finding->check->id,
			    finding->covered_by != NULL ? finding->covered_by : "nothing",
			    (int)next.n, next.p);
	}
}

static void
expect_dunno(struct scenario *s, const char *id)
{
	const struct verdict *verdict = passage_verdict(s->passage);
	size_t i;

	if (find(s, id) != NULL)
		fault(s, "%s: a finding (%s), expected: could not tell", id, find(s, id)->text);
	for (i = 0; i < verdict->n_dunno; i++)
		if (strcmp(verdict->dunno[i], id) == 0)
			return;
	fault(s, "%s: it could tell", id);
}

static void
expect_receiver(struct scenario *s, const char *value)
{
	const struct verdict *verdict = passage_verdict(s->passage);
	struct slice rest = slice_of(value), name;
	const char *got;
	int i;

	slice_split(&rest, ' ', &name);
	for (i = 0; i < RECEIVERS; i++) {
		if (!slice_is(name, receiver_name((enum receiver)i)) && !slice_is(name, "all"))
			continue;
		got = verdict->receivers[i].accept ? "accept" : verdict->receivers[i].reply;
		if (!slice_is(rest, got))
			fault(s, "%s would say %s (%s), expected %.*s",
			    receiver_name((enum receiver)i), got,
			    verdict->receivers[i].because != NULL ?
			    verdict->receivers[i].because : "", (int)rest.n, rest.p);
	}
}

static const struct edit *
find_edit(struct scenario *s, enum edit_kind kind, struct slice name)
{
	const struct plan *plan = passage_plan(s->passage);
	size_t i;

	for (i = 0; i < plan->n_edits; i++)
		if (plan->edits[i].kind == kind && slice_is(name, plan->edits[i].name))
			return &plan->edits[i];
	return NULL;
}

/* "NAME" or "NAME has TEXT" */
static void
expect_header(struct scenario *s, const char *value)
{
	struct slice rest = slice_of(value), name, word;
	const struct edit *edit;

	slice_split(&rest, ' ', &name);
	edit = find_edit(s, EDIT_INSERT_HEADER, name);
	if (edit == NULL)
		fault(s, "header %.*s is not added", (int)name.n, name.p);
	else if (slice_split(&rest, ' ', &word) && strstr(edit->value,
	    slice_dup(s->arena, rest)) == NULL)
		fault(s, "header %.*s:%s, expected %.*s", (int)name.n, name.p, edit->value,
		    (int)rest.n, rest.p);
}

static void
expect_reply(struct scenario *s, const char *value)
{
	const struct plan *plan = passage_plan(s->passage);
	const char *whole = plan->reply_code == NULL ? "none" : arena_printf(s->arena,
	    "%s %s %s", plan->reply_code, plan->reply_esc, plan->reply_text);

	if (strstr(whole, value) == NULL)
		fault(s, "reply \"%s\", expected \"%s\"", whole, value);
}

/* "a.0.b VALUE": the record at that path. */
static void
expect_record(struct scenario *s, const char *value)
{
	struct slice rest = slice_of(value), path, key;
	const json_t *at = s->record;
	char *text;

	slice_split(&rest, ' ', &path);
	while (slice_split(&path, '.', &key)) {
		const char *name = slice_dup(s->arena, key);

		at = json_is_array(at) ? json_array_get(at, strtoul(name, NULL, 10)) :
		    json_object_get(at, name);
	}
	text = json_is_string(at) ? strdup(json_string_value(at)) :
	    at != NULL ? json_dumps(at, JSON_ENCODE_ANY | JSON_COMPACT) : strdup("nothing");
	if (!slice_is(rest, text) && !(rest.n > 1 && rest.p[0] == '~' &&
	    strstr(text, slice_dup(s->arena, slice_sub(rest, 1, rest.n))) != NULL))
		fault(s, "record: %s, got %s", value, text);
	free(text);
}

static void
expect_word(struct scenario *s, const char *what, const char *got, const char *expected)
{
	if (strcmp(got, expected) != 0)
		fault(s, "%s %s, expected %s", what, got, expected);
}

static void
expect_line(struct scenario *s, const char *word, const char *value)
{
	const struct verdict *verdict = passage_verdict(s->passage);
	const struct evidence *evidence = passage_evidence(s->passage);

	if (strcmp(word, "verdict") == 0)
		expect_word(s, word, action_name(verdict->action), value);
	else if (strcmp(word, "would") == 0)
		expect_word(s, word, action_name(verdict->would), value);
	else if (strcmp(word, "score") == 0)
		expect_word(s, word, tenths(s, verdict->score), value);
	else if (strcmp(word, "finding") == 0)
		expect_finding(s, value);
	else if (strcmp(word, "no") == 0) {
		if (find(s, value) != NULL)
			fault(s, "finding %s: %s", value, find(s, value)->text);
	} else if (strcmp(word, "dunno") == 0)
		expect_dunno(s, value);
	else if (strcmp(word, "receiver") == 0)
		expect_receiver(s, value);
	else if (strcmp(word, "header") == 0)
		expect_header(s, value);
	else if (strcmp(word, "no-header") == 0) {
		if (find_edit(s, EDIT_INSERT_HEADER, slice_of(value)) != NULL)
			fault(s, "header %s is added", value);
	} else if (strcmp(word, "reply") == 0)
		expect_reply(s, value);
	else if (strcmp(word, "record") == 0)
		expect_record(s, value);
	else if (strcmp(word, "queries") == 0)
		expect_word(s, word, arena_printf(s->arena, "%u", evidence->dns_queries), value);
	else {
		fprintf(stderr, "%s: expect: %s?\n", s->path, word);
		exit(2);
	}
}

/* ---- rounds ---- */

static void
run_round(struct scenario *s, bool fresh_config, bool fresh_zone)
{
	json_error_t error;
	const char *line;

	s->round++;
	if ((fresh_config && !open_snapshot(s)) || (fresh_zone && !open_core(s)))
		return;
	each_line(s, s->session, session_line, true);
	s->mta = session_new();
	s->mta->mta_name = "mail.example.com";
	s->mta->client_port = 40000;
	ip_parse(SLICE("198.51.100.200"), &s->mta->client_addr);
	s->mail = message_new(s->mta, clock_now(&s->clock.clock),
	    clock_mono_us(&s->clock.clock));
	s->mail->queue_id = "4Xabc123";
	s->mail->auth_user = "alice";
	s->mail->direction = DIRECTION_OUTBOUND;
	each_line(s, s->session, session_line, false);
	s->mail->is_own_dsn = s->mail->is_local && s->mail->mail_from_is_null;
	s->passage = feed_message(s->core, s->snapshot, s->mail,
	    expand_message(s, s->message));
	line = passage_record(s->passage, false);
	s->record = json_loads(line, 0, &error);
	if (s->record == NULL)
		fault(s, "the record is no JSON: %s", line);
	each_line(s, s->expect, expect_line, false);
	if (s->faults > 0)
		printf("    record: %s\n", line);
	json_decref(s->record);
	message_free(&s->mail);
	session_free(&s->mta);
}

/* Cuts the file at "--- " lines and runs each message. */
static void
run_file(struct scenario *s)
{
	struct slice rest = read_whole(s->arena, s->path), line, *section = NULL;
	bool fresh_config = true, fresh_zone = true, pending = false;

	while (slice_split(&rest, '\n', &line)) {
		struct slice name = slice_trim(slice_sub(line, 4, line.n));

		if (!slice_starts_nocase(line, "--- ")) {
			if (section != NULL)
				section->n = (size_t)(line.p + line.n - section->p) + 1;
			continue;
		}
		if (slice_is(name, "then")) {
			run_round(s, fresh_config, fresh_zone);
			fresh_config = fresh_zone = pending = false;
			section = NULL;
			continue;
		}
		pending = true;
		section = slice_is(name, "config") ? &s->config :
		    slice_is(name, "zone") ? &s->zone :
		    slice_is(name, "session") ? &s->session :
		    slice_is(name, "message") ? &s->message :
		    slice_is(name, "expect") ? &s->expect : NULL;
		if (section == NULL) {
			fprintf(stderr, "%s: section %.*s?\n", s->path, (int)name.n, name.p);
			exit(2);
		}
		fresh_config = fresh_config || section == &s->config;
		fresh_zone = fresh_zone || section == &s->zone;
		*section = (struct slice){ rest.p, 0 };
	}
	if (pending)
		run_round(s, fresh_config, fresh_zone);
}

static void
run_scenario(const char *path, const char *scratch, const char *keys, unsigned *failed)
{
	struct scenario s = { .path = path, .scratch = scratch, .keys = keys };
	struct ip egress;

	s.arena = arena_new();
	clock_fake_init(&s.clock, DEFAULT_NOW);
	s.sightings = sightings_open(NULL);
	ip_parse(SLICE("192.0.2.1"), &egress);
	s.egress = egress_facts_fixed(&egress, 1);
	run_file(&s);
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
		struct slice text;

		if (entry->d_name[0] == '.')
			continue;
		text = read_whole(arena, arena_printf(arena, "%s/%s", from, entry->d_name));
		write_file(arena_printf(arena, "%s/%s", to, entry->d_name),
		    slice_dup(arena, text), 0600);
	}
	closedir(dir);
}

int
main(int argc, char **argv)
{
	char scratch[] = "/tmp/mailworthy-scenario-XXXXXX";
	struct arena *arena = arena_new();
	const char *source = getenv("SCENARIO_KEYS");
	const char *keys;
	unsigned failed = 0;
	int i;

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	if (mkdtemp(scratch) == NULL || argc < 2) {
		fprintf(stderr, "usage: SCENARIO_KEYS=DIR scenario FILE...\n");
		return 2;
	}
	keys = arena_printf(arena, "%s/keys", scratch);
	mkdir(keys, 0700);
	copy_keys(arena, source != NULL ? source : "tests/scenario/keys", keys);
	for (i = 1; i < argc; i++)
		run_scenario(argv[i], scratch, keys, &failed);
	arena_free(&arena);
	return failed == 0 ? 0 : 1;
}
