/*
 * Slips in domains of recipients: which mailbox domain was meant, and which
 * neighbours are no slips.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "evidence/typo.h"
#include "mail/domain.h"

static const char *const mailboxes[] = {
	"yahoo.ca", "gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "aol.com",
	"live.com", "gmx.de", "web.de", "t-online.de", "googlemail.com", "yahoo.co.uk",
	"comcast.net", "mail.ru", "qq.com", "gmx.at", "hotmail.fr", "hotmail.nl",
};
static const char *const tlds[] = {
	"con", "cmo", "cm", "co", "om", "ocm", "comm", "ner", "nte", "ml",
};
static const struct typo_words words = {
	mailboxes, sizeof(mailboxes) / sizeof(mailboxes[0]),
	tlds, sizeof(tlds) / sizeof(tlds[0]),
};

static void
test_slips(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned slips;
	} rows[] = {
		{ "gmail", "gmail", 0 },
		{ "", "", 0 },
		{ "", "ab", 2 },
		{ "ab", "", 2 },
		{ "gmial", "gmail", 1 },
		{ "gmal", "gmail", 1 },
		{ "gmaill", "gmail", 1 },
		{ "gnail", "gmail", 1 },
		{ "mgail", "gmail", 1 },
		{ "gmaisl", "gmail", 1 },
		{ "gmailqq", "gmail", 2 },
		{ "mgial", "gmail", 2 },
		{ "hotmial", "hotmail", 1 },
		{ "htomial", "hotmail", 2 },
		{ "htomia", "hotmail", 3 },
		{ "ab", "ba", 1 },
		{ "yandex", "gmail", 3 },
		{ "abcdefgh", "abc", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned slips = typo_slips(rows[i].a, strlen(rows[i].a), rows[i].b,
		    strlen(rows[i].b), 2);
		unsigned back = typo_slips(rows[i].b, strlen(rows[i].b), rows[i].a,
		    strlen(rows[i].a), 2);

		if (slips != rows[i].slips || back != slips)
			fail_msg("%s, %s: %u and %u, not %u", rows[i].a, rows[i].b, slips,
			    back, rows[i].slips);
	}
}

struct row {
	const char *domain;
	const char *dead, *live;	/* what is likely where it takes no mail, and mail */
};

static const struct row table[] = {
	{ "gmial.com", "gmail.com", "gmail.com" },
	{ "gmai.com", "gmail.com", "gmail.com" },
	{ "gnail.com", "gmail.com", "gmail.com" },
	{ "gmal.com", "gmail.com", "gmail.com" },
	{ "gmaill.com", "gmail.com", "gmail.com" },
	{ "gmil.com", "gmail.com", "gmail.com" },
	{ "gamil.com", "gmail.com", "gmail.com" },
	{ "ggmail.com", "gmail.com", "gmail.com" },
	{ "hotmial.com", "hotmail.com", "hotmail.com" },
	{ "hotnail.com", "hotmail.com", "hotmail.com" },
	{ "hitmail.com", "hotmail.com", "hotmail.com" },
	{ "htmal.com", "hotmail.com", "hotmail.com" },
	{ "outlok.com", "outlook.com", "outlook.com" },
	{ "oulook.com", "outlook.com", "outlook.com" },
	{ "putlook.com", "outlook.com", "outlook.com" },
	{ "yaho.com", "yahoo.com", "yahoo.com" },
	{ "yhaoo.com", "yahoo.com", "yahoo.com" },
	{ "yahooo.com", "yahoo.com", "yahoo.com" },
	{ "iclaud.com", "icloud.com", "icloud.com" },
	{ "iclod.com", "icloud.com", "icloud.com" },
	{ "aol.con", "aol.com", "aol.com" },
	{ "live.con", "live.com", "live.com" },
	{ "gmail.con", "gmail.com", "gmail.com" },
	{ "gmail.co", "gmail.com", "gmail.com" },
	{ "gmail.cm", "gmail.com", "gmail.com" },
	{ "gmail.om", "gmail.com", "gmail.com" },
	{ "yahoo.co", "yahoo.com", "yahoo.com" },
	{ "yahoo.cm", "yahoo.com", "yahoo.com" },
	{ "hotmail.ml", "hotmail.nl", "hotmail.nl" },
	{ "qq.con", "qq.com", "qq.com" },
	{ "comcast.ner", "comcast.net", "comcast.net" },
	{ "googlemial.com", "googlemail.com", "googlemail.com" },
	{ "yaho.co.uk", "yahoo.co.uk", "yahoo.co.uk" },
	{ "tonline.de", "t-online.de", "t-online.de" },
	/* two slips, in a long name */
	{ "otulok.com", "outlook.com", "outlook.com" },
	{ "hotmial.con", "hotmail.com", "hotmail.com" },
	/* two slips, in a name of five letters: where it takes mail it is a name */
	{ "gmial.con", "gmail.com", NULL },
	{ "small.com", "gmail.com", NULL },
	{ "gmaiil.cmo", "gmail.com", NULL },
	/* short names have many neighbours */
	{ "gmc.de", "gmx.de", NULL },
	{ "wen.de", "web.de", NULL },
	{ "love.com", "live.com", NULL },
	{ "bmw.de", NULL, NULL },
	{ "ibm.com", NULL, NULL },
	{ "q.com", NULL, NULL },
	{ "qqq.com", NULL, NULL },
	/* the same name under another top label */
	{ "gmx.ch", NULL, NULL },
	{ "hotmail.de", NULL, NULL },
	{ "hotmail.it", NULL, NULL },
	{ "yahoo.de", NULL, NULL },
	{ "yahoo.co.jp", NULL, NULL },
	{ "yahoo.com.br", NULL, NULL },
	{ "gmail.com.br", NULL, NULL },
	{ "gmail.ml", NULL, NULL },	/* no slip of "com" */
	{ "web.com", NULL, NULL },
	/* the very ones */
	{ "gmail.com", NULL, NULL },
	{ "gmx.de", NULL, NULL },
	{ "gmx.at", NULL, NULL },
	{ "hotmail.fr", NULL, NULL },
	/* far away, or no such form */
	{ "example.com", NULL, NULL },
	{ "mail.gmial.com", NULL, NULL },
	{ "gmialcom", NULL, NULL },
	{ "com", NULL, NULL },
	{ "", NULL, NULL },
	{ ".com", NULL, NULL },
	{ "gmail.", NULL, NULL },
};

static void
expect(const struct row *row, bool takes_mail, const char *wanted)
{
	const char *likely = typo_likely(row->domain, takes_mail, &words);

	if ((likely == NULL) != (wanted == NULL) ||
	    (likely != NULL && strcmp(likely, wanted) != 0))
		fail_msg("%s, %s: %s, not %s", row->domain, takes_mail ? "live" : "dead",
		    likely != NULL ? likely : "none", wanted != NULL ? wanted : "none");
}

static void
test_likely(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		expect(&table[i], false, table[i].dead);
		expect(&table[i], true, table[i].live);
	}
}

static void
test_long_names(void **state)
{
	char domain[DOMAIN_MAX + 1];

	(void)state;
	memset(domain, 'g', DOMAIN_MAX);
	domain[DOMAIN_MAX] = '\0';
	domain[200] = '.';
	assert_null(typo_likely(domain, false, &words));
	memcpy(domain + DOMAIN_LABEL_MAX, ".com", 5);
	assert_null(typo_likely(domain, false, &words));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slips),
		cmocka_unit_test(test_likely),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
