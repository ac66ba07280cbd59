/*
 * The doctor on Postfix: what changes a message after it was signed.
 */
#include <string.h>

#include "base/arena.h"
#include "dkim/sign.h"
#include "settings/settings.h"
#include "tool/doctor_mta.h"
#include "tool/tool.h"

#define TABLE_MAX (4 * 1024 * 1024)	/* octets of a table that is read */
#define LINE_LIMIT 998			/* RFC 5321 section 4.5.3.1.6 */

static void
fix_main(struct mta *mta, struct doctor_line *line)
{
	doctor_fix(mta->doctor, line, "In %s/main.cf, then `postfix reload`:",
	    mta->postfix->dir);
}

/* ---- the values that SMTP clients go by ---- */

/*
 * Calls `judge` with each different value that a smtp service has, and where it
 * stands: NULL for main.cf, else the service of master.cf.
 */
static void
each_client_value(struct mta *mta, const char *name,
    void (*judge)(struct mta *mta, const char *name, const char *value,
    const struct postfix_service *where))
{
	const struct postfix_service *service = NULL;
	bool any = false, by_main = false;

	while ((service = postfix_next(mta->postfix, service, "smtp")) != NULL) {
		any = true;
		if (!postfix_overrides(service, name))
			by_main = true;
		else if (strcmp(postfix_get_in(mta->postfix, service, name),
		    postfix_get(mta->postfix, name)) != 0)
			judge(mta, name, postfix_get_in(mta->postfix, service, name), service);
	}
	if (by_main || !any)
		judge(mta, name, postfix_get(mta->postfix, name), NULL);
}

static const char *
name_of(const struct postfix_service *where)
{
	return where == NULL ? "" : where->name;
}

/* The tables of `value` behind those that are there. */
static const char *
joined(const struct mta *mta, const char *there, const char *value)
{
	struct slice rest = slice_of(value), word;

	while (postfix_word(&rest, &word)) {
		struct slice left = slice_of(there), one;
		bool known = false;

		while (!known && postfix_word(&left, &one))
			known = slice_eq(one, word);
		if (!known)
			there = arena_printf(mta->doctor->arena, "%s%s%.*s", there,
			    *there == '\0' ? "" : ", ", (int)word.n, word.p);
	}
	return there;
}

/* The tables go where they work before signing; those that are there stay. */
static void
fix_generic(struct mta *mta, struct doctor_line *line, const char *name, const char *value,
    const struct postfix_service *where)
{
	static const char canonical[] = "sender_canonical_maps";
	const char *dir = mta->postfix->dir;
	const char *maps = joined(mta, postfix_get(mta->postfix, canonical), value);

	if (doctor_whole(mta->doctor, maps) == NULL)
		doctor_fix(mta->doctor, line, "%s does the same for senders before mailworthy is "
		    "asked: move the tables there, behind those that are there, and take %s out "
		    "of %s. The line is too long or cannot be printed here.", canonical, name,
		    dir);
	else if (where == NULL)
		doctor_fix(mta->doctor, line, "%s does the same for senders before mailworthy is "
		    "asked. In %s/main.cf, then `postfix reload`:", canonical, dir);
	else
		doctor_fix(mta->doctor, line, "%s does the same for senders before mailworthy is "
		    "asked, for all mail: the first line in %s/main.cf, the second in master.cf "
		    "below \"%s %s\" in place of the %s that is there; then `postfix reload`:",
		    canonical, dir, where->name, where->type, name);
	if (doctor_whole(mta->doctor, maps) == NULL)
		return;
	doctor_paste(mta->doctor, line, "%s = %s", canonical, maps);
	doctor_paste(mta->doctor, line, where == NULL ? "%s =" : "  -o %s=", name);
}

static void
judge_generic(struct mta *mta, const char *name, const char *value,
    const struct postfix_service *where)
{
	struct doctor_line *line;

	if (*value == '\0')
		return;
	line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-generic", name_of(where), "%s (%s) "
	    "writes addresses in From, To, Cc and others anew while mail is delivered, after it was "
	    "signed: each message it touches arrives with a broken signature.", name,
	    mta_shown(mta, value));
	fix_generic(mta, line, name, value, where);
}

/* ---- tables of checks ---- */

struct table {
	struct mta *mta;
	const char *name;		/* smtp_header_checks */
	const char *where;
	bool body;			/* every rule is about the body */
	bool added;			/* about what milters add */
};

static bool
is_in(const char *const *names, const char *field)
{
	for (; *names != NULL; names++)
		if (slice_is(slice_of(*names), field))
			return true;
	return false;
}

/* Any profile that a domain goes by signs it, or it belongs to the signature. */
static bool
is_signed(const struct settings *settings, const char *field)
{
	if (strcmp(field, "dkim-signature") == 0)
		return true;
	for (size_t i = 0; i < settings->n_domains; i++)
		if (is_in(sign_profile_names(settings->domains[i].signed_headers), field))
			return true;
	return settings->n_domains == 0 && is_in(sign_profile_names(PROFILE_STANDARD), field);
}

static bool
is_ours(const char *field)
{
	return strcmp(field, "dkim-signature") == 0 || strcmp(field, "x-mailworthy") == 0;
}

static void
say_rule(const struct table *table, const char *file, const struct postfix_rule *rule)
{
	struct mta *mta = table->mta;
	bool known = table->body || *rule->field != '\0';
	struct doctor_line *line = doctor_say(mta->doctor,
	    known ? DOCTOR_FAULT : DOCTOR_WARNING, table->added ? "mta-milter-headers" :
	    "mta-client-checks", table->where, "%s: %s line %u, %s %s, changes %s%s.",
	    table->name, mta_shown(mta, file), rule->line, mta_shown(mta, rule->pattern),
	    rule->action, table->body ? "the body" : *rule->field == '\0' ?
	    "fields that the pattern does not name plainly" : mta_shown(mta, rule->field),
	    table->added ? ", which mailworthy adds" : known ?
	    " after it was signed: the signature breaks" :
	    " after signing: if a signed one is among them, the signature breaks");

	if (table->added)
		doctor_fix(mta->doctor, line, "Take the rule out of %s.", table->name);
	else
		doctor_fix(mta->doctor, line, "Move the rule to %s, which works before "
		    "mailworthy is asked.", table->name + strlen("smtp_"));
}

/* How many rules change something that matters. */
static size_t
judge_rules(const struct table *table, const char *file, struct slice text)
{
	struct mta *mta = table->mta;
	struct postfix_rule *rules;
	size_t n, bad = 0;

	rules = postfix_rules(mta->doctor->arena, text, &n);
	for (size_t i = 0; i < n; i++) {
		const struct postfix_rule *rule = &rules[i];

		if (!rule->changes || (!table->body && *rule->field != '\0' &&
		    !(table->added ? is_ours(rule->field) :
		    is_signed(mta->doctor->settings, rule->field))))
			continue;
		say_rule(table, file, rule);
		bad++;
	}
	return bad;
}

static void
say_unread(const struct table *table, const char *which, const char *why)
{
	struct mta *mta = table->mta;

	doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_UNKNOWN,
	    table->added ? "mta-milter-headers" : "mta-client-checks", table->where,
	    "%s has %s, %s: whether it changes what was signed could not be seen.",
	    table->name, mta_shown(mta, which), why),
	    "`mailworthy doctor --send` shows it with messages.");
}

static void
judge_table(const struct table *table, struct slice word)
{
	struct arena *arena = table->mta->doctor->arena;
	const char *which = slice_dup(arena, word), *path, *error = "";
	struct slice kind = slice_sub(word, 0, slice_find(word, ':')), text;

	if (!slice_is(kind, "regexp") && !slice_is(kind, "pcre")) {
		say_unread(table, which, "a table of a kind that is not read here");
		return;
	}
	path = slice_dup(arena, slice_sub(word, kind.n + 1, word.n));
	if (!tool_read(arena, path, TABLE_MAX, &text, &error)) {
		say_unread(table, which, "which cannot be read");
		return;
	}
	if (judge_rules(table, path, text) == 0)
		doctor_say(table->mta->doctor, DOCTOR_OK, table->added ?
		    "mta-milter-headers" : "mta-client-checks", table->where,
		    "%s: no rule of %s changes what was signed", table->name,
		    mta_shown(table->mta, path));
}

static void
judge_checks(struct mta *mta, const char *name, const char *value,
    const struct postfix_service *where)
{
	struct table table = { .mta = mta, .name = name, .where = name_of(where),
	    .body = strcmp(name, "smtp_header_checks") != 0 &&
	    strcmp(name, "milter_header_checks") != 0,
	    .added = strcmp(name, "milter_header_checks") == 0 };
	struct slice rest = slice_of(value), word;

	while (postfix_word(&rest, &word))
		judge_table(&table, word);
}

/* ---- eight bits and long lines ---- */

static void
judge_8bit(struct mta *mta)
{
	const struct postfix *postfix = mta->postfix;
	bool forced = postfix_is_yes(postfix_get(postfix, "force_mime_input_conversion"));
	bool sent_raw = postfix_is_yes(postfix_get(postfix, "disable_mime_output_conversion"));
	struct doctor_line *line;

	if (forced || (mta->doctor->settings->repair & REPAIR_ENCODING) != 0) {
		doctor_say(mta->doctor, DOCTOR_OK, "mta-8bit", "", forced ?
		    "8-bit text is recoded before signing (force_mime_input_conversion)" :
		    "8-bit text is recoded before signing (repair has encoding)");
		return;
	}
	if (sent_raw)
		line = doctor_say(mta->doctor, DOCTOR_ADVICE, "mta-8bit", "", "8-bit text goes "
		    "as it is to hosts that do not offer 8BITMIME "
		    "(disable_mime_output_conversion): they may refuse or spoil it.");
	else
		line = doctor_say(mta->doctor, DOCTOR_WARNING, "mta-8bit", "", "Where the next "
		    "host does not offer 8BITMIME Postfix recodes 8-bit text after it was "
		    "signed, and the signature breaks.");
	if (postfix_knows(postfix, "force_mime_input_conversion")) {
		fix_main(mta, line);
		doctor_paste(mta->doctor, line, "force_mime_input_conversion = yes");
	} else {
		doctor_fix(mta->doctor, line, "Let mailworthy do it before it signs. In %s:",
		    mta->doctor->settings->path);
		doctor_paste(mta->doctor, line, "repair = {date, message-id, headers, encoding}");
	}
}

static void
judge_discarded(struct mta *mta, const char *name, const char *value,
    const struct postfix_service *where)
{
	bool mended = (mta->doctor->settings->repair & REPAIR_ENCODING) != 0 ||
	    postfix_is_yes(postfix_get(mta->postfix, "force_mime_input_conversion"));

	if (postfix_has_word(value, "8bitmime") && !mended)
		doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_FAULT, "mta-8bit",
		    name_of(where), "%s has 8bitmime: Postfix recodes each message with 8-bit "
		    "text after it was signed, and its signature breaks.", name),
		    "Take 8bitmime out of %s in %s/%s%s%s.", name, mta->postfix->dir,
		    where == NULL ? "main.cf" : "master.cf, below ", name_of(where),
		    where == NULL ? "" : arena_printf(mta->doctor->arena, " %s", where->type));
}

static void
judge_line_limit(struct mta *mta, const char *name, const char *value,
    const struct postfix_service *where)
{
	unsigned long limit;
	struct doctor_line *line;

	if (!slice_number(slice_of(value), 1000000, &limit) || limit == 0 ||
	    limit >= LINE_LIMIT)
		return;
	line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-line-limit", name_of(where), "%s is "
	    "%lu: Postfix cuts longer lines after they were signed, and the signature breaks. "
	    "mailworthy mends lines over %d only.", name, limit, LINE_LIMIT);
	mta_fix_setting(mta, line, where, name, arena_printf(mta->doctor->arena, "%d",
	    LINE_LIMIT));
}

/* ---- what comes before us ---- */

static void
judge_missing_fields(struct mta *mta)
{
	const unsigned both = REPAIR_DATE | REPAIR_MESSAGE_ID;
	bool adds = postfix_is_yes(postfix_get(mta->postfix, "always_add_missing_headers"));
	struct doctor_line *line;

	if (adds || (mta->doctor->settings->repair & both) == both) {
		doctor_say(mta->doctor, DOCTOR_OK, "mta-missing-fields", "", "a missing Date or "
		    "Message-ID is there before mail is signed (%s)",
		    adds ? "always_add_missing_headers" : "repair");
		return;
	}
	line = doctor_say(mta->doctor, DOCTOR_ADVICE, "mta-missing-fields", "", "Nobody adds "
	    "a missing Date or Message-ID for SMTP clients: a later host may do so after "
	    "signing, or refuse the message.");
	fix_main(mta, line);
	doctor_paste(mta->doctor, line, "always_add_missing_headers = yes");
}

static void
judge_utf8(struct mta *mta)
{
	const char *classes = postfix_get(mta->postfix, "smtputf8_autodetect_classes");
	struct doctor_line *line;

	if (!postfix_is_yes(postfix_get(mta->postfix, "smtputf8_enable")) ||
	    (mta->doctor->settings->repair & REPAIR_HEADERS) == 0)
		return;
	if (!postfix_has_word(classes, "sendmail") && !postfix_has_word(classes, "all")) {
		doctor_say(mta->doctor, DOCTOR_OK, "mta-smtputf8", "", "raw UTF-8 in fields of "
		    "local mail can be mended before a host has to offer SMTPUTF8");
		return;
	}
	line = doctor_say(mta->doctor, DOCTOR_WARNING, "mta-smtputf8", "", "Where a program of "
	    "this host writes raw UTF-8 into a field, Postfix demands SMTPUTF8 of the next "
	    "host before mailworthy can mend it: to most hosts the message bounces.");
	fix_main(mta, line);
	doctor_paste(mta->doctor, line, "smtputf8_autodetect_classes = verify");
}

static void
judge_strict(struct mta *mta)
{
	static const char *const names[] = { "strict_7bit_headers", "strict_8bitmime",
	    "strict_8bitmime_body" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct doctor_line *line;

		if (!postfix_is_yes(postfix_get(mta->postfix, names[i])))
			continue;
		line = doctor_say(mta->doctor, DOCTOR_WARNING, "mta-strict", names[i],
		    "Postfix refuses mail with raw 8-bit text, also that of your users, "
		    "before mailworthy could mend it.");
		fix_main(mta, line);
		doctor_paste(mta->doctor, line, "%s = no", names[i]);
	}
}

static void
say_before(struct mta *mta)
{
	static const char *const names[] = { "canonical_maps", "sender_canonical_maps",
	    "masquerade_domains", "header_checks", "mime_header_checks", "body_checks" };
	const char *set = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (*postfix_get(mta->postfix, names[i]) != '\0')
			set = arena_printf(mta->doctor->arena, "%s%s%s", set,
			    *set == '\0' ? "" : ", ", names[i]);
	if (*set != '\0')
		doctor_say(mta->doctor, DOCTOR_OK, "mta-before", "", "%s: done before mail is "
		    "signed", set);
}

void
mta_after_signing(struct mta *mta)
{
	static const char *const tables[] = { "smtp_header_checks", "smtp_mime_header_checks",
	    "smtp_nested_header_checks", "smtp_body_checks" };

	say_before(mta);
	each_client_value(mta, "smtp_generic_maps", judge_generic);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		each_client_value(mta, tables[i], judge_checks);
	judge_checks(mta, "milter_header_checks", postfix_get(mta->postfix,
	    "milter_header_checks"), NULL);
	judge_8bit(mta);
	each_client_value(mta, "smtp_discard_ehlo_keywords", judge_discarded);
	each_client_value(mta, "smtp_line_length_limit", judge_line_limit);
	judge_missing_fields(mta);
	judge_utf8(mta);
	judge_strict(mta);
}
