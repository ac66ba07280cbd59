/*
 * Conversations with an MTA, in any order: our callbacks with libmilter replaced
 * at link time.  One command a line; bytes 0x0b and 0x0c stand for LF and CR.
 *
 *   O bits	negotiation: which actions and steps the MTA offers, in hex
 *   C address	connect, an IPv4 address or none	  H name	HELO
 *   M path arguments		R path arguments	  D name=value	a macro
 *   L name:value	header field	B bytes	body	  F	edits fail from now on
 *   E	end of message		A	abort		  Q	close
 */
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "facts/message.h"
#include "proto/proto.h"
#include "settings/files.h"
#include "settings/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MACROS_MAX = 20, WORDS_MAX = 8, TEXT_MAX = 65536 };

static const char config[] =
    "mode = enforce\nstate-dir = \"/nonexistent\"\nlog-privacy = {hash-subject}\n"
    "egress \"default\" { addresses = {\"192.0.2.1\"} helo = \"mail.example.com\" }\n"
    "domain \"example.com\" { key \"s1\" { file = \"%s/key\" } }\n"
    "check \"subject-missing\" { action = hold }\ncheck \"subject-long\" { action = reject }\n"
    "check \"date-missing\" { action = tempfail }\n";
static const char zone[] =
    "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\nexample.com MX 10 mail.example.com\n"
    "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\nmail.example.com A 192.0.2.1\n"
    "example.net MX 10 mail.example.net\nmail.example.net A 192.0.2.9\n"
    "1.2.0.192.in-addr.arpa PTR mail.example.com\n*.broken.example ANY !servfail\n";

static struct smfiDesc filter;
static struct clock_fake now;
static struct snapshot *settings_of_now;
static void *private_data;
static struct { char name[64]; char *value; } macros[MACROS_MAX];
static bool edits_fail, edited, failed_once;

/* ---- in place of libmilter ---- */

int
smfi_register(struct smfiDesc description)
{
	filter = description;
	return MI_SUCCESS;
}

int smfi_setconn(char *name) { return name != NULL ? MI_SUCCESS : MI_FAILURE; }
size_t smfi_setmaxdatasize(size_t size) { return size; }
int smfi_setbacklog(int n) { return n > 0 ? MI_SUCCESS : MI_FAILURE; }
int smfi_opensocket(int remove_it) { return remove_it ? MI_SUCCESS : MI_FAILURE; }
int smfi_main(void) { return MI_SUCCESS; }
int smfi_version(unsigned int *a, unsigned int *b, unsigned int *c) { *a = *b = *c = 1; return 0; }
void *smfi_getpriv(SMFICTX *ctx) { (void)ctx; return private_data; }
int smfi_setpriv(SMFICTX *ctx, void *p) { (void)ctx; private_data = p; return MI_SUCCESS; }

char *
smfi_getsymval(SMFICTX *ctx, char *name)
{
	(void)ctx;
	for (int i = 0; i < MACROS_MAX; i++)
		if (strcmp(macros[i].name, name) == 0)
			return macros[i].value;
	return NULL;
}

int
smfi_setsymlist(SMFICTX *ctx, int stage, char *names)
{
	(void)ctx;
	return stage >= 0 && names != NULL ? MI_SUCCESS : MI_FAILURE;
}

/* What goes to the MTA: no NUL inside by its type, no line of its own. */
static void
must_be_clean(const char *text, bool may_fold)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		bool folds = may_fold && (*p == '\n' || *p == '\r' || *p == '\t');

		if ((*p < 0x20 && !folds) || *p == 0x7f)
			abort();
		if (*p == '\n' && p[1] != ' ' && p[1] != '\t')
			abort();
	}
}

static int
edit(void)
{
	edited = true;
	failed_once = failed_once || edits_fail;
	return edits_fail ? MI_FAILURE : MI_SUCCESS;
}

int
smfi_insheader(SMFICTX *ctx, int index, char *name, char *value)
{
	(void)ctx;
	if (index < 0)
		abort();
	must_be_clean(name, false);
	must_be_clean(value, true);
	return edit();
}

int
smfi_chgheader(SMFICTX *ctx, char *name, int index, char *value)
{
	(void)ctx;
	if (index < 1)
		abort();
	must_be_clean(name, false);
	if (value != NULL && strcmp(name, "X-Mailworthy") == 0)
		must_be_clean(value, true);
	return edit();
}

int
smfi_quarantine(SMFICTX *ctx, char *reason)
{
	(void)ctx;
	must_be_clean(reason, false);
	return edit();
}

int
smfi_replacebody(SMFICTX *ctx, unsigned char *bytes, int n)
{
	(void)ctx;
	if (n < 0 || (n > 0 && bytes == NULL))
		abort();
	return edit();
}

int
smfi_setreply(SMFICTX *ctx, char *code, char *esc, char *text)
{
	(void)ctx;
	if (code == NULL || (code[0] != '4' && code[0] != '5') || esc == NULL ||
	    esc[0] != code[0] || strlen(text) > 980)
		abort();
	must_be_clean(text, false);
	return MI_SUCCESS;
}

/* ---- the daemon's side ---- */

static struct snapshot *
give_snapshot(void)
{
	return snapshot_ref(settings_of_now);
}

static bool
for_syslog(void)
{
	return true;
}

static void
take_record(const char *line)
{
	must_be_clean(line, false);
	if (line[0] != '{' || line[strlen(line) - 1] != '}')
		abort();
}

static void
take_event(enum journal_kind kind, const char *line)
{
	(void)kind;
	take_record(line);
}

/* A key of a test, as only its owner may read it. */
static void
copy_key(const char *path)
{
	FILE *from = fopen("tests/scenario/keys/rsa1024.pem", "r"), *to;
	char line[100];

	umask(077);
	to = fopen(path, "w");
	if (from == NULL || to == NULL) {
		fputs("run it in the top directory\n", stderr);
		exit(2);
	}
	while (fgets(line, sizeof(line), from) != NULL)
		fputs(line, to);
	fclose(from);
	fclose(to);
}

static struct snapshot *
load_settings(struct arena *arena)
{
	char dir[] = "/tmp/mw-fuzz.XXXXXX";
	struct files *files = files_new();
	struct snapshot *snapshot;
	const char *error, *path, *key;
	FILE *file;

	if (mkdtemp(dir) == NULL)
		abort();
	path = arena_printf(arena, "%s/conf", dir);
	key = arena_printf(arena, "%s/key", dir);
	copy_key(key);
	file = fopen(path, "w");
	fprintf(file, config, dir);
	fclose(file);
	snapshot = snapshot_load(files, path, arena, &error);
	if (snapshot == NULL) {
		fputs(error, stderr);
		exit(2);
	}
	files_free(&files);
	unlink(key);
	unlink(path);
	rmdir(dir);
	return snapshot;
}

static void
start(void)
{
	static struct proto_state state;
	static struct proto_options options;
	static struct arena *arena;	/* for the process */
	struct core_options parts = { .clock = &now.clock, .keep_results = true };
	const char *error = "";
	struct ip ip;

	arena = arena_new();
	log_open(LOG_TARGET_NONE, LOG_LEVEL_ERROR);
	clock_fake_init(&now, 1795262400);
	settings_of_now = load_settings(arena);
	ip_parse(slice_of("192.0.2.1"), &ip);
	parts.egress = egress_facts_fixed(&ip, 1);
	parts.sightings = sightings_open(NULL);
	parts.dns = dns_new_zone(slice_of(zone), &now.clock, arena, &error);
	options = (struct proto_options){
		.state = &state, .core = core_new(&parts, &error), .clock = &now.clock,
		.snapshot = give_snapshot, .record_is_syslog = for_syslog,
		.write_record = take_record, .write_event = take_event,
	};
	if (proto_register("unix:/nonexistent", &error) != 0 || proto_run(&options) != 0)
		abort();
}

/* ---- the MTA's side ---- */

static void
set_macro(char *text)
{
	static unsigned next;
	char *equals = strchr(text, '=');

	if (equals == NULL || equals - text >= 64)
		return;
	*equals = '\0';
	free(macros[next % MACROS_MAX].value);
	macros[next % MACROS_MAX].value = strdup(equals + 1);
	snprintf(macros[next % MACROS_MAX].name, 64, "%s", text);
	next++;
}

static void
forget_macros(void)
{
	for (int i = 0; i < MACROS_MAX; i++) {
		free(macros[i].value);
		macros[i].value = NULL;
		macros[i].name[0] = '\0';
	}
}

static void
negotiate(const char *bits)
{
	unsigned long offered = strtoul(bits, NULL, 16), f0, f1, f2, f3;

	if (private_data != NULL)	/* libmilter lets an MTA say it once */
		return;
	filter.xxfi_negotiate(NULL, offered & 0x1ff, offered >> 12, 0, 0, &f0, &f1, &f2, &f3);
}

static void
connect_from(char *text)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(40000) };
	bool is_known = inet_pton(AF_INET, text, &address.sin_addr) == 1;

	filter.xxfi_connect(NULL, text, is_known ? (_SOCK_ADDR *)&address : NULL);
}

static void
envelope(sfsistat (*callback)(SMFICTX *, char **), char *text)
{
	char *words[WORDS_MAX + 1], *next = text;
	int n = 0;

	while (n < WORDS_MAX && next != NULL) {
		words[n++] = next;
		next = strchr(next, ' ');
		if (next != NULL)
			*next++ = '\0';
	}
	words[n] = NULL;
	callback(NULL, words);
}

static void
header(char *text)
{
	char *colon = strchr(text, ':');

	if (colon == NULL || colon == text)
		return;
	*colon = '\0';
	filter.xxfi_header(NULL, text, colon + 1);
}

static void
end_message(void)
{
	sfsistat status;

	edited = failed_once = false;
	status = filter.xxfi_eom(NULL);
	if (failed_once && status != SMFIS_TEMPFAIL)
		abort();		/* half edited, and on its way */
}

static void
command(char *text, size_t n)
{
	char *rest = text + 1;

	for (size_t i = 0; i < n; i++)
		text[i] = text[i] == 0x0b ? '\n' : text[i] == 0x0c ? '\r' : text[i];
	switch (text[0]) {
	case 'O': negotiate(rest); break;
	case 'C': connect_from(rest); break;
	case 'H': filter.xxfi_helo(NULL, rest); break;
	case 'M': envelope(filter.xxfi_envfrom, rest); break;
	case 'R': envelope(filter.xxfi_envrcpt, rest); break;
	case 'D': set_macro(rest); break;
	case 'L': header(rest); break;
	case 'B': filter.xxfi_body(NULL, (unsigned char *)rest, n - 1); break;
	case 'F': edits_fail = true; break;
	case 'E': end_message(); break;
	case 'A': filter.xxfi_abort(NULL); break;
	case 'Q': filter.xxfi_close(NULL); break;
	default: break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[TEXT_MAX + 1];
	struct slice rest = { (const char *)data, size < TEXT_MAX ? size : TEXT_MAX }, line;

	if (settings_of_now == NULL)
		start();
	edits_fail = false;
	while (slice_split(&rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		memcpy(text, line.p, line.n);
		text[line.n] = '\0';
		command(text, line.n);
	}
	filter.xxfi_close(NULL);
	if (private_data != NULL)
		abort();
	forget_macros();
	return 0;
}
