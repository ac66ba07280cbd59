/*
 * The doctor on a sendmail.cf: what is read of it, and each rule, right, wrong
 * and absent.
 */
#include "settings_text.h"

#include <string.h>

#include "base/map.h"
#include "evidence/collect.h"
#include "evidence/egress.h"
#include "tool/doctor_mta.h"
#include "evidence/sendmail_cf.h"

static const char cf_good[] =
    "# a comment\n"
    "DZ8.17.1.9\n"
    "Djmail.example.com\n"
    "O SevenBitInput=False\n"
    "O DaemonPortOptions=Name=MTA, Port=25\n"
    "O EightBitMode=pass8\n";
static const char filter_good[] =
    "O InputMailFilters=mailworthy\n"
    "Xmailworthy, S=inet:8893@127.0.0.1, F=T, T=S:4m;R:4m;E:10m\n";
static const char mailer_good[] =
    "Mesmtp,\t\tP=[IPC], F=mDFMuXa, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\\r\\n, L=998,\n"
    "\t\tT=DNS/RFC822/SMTP,\n"
    "\t\tA=TCP $h\n";

struct rule {
	const char *cf;			/* behind the good lines */
	const char *filter;		/* NULL: filter_good */
	const char *mailer;		/* NULL: mailer_good */
	const char *config;		/* lines behind the good ones */
	const char *id;
	enum doctor_grade grade;
	const char *text;
};

static const struct rule rules[] = {
	{ "", NULL, NULL, "", "mta-listener", DOCTOR_OK, "mailworthy is asked" },
	{ "", "", NULL, "", "mta-listener", DOCTOR_FAULT,
	    "INPUT_MAIL_FILTER(`mailworthy', `S=inet:8893@127.0.0.1" },
	{ "", "Xmailworthy, S=inet:8893@127.0.0.1, F=T\n", NULL, "", "mta-listener",
	    DOCTOR_FAULT, "InputMailFilters" },
	{ "", "O InputMailFilters=mailworthy\nXmailworthy, S=inet:8894@127.0.0.1\n", NULL, "",
	    "mta-listener", DOCTOR_FAULT, "8893" },
	{ "", "O InputMailFilters=m\nXm, S=inet:8893@localhost, F=T, T=R:4m\n", NULL, "",
	    "mta-listener", DOCTOR_OK, "\"m\"" },
	{ "Xother, S=inet:1@localhost\nO DaemonPortOptions=Name=MSA, Port=587, "
	    "InputMailFilters=other\n", NULL, NULL, "", "mta-listener", DOCTOR_FAULT,
	    "MSA, port 587" },
	{ "Xother, S=inet:1@localhost\nO DaemonPortOptions=Name=MSA, Port=587, "
	    "InputMailFilters=other;mailworthy\n", NULL, NULL, "", "mta-listener", DOCTOR_OK,
	    "is asked" },
	{ "", NULL, NULL, "", "mta-order", DOCTOR_OK, "no other" },
	{ "", "O InputMailFilters=a, mailworthy\nXa, S=unix:/run/a\nXmailworthy, "
	    "S=inet:8893@127.0.0.1, F=T, T=R:4m\n", NULL, "", "mta-order", DOCTOR_OK, "last" },
	{ "", "O InputMailFilters=mailworthy, a\nXa, S=unix:/run/a\nXmailworthy, "
	    "S=inet:8893@127.0.0.1, F=T, T=R:4m\n", NULL, "", "mta-order", DOCTOR_WARNING,
	    "asked after" },
	{ "", "O InputMailFilters=o, mailworthy\nXo, S=local:/run/opendkim/opendkim.sock\n"
	    "Xmailworthy, S=inet:8893@127.0.0.1, F=T, T=R:4m\n", NULL, "",
	    "mta-second-signer", DOCTOR_WARNING, "OpenDKIM" },
	{ "", NULL, NULL, "", "mta-default-action", DOCTOR_OK, "F=T" },
	{ "", "O InputMailFilters=m\nXm, S=inet:8893@127.0.0.1, T=R:4m\n", NULL, "",
	    "mta-default-action", DOCTOR_WARNING, "Without F=T" },
	{ "", "O InputMailFilters=m\nXm, S=inet:8893@127.0.0.1, F=R, T=R:4m\n", NULL, "",
	    "mta-default-action", DOCTOR_WARNING, "bounces" },
	{ "", "O InputMailFilters=m\nXm, S=inet:8893@127.0.0.1, F=T\n", NULL, "",
	    "mta-timeouts", DOCTOR_FAULT, "10 s for an answer (T=R, the default)" },
	{ "", "O InputMailFilters=m\nXm, S=inet:8893@127.0.0.1, F=T, T=R:4m;E:5s\n", NULL, "",
	    "mta-timeouts", DOCTOR_FAULT, "5 s for an answer (T=E)" },
	{ "", NULL, NULL, "", "mta-local", DOCTOR_WARNING, "submit.cf" },
	{ "", NULL, NULL, "", "mta-bounces", DOCTOR_ADVICE, "HELO" },
	{ "", NULL, NULL, "", "mta-generic", DOCTOR_OK, "anew" },
	{ "DMexample.org\n", NULL, NULL, "", "mta-generic", DOCTOR_FAULT, "example.org" },
	{ "Kgenerics hash /etc/mail/genericstable\n", NULL, NULL, "", "mta-generic",
	    DOCTOR_FAULT, "genericstable" },
	{ "", NULL, NULL, "", "mta-8bit", DOCTOR_OK, "repair" },
	{ "", NULL, NULL, "repair = {}\n", "mta-8bit", DOCTOR_WARNING, "8BITMIME" },
	{ "O SevenBitInput=True\n", NULL, NULL, "", "mta-8bit", DOCTOR_WARNING, "spoilt" },
	{ "O EightBitMode=strict\n", NULL, NULL, "", "mta-8bit", DOCTOR_WARNING, "pass8" },
	{ "", NULL, "Msmtp, P=[IPC], F=mDFMuX7, L=998\n", "", "mta-8bit", DOCTOR_FAULT, "F=7" },
	{ "", NULL, "Msmtp, P=[IPC], F=mDFMuX, L=900\n", "", "mta-line-limit", DOCTOR_ADVICE,
	    "SMTP_MAILER_LL', `998'" },
	{ "", NULL, "Msmtp, P=[IPC], F=mDFMuX, L=990\n", "repair = {}\n", "mta-line-limit",
	    DOCTOR_ADVICE, "over 998 only" },
	{ "", NULL, NULL, "", "mta-mime", DOCTOR_ADVICE, "confMAX_MIME_HEADER_LENGTH', `0/0'" },
	{ "O MaxMimeHeaderLength=2048/1024\n", NULL, NULL, "", "mta-mime", DOCTOR_ADVICE, "" },
	{ "O MaxMimeHeaderLength=0/1024\n", NULL, NULL, "", "mta-mime", DOCTOR_ADVICE, "" },
	{ "O MaxMimeHeaderLength=0/0\n", NULL, NULL, "", "mta-mime", DOCTOR_OK, "as it was" },
	{ "O MaxMimeHeaderLength=0\n", NULL, NULL, "", "mta-mime", DOCTOR_OK, "as it was" },
	{ "DSesmtp:[smtp.example.net]\n", NULL, NULL, "", "mta-relay", DOCTOR_FAULT,
	    "via = \"smtp.example.net\"" },
	{ "DS[127.0.0.1]\n", NULL, NULL, "", "mta-relay", DOCTOR_OK, "this host" },
	{ "O ClientPortOptions=Family=inet, Address=192.0.2.9\n", NULL, NULL, "", "mta-egress",
	    DOCTOR_FAULT, "192.0.2.9" },
};

struct rig {
	struct arena *arena;
	struct mta mta;
	struct doctor doctor;
	struct doctor_options options;
	const struct settings *settings;
};

static void
set_up(struct rig *rig, const struct rule *rule)
{
	const char *text;
	struct sendmail_cf *cf;
	struct ip ip;

	memset(rig, 0, sizeof(*rig));
	rig->arena = arena_new();
	rig->settings = text_load_good(arena_printf(rig->arena,
	    "socket = \"inet:127.0.0.1:8893\"\n"
	    "egress \"default\" { addresses = {\"192.0.2.1\"} }\n%s", rule->config), NULL);
	assert_true(ip_parse(SLICE("192.0.2.1"), &ip));
	rig->doctor = (struct doctor){ .options = &rig->options, .arena = rig->arena,
	    .settings = rig->settings, .egress = egress_facts_fixed(&ip, 1),
	    .report = doctor_report_new(rig->arena) };
	doctor_report_begin(rig->doctor.report, "mta", "Mail server");
	text = arena_printf(rig->arena, "%s%s%s%s", cf_good, rule->cf, rule->filter == NULL ?
	    filter_good : rule->filter, rule->mailer == NULL ? mailer_good : rule->mailer);
	cf = sendmail_cf_parse(rig->arena, slice_of(text));
	cf->path = "/nonexistent/sendmail.cf";
	rig->mta = (struct mta){ .doctor = &rig->doctor, .sendmail = cf };
}

static void
tear_down(struct rig *rig)
{
	egress_facts_free(&rig->doctor.egress);
	settings_unref(&rig->settings);
	arena_free(&rig->arena);
}

static bool
says(const struct rig *rig, const struct rule *rule)
{
	for (const struct doctor_line *line = rig->doctor.report->first->first; line != NULL;
	    line = line->next)
		if (strcmp(line->id, rule->id) == 0 && line->grade == rule->grade &&
		    (strstr(line->text, rule->text) != NULL ||
		    strstr(line->subject, rule->text) != NULL ||
		    (line->fix != NULL && strstr(line->fix, rule->text) != NULL) ||
		    (line->paste != NULL && strstr(line->paste, rule->text) != NULL)))
			return true;
	return false;
}

static void
judges_each_setting(void **state)
{
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		set_up(&rig, &rules[i]);
		mta_sendmail(&rig.mta);
		if (!says(&rig, &rules[i])) {
			doctor_show(stderr, rig.doctor.report,
			    &(struct doctor_view){ .width = 80, .all = true });
			fail_msg("rule %zu, %s: %s", i, rules[i].id, rules[i].text);
		}
		tear_down(&rig);
	}
}

static void
finds_no_fault_where_all_is_well(void **state)
{
	const struct rule good = { "", NULL, NULL, "", "", DOCTOR_OK, "" };
	struct rig rig;

	(void)state;
	set_up(&rig, &good);
	mta_sendmail(&rig.mta);
	assert_int_equal(rig.doctor.report->n[DOCTOR_FAULT], 0);
	/* there is no submit.cf beside a file that is none */
	assert_int_equal(rig.doctor.report->n[DOCTOR_WARNING], 1);
	tear_down(&rig);
}

static void
reads_a_file(void **state)
{
	struct arena *arena = arena_new();
	const struct sendmail_filter *filters[SENDMAIL_FILTERS_MAX];
	struct sendmail_cf *cf = sendmail_cf_parse(arena, SLICE("O A=1\nO a=2\nO\nOA1\n"
	    "D{long}value\nD{open\nDx\nXf1,S=unix:/a\n\t, T=S:1s;\n\t  R:2m\nX\nM\nMm\n"
	    "Kk hash /x\nK\n  at the start of nothing\nXlast, S=inet:1@h"));

	(void)state;
	assert_string_equal(sendmail_cf_option(cf, "A"), "2");
	assert_string_equal(sendmail_cf_option(cf, "b"), "");
	assert_string_equal(sendmail_cf_macro(cf, "{long}"), "value");
	assert_string_equal(map_get(cf->tables, "k"), "hash /x");
	assert_int_equal(cf->n_filters, 2);
	assert_string_equal(cf->filters[0].socket, "unix:/a");
	assert_int_equal(sendmail_cf_timeout(cf->filters[0].timeouts, 'R'), 120);
	assert_int_equal(sendmail_cf_timeout(cf->filters[0].timeouts, 'E'), -1);
	assert_string_equal(cf->filters[1].name, "last");
	assert_int_equal(sendmail_cf_filters(cf, "last, f1, none", filters), 2);
	assert_string_equal(filters[0]->name, "last");
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_each_setting),
		cmocka_unit_test(finds_no_fault_where_all_is_well),
		cmocka_unit_test(reads_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
