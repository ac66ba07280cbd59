/*
 * Runs SPF cases: zone text and queries with the result they must have.
 *
 *	= TITLE			a new zone begins
 *	NAME TYPE DATA		a record, as dns/dns.h describes zone text
 *	? NAME|IP|HELO|MAIL FROM|RESULT[,RESULT][|KEY=VALUE]...
 *	; comment
 *
 * Keys: term, domain (whose record holds it), problem (a part of the text),
 * lookups, voids, ttl, second (what libspf2 says, or "unasked").  Blanks
 * around "|" are dropped; "\|" is a bar.  An empty MAIL FROM is judged by HELO.
 * `spf-cases [-v] [FILE|-]...` says where libspf2 differs too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "dns/dns.h"
#include "evidence/spf/spf.h"

enum { FIELDS_MAX = 16, FILE_MAX = 32 << 20, ROUNDS_MAX = 100 };

struct runner {
	const char *title;
	struct buf zone;
	struct arena *arena;		/* of the zone at hand */
	struct dns *dns;
	struct clock_fake clock;
	bool verbose;
	unsigned cases, passed, asked, differ;
};

struct judged {
	struct spf_answer answer;
	bool asked;
	enum spf_result second;
	unsigned rounds;
};

static void
die(const char *what, const char *detail)
{
	fprintf(stderr, "spf-cases: %s: %s\n", what, detail);
	exit(2);
}

static void
zone_begin(struct runner *runner, struct slice title)
{
	dns_free(&runner->dns);
	arena_free(&runner->arena);
	runner->arena = arena_new();
	runner->title = slice_dup(runner->arena, slice_trim(title));
	buf_init(&runner->zone, runner->arena, FILE_MAX);
}

static struct dns *
zone_dns(struct runner *runner)
{
	struct slice text = { buf_str(&runner->zone), runner->zone.n };
	const char *error = "no reason";

	if (runner->dns == NULL)
		runner->dns =
		    dns_new_zone(text, &runner->clock.clock, runner->arena, &error);
	if (runner->dns == NULL)
		die(runner->title, error);
	return runner->dns;
}

/* Splits at "|" in place. */
static size_t
split_fields(struct arena *arena, struct slice line, struct slice fields[FIELDS_MAX])
{
	size_t n = 0;
	struct buf field;

	buf_init(&field, arena, line.n);
	for (size_t i = 0; i <= line.n; i++) {
		if (i == line.n || line.p[i] == '|') {
			if (n == FIELDS_MAX)
				die("too many fields", slice_dup(arena, line));
			fields[n++] = slice_trim(slice_of(arena_strdup(arena,
			    buf_str(&field))));
			buf_clear(&field);
			continue;
		}
		if (line.p[i] == '\\' && i + 1 < line.n && line.p[i + 1] == '|')
			i++;
		buf_add_char(&field, line.p[i]);
	}
	return n;
}

/* The sender's local part and domain; the last "@" parts them. */
static void
fill_sender(struct arena *arena, struct slice mail_from, struct spf_query *query)
{
	size_t at = mail_from.n;

	while (at > 0 && mail_from.p[at - 1] != '@')
		at--;
	query->local_part = at > 1 ? slice_dup(arena, slice_sub(mail_from, 0, at - 1)) :
	    "postmaster";
	query->domain = mail_from.n == 0
	    ? slice_dup_lower(arena, slice_of(query->helo))
	    : slice_dup_lower(arena, slice_sub(mail_from, at, mail_from.n));
}

static struct judged
judge(struct runner *runner, struct arena *arena, const struct spf_query *query)
{
	struct lookups *lookups = lookups_new(zone_dns(runner), arena, 20, 1000);
	struct judged judged = { .rounds = 1 };

	while (spf_check(arena, lookups, query, &judged.answer) == 1) {
		if (!lookups_wait(lookups) || ++judged.rounds > ROUNDS_MAX)
			die("evaluation does not end", query->domain);
	}
	while (spf_second_opinion(
		   arena, lookups, query, &judged.asked, &judged.second) == 1) {
		if (!lookups_wait(lookups) || ++judged.rounds > ROUNDS_MAX)
			die("second opinion does not end", query->domain);
	}
	return judged;
}

static bool
is_one_of(struct slice names, const char *name)
{
	struct slice one;

	while (slice_split(&names, ',', &one)) {
		if (slice_is(slice_trim(one), name))
			return true;
	}
	return false;
}

/* What the answer has under the key of "KEY=VALUE"; problems are searched. */
static bool
holds(struct arena *arena, const struct judged *judged, struct slice want,
    const char **got_r)
{
	const struct spf_answer *answer = &judged->answer;
	size_t equals = slice_find(want, '=');
	struct slice key = slice_sub(want, 0, equals);
	struct slice value = slice_sub(want, equals + 1, want.n);

	if (slice_is(key, "term"))
		*got_r = answer->term;
	else if (slice_is(key, "domain"))
		*got_r = answer->term_domain;
	else if (slice_is(key, "problem"))
		*got_r = answer->problem;
	else if (slice_is(key, "lookups"))
		*got_r = arena_printf(arena, "%u", answer->lookups);
	else if (slice_is(key, "voids"))
		*got_r = arena_printf(arena, "%u", answer->voids);
	else if (slice_is(key, "ttl"))
		*got_r = arena_printf(arena, "%u", (unsigned)answer->ttl);
	else if (slice_is(key, "second"))
		*got_r = judged->asked ? spf_result_name(judged->second) : "unasked";
	else
		die("no such key", slice_dup(arena, want));
	if (*got_r == NULL)
		*got_r = "";
	if (slice_is(key, "problem") && value.n > 0)
		return slice_find_nocase(slice_of(*got_r), slice_dup(arena, value)) <
		    strlen(*got_r);
	return slice_eq(value, slice_of(*got_r));
}

static bool
compare(struct runner *runner, struct arena *arena, const struct judged *judged,
    const struct slice *fields, size_t n)
{
	const char *name = slice_dup(arena, fields[0]);
	const char *result = spf_result_name(judged->answer.result), *got;
	bool ok = is_one_of(fields[4], result);

	if (!ok) {
		printf("FAIL %s / %s: %s, expected %s%s%s\n", runner->title, name,
		    result, slice_dup(arena, fields[4]),
		    judged->answer.problem == NULL ? "" : ": ",
		    judged->answer.problem == NULL ? "" : judged->answer.problem);
	}
	for (size_t i = 5; i < n; i++) {
		if (holds(arena, judged, fields[i], &got))
			continue;
		printf("FAIL %s / %s: %s, but it is \"%s\"\n", runner->title, name,
		    slice_dup(arena, fields[i]), got);
		ok = false;
	}
	return ok;
}

static void
run_query(struct runner *runner, struct slice line)
{
	struct arena *arena = arena_new();
	struct slice fields[FIELDS_MAX];
	struct spf_query query = { .receiver = "receiver.example.net" };
	struct judged judged;
	size_t n = split_fields(arena, line, fields);

	if (n < 5 || !ip_parse(fields[1], &query.ip))
		die("not a query", slice_dup(arena, line));
	query.helo = slice_dup(arena, fields[2]);
	fill_sender(arena, fields[3], &query);
	judged = judge(runner, arena, &query);
	runner->cases++;
	runner->passed += compare(runner, arena, &judged, fields, n);
	runner->asked += judged.asked;
	if (judged.asked && judged.second != judged.answer.result) {
		runner->differ++;
		if (runner->verbose)
			printf("libspf2 differs: %s / %s: %s, ours %s\n", runner->title,
			    slice_dup(arena, fields[0]), spf_result_name(judged.second),
			    spf_result_name(judged.answer.result));
	}
	arena_free(&arena);
}

static void
run_line(struct runner *runner, struct slice line)
{
	if (line.n == 0 || line.p[0] == ';')
		return;
	if (line.p[0] == '=') {
		zone_begin(runner, slice_sub(line, 1, line.n));
	} else if (line.p[0] == '?') {
		run_query(runner, slice_sub(line, 1, line.n));
	} else {
		/* A zone grows even between queries. */
		dns_free(&runner->dns);
		buf_add_slice(&runner->zone, line);
		buf_add_char(&runner->zone, '\n');
	}
}

static void
run_file(struct runner *runner, const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (file == NULL)
		die("cannot open", path);
	zone_begin(runner, slice_of(path));
	while ((n = getline(&line, &size, file)) > 0) {
		if (line[n - 1] == '\n')
			n--;
		run_line(runner, (struct slice){ line, (size_t)n });
	}
	free(line);
	if (file != stdin)
		fclose(file);
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	struct runner runner = { .arena = NULL };
	struct arena *own;
	int first = 1;

	clock_fake_init(&runner.clock, 1700000000);
	if (argc > 1 && strcmp(argv[1], "-v") == 0)
		runner.verbose = ++first == 2;
	for (int i = first; i < argc; i++)
		run_file(&runner, argv[i]);
	if (first == argc) {
		own = arena_new();
		run_file(&runner, arena_printf(own, "%s/tests/suites/spf-cases.txt",
		    srcdir == NULL ? "." : srcdir));
		arena_free(&own);
	}
	printf(
	    "%u of %u as they must be; libspf2 was asked %u times and differs %u times\n",
	    runner.passed, runner.cases, runner.asked, runner.differ);
	dns_free(&runner.dns);
	arena_free(&runner.arena);
	return runner.passed == runner.cases && runner.cases > 0 ? 0 : 1;
}
