/*
 * The doctor on Postfix's settings: right, wrong, absent, overridden in
 * master.cf.
 */
#include "settings_text.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "evidence/collect.h"
#include "evidence/egress.h"
#include "tool/doctor_mta.h"

/* A host where all is well; later lines stand above earlier ones. */
static const char main_good[] =
    "mail_version = 3.9.1\n"
    "compatibility_level = 3.6\n"
    "queue_directory = /var/spool/postfix\n"
    "mail_owner = nobody\n"
    "inet_interfaces = all\n"
    "inet_protocols = ipv4\n"
    "myhostname = mail.example.com\n"
    "myorigin = example.com\n"
    "relayhost =\n"
    "cleanup_service_name = cleanup\n"
    "smtpd_milters = inet:127.0.0.1:8893\n"
    "non_smtpd_milters = inet:127.0.0.1:8893\n"
    "internal_mail_filter_classes = bounce\n"
    "milter_default_action = tempfail\n"
    "milter_protocol = 6\n"
    "milter_connect_timeout = 30s\n"
    "milter_command_timeout = 30s\n"
    "milter_content_timeout = 300s\n"
    "milter_macro_daemon_name = mail.example.com\n"
    "milter_connect_macros = j {daemon_name} {daemon_addr} v _\n"
    "milter_mail_macros = i {auth_type} {auth_authen} {auth_author}\n"
    "milter_rcpt_macros = i {rcpt_addr} {rcpt_host} {rcpt_mailer}\n"
    "milter_end_of_data_macros = i\n"
    "smtp_line_length_limit = 998\n"
    "smtp_tls_security_level = may\n"
    "smtputf8_enable = yes\n"
    "smtputf8_autodetect_classes = verify\n"
    "force_mime_input_conversion = no\n"
    "disable_mime_output_conversion = no\n"
    "always_add_missing_headers = no\n"
    "message_size_limit = 10240000\n"
    "soft_bounce = no\n";
static const char master_good[] =
    "smtp       inet  n - n - - smtpd\n"
    "submission inet  n - n - - smtpd\n"
    "pickup     unix  n - n 60 1 pickup\n"
    "cleanup    unix  n - n - 0 cleanup\n"
    "smtp       unix  - - n - - smtp\n"
    "relay      unix  - - n - - smtp\n";
static const char config_good[] =
    "socket = \"inet:127.0.0.1:8893\"\n"
    "egress \"default\" { addresses = {\"192.0.2.1\"} helo = \"mail.example.com\" }\n"
    "domain \"example.com\" { key \"s1\" { file = \"/none/s1.pem\" } }\n";

struct rule {
	const char *main;	/* lines that stand above main_good */
	const char *master;	/* NULL: master_good */
	const char *overrides;
	const char *config;	/* NULL: config_good; "+...": lines behind it */
	const char *id;
	enum doctor_grade grade;
	const char *text;	/* part of the line or of what is to be pasted */
};

static const struct rule rules[] = {
	/* listeners */
	{ "", NULL, "", NULL, "mta-listener", DOCTOR_OK, "asks mailworthy" },
	{ "smtpd_milters =\n", NULL, "", NULL, "mta-listener", DOCTOR_FAULT,
	    "smtpd_milters = inet:127.0.0.1:8893" },
	{ "smtpd_milters = inet:127.0.0.1:11332\n", NULL, "", NULL, "mta-listener",
	    DOCTOR_FAULT, "smtpd_milters = inet:127.0.0.1:11332, inet:127.0.0.1:8893" },
	{ "", NULL, "submission/inet/smtpd_milters = \n", NULL, "mta-listener", DOCTOR_FAULT,
	    "  -o smtpd_milters=inet:127.0.0.1:8893" },
	{ "", NULL, "submission/inet/smtpd_milters = inet:127.0.0.1:8891\n", NULL,
	    "mta-listener", DOCTOR_FAULT,
	    "  -o { smtpd_milters = inet:127.0.0.1:8891, inet:127.0.0.1:8893 }" },
	{ "", NULL, "smtp/inet/smtpd_milters = \n", NULL, "mta-listener", DOCTOR_OK,
	    "only mail from outside" },
	{ "smtpd_sasl_auth_enable = yes\n", NULL, "smtp/inet/smtpd_milters = \n", NULL,
	    "mta-listener", DOCTOR_WARNING, "users may log in" },
	{ "", NULL, "submission/inet/receive_override_options = "
	    "no_address_mappings,no_milters\n", NULL, "mta-listener", DOCTOR_FAULT,
	    "no_milters" },
	{ "", NULL, "submission/inet/smtpd_proxy_filter = 127.0.0.1:10024\n", NULL,
	    "mta-listener", DOCTOR_FAULT, "proxy" },
	{ "smtpd_milter_maps = cidr:/etc/postfix/m\n", NULL, "", NULL, "mta-listener",
	    DOCTOR_ADVICE, "DISABLE" },
	{ "", "pickup unix n - n 60 1 pickup\ncleanup unix n - n - 0 cleanup\n", "", NULL,
	    "mta-listener", DOCTOR_UNKNOWN, "no smtpd" },
	/* local mail and bounces */
	{ "", NULL, "", NULL, "mta-local", DOCTOR_OK, "judged and signed" },
	{ "non_smtpd_milters =\n", NULL, "", NULL, "mta-local", DOCTOR_FAULT,
	    "non_smtpd_milters = inet:127.0.0.1:8893" },
	{ "", NULL, "cleanup/unix/non_smtpd_milters = \n", NULL, "mta-local", DOCTOR_FAULT,
	    "master.cf" },
	{ "", NULL, "pickup/unix/receive_override_options = no_milters\n", NULL, "mta-local",
	    DOCTOR_FAULT, "no_milters" },
	{ "", "smtp inet n - n - - smtpd\n", "", NULL, "mta-local", DOCTOR_OK, "no pickup" },
	{ "", NULL, "", NULL, "mta-bounces", DOCTOR_OK, "signed as well" },
	{ "internal_mail_filter_classes = notify\n", NULL, "", NULL, "mta-bounces",
	    DOCTOR_ADVICE, "internal_mail_filter_classes = bounce" },
	/* beside whom, and how */
	{ "", NULL, "", NULL, "mta-order", DOCTOR_OK, "no other milter" },
	{ "smtpd_milters = inet:10.0.0.1:7357, inet:127.0.0.1:8893\n", NULL, "", NULL,
	    "mta-order", DOCTOR_OK, "asked last" },
	{ "smtpd_milters = inet:127.0.0.1:8893, inet:10.0.0.1:7357\n", NULL, "", NULL,
	    "mta-order", DOCTOR_WARNING, "inet:10.0.0.1:7357 is asked after" },
	{ "smtpd_milters = inet:127.0.0.1:8891, inet:127.0.0.1:8893\n", NULL, "", NULL,
	    "mta-second-signer", DOCTOR_WARNING, "OpenDKIM" },
	{ "smtpd_milters = unix:opendkim/opendkim.sock, inet:127.0.0.1:8893\n", NULL, "", NULL,
	    "mta-second-signer", DOCTOR_WARNING, "OpenDKIM" },
	{ "smtpd_milters = inet:localhost:11332, inet:127.0.0.1:8893\n", NULL, "", NULL,
	    "mta-second-signer", DOCTOR_ADVICE, "Rspamd" },
	{ "non_smtpd_milters = inet:127.0.0.1:8893, inet:127.0.0.1:8891\n", NULL, "", NULL,
	    "mta-second-signer", DOCTOR_WARNING, "OpenDKIM" },
	{ "milter_default_action = accept\n", NULL, "", NULL, "mta-default-action",
	    DOCTOR_WARNING, "milter_default_action = tempfail" },
	{ "milter_default_action = reject\n", NULL, "", NULL, "mta-default-action",
	    DOCTOR_WARNING, "bounces" },
	{ "milter_default_action = quarantine\n", NULL, "", NULL, "mta-default-action",
	    DOCTOR_OK, "waits" },
	{ "smtpd_milters = { inet:127.0.0.1:8893, default_action=accept }\n", NULL, "", NULL,
	    "mta-default-action", DOCTOR_WARNING, "accept" },
	{ "", NULL, "submission/inet/milter_default_action = accept\n", NULL,
	    "mta-default-action", DOCTOR_WARNING, "accept" },
	{ "milter_content_timeout = 10s\n", NULL, "", NULL, "mta-timeouts", DOCTOR_FAULT,
	    "milter_content_timeout = 300s" },
	{ "milter_command_timeout = 5\n", NULL, "", NULL, "mta-timeouts", DOCTOR_FAULT,
	    "milter_command_timeout = 30s" },
	{ "smtpd_milters = { inet:127.0.0.1:8893, content_timeout=3s }\n", NULL, "", NULL,
	    "mta-timeouts", DOCTOR_FAULT, "is 3s" },
	{ "milter_command_timeout = 30s\n", NULL, "",
	    "+resolver { timeout = 30 deadline = 60 }\n", "mta-timeouts", DOCTOR_FAULT,
	    "60 s" },
	{ "milter_protocol = 4\n", NULL, "", NULL, "mta-protocol", DOCTOR_FAULT,
	    "milter_protocol = 6" },
	{ "milter_protocol = 2\nmilter_mail_macros = i\n", NULL, "", NULL, "mta-macros",
	    DOCTOR_FAULT, "{auth_authen}" },
	{ "", NULL, "", "+ignore-daemons = {\"inbound\"}\n", "mta-daemon-name",
	    DOCTOR_WARNING, "does nothing" },
	{ "", NULL, "smtp/inet/milter_macro_daemon_name = inbound\n",
	    "+ignore-daemons = {\"inbound\"}\n", "mta-daemon-name", DOCTOR_OK, "leaves" },
	{ "milter_macro_daemon_name = inbound\n", NULL, "",
	    "+ignore-daemons = {\"inbound\"}\n", "mta-daemon-name", DOCTOR_FAULT, "submit" },
	/* content filters */
	{ "content_filter = smtp:[127.0.0.1]:10024\n", NULL, "", NULL, "mta-content-filter",
	    DOCTOR_WARNING, "signed here" },
	{ "content_filter = smtp:[127.0.0.1]:10024\n",
	    "smtp inet n - n - - smtpd\n127.0.0.1:10025 inet n - n - - smtpd\n",
	    "127.0.0.1:10025/inet/content_filter = \n", NULL, "mta-content-filter",
	    DOCTOR_FAULT, "signed again" },
	{ "content_filter = smtp:[127.0.0.1]:10024\n",
	    "submission inet n - n - - smtpd\n127.0.0.1:10025 inet n - n - - smtpd\n",
	    "127.0.0.1:10025/inet/content_filter = \nsubmission/inet/smtpd_milters = \n", NULL,
	    "mta-content-filter", DOCTOR_OK, "once the content filter" },
	{ "content_filter = smtp:[127.0.0.1]:10024\n",
	    "smtp inet n - n - - smtpd\n127.0.0.1:10025 inet n - n - - smtpd\n",
	    "127.0.0.1:10025/inet/content_filter = \nsmtp/inet/smtpd_milters = \n", NULL,
	    "mta-content-filter", DOCTOR_WARNING, "Inbound mail" },
	{ "content_filter = smtp:[127.0.0.1]:10024\n",
	    "submission inet n - n - - smtpd\n127.0.0.1:10025 inet n - n - - smtpd\n",
	    "127.0.0.1:10025/inet/content_filter = \nsubmission/inet/smtpd_milters = \n",
	    "+outbound = {authenticated, local}\n", "mta-content-filter", DOCTOR_FAULT,
	    "for inbound mail" },
	{ "content_filter = smtp:[127.0.0.1]:10024\nsmtpd_milters =\n",
	    "submission inet n - n - - smtpd\n127.0.0.1:10025 inet n - n - - smtpd\n",
	    "127.0.0.1:10025/inet/content_filter = \n", NULL, "mta-content-filter",
	    DOCTOR_FAULT, "neither before nor after" },
	{ "", NULL, "submission/inet/content_filter = filter:x\n", NULL,
	    "mta-content-filter", DOCTOR_WARNING, "filter:x" },
	/* after signing */
	{ "masquerade_domains = example.com\n", NULL, "", NULL, "mta-before", DOCTOR_OK,
	    "masquerade_domains" },
	{ "smtp_generic_maps = hash:/etc/postfix/generic\n", NULL, "", NULL, "mta-generic",
	    DOCTOR_FAULT, "sender_canonical_maps = hash:/etc/postfix/generic" },
	{ "", NULL, "relay/unix/smtp_generic_maps = hash:/x\n", NULL, "mta-generic",
	    DOCTOR_FAULT, "hash:/x" },
	{ "smtp_header_checks = hash:/etc/x\n", NULL, "", NULL, "mta-client-checks",
	    DOCTOR_UNKNOWN, "hash:/etc/x" },
	{ "", NULL, "", NULL, "mta-8bit", DOCTOR_OK, "repair has encoding" },
	{ "", NULL, "", "+repair = {date, message-id, headers}\n", "mta-8bit", DOCTOR_WARNING,
	    "force_mime_input_conversion = yes" },
	{ "disable_mime_output_conversion = yes\n", NULL, "", "+repair = {}\n", "mta-8bit",
	    DOCTOR_ADVICE, "8BITMIME" },
	{ "force_mime_input_conversion = yes\n", NULL, "", "+repair = {}\n", "mta-8bit",
	    DOCTOR_OK, "force_mime" },
	{ "smtp_discard_ehlo_keywords = 8BITMIME, chunking\n", NULL, "", "+repair = {}\n",
	    "mta-8bit", DOCTOR_FAULT, "has 8bitmime" },
	{ "smtp_line_length_limit = 900\n", NULL, "", NULL, "mta-line-limit", DOCTOR_FAULT,
	    "smtp_line_length_limit = 998" },
	{ "", NULL, "", NULL, "mta-missing-fields", DOCTOR_OK, "(repair)" },
	{ "", NULL, "", "+repair = {date}\n", "mta-missing-fields", DOCTOR_ADVICE,
	    "always_add_missing_headers = yes" },
	{ "always_add_missing_headers = yes\n", NULL, "", "+repair = {}\n",
	    "mta-missing-fields", DOCTOR_OK, "always_add" },
	{ "smtputf8_autodetect_classes = sendmail, verify\n", NULL, "", NULL, "mta-smtputf8",
	    DOCTOR_WARNING, "smtputf8_autodetect_classes = verify" },
	{ "", NULL, "", NULL, "mta-smtputf8", DOCTOR_OK, "can be mended" },
	{ "strict_7bit_headers = yes\n", NULL, "", NULL, "mta-strict", DOCTOR_WARNING,
	    "strict_7bit_headers = no" },
	/* on the way out */
	{ "", NULL, "", NULL, "mta-names", DOCTOR_OK, "mail.example.com" },
	{ "myhostname = localhost\n", NULL, "", NULL, "mta-names", DOCTOR_FAULT,
	    "myhostname = mail.example.com" },
	{ "myhostname = box.localdomain\n", NULL, "", NULL, "mta-names", DOCTOR_FAULT,
	    "box.localdomain" },
	{ "myorigin = box\n", NULL, "", NULL, "mta-names", DOCTOR_WARNING, "root@box" },
	{ "myorigin = example.org\n", NULL, "", NULL, "mta-names", DOCTOR_WARNING,
	    "no domain section" },
	{ "smtp_helo_name = other.example.com\n", NULL, "", NULL, "mta-helo", DOCTOR_WARNING,
	    "other.example.com" },
	{ "smtp_bind_address = 192.0.2.9\n", NULL, "", NULL, "mta-egress", DOCTOR_FAULT,
	    "192.0.2.9" },
	{ "", NULL, "relay/unix/smtp_bind_address = 192.0.2.9\n", NULL, "mta-egress",
	    DOCTOR_FAULT, "192.0.2.9" },
	{ "inet_protocols = all\n", NULL, "", NULL, "mta-egress", DOCTOR_FAULT,
	    "inet_protocols = ipv4" },
	{ "relayhost = [smtp.example.net]:587\n", NULL, "", NULL, "mta-relay", DOCTOR_FAULT,
	    "via = \"smtp.example.net\"" },
	{ "relayhost = [127.0.0.1]:2525\n", NULL, "", NULL, "mta-relay", DOCTOR_OK,
	    "program of this host" },
	{ "relayhost = [smtp.example.net]:587\n", NULL, "", "socket = \"inet:127.0.0.1:8893\"\n"
	    "egress \"default\" { via = \"smtp.example.net\" }\n", "mta-relay", DOCTOR_OK,
	    "has its egress" },
	{ "", NULL, "", "socket = \"inet:127.0.0.1:8893\"\n"
	    "egress \"default\" { via = \"smtp.example.net\" }\n", "mta-relay", DOCTOR_WARNING,
	    "relayhost = [smtp.example.net]" },
	{ "sender_dependent_relayhost_maps = hash:/x\n", NULL, "", NULL, "mta-relay",
	    DOCTOR_ADVICE, "depends on the sender" },
	{ "", NULL, "", NULL, "mta-tls", DOCTOR_OK, "(may)" },
	{ "smtp_tls_security_level =\n", NULL, "", NULL, "mta-tls", DOCTOR_FAULT,
	    "smtp_tls_security_level = may" },
	{ "smtp_tls_security_level =\nsmtp_use_tls = yes\n", NULL, "", NULL, "mta-tls",
	    DOCTOR_OK, "smtp_use_tls" },
	{ "", NULL, "smtp/unix/smtp_tls_security_level = none\n", NULL, "mta-tls", DOCTOR_FAULT,
	    "Gmail" },
	{ "smtp_discard_ehlo_keywords = starttls\n", NULL, "", NULL, "mta-tls", DOCTOR_FAULT,
	    "Gmail" },
	{ "message_size_limit = 0\n", NULL, "", NULL, "mta-size", DOCTOR_ADVICE, "bounce" },
	{ "soft_bounce = yes\n", NULL, "", NULL, "mta-soft-bounce", DOCTOR_WARNING,
	    "soft_bounce = no" },
	/* the socket as a chroot shows it */
	{ "smtpd_milters = unix:/run/m.sock\n", "smtp inet n - y - - smtpd\n", "",
	    "socket = \"unix:/run/m.sock\"\n", "mta-socket", DOCTOR_FAULT,
	    "/var/spool/postfix/run/m.sock" },
	{ "smtpd_milters = unix:/nonexistent/m.sock\n", "smtp inet n - n - - smtpd\n", "",
	    "socket = \"unix:/nonexistent/m.sock\"\n", "mta-socket", DOCTOR_FAULT,
	    "not there" },
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
	static const char *const ips[] = { "192.0.2.1", "2001:db8::1" };
	struct ip addresses[2];
	const char *config, *text;

	memset(rig, 0, sizeof(*rig));
	rig->arena = arena_new();
	config = rule->config == NULL ? config_good : *rule->config != '+' ? rule->config :
	    arena_printf(rig->arena, "%s%s", config_good, rule->config + 1);
	rig->settings = text_load_good(config, NULL);
	for (size_t i = 0; i < 2; i++)
		assert_true(ip_parse(slice_of(ips[i]), &addresses[i]));
	rig->doctor = (struct doctor){ .options = &rig->options, .arena = rig->arena,
	    .settings = rig->settings, .egress = egress_facts_fixed(addresses, 2),
	    .report = doctor_report_new(rig->arena) };
	doctor_report_begin(rig->doctor.report, "mta", "Mail server");
	text = arena_printf(rig->arena, "%s%s", main_good, rule->main);
	rig->mta.doctor = &rig->doctor;
	rig->mta.postfix = postfix_parse(rig->arena, slice_of(text), slice_of(
	    rule->master == NULL ? master_good : rule->master), slice_of(rule->overrides));
}

static void
tear_down(struct rig *rig)
{
	egress_facts_free(&rig->doctor.egress);
	settings_unref(&rig->settings);
	arena_free(&rig->arena);
}

static void
judge(struct rig *rig)
{
	mta_socket(&rig->mta);
	mta_listeners(&rig->mta);
	mta_local_mail(&rig->mta);
	mta_milter_settings(&rig->mta);
	mta_content_filter(&rig->mta);
	mta_after_signing(&rig->mta);
	mta_way_out(&rig->mta);
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
		judge(&rig);
		if (!says(&rig, &rules[i])) {
			doctor_show(stderr, rig.doctor.report,
			    &(struct doctor_view){ .width = 80, .all = true });
			fail_msg("rule %zu, %s: %s%s", i, rules[i].id, rules[i].main,
			    rules[i].overrides);
		}
		tear_down(&rig);
	}
}

/* Nothing is found where nothing is wrong, or every other row proves little. */
static void
finds_nothing_where_all_is_well(void **state)
{
	const struct rule good = { "", NULL, "", NULL, "", DOCTOR_OK, "" };
	struct rig rig;

	(void)state;
	set_up(&rig, &good);
	judge(&rig);
	assert_int_equal(rig.doctor.report->n[DOCTOR_FAULT], 0);
	assert_int_equal(rig.doctor.report->n[DOCTOR_WARNING], 0);
	assert_int_equal(rig.doctor.report->n[DOCTOR_ADVICE], 0);
	assert_int_equal(rig.doctor.report->n[DOCTOR_UNKNOWN], 0);
	assert_true(rig.doctor.report->n[DOCTOR_OK] > 8);
	tear_down(&rig);
}

/* With version 6 we ask for the macros, whatever an old tutorial has set. */
static void
macros_are_no_matter_with_version_6(void **state)
{
	const struct rule rule = { "milter_mail_macros = i\n", NULL, "", NULL, "mta-macros",
	    DOCTOR_FAULT, "" };
	struct rig rig;

	(void)state;
	set_up(&rig, &rule);
	judge(&rig);
	assert_false(says(&rig, &rule));
	tear_down(&rig);
}

/* ---- what is pasted, to the letter ---- */

#define CHROOT "smtp inet n - y - - smtpd\npickup unix n - n 60 1 pickup\n" \
	"cleanup unix n - y - 0 cleanup\nsmtp unix - - n - - smtp\n"
#define QUEUE "queue_directory = /nonexistent/q\n"
#define OLD "unix:/nonexistent/mailworthy/mailworthy.sock"
#define NEW "unix:mailworthy/mailworthy.sock"
#define ELSEWHERE "socket = \"" OLD "\"\n"
#define MOVED "socket = \"unix:/nonexistent/q/mailworthy/mailworthy.sock\""
#define OURS "inet:127.0.0.1:8893"
#define FILTER "content_filter = smtp:[127.0.0.1]:10024\n"
#define BACK "submission inet n - n - - smtpd\n127.0.0.1:10025 inet n - n - - smtpd\n" \
	"pickup unix n - n 60 1 pickup\ncleanup unix n - n - 0 cleanup\n"
#define UNFILTERED "127.0.0.1:10025/inet/content_filter = \n"
#define LONG "{ inet:203.0.113.200:7357, connect_timeout=30s, command_timeout=30s, " \
	"content_timeout=300s, default_action=tempfail }"

/* `text` is all that the line has to be pasted; NULL: nothing, but words. */
static const struct rule pastes[] = {
	/* a socket that the chroot does not have is moved, with the lists that name it */
	{ QUEUE "smtpd_milters =\nnon_smtpd_milters =\n", CHROOT, "", ELSEWHERE,
	    "mta-listener", DOCTOR_FAULT, MOVED "\nsmtpd_milters = " NEW },
	{ QUEUE "smtpd_milters =\nnon_smtpd_milters = inet:x:1, " OLD "\n", CHROOT, "",
	    ELSEWHERE, "mta-listener", DOCTOR_FAULT, MOVED "\nsmtpd_milters = " NEW
	    "\nnon_smtpd_milters = inet:x:1, " NEW },
	/* an advice that was followed by half: no entry twice, and it is said */
	{ QUEUE "smtpd_milters = " NEW "\nnon_smtpd_milters =\n", CHROOT, "", ELSEWHERE,
	    "mta-listener", DOCTOR_FAULT, MOVED },
	{ QUEUE "smtpd_milters = " NEW "\nnon_smtpd_milters =\n", CHROOT, "", ELSEWHERE,
	    "mta-socket", DOCTOR_FAULT, MOVED },
	{ QUEUE "smtpd_milters = " NEW "\n", NULL, "", ELSEWHERE, "mta-listener", DOCTOR_FAULT,
	    "smtpd_milters = " OLD },
	/* our entry alone is changed, whoever says it */
	{ QUEUE "smtpd_milters = inet:127.0.0.1:11332, " OLD "\nnon_smtpd_milters =\n", CHROOT,
	    "", ELSEWHERE, "mta-socket", DOCTOR_FAULT, MOVED
	    "\nsmtpd_milters = inet:127.0.0.1:11332, " NEW },
	{ QUEUE "smtpd_milters = inet:127.0.0.1:11332, " OLD "\nnon_smtpd_milters =\n", CHROOT,
	    "", ELSEWHERE, "mta-listener", DOCTOR_FAULT, MOVED
	    "\nsmtpd_milters = inet:127.0.0.1:11332, " NEW },
	{ "queue_directory = /nonexistent\nsmtpd_milters = { " OLD ", default_action=accept }, "
	    "inet:x:1\nnon_smtpd_milters =\n", CHROOT, "", ELSEWHERE, "mta-socket",
	    DOCTOR_FAULT, "smtpd_milters = { " NEW ", default_action=accept }, inet:x:1" },
	{ QUEUE "smtpd_milters =\n", CHROOT, "smtp/inet/smtpd_milters = inet:x:1\n", ELSEWHERE,
	    "mta-listener", DOCTOR_FAULT, MOVED "\n  -o { smtpd_milters = inet:x:1, " NEW " }" },
	/* main.cf speaks for a daemon in a chroot, too */
	{ QUEUE "smtpd_milters =\nnon_smtpd_milters =\n", "smtp inet n - n - - smtpd\n"
	    "587 inet n - y - - smtpd\n", "", ELSEWHERE, "mta-listener", DOCTOR_FAULT, MOVED
	    "\nsmtpd_milters = " NEW },
	/* whole, or not at all */
	{ "smtpd_milters = " LONG ", " LONG ", " LONG "\n", NULL, "", NULL, "mta-listener",
	    DOCTOR_FAULT, "smtpd_milters = " LONG ", " LONG ", " LONG ", " OURS },
	{ "smtpd_milters = inet:x:1, unix:a\x07" "b\n", NULL, "", NULL, "mta-listener",
	    DOCTOR_FAULT, NULL },
	{ "smtp_generic_maps = pcre:{ {/a\\.b/ x} }\n", NULL, "", NULL, "mta-generic",
	    DOCTOR_FAULT, NULL },
	{ "smtp_generic_maps = hash:/etc/postfix/generic, hash:/a\nsender_canonical_maps = "
	    "hash:/etc/postfix/canonical hash:/a\n", NULL, "", NULL, "mta-generic", DOCTOR_FAULT,
	    "sender_canonical_maps = hash:/etc/postfix/canonical hash:/a, "
	    "hash:/etc/postfix/generic\nsmtp_generic_maps =" },
	/* where main.cf has no say */
	{ "", NULL, "relay/unix/smtp_generic_maps = hash:/x\n", NULL, "mta-generic",
	    DOCTOR_FAULT, "sender_canonical_maps = hash:/x\n  -o smtp_generic_maps=" },
	{ "", NULL, "relay/unix/smtp_line_length_limit = 900\n", NULL, "mta-line-limit",
	    DOCTOR_FAULT, "  -o smtp_line_length_limit=998" },
	{ "", NULL, "smtp/unix/smtp_tls_security_level = none\n", NULL, "mta-tls", DOCTOR_FAULT,
	    "  -o smtp_tls_security_level=may" },
	{ "smtp_discard_ehlo_keywords = starttls\n", NULL, "", NULL, "mta-tls", DOCTOR_FAULT,
	    NULL },
	{ "", NULL, "submission/inet/milter_default_action = accept\n", NULL,
	    "mta-default-action", DOCTOR_WARNING, "  -o milter_default_action=tempfail" },
	{ "smtpd_milters = inet:x:1, { " OURS ", default_action=accept, connect_timeout=9s, "
	    "content_timeout=3s }\n", NULL, "", NULL, "mta-default-action", DOCTOR_WARNING,
	    "smtpd_milters = inet:x:1, { " OURS ", default_action=tempfail, "
	    "connect_timeout=9s, content_timeout=300s }" },
	{ "smtpd_milters = inet:x:1, { " OURS ", default_action=accept, connect_timeout=9s, "
	    "content_timeout=3s }\n", NULL, "", NULL, "mta-timeouts", DOCTOR_FAULT,
	    "smtpd_milters = inet:x:1, { " OURS ", default_action=tempfail, "
	    "connect_timeout=9s, content_timeout=300s }" },
	{ "", NULL, "submission/inet/smtpd_milters = { " OURS ", { protocol = 2 } }\n", NULL,
	    "mta-protocol", DOCTOR_FAULT, "  -o { smtpd_milters = { " OURS ", protocol=6 } }" },
	{ "non_smtpd_milters = { " OURS ", default_action=accept }\n", NULL, "", NULL,
	    "mta-default-action", DOCTOR_WARNING, "non_smtpd_milters = { " OURS
	    ", default_action=tempfail }" },
	{ "", NULL, "", "+resolver { timeout = 30 deadline = 60 }\n", "mta-timeouts",
	    DOCTOR_FAULT, "milter_command_timeout = 65s" },
	/* content filters: the other milters stay */
	{ FILTER "smtpd_milters = inet:x:1, " OURS "\nnon_smtpd_milters =\n", BACK, UNFILTERED,
	    NULL, "mta-content-filter", DOCTOR_FAULT, "  -o smtpd_milters=inet:x:1" },
	{ FILTER "smtpd_milters = inet:x:1, inet:y:2, " OURS "\n", BACK, UNFILTERED
	    "127.0.0.1:10025/inet/receive_override_options = no_milters\n", NULL,
	    "mta-content-filter", DOCTOR_WARNING, "  -o { smtpd_milters = inet:x:1, inet:y:2 }\n"
	    "  -o smtpd_milters=" OURS },
	{ FILTER, BACK, UNFILTERED "127.0.0.1:10025/inet/smtpd_milters = inet:z:3\n", NULL,
	    "mta-content-filter", DOCTOR_WARNING, "  -o smtpd_milters=\n"
	    "  -o { smtpd_milters = inet:z:3, " OURS " }" },
	{ FILTER "smtpd_milters =\nnon_smtpd_milters =\n", BACK, UNFILTERED
	    "127.0.0.1:10025/inet/smtpd_milters = inet:z:3\n", NULL, "mta-content-filter",
	    DOCTOR_FAULT, "  -o { smtpd_milters = inet:z:3, " OURS " }" },
	/* mail of the sendmail command goes to the filter as well */
	{ FILTER "non_smtpd_milters = inet:x:1, " OURS "\n", BACK, UNFILTERED
	    "submission/inet/smtpd_milters = \n", NULL, "mta-content-filter", DOCTOR_FAULT,
	    "non_smtpd_milters = inet:x:1" },
	{ FILTER "non_smtpd_milters =\n", BACK, UNFILTERED "submission/inet/smtpd_milters = \n",
	    NULL, "mta-local", DOCTOR_OK, NULL },
	{ FILTER, BACK, UNFILTERED "submission/inet/smtpd_milters = \n"
	    "pickup/unix/receive_override_options = no_milters\n", NULL, "mta-local", DOCTOR_OK,
	    NULL },
	{ FILTER "non_smtpd_milters =\n", BACK, UNFILTERED "submission/inet/smtpd_milters = \n"
	    "pickup/unix/content_filter = \n", NULL, "mta-local", DOCTOR_FAULT,
	    "non_smtpd_milters = " OURS },
	{ "non_smtpd_milters =\n", BACK, UNFILTERED
	    "pickup/unix/content_filter = smtp:[127.0.0.1]:10024\n",
	    "+outbound = {authenticated, local}\n", "mta-content-filter", DOCTOR_FAULT,
	    "outbound = {authenticated, local, networks}\n"
	    "networks = {\"127.0.0.0/8\", \"::1/128\"}" },
	{ "", NULL, "pickup/unix/content_filter = smtp:[127.0.0.1]:10024\n", NULL,
	    "mta-content-filter", DOCTOR_WARNING, NULL },
};

/* Every line of that id and grade that has something to paste says the same. */
static bool
pastes_the_same(const struct rig *rig, const struct rule *rule)
{
	size_t n = 0;

	for (const struct doctor_line *line = rig->doctor.report->first->first; line != NULL;
	    line = line->next) {
		if (strcmp(line->id, rule->id) != 0 || line->grade != rule->grade)
			continue;
		n++;
		if ((line->paste == NULL) != (rule->text == NULL) ||
		    (rule->text != NULL && strcmp(line->paste, rule->text) != 0))
			return false;
	}
	return n > 0;
}

static void
pastes_whole_values(void **state)
{
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(pastes) / sizeof(pastes[0]); i++) {
		set_up(&rig, &pastes[i]);
		judge(&rig);
		if (!pastes_the_same(&rig, &pastes[i])) {
			doctor_show(stderr, rig.doctor.report,
			    &(struct doctor_view){ .width = 80, .all = true });
			fail_msg("paste %zu, %s: %s%s\nexpected %s", i, pastes[i].id,
			    pastes[i].main, pastes[i].overrides, pastes[i].text);
		}
		tear_down(&rig);
	}
}

static void
write_table(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* Rules about signed fields do harm, those about others do not. */
static void
reads_tables_of_checks(void **state)
{
	static const struct {
		const char *name, *text;
		enum doctor_grade grade;
		const char *id, *part;
	} rows[] = {
		{ "smtp_header_checks", "/^Received: from/ IGNORE\n/^User-Agent:/ IGNORE\n",
		    DOCTOR_OK, "mta-client-checks", "no rule" },
		{ "smtp_header_checks", "/^Received:/ IGNORE\n/^Subject: (.*)/ REPLACE x\n",
		    DOCTOR_FAULT, "mta-client-checks", "line 2" },
		{ "smtp_header_checks", "/^(From|To):/ IGNORE\n", DOCTOR_WARNING,
		    "mta-client-checks", "does not name plainly" },
		{ "smtp_header_checks", "/^DKIM-Signature:/ IGNORE\n", DOCTOR_FAULT,
		    "mta-client-checks", "dkim-signature" },
		{ "smtp_header_checks", "/^Subject: x/ WARN\n", DOCTOR_OK,
		    "mta-client-checks", "no rule" },
		{ "smtp_body_checks", "/secret/ REPLACE xxx\n", DOCTOR_FAULT,
		    "mta-client-checks", "the body" },
		{ "smtp_nested_header_checks", "/^X-A:/ IGNORE\n", DOCTOR_FAULT,
		    "mta-client-checks", "the body" },
		{ "milter_header_checks", "/^X-Mailworthy:/ IGNORE\n", DOCTOR_FAULT,
		    "mta-milter-headers", "x-mailworthy" },
		{ "milter_header_checks", "/^X-Spam:/ IGNORE\n", DOCTOR_OK,
		    "mta-milter-headers", "no rule" },
		{ "header_checks", "/^Subject:/ FILTER smtp:[127.0.0.1]:10024\n",
		    DOCTOR_WARNING, "mta-content-filter", "line 1" },
	};
	char path[] = "/tmp/mailworthy-test-XXXXXX";
	struct rig rig;
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	close(fd);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[200];
		struct rule rule = { line, NULL, "", NULL, rows[i].id, rows[i].grade,
		    rows[i].part };

		write_table(path, rows[i].text);
		snprintf(line, sizeof(line), "%s = regexp:%s\n", rows[i].name, path);
		set_up(&rig, &rule);
		judge(&rig);
		if (!says(&rig, &rule))
			fail_msg("row %zu: %s", i, rows[i].text);
		tear_down(&rig);
	}
	unlink(path);
}

/* The socket's mode is named where that is at fault, and no directory of others is
 * given away. */
static void
gives_no_directory_away(void **state)
{
	static const struct {
		const char *below;
		mode_t dir, socket;
		const char *paste;	/* NULL: words alone */
	} rows[] = {
		{ "", 0755, 0600, "socket-mode = \"0660\"" },
		{ "", 0700, 0666, NULL },
		{ "/mailworthy", 0700, 0666, "install -d -m 2750 -o mailworthy -g " },
	};
	char scratch[] = "/tmp/doctor-test-XXXXXX";
	struct sockaddr_un address;

	(void)state;
	assert_non_null(mkdtemp(scratch));
	assert_int_equal(chmod(scratch, 0755), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char dir[100], config[200], main[200], paste[200];
		struct rule rule = { main, NULL, "", config, "mta-socket", DOCTOR_FAULT, NULL };
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		struct rig rig;

		snprintf(dir, sizeof(dir), "%s%s", scratch, rows[i].below);
		assert_true(*rows[i].below == '\0' || mkdir(dir, 0755) == 0);
		address = (struct sockaddr_un){ .sun_family = AF_UNIX };
		snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", dir);
		assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
		assert_int_equal(chmod(address.sun_path, rows[i].socket), 0);
		assert_int_equal(chmod(dir, rows[i].dir), 0);
		snprintf(config, sizeof(config), "socket = \"unix:%s\"\n", address.sun_path);
		snprintf(main, sizeof(main), "smtpd_milters = unix:%s\n", address.sun_path);
		if (rows[i].paste != NULL) {
			const char *group = getgrgid(getpwnam("nobody")->pw_gid)->gr_name;

			if (*rows[i].below != '\0')
				snprintf(paste, sizeof(paste), "%s%s %s", rows[i].paste, group, dir);
			else
				snprintf(paste, sizeof(paste), "socket-group = \"%s\"\n%s", group,
				    rows[i].paste);
			rule.text = paste;
		}
		set_up(&rig, &rule);
		judge(&rig);
		if (!pastes_the_same(&rig, &rule)) {
			doctor_show(stderr, rig.doctor.report,
			    &(struct doctor_view){ .width = 80, .all = true });
			fail_msg("row %zu", i);
		}
		tear_down(&rig);
		close(fd);
		chmod(dir, 0755);
		unlink(address.sun_path);
		if (*rows[i].below != '\0')
			rmdir(dir);
	}
	rmdir(scratch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_each_setting),
		cmocka_unit_test(finds_nothing_where_all_is_well),
		cmocka_unit_test(macros_are_no_matter_with_version_6),
		cmocka_unit_test(reads_tables_of_checks),
		cmocka_unit_test(pastes_whole_values),
		cmocka_unit_test(gives_no_directory_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
