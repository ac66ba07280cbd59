/*
 * The lines of an expect section:
 *
 *	verdict WORD, would WORD	pass hold tempfail reject
 *	score 8.5
 *	finding ID [weight W] [by ID | alone] [shadow] [exempt] [text TEXT]
 *	no ID				no such finding
 *	dunno ID			could not tell
 *	open ID...			these and no others could not tell
 *	receiver NAME accept|REPLY	NAME: gmail microsoft yahoo apple all
 *	header NAME [has TEXT]		is added or changed; blanks and folds do
 *					not count
 *	no-header NAME
 *	body TEXT			stands in the body as it leaves; "@0D@" is
 *					a byte, \n a line end in it
 *	no-body TEXT
 *	signs NAME N			stands N times in h= of the first signature
 *	verifies N			N signatures when it arrives, all pass
 *	reply TEXT			part of the SMTP reply; "none"
 *	reason TEXT			part of the reason of a hold
 *	rcpt ADDRESS ok|TEXT		part of the answer to RCPT
 *	record PATH VALUE		"a.0.b" of the record; "~VALUE": part of it
 *	direction WORD			outbound inbound
 *	queries N			DNS queries of this message
 */
#include <stdlib.h>
#include <string.h>

#include "checks/check.h"
#include "evidence/evidence.h"
#include "facts/message.h"
#include "scenario.h"
#include "verdict/text.h"

static const struct finding *
find(struct scenario *s, const char *id)
{
	const struct verdict *verdict = passage_verdict(s->passage);
	size_t i;

	if (!check_exists(id))
		scenario_die(s, "no such check", id);
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

/* The words after the id. */
static void
expect_details(struct scenario *s, const struct finding *finding, struct slice rest)
{
	const char *id = finding->check->id, *text;
	struct slice word, next;

	while (slice_split(&rest, ' ', &word)) {
		if (slice_is(word, "text")) {
			text = slice_dup(s->arena, rest);
			if (strstr(finding->text, text) == NULL &&
			    strstr(finding->fix, text) == NULL)
				scenario_fault(s, "%s: text \"%s\", fix \"%s\", expected "
				    "\"%s\"", id, finding->text, finding->fix, text);
			return;
		}
		if (slice_is(word, "shadow")) {
			if (!finding->shadow)
				scenario_fault(s, "%s is not in shadow", id);
		} else if (slice_is(word, "exempt")) {
			if (!finding->exempt)
				scenario_fault(s, "%s is not exempt", id);
		} else if (slice_is(word, "alone")) {
			if (finding->covered_by != NULL)
				scenario_fault(s, "%s is covered by %s", id,
				    finding->covered_by);
		} else if (slice_is(word, "weight") && slice_split(&rest, ' ', &next)) {
			if (!slice_is(next, tenths(s, finding->weight)))
				scenario_fault(s, "%s: weight %s, expected %.*s (%s)", id,
				    tenths(s, finding->weight), (int)next.n, next.p,
				    finding->text);
		} else if (slice_is(word, "by") && slice_split(&rest, ' ', &next)) {
			if (finding->covered_by == NULL ||
			    !slice_is(next, finding->covered_by))
				scenario_fault(s, "%s: covered by %s, expected %.*s", id,
				    finding->covered_by != NULL ? finding->covered_by :
				    "nothing", (int)next.n, next.p);
		} else {
			scenario_die(s, "finding: no such word",
			    slice_dup(s->arena, word));
		}
	}
}

static void
expect_finding(struct scenario *s, const char *value)
{
	struct slice rest = slice_of(value), word;
	const struct finding *finding;

	slice_split(&rest, ' ', &word);
	finding = find(s, slice_dup(s->arena, word));
	if (finding == NULL)
		scenario_fault(s, "no finding %s", value);
	else
		expect_details(s, finding, rest);
}

static void
expect_no(struct scenario *s, const char *id)
{
	if (find(s, id) != NULL)
		scenario_fault(s, "finding %s: %s", id, find(s, id)->text);
}

static void
expect_dunno(struct scenario *s, const char *id)
{
	const struct verdict *verdict = passage_verdict(s->passage);
	size_t i;

	expect_no(s, id);
	for (i = 0; i < verdict->n_dunno; i++)
		if (strcmp(verdict->dunno[i], id) == 0)
			return;
	scenario_fault(s, "%s: it could tell", id);
}

static void
expect_open(struct scenario *s, const char *ids)
{
	const struct verdict *verdict = passage_verdict(s->passage);
	const char *got = "";
	size_t i;

	for (i = 0; i < verdict->n_dunno; i++)
		got = arena_printf(s->arena, "%s%s%s", got, i > 0 ? " " : "",
		    verdict->dunno[i]);
	if (strcmp(got, ids) != 0)
		scenario_fault(s, "open: %s, expected %s", got, ids);
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
		if (!slice_is(name, receiver_name((enum receiver)i)) &&
		    !slice_is(name, "all"))
			continue;
		got = verdict->receivers[i].accept ? "accept" :
		    verdict->receivers[i].reply;
		if (!slice_is(rest, got))
			scenario_fault(s, "%s would say %s (%s), expected %.*s",
			    receiver_name((enum receiver)i), got,
			    verdict->receivers[i].because != NULL ?
			    verdict->receivers[i].because : "", (int)rest.n, rest.p);
	}
}

static const char *
without_blanks(struct scenario *s, const char *text)
{
	struct buf out;

	buf_init(&out, s->arena, 64 * 1024);
	for (; *text != '\0'; text++)
		if (strchr(" \t\n", *text) == NULL)
			buf_add_char(&out, *text);
	return buf_str(&out);
}

/* The field that is added with that text in its value; the last stands on top. */
static const struct edit *
find_insert(struct scenario *s, struct slice name, const char *text)
{
	const struct plan *plan = passage_plan(s->passage);
	size_t i;

	for (i = plan->n_edits; i-- > 0;)
		if ((plan->edits[i].kind == EDIT_INSERT_HEADER ||
		    plan->edits[i].kind == EDIT_CHANGE_HEADER) &&
		    slice_is(name, plan->edits[i].name) &&
		    strstr(without_blanks(s, plan->edits[i].value),
		    without_blanks(s, text)) != NULL)
			return &plan->edits[i];
	return NULL;
}

/* "NAME" or "NAME has TEXT" */
static void
expect_header(struct scenario *s, const char *value)
{
	struct slice rest = slice_of(value), name, word;
	const char *text = "";

	slice_split(&rest, ' ', &name);
	if (slice_split(&rest, ' ', &word))
		text = slice_dup(s->arena, rest);
	if (find_insert(s, name, "") == NULL)
		scenario_fault(s, "header %.*s is not added", (int)name.n, name.p);
	else if (find_insert(s, name, text) == NULL)
		scenario_fault(s, "header %.*s:%s, expected %s", (int)name.n, name.p,
		    find_insert(s, name, "")->value, text);
}

/* "NAME N" */
static void
expect_signs(struct scenario *s, const char *value)
{
	struct slice rest = slice_of(value), name, wanted, one;
	const struct edit *edit = find_insert(s, SLICE("DKIM-Signature"), "");
	const char *names = edit != NULL ?
	    text_signed_names(s->arena, edit->value) : NULL;
	unsigned long n = 0;

	slice_split(&rest, ' ', &wanted);
	for (name = slice_of(names); slice_split(&name, ':', &one);)
		n += slice_eq_nocase(one, wanted);
	if (!slice_is(rest, arena_printf(s->arena, "%lu", n)))
		scenario_fault(s, "signs %s: %lu times in h=%s", value, n,
		    names != NULL ? names : "");
}

static void
expect_verifies(struct scenario *s, const char *value)
{
	size_t n, passed;

	scenario_verify(s, &n, &passed);
	if (n != passed || strtoul(value, NULL, 10) != n)
		scenario_fault(s, "%zu signatures arrive, %zu verify, expected %s", n,
		    passed, value);
}

static bool
body_has(struct scenario *s, const char *text)
{
	struct slice body, wanted, rest = slice_of(text), part;
	const char *lines = "";
	size_t n;

	/* "\\n" is a line end */
	while (rest.n > 0) {
		n = slice_find_nocase(rest, "\\n");
		part = slice_sub(rest, 0, n);
		lines = arena_printf(s->arena, "%s%.*s%s", lines, (int)part.n, part.p,
		    n < rest.n ? "\n" : "");
		rest = slice_sub(rest, n + 2, rest.n);
	}
	wanted = expand_message(s, slice_of(lines));

	scenario_edited(s, &body);
	/* its line end was put in */
	wanted.n -= wanted.n > 1 && slice_ends_nocase(wanted, "\r\n") ? 2 : 0;
	return memmem(body.p, body.n, wanted.p, wanted.n) != NULL;
}

static void
expect_body(struct scenario *s, const char *text)
{
	struct slice body;

	scenario_edited(s, &body);
	if (!body_has(s, text))
		scenario_fault(s, "body \"%.*s\", expected \"%s\"",
		    body.n < 2000 ? (int)body.n : 2000, body.p, text);
}

static void
expect_no_body(struct scenario *s, const char *text)
{
	if (body_has(s, text))
		scenario_fault(s, "the body holds \"%s\"", text);
}

static void
expect_part(struct scenario *s, const char *what, const char *whole, const char *part)
{
	if (strstr(whole, part) == NULL)
		scenario_fault(s, "%s \"%s\", expected \"%s\"", what, whole, part);
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
	    at != NULL ? json_dumps(at, JSON_ENCODE_ANY | JSON_COMPACT) :
	    strdup("nothing");
	if (!slice_is(rest, text) && !(rest.n > 1 && rest.p[0] == '~' &&
	    strstr(text, slice_dup(s->arena, slice_sub(rest, 1, rest.n))) != NULL))
		scenario_fault(s, "record: %s, got %s", value, text);
	free(text);
}

static void
expect_word(struct scenario *s, const char *what, const char *got, const char *expected)
{
	if (strcmp(got, expected) != 0)
		scenario_fault(s, "%s %s, expected %s", what, got, expected);
}

/* "ADDRESS ok" or "ADDRESS 550 5.1.2 and more": a part of the answer to RCPT. */
static void
expect_rcpt(struct scenario *s, const char *value)
{
	struct slice rest = slice_of(value), address;
	const char *reply, *wanted;

	slice_split(&rest, ' ', &address);
	wanted = slice_dup(s->arena, rest);
	reply = json_string_value(json_object_get(s->replies,
	    slice_dup(s->arena, address)));
	if (reply == NULL || *reply == '\0')
		reply = "ok";
	if (strcmp(wanted, "ok") == 0 ? strcmp(reply, "ok") != 0 :
	    strstr(reply, wanted) == NULL)
		scenario_fault(s, "RCPT %s, got %s", value, reply);
}

/* Words of the verdict and of the plan; false for others. */
static bool
expect_outcome(struct scenario *s, const char *word, const char *value)
{
	const struct verdict *verdict;
	const struct plan *plan;

	if (s->passage == NULL)
		return false;
	verdict = passage_verdict(s->passage);
	plan = passage_plan(s->passage);
	if (strcmp(word, "verdict") == 0)
		expect_word(s, word, action_name(verdict->action), value);
	else if (strcmp(word, "would") == 0)
		expect_word(s, word, action_name(verdict->would), value);
	else if (strcmp(word, "score") == 0)
		expect_word(s, word, tenths(s, verdict->score), value);
	else if (strcmp(word, "receiver") == 0)
		expect_receiver(s, value);
	else if (strcmp(word, "reply") == 0)
		expect_part(s, word, plan->reply_code == NULL ? "none" :
		    arena_printf(s->arena, "%s %s %s", plan->reply_code,
		    plan->reply_esc, plan->reply_text), value);
	else if (strcmp(word, "reason") == 0)
		expect_part(s, word, plan->hold_reason != NULL ? plan->hold_reason :
		    "none", value);
	else if (strcmp(word, "direction") == 0)
		expect_word(s, word, s->mail->direction == DIRECTION_OUTBOUND ?
		    "outbound" : "inbound", value);
	else if (strcmp(word, "queries") == 0)
		expect_word(s, word, arena_printf(s->arena, "%u",
		    passage_evidence(s->passage)->dns_queries), value);
	else
		return false;
	return true;
}

void
expect_line(struct scenario *s, const char *word, const char *value)
{
	static const struct {
		const char *word;
		void (*expect)(struct scenario *, const char *);
	} words[] = {
		{ "finding", expect_finding },
		{ "no", expect_no },
		{ "dunno", expect_dunno },
		{ "open", expect_open },
		{ "header", expect_header },
		{ "signs", expect_signs },
		{ "verifies", expect_verifies },
		{ "record", expect_record },
		{ "rcpt", expect_rcpt },
		{ "body", expect_body },
		{ "no-body", expect_no_body },
	};
	size_t i;

	if (expect_outcome(s, word, value))
		return;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i].word) == 0) {
			words[i].expect(s, value);
			return;
		}
	}
	if (strcmp(word, "no-header") != 0)
		scenario_die(s, "expect: no such word", word);
	if (find_insert(s, slice_of(value), "") != NULL)
		scenario_fault(s, "header %s is added", value);
}
