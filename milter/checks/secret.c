/*
 * Keys and tokens in the text: who reads the mail, or the mailbox later, can
 * use them.  What is shown of one is its kind and its first four characters.
 */
#include <string.h>

#include "base/arena.h"
#include "checks/readable.h"

enum {
	TOKEN_MAX = 256,		/* octets of a token looked at */
	TOKEN_VARIETY = 8,		/* different octets; fewer is "xxxxxxxx" */
	SHOWN = 4,
	PEM_MAX = 4096,			/* octets looked at behind a BEGIN line */
	PEM_LINES = 3,
	PEM_LINE_MIN = 32,
};

enum charset { CHARS_CAPITAL, CHARS_HEX, CHARS_ALNUM, CHARS_WORD, CHARS_DASH, CHARS_DOT };

struct form {
	const char *prefix;
	size_t at;			/* of the rarer octet that it is found by */
	enum charset rest;		/* of what follows the prefix */
	size_t min, max;		/* octets that follow */
	const char *kind;
};

/*
 * As their makers document them (GitHub, GitLab, Slack, Stripe, Google, AWS,
 * SendGrid, npm, PyPI, Shopify, DigitalOcean): fixed beginning, fixed alphabet.
 */
static const struct form forms[] = {
	{ "AKIA", 0, CHARS_CAPITAL, 16, 16, "an AWS access key id" },
	{ "ASIA", 0, CHARS_CAPITAL, 16, 16, "an AWS access key id" },
	{ "AIza", 0, CHARS_DASH, 35, 35, "a Google API key" },
	{ "ghp_", 3, CHARS_ALNUM, 36, 36, "a GitHub token" },
	{ "gho_", 3, CHARS_ALNUM, 36, 36, "a GitHub token" },
	{ "ghu_", 3, CHARS_ALNUM, 36, 36, "a GitHub token" },
	{ "ghs_", 3, CHARS_ALNUM, 36, 36, "a GitHub token" },
	{ "ghr_", 3, CHARS_ALNUM, 36, 36, "a GitHub token" },
	{ "github_pat_", 6, CHARS_WORD, 82, 82, "a GitHub token" },
	{ "glpat-", 5, CHARS_DASH, 20, 64, "a GitLab token" },
	{ "sk_live_", 2, CHARS_ALNUM, 24, 128, "a Stripe secret key" },
	{ "rk_live_", 2, CHARS_ALNUM, 24, 128, "a Stripe secret key" },
	{ "npm_", 3, CHARS_ALNUM, 36, 36, "an npm token" },
	{ "pypi-AgEI", 4, CHARS_DASH, 50, 250, "a PyPI token" },
	{ "shpat_", 5, CHARS_HEX, 32, 32, "a Shopify token" },
	{ "dop_v1_", 3, CHARS_HEX, 64, 64, "a DigitalOcean token" },
	{ "GOCSPX-", 6, CHARS_DASH, 28, 28, "a Google client secret" },
	{ "SG.", 0, CHARS_DOT, 66, 66, "a SendGrid API key" },
	{ "xoxb-", 0, CHARS_DASH, 24, 250, "a Slack token" },
	{ "xoxp-", 0, CHARS_DASH, 24, 250, "a Slack token" },
	{ "xoxa-", 0, CHARS_DASH, 24, 250, "a Slack token" },
	{ "xoxr-", 0, CHARS_DASH, 24, 250, "a Slack token" },
	{ "xoxs-", 0, CHARS_DASH, 24, 250, "a Slack token" },
};

/* The octets that the forms are found by. */
static const char finders[] = "AxS_-";

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_in(enum charset chars, char c)
{
	switch (chars) {
	case CHARS_CAPITAL:
		return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
	case CHARS_HEX:
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
	case CHARS_ALNUM:
		return is_alnum(c);
	case CHARS_WORD:
		return is_alnum(c) || c == '_';
	case CHARS_DASH:
		return is_alnum(c) || c == '_' || c == '-';
	case CHARS_DOT:
		return is_alnum(c) || c == '_' || c == '-' || c == '.';
	}
	return false;
}

/* Placeholders in manuals repeat themselves. */
static bool
is_varied(struct slice token)
{
	bool seen[256] = { false };
	size_t n = 0;

	for (size_t i = 0; i < token.n; i++) {
		n += !seen[(unsigned char)token.p[i]];
		seen[(unsigned char)token.p[i]] = true;
	}
	return n >= TOKEN_VARIETY;
}

/* AWS prints its example key everywhere. */
static bool
is_example(struct slice token)
{
	return slice_ends_nocase(token, "EXAMPLE") || !is_varied(token);
}

/* The token stands by itself and is as the form wants it. */
static bool
is_of_form(const struct form *form, struct slice text, size_t start)
{
	size_t n = strlen(form->prefix), end = start + n, limit = end + form->max;

	if (slice_sub(text, start, n).n < n ||
	    memcmp(text.p + start, form->prefix, n) != 0)
		return false;
	if (start > 0 && (is_alnum(text.p[start - 1]) || text.p[start - 1] == '_'))
		return false;
	while (end < text.n && end < limit && is_in(form->rest, text.p[end]))
		end++;
	if (end - start - n < form->min)
		return false;
	if (end < text.n && (is_alnum(text.p[end]) || text.p[end] == '_'))
		return false;
	return !is_example(slice_sub(text, start + n, end - start - n));
}

/* A Google key in the address of a map or a font is meant to be public. */
static bool
is_public(const struct form *form, struct slice text, size_t start)
{
	return strcmp(form->prefix, "AIza") == 0 && start > 0 &&
	    (text.p[start - 1] == '=' || text.p[start - 1] == '/');
}

static const struct form *
form_at(struct slice text, size_t at)
{
	bool is_inside = at > 0 && is_alnum(text.p[at - 1]);

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form *form = &forms[i];

		if (form->prefix[form->at] == text.p[at] && form->at <= at &&
		    is_inside == (form->at > 0) &&
		    is_of_form(form, text, at - form->at) &&
		    !is_public(form, text, at - form->at))
			return form;
	}
	return NULL;
}

static const char *
find_token(struct slice text, struct slice *token_r)
{
	const struct form *form;
	const char *hit;
	size_t at;

	for (size_t i = 0; finders[i] != '\0'; i++) {
		for (at = 0; at < text.n && (hit = memchr(text.p + at, finders[i],
		    text.n - at)) != NULL; at++) {
			at = (size_t)(hit - text.p);
			form = form_at(text, at);
			if (form == NULL)
				continue;
			*token_r = slice_sub(text, at - form->at, SHOWN);
			return form->kind;
		}
	}
	return NULL;
}

/* What may stand between the lines of a key: line ends, blanks, marks of a quote. */
static size_t
skip_between(struct slice text, size_t i)
{
	while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\t' ||
	    text.p[i] == '\r' || text.p[i] == '\n' || text.p[i] == '>'))
		i++;
	return i;
}

/* The rest of a line such as "Proc-Type: 4,ENCRYPTED", or nothing. */
static size_t
skip_field(struct slice text, size_t i)
{
	size_t colon = i + slice_find(slice_sub(text, i, 16), ':');
	size_t end = i + slice_find(slice_sub(text, i, text.n), '\n');

	return colon < i + 16 && colon < end && end <= text.n ? end : i;
}

/* Lines of base64 as keys have them, behind a BEGIN line. */
static bool
is_key_body(struct slice text)
{
	size_t i = skip_between(text, 0), start, lines = 0;
	struct slice line;

	for (size_t next; (next = skip_field(text, i)) > i; i = skip_between(text, next))
		;
	for (;;) {
		start = i;
		while (i < text.n && (is_alnum(text.p[i]) || text.p[i] == '+' ||
		    text.p[i] == '/' || text.p[i] == '='))
			i++;
		line = slice_sub(text, start, i - start);
		if (line.n == 0)
			return false;
		if (lines == PEM_LINES - 1)
			return true;		/* the last may be short */
		/* An Ed25519 key has one line (RFC 8410 section 7). */
		if (lines == 0 && line.n == 64 && is_varied(line) &&
		    memcmp(line.p, "MC4CAQAwBQYDK2VwBCIEI", 21) == 0)
			return true;
		if (line.n < PEM_LINE_MIN || !is_varied(line))
			return false;
		lines++;
		i = skip_between(text, i);
	}
}

static bool
has_pem(struct slice text)
{
	static const char begin[] = "-----BEGIN ", end[] = "PRIVATE KEY-----";
	const char *hit;
	struct slice line;
	size_t n;

	while ((hit = memmem(text.p, text.n, begin, sizeof(begin) - 1)) != NULL) {
		text = slice_sub(text, (size_t)(hit - text.p) + sizeof(begin) - 1, text.n);
		line = slice_sub(text, 0, 40);
		n = slice_find_nocase(line, end);
		if (n == line.n)
			continue;
		text = slice_sub(text, n + sizeof(end) - 1, text.n);
		if (is_key_body(slice_sub(text, 0, PEM_MAX)))
			return true;
	}
	return false;
}

void
check_secret_leak(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part;
	struct slice token;
	const char *kind;
	size_t at = 0;

	if (!readable_known(input, result))
		return;
	while ((part = readable_next(input->message->view, true, &at)) != NULL) {
		if (has_pem(part->text)) {
			check_hit(input, result, "There is a private key in PEM form "
			    "(it begins \"----\") in %s.", readable_name(input, part));
			return;
		}
		kind = find_token(part->text, &token);
		if (kind == NULL)
			continue;
		check_hit(input, result, "There is what looks like %s (it begins "
		    "\"%s\") in %s.", kind, check_safe_slice(input, token),
		    readable_name(input, part));
		return;
	}
	readable_end(input, result);
}
