/*
 * What spamd and clamd say, and what the three share.
 */
#include "base/arena.h"
#include "base/log.h"
#include "evidence/opinion/opinion.h"
#include "facts/message.h"

enum { SYMBOLS_BYTES = 1024, NUMBER_MAX = 1000000, NAME_MAX_BYTES = 200 };

bool
opinion_number(struct slice text, int *hundredths_r)
{
	bool negative = text.n > 0 && text.p[0] == '-';
	struct slice fraction = slice_sub(text, negative ? 1 : 0, text.n), whole;
	unsigned long units, part = 0;

	if (!slice_split(&fraction, '.', &whole) ||
	    !slice_number(whole, NUMBER_MAX, &units))
		return false;
	for (size_t i = 0; i < fraction.n; i++)
		if (fraction.p[i] < '0' || fraction.p[i] > '9')
			return false;
	if (fraction.n > 0)
		part = (unsigned long)(fraction.p[0] - '0') * 10;
	if (fraction.n > 1)
		part += (unsigned long)(fraction.p[1] - '0');
	*hundredths_r = (int)(units * 100 + part) * (negative ? -1 : 1);
	return true;
}

static bool
is_of_symbols(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '.')
			return false;
	}
	return name.n > 0 && name.n <= 64;
}

void
opinion_symbol(struct buf *symbols, struct slice name)
{
	if (!is_of_symbols(name))
		return;
	if (symbols->n > 0)
		buf_add_str(symbols, ", ");
	buf_add_slice(symbols, name);
}

static void
spamd_greet(const struct opinion_request *request, uint64_t size, struct buf *out)
{
	(void)request;
	buf_printf(out, "SYMBOLS SPAMC/1.5\r\nContent-length: %llu\r\n\r\n",
	    (unsigned long long)size);
}

/* "True ; 15.0 / 5.0" */
static bool
spamd_spam(struct slice value, struct opinion *opinion)
{
	struct slice word, score;

	return slice_split(&value, ';', &word) && slice_split(&value, '/', &score) &&
	    (slice_is(slice_trim(word), "true") || slice_is(slice_trim(word), "false")) &&
	    opinion_number(slice_trim(score), &opinion->score) &&
	    opinion_number(slice_trim(value), &opinion->threshold) &&
	    (opinion->is_bad = slice_is(slice_trim(word), "true"), true);
}

static void
spamd_symbols(struct arena *arena, struct slice rest, struct opinion *opinion)
{
	struct slice name;
	struct buf symbols;

	buf_init(&symbols, arena, SYMBOLS_BYTES);
	for (int i = 0; i < OPINION_SYMBOLS_MAX && slice_split(&rest, ',', &name); i++)
		opinion_symbol(&symbols, slice_trim(name));
	opinion->symbols = buf_str(&symbols);
}

static void
spamd_understand(struct arena *arena, struct slice answer, struct opinion *opinion)
{
	struct slice line, word;

	if (!slice_split(&answer, '\n', &line) ||
	    !slice_starts_nocase(line, "SPAMD/") ||
	    !slice_split(&line, ' ', &word) || !slice_split(&line, ' ', &word) ||
	    !slice_is(word, "0")) {
		opinion->error = "it did not accept the message";
		return;
	}
	while (slice_split(&answer, '\n', &line) && slice_trim(line).n > 0) {
		if (slice_starts_nocase(line, "Spam:") &&
		    spamd_spam(slice_sub(line, 5, line.n), opinion))
			opinion->known = KNOWN_VALUE;
	}
	if (opinion->known == KNOWN_VALUE)
		spamd_symbols(arena, answer, opinion);
	else
		opinion->error = "its answer names no score";
}

static void
clamd_greet(const struct opinion_request *request, uint64_t size, struct buf *out)
{
	(void)request;
	(void)size;
	buf_add(out, "zINSTREAM", sizeof("zINSTREAM"));
}

/* "stream: OK", "stream: Eicar-Signature FOUND", "INSTREAM size limit ... ERROR" */
static void
clamd_understand(struct arena *arena, struct slice answer, struct opinion *opinion)
{
	answer = slice_trim(answer);
	while (answer.n > 0 && answer.p[answer.n - 1] == '\0')
		answer.n--;
	if (slice_is(answer, "stream: OK")) {
		opinion->known = KNOWN_VALUE;
	} else if (slice_starts_nocase(answer, "stream: ") &&
	    slice_ends_nocase(answer, " FOUND") && answer.n > 14) {
		opinion->known = KNOWN_VALUE;
		opinion->is_bad = true;
		opinion->virus = log_safe(arena, slice_sub(answer, 8, answer.n - 14),
		    NAME_MAX_BYTES);
	} else {
		opinion->error = arena_printf(arena, "it says \"%s\"",
		    log_safe(arena, answer, NAME_MAX_BYTES));
	}
}

const struct dialect dialect_spamd = {
	"SpamAssassin", false, spamd_greet, spamd_understand,
};

const struct dialect dialect_clamd = {
	"ClamAV", true, clamd_greet, clamd_understand,
};
