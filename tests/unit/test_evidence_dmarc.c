/* DMARC: which record applies, the organizational domain, alignment, result. */
#include "evidence_rig.h"

#include <stdio.h>

#include "evidence/dmarc_tree.h"

struct row {
	const char *what;
	const char *zone;
	const char *author;
	const char *spf;	/* "domain result", NULL: no identity */
	const char *dkim;	/* "domain result[;domain result...]", NULL */
	const char *want;	/* "result policy org=NAME at=NAME"; "-" for none */
};

#define REC(name, text) "_dmarc." name " TXT \"v=DMARC1; " text "\"\n"
#define EXISTS(name) name " A 192.0.2.1\n"
#define COM REC("example.com", "p=reject")

static const struct row rows[] = {
	/* where the record stands */
	{ "none at all", EXISTS("example.com"), "example.com", "example.com pass", NULL,
	    "none - org=example.com at=-" },
	{ "none at all, below", EXISTS("a.example.com"), "a.example.com", NULL, NULL,
	    "none - org=example.com at=-" },
	{ "own", COM, "example.com", "example.com pass", NULL,
	    "pass reject org=example.com at=example.com" },
	{ "from above", COM EXISTS("a.example.com"), "a.example.com",
	    "a.example.com pass", NULL, "pass reject org=example.com at=example.com" },
	{ "own before above", COM REC("a.example.com", "p=none"), "a.example.com",
	    "a.example.com fail", NULL, "fail none org=example.com at=a.example.com" },
	{ "middle is passed over", COM REC("b.example.com", "p=none")
	    EXISTS("a.b.example.com"), "a.b.example.com", NULL, NULL,
	    "fail reject org=example.com at=example.com" },
	{ "middle is the only", REC("b.example.com", "p=quarantine")
	    EXISTS("a.b.example.com"), "a.b.example.com", NULL, NULL,
	    "fail quarantine org=b.example.com at=b.example.com" },
	{ "top-level domain", REC("com", "p=reject") EXISTS("example.com"),
	    "example.com", NULL, NULL, "fail reject org=com at=com" },
	/* psd */
	{ "psd=n pins", COM REC("a.example.com", "p=none; psd=n"), "a.example.com",
	    "b.example.com pass", NULL, "fail none org=a.example.com at=a.example.com"
	    },
	{ "psd=n pins from below", COM REC("b.example.com", "p=none; psd=n")
	    EXISTS("a.b.example.com"), "a.b.example.com", "c.b.example.com pass", NULL,
	    "pass none org=b.example.com at=b.example.com" },
	{ "psd=y above, own record", REC("com", "p=none; psd=y") COM, "example.com",
	    "a.example.com pass", NULL, "pass reject org=example.com at=example.com" },
	{ "psd=y above, no other", REC("com", "p=reject; psd=y") EXISTS("example.com"),
	    "example.com", "a.example.com pass", NULL,
	    "pass reject org=example.com at=com" },
	{ "psd=y above two", REC("org", "p=quarantine; sp=reject; psd=y")
	    EXISTS("a.example.org"), "a.example.org", NULL, NULL,
	    "fail reject org=example.org at=org" },
	{ "psd=y siblings are strangers", REC("com", "p=reject; psd=y")
	    EXISTS("example.com"), "example.com", "example2.com pass", NULL,
	    "fail reject org=example.com at=com" },
	{ "psd=y at the author itself", REC("com", "p=none") REC("example.com",
	    "p=reject; psd=y"), "example.com", "a.example.com pass", NULL,
	    "fail reject org=example.com at=example.com" },
	{ "psd=u is nothing", COM REC("a.example.com", "p=none; psd=u"),
	    "a.example.com", "b.example.com pass", NULL,
	    "pass none org=example.com at=a.example.com" },
	{ "psd=y of an unusable record", "_dmarc.com TXT \"v=DMARC1; psd=y\"\n"
	    EXISTS("example.com"), "example.com", NULL, NULL,
	    "permerror - org=example.com at=com" },
	{ "psd=n of an unusable record", COM
	    "_dmarc.a.example.com TXT \"v=DMARC1; psd=n\"\n", "a.example.com", NULL,
	    NULL, "permerror - org=a.example.com at=a.example.com" },
	/* several, unusable, recovered */
	{ "two records", COM "_dmarc.example.com TXT \"v=DMARC1; p=none\"\n",
	    "example.com", NULL, NULL, "none - org=example.com at=example.com" },
	{ "two records below a good one", COM REC("a.example.com", "p=none")
	    REC("a.example.com", "p=reject"), "a.example.com", NULL, NULL,
	    "fail reject org=example.com at=example.com" },
	{ "beside other texts", COM "_dmarc.example.com TXT \"v=spf1 -all\"\n",
	    "example.com", NULL, NULL, "fail reject org=example.com at=example.com" },
	{ "no p, no rua", REC("example.com", "sp=none"), "example.com", NULL, NULL,
	    "permerror - org=example.com at=example.com" },
	{ "no p, rua", REC("example.com", "rua=mailto:d@example.com"), "example.com",
	    NULL, NULL, "fail none org=example.com at=example.com" },
	{ "wrong version", "_dmarc.example.com TXT \"v=DMARC2; p=none\"\n",
	    "example.com", NULL, NULL, "none - org=example.com at=example.com" },
	{ "strings are joined", "_dmarc.example.com TXT \"v=DMARC1; p=re\" \"ject\"\n",
	    "example.com", NULL, NULL, "fail reject org=example.com at=example.com" },
	{ "through a CNAME", "_dmarc.example.com CNAME d.example.net\n"
	    "d.example.net TXT \"v=DMARC1; p=quarantine\"\n", "example.com", NULL, NULL,
	    "fail quarantine org=example.com at=example.com" },
	/* p, sp, np, t */
	{ "sp for what exists", REC("example.com", "p=none; sp=reject")
	    EXISTS("a.example.com"), "a.example.com", NULL, NULL,
	    "fail reject org=example.com at=example.com" },
	{ "sp is not for itself", REC("example.com", "p=none; sp=reject")
	    EXISTS("example.com"), "example.com", NULL, NULL,
	    "fail none org=example.com at=example.com" },
	{ "np for what does not", REC("example.com",
	    "p=none; sp=quarantine; np=reject"), "a.example.com", NULL, NULL,
	    "fail reject org=example.com at=example.com" },
	{ "np is not for what exists", REC("example.com", "p=none; np=reject")
	    EXISTS("a.example.com"), "a.example.com", NULL, NULL,
	    "fail none org=example.com at=example.com" },
	{ "no np: sp", REC("example.com", "p=none; sp=quarantine"), "a.example.com",
	    NULL, NULL, "fail quarantine org=example.com at=example.com" },
	{ "existence unknown: the milder", REC("example.com",
	    "p=none; sp=quarantine; np=reject") "a.example.com ANY !servfail\n",
	    "a.example.com", NULL, NULL,
	    "fail quarantine org=example.com at=example.com" },
	{ "t=y: reject", REC("example.com", "p=reject; t=y"), "example.com", NULL, NULL,
	    "fail reject>quarantine org=example.com at=example.com" },
	{ "t=y: quarantine", REC("example.com", "p=quarantine; t=y"), "example.com",
	    NULL, NULL, "fail quarantine>none org=example.com at=example.com" },
	{ "t=y: none", REC("example.com", "p=none; t=y"), "example.com", NULL, NULL,
	    "fail none org=example.com at=example.com" },
	{ "pct is history", REC("example.com", "p=reject; pct=0"), "example.com", NULL,
	    NULL, "fail reject org=example.com at=example.com" },
	/* alignment */
	{ "relaxed: envelope below", COM, "example.com", "bounce.example.com pass",
	    NULL, "pass reject org=example.com at=example.com" },
	{ "relaxed: envelope above", COM EXISTS("a.example.com"), "a.example.com",
	    "example.com pass", NULL, "pass reject org=example.com at=example.com" },
	{ "relaxed: siblings", COM EXISTS("a.example.com"), "a.example.com",
	    "b.example.com pass", NULL, "pass reject org=example.com at=example.com" },
	{ "relaxed: signature above", COM EXISTS("a.example.com"), "a.example.com",
	    NULL, "example.com pass", "pass reject org=example.com at=example.com" },
	{ "strict SPF below", REC("example.com", "p=reject; aspf=s"), "example.com",
	    "bounce.example.com pass", NULL,
	    "fail reject org=example.com at=example.com" },
	{ "strict SPF equal", REC("example.com", "p=reject; aspf=s"), "example.com",
	    "example.com pass", NULL, "pass reject org=example.com at=example.com" },
	{ "strict SPF says nothing of DKIM", REC("example.com", "p=reject; aspf=s"),
	    "example.com", NULL, "m.example.com pass",
	    "pass reject org=example.com at=example.com" },
	{ "strict DKIM below", REC("example.com", "p=reject; adkim=s"), "example.com",
	    NULL, "mail.example.com pass", "fail reject org=example.com at=example.com"
	    },
	{ "strict DKIM equal", REC("example.com", "p=reject; adkim=s"), "example.com",
	    NULL, "example.com pass", "pass reject org=example.com at=example.com" },
	{ "strict DKIM says nothing of SPF", REC("example.com", "p=reject; adkim=s"),
	    "example.com", "m.example.com pass", NULL,
	    "pass reject org=example.com at=example.com" },
	{ "a stranger passes", COM, "example.com", "example.net pass",
	    "example.net pass", "fail reject org=example.com at=example.com" },
	{ "one letter and evil", REC("x.com", "p=reject"), "x.com", "evil.com pass",
	    "evil.com pass", "fail reject org=x.com at=x.com" },
	{ "one letter, two labels of suffix", REC("x.co.uk", "p=reject"), "x.co.uk",
	    "evil.co.uk pass", NULL, "fail reject org=x.co.uk at=x.co.uk" },
	{ "a public suffix signs", COM, "example.com", NULL, "com pass",
	    "fail reject org=example.com at=example.com" },
	{ "a longer suffix signs", REC("shop.co.uk", "p=reject"), "shop.co.uk",
	    "co.uk pass", "co.uk pass", "fail reject org=shop.co.uk at=shop.co.uk" },
	{ "shared host, own records", REC("a.github.io", "p=reject") REC("b.github.io",
	    "p=reject"), "a.github.io", "b.github.io pass", NULL,
	    "fail reject org=a.github.io at=a.github.io" },
	{ "shared host, its record", REC("github.io", "p=reject") EXISTS("a.github.io"),
	    "a.github.io", "b.github.io pass", NULL,
	    "pass reject org=github.io at=github.io" },
	{ "shared host with psd=y", REC("github.io", "p=reject; psd=y")
	    EXISTS("a.github.io"), "a.github.io", "b.github.io pass", NULL,
	    "fail reject org=a.github.io at=github.io" },
	{ "suffix of letters, not of labels", COM, "example.com", "badexample.com pass",
	    NULL, "fail reject org=example.com at=example.com" },
	{ "the other has an organization of its own", COM REC("b.example.com",
	    "p=none; psd=n"), "example.com", "b.example.com pass", NULL,
	    "fail reject org=example.com at=example.com" },
	{ "IDN by A-labels", REC("xn--bcher-kva.example", "p=reject"),
	    "xn--bcher-kva.example", NULL, "mail.xn--bcher-kva.example pass",
	    "pass reject org=xn--bcher-kva.example at=xn--bcher-kva.example" },
	{ "IDN suffix", REC("a.xn--p1ai", "p=reject"), "a.xn--p1ai", "b.xn--p1ai pass",
	    NULL, "fail reject org=a.xn--p1ai at=a.xn--p1ai" },
	/* what passes */
	{ "any signature", COM, "example.com", "example.com fail",
	    "example.com fail;example.net pass;example.com pass",
	    "pass reject org=example.com at=example.com" },
	{ "none of them", COM, "example.com", "example.com softfail",
	    "example.com fail;example.com permerror",
	    "fail reject org=example.com at=example.com" },
	{ "SPF neutral", COM, "example.com", "example.com neutral", NULL,
	    "fail reject org=example.com at=example.com" },
	/* could not tell */
	{ "record: servfail", "_dmarc.example.com TXT !servfail\n", "example.com",
	    "example.com pass", NULL, "unknown - org=- at=-" },
	{ "record: timeout", "_dmarc.example.com TXT !timeout\n", "example.com",
	    "example.com pass", NULL, "unknown - org=- at=-" },
	{ "middle: timeout", COM "_dmarc.a.example.com TXT !timeout\n"
	    EXISTS("b.a.example.com"), "b.a.example.com", NULL, NULL,
	    "unknown - org=- at=-" },
	{ "above: servfail, own record, equal", COM "_dmarc.com TXT !servfail\n",
	    "example.com", "example.com pass", NULL, "pass reject org=- at=example.com"
	    },
	{ "above: servfail, own record, below", COM "_dmarc.com TXT !servfail\n",
	    "example.com", "a.example.com pass", NULL,
	    "unknown reject org=- at=example.com" },
	{ "above: servfail, a stranger", COM "_dmarc.com TXT !servfail\n",
	    "example.com", "example.net pass", NULL, "fail reject org=- at=example.com"
	    },
	{ "above: timeout beyond psd=n", REC("example.com", "p=reject; psd=n")
	    "_dmarc.com TXT !timeout\n", "example.com", "a.example.com pass", NULL,
	    "pass reject org=example.com at=example.com" },
	{ "the other's tree: timeout", COM "_dmarc.a.example.com TXT !timeout\n",
	    "example.com", "a.example.com pass", NULL,
	    "unknown reject org=example.com at=example.com" },
	{ "the other's tree does not matter when it fails", COM
	    "_dmarc.a.example.com TXT !timeout\n", "example.com", "a.example.com fail",
	    NULL, "fail reject org=example.com at=example.com" },
	{ "SPF unknown", COM, "example.com", "example.com temperror", NULL,
	    "unknown reject org=example.com at=example.com" },
	{ "SPF unknown, a stranger's", COM, "example.com", "example.net temperror",
	    NULL, "fail reject org=example.com at=example.com" },
	{ "SPF unknown, DKIM passes", COM, "example.com", "example.com temperror",
	    "example.com pass", "pass reject org=example.com at=example.com" },
	{ "a key unknown", COM, "example.com", NULL, "example.com temperror",
	    "unknown reject org=example.com at=example.com" },
	{ "a stranger's key unknown", COM, "example.com", NULL, "example.net temperror",
	    "fail reject org=example.com at=example.com" },
	{ "HELO unknown", COM, "example.com", "? fail", NULL,
	    "unknown reject org=example.com at=example.com" },
	/* long names */
	{ "eight labels", COM EXISTS("a.b.c.d.e.f.example.com"),
	    "a.b.c.d.e.f.example.com", NULL, NULL,
	    "fail reject org=example.com at=example.com" },
	{ "ten labels, own record", REC("a.b.c.d.e.f.g.h.example.com", "p=none; psd=n"),
	    "a.b.c.d.e.f.g.h.example.com", NULL, NULL, "fail none "
	    "org=a.b.c.d.e.f.g.h.example.com at=a.b.c.d.e.f.g.h.example.com" },
	{ "ten labels, one that is jumped over", REC("b.c.d.e.f.g.h.example.com",
	    "p=none") COM EXISTS("a.b.c.d.e.f.g.h.example.com"),
	    "a.b.c.d.e.f.g.h.example.com", NULL, NULL,
	    "fail reject org=example.com at=example.com" },
	{ "ten labels, the seventh", REC("d.e.f.g.h.example.com", "p=none; psd=y")
	    EXISTS("a.b.c.d.e.f.g.h.example.com"), "a.b.c.d.e.f.g.h.example.com", NULL,
	    NULL, "fail none org=c.d.e.f.g.h.example.com at=d.e.f.g.h.example.com" },
	{ "a name of one label", EXISTS("localhost"), "localhost", "localhost pass",
	    NULL, "none - org=localhost at=-" },
	{ "no author", COM, NULL, "example.com pass", NULL, "no-author - org=- at=-" },
};

static const char *const result_names[] = {
	[DMARC_UNKNOWN] = "unknown", [DMARC_NO_RECORD] = "none", [DMARC_PASS] = "pass",
	[DMARC_FAIL] = "fail", [DMARC_NO_AUTHOR] = "no-author",
	[DMARC_PERMERROR] = "permerror",
};

static const char *const policy_names[] = { "none", "quarantine", "reject" };

static enum spf_result
spf_named(const char *name)
{
	for (int i = SPF_NONE; i <= SPF_PERMERROR; i++)
		if (strcmp(spf_result_name((enum spf_result)i), name) == 0)
			return (enum spf_result)i;
	fail_msg("no SPF result %s", name);
	return SPF_NONE;
}

static enum dkim_result
dkim_named(const char *name)
{
	if (strcmp(name, "pass") == 0)
		return DKIM_PASS;
	if (strcmp(name, "temperror") == 0)
		return DKIM_TEMPERROR;
	return strcmp(name, "fail") == 0 ? DKIM_FAIL : DKIM_PERMERROR;
}

static void
give_spf(struct evidence *evidence, struct arena *arena, const char *text)
{
	char domain[100], result[20];

	if (text == NULL)
		return;
	assert_int_equal(sscanf(text, "%99s %19s", domain, result), 2);
	if (strcmp(domain, "?") == 0) {
		evidence->spf.is_helo = true;
		return;
	}
	evidence->spf.domain = arena_strdup(arena, domain);
	evidence->spf.worst = spf_named(result);
	evidence->spf.known = evidence->spf.worst == SPF_TEMPERROR ? KNOWN_TEMPERROR :
	    KNOWN_VALUE;
	evidence->spf.all_pass = evidence->spf.worst == SPF_PASS;
}

static void
give_dkim(struct evidence *evidence, struct arena *arena, const char *text)
{
	struct verified *all = arena_array(arena, 5, sizeof(*all));
	char domain[100], result[20];
	size_t n = 0;

	while (text != NULL) {
		assert_int_equal(sscanf(text, "%99[^ ] %19[^;]", domain, result), 2);
		all[n].sdid = arena_strdup(arena, domain);
		all[n++].result = dkim_named(result);
		text = strchr(text, ';');
		if (text != NULL)
			text++;
	}
	evidence->dkim.existing = all;
	evidence->dkim.n_existing = evidence->dkim.existing_total = n;
	evidence->dkim.existing_known = true;
}

static void
run(struct rig *rig, int (*collector)(struct collection *), struct collection *c)
{
	while (collector(c) != 0)
		assert_true(lookups_wait(rig->input.lookups));
}

static const char *
describe(struct arena *arena, const struct dmarc_evidence *dmarc)
{
	const char *policy = "-";

	if (dmarc->known == KNOWN_VALUE) {
		policy = policy_names[dmarc->policy_as_published];
		if (dmarc->policy != dmarc->policy_as_published)
			policy = arena_printf(arena, "%s>%s", policy,
			    policy_names[dmarc->policy]);
	}
	return arena_printf(arena, "%s %s org=%s at=%s", result_names[dmarc->result],
	    policy, dmarc->org_domain != NULL ? dmarc->org_domain : "-",
	    dmarc->record.found_at != NULL ? dmarc->record.found_at : "-");
}

static void
judge_row(struct rig *rig, const struct row *row)
{
	struct collection c = { .input = &rig->input, .evidence = &rig->evidence };
	const char *got;

	memset(&rig->evidence, 0, sizeof(rig->evidence));
	rig_message(rig, "example.com", row->author);
	rig_lookups(rig);
	give_spf(&rig->evidence, rig->message->arena, row->spf);
	give_dkim(&rig->evidence, rig->message->arena, row->dkim);
	run(rig, collect_names, &c);
	for (unsigned i = 0; i < COLLECTORS; i++)
		c.done[i] = true;
	run(rig, collect_dmarc, &c);
	got = describe(rig->message->arena, &rig->evidence.dmarc);
	if (strcmp(got, row->want) != 0)
		fail_msg("%s: %s, not %s", row->what, got, row->want);
}

/* Each case cold, then from the results cache. */
static void
decides(void **state)
{
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig_open(&rig, rows[i].zone);
		rig.cache = results_cache_new();
		judge_row(&rig, &rows[i]);
		judge_row(&rig, &rows[i]);
		rig_close(&rig);
	}
}

static void
names_the_tree(void **state)
{
	static const struct { const char *domain, *want; } trees[] = {
		{ "com", "com" },
		{ "example.com", "example.com com" },
		{ "a.b.c.d.e.f.g",
		    "a.b.c.d.e.f.g b.c.d.e.f.g c.d.e.f.g d.e.f.g e.f.g f.g g" },
		{ "a.b.c.d.e.f.g.h",
		    "a.b.c.d.e.f.g.h b.c.d.e.f.g.h c.d.e.f.g.h d.e.f.g.h "
		    "e.f.g.h f.g.h g.h h" },
		{ "a.b.c.d.e.f.g.h.i",
		    "a.b.c.d.e.f.g.h.i c.d.e.f.g.h.i d.e.f.g.h.i e.f.g.h.i "
		    "f.g.h.i g.h.i h.i i" },
		{ "z.y.x.a.b.c.d.e.f.g.h.i", "z.y.x.a.b.c.d.e.f.g.h.i c.d.e.f.g.h.i "
		    "d.e.f.g.h.i e.f.g.h.i f.g.h.i g.h.i h.i i" },
	};
	const char *names[DMARC_QUERIES_MAX];
	char text[400];
	size_t n, at;

	(void)state;
	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		n = dmarc_tree_names(trees[i].domain, names);
		at = 0;
		for (size_t j = 0; j < n; j++)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
			    j > 0 ? " " : "", names[j]);
		assert_string_equal(text, trees[i].want);
	}
}

static struct dmarc_evidence *
ask(struct rig *rig, const char *zone, const char *envelope, const char *author)
{
	rig_open(rig, zone);
	rig_message(rig, envelope, author);
	return &rig_collect(rig)->dmarc;
}

static void
aligns_the_envelope(void **state)
{
	struct dmarc_evidence *dmarc;
	struct rig rig;

	(void)state;
	dmarc = ask(&rig, COM, "bounce.example.com", "example.com");
	assert_int_equal(dmarc->envelope_known, KNOWN_VALUE);
	assert_true(dmarc->envelope_aligned);
	rig_close(&rig);

	dmarc = ask(&rig, COM, "example.net", "example.com");
	assert_int_equal(dmarc->envelope_known, KNOWN_VALUE);
	assert_false(dmarc->envelope_aligned);
	rig_close(&rig);

	/* strict alignment is no matter here */
	dmarc = ask(&rig, REC("example.com", "p=none; aspf=s"), "b.example.com",
	    "example.com");
	assert_true(dmarc->envelope_aligned);
	rig_close(&rig);

	/* no record: the suffix list tells */
	dmarc = ask(&rig, "example.com A 192.0.2.1\n", "b.example.com", "a.example.com");
	assert_int_equal(dmarc->org_known, KNOWN_ABSENT);
	assert_true(dmarc->envelope_aligned);
	rig_close(&rig);

	dmarc = ask(&rig, COM, NULL, "example.com");
	assert_int_equal(dmarc->envelope_known, KNOWN_ABSENT);
	assert_false(dmarc->envelope_aligned);
	rig_close(&rig);

	dmarc = ask(&rig, COM "_dmarc.com TXT !timeout\n", "a.example.com", "example.com");
	assert_int_equal(dmarc->envelope_known, KNOWN_TEMPERROR);
	rig_close(&rig);
}

static void
tells_malformed(void **state)
{
	struct dmarc_evidence *dmarc;
	struct rig rig;

	(void)state;
	dmarc = ask(&rig, COM REC("example.com", "p=none"), NULL, "example.com");
	assert_int_equal(dmarc->known, KNOWN_ABSENT);
	assert_true(dmarc->malformed);
	assert_non_null(strstr(dmarc->malformed_why, "several"));
	rig_close(&rig);

	dmarc = ask(&rig, COM REC("a.example.com", "p=oops"), NULL, "a.example.com");
	assert_true(dmarc->malformed);
	assert_string_equal(dmarc->record.found_at, "a.example.com");
	assert_non_null(dmarc->record.text);
	rig_close(&rig);

	/* a good record above: said of that one */
	dmarc = ask(&rig, COM "_dmarc.a.example.com TXT \"v=dmarc1; p=none\"\n", NULL,
	    "a.example.com");
	assert_int_equal(dmarc->known, KNOWN_VALUE);
	assert_false(dmarc->malformed);
	assert_non_null(strstr(dmarc->record.problem, "_dmarc.a.example.com"));
	rig_close(&rig);
}

static void
compares_with_the_suffix_list(void **state)
{
	struct dmarc_evidence *dmarc;
	struct rig rig;

	(void)state;
	dmarc = ask(&rig, COM REC("a.example.com", "p=none; psd=n"), NULL, "a.example.com");
	assert_int_equal(dmarc->org_known, KNOWN_VALUE);
	assert_string_equal(dmarc->org_domain, "a.example.com");
	assert_string_equal(dmarc->org_domain_psl, "example.com");
	rig_close(&rig);
}

/* Is it asked, and what does it say? */
static void
asks_report_destinations(void **state)
{
	static const struct {
		const char *rua, *zone;
		enum known known;
		const char *refused;
	} cases[] = {
		{ "", "", KNOWN_ABSENT, NULL },
		{ "; rua=mailto:d@example.com", "", KNOWN_VALUE, NULL },
		{ "; rua=mailto:d@r.example.com", "", KNOWN_VALUE, NULL },
		{ "; rua=mailto:d@example.net", "", KNOWN_VALUE, "example.net" },
		{ "; rua=mailto:d@example.net",
		    "example.com._report._dmarc.example.net TXT \"v=DMARC1\"\n",
		    KNOWN_VALUE, NULL },
		{ "; rua=mailto:d@example.net",
		    "*._report._dmarc.example.net TXT \"v=DMARC1;\"\n", KNOWN_VALUE,
		    NULL },
		{ "; rua=mailto:d@example.net",
		    "example.com._report._dmarc.example.net TXT \"no\"\n", KNOWN_VALUE,
		    "example.net" },
		{ "; rua=mailto:d@example.net",
		    "example.com._report._dmarc.example.net TXT !servfail\n",
		    KNOWN_TEMPERROR, NULL },
		{ "; rua=mailto:d@example.com,mailto:e@example.org!5m", "", KNOWN_VALUE,
		    "example.org" },
		{ "; rua=https://example.net/", "", KNOWN_VALUE, NULL },
	};
	struct dmarc_evidence *dmarc;
	struct rig rig;
	char zone[500];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(zone, sizeof(zone), "_dmarc.example.com TXT \"v=DMARC1; p=none%s\"\n%s",
		    cases[i].rua, cases[i].zone);
		dmarc = ask(&rig, zone, NULL, "example.com");
		assert_int_equal(dmarc->rua_known, cases[i].known);
		if (cases[i].refused == NULL)
			assert_null(dmarc->rua_refused);
		else
			assert_string_equal(dmarc->rua_refused, cases[i].refused);
		rig_close(&rig);
	}
}

/* Two authors of one domain are one Author Domain; of two they are none. */
static void
several_authors(void **state)
{
	struct address authors[2] = { { .domain = "example.com" }, { .domain = "example.com" } };
	struct rig rig;

	(void)state;
	rig_open(&rig, COM);
	rig_message(&rig, NULL, "example.com");
	rig.message->from.addresses = authors;
	rig.message->from.n = rig.message->from.total = 2;
	assert_int_equal(rig_collect(&rig)->dmarc.result, DMARC_UNKNOWN);
	authors[1].domain = "example.net";
	assert_int_equal(rig_collect(&rig)->dmarc.result, DMARC_NO_AUTHOR);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides),
		cmocka_unit_test(names_the_tree),
		cmocka_unit_test(aligns_the_envelope),
		cmocka_unit_test(tells_malformed),
		cmocka_unit_test(compares_with_the_suffix_list),
		cmocka_unit_test(asks_report_destinations),
		cmocka_unit_test(several_authors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
