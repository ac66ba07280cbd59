/*
 * Takes a configuration text apart.
 */
#include <string.h>

#include "base/arena.h"
#include "settings/errors.h"
#include "settings/scan.h"

void
scanner_init(struct scanner *scanner, struct slice text, const char *file,
    struct arena *arena, struct errors *errors)
{
	*scanner = (struct scanner){ text, 1, file, arena, errors };
	if (slice_starts_nocase(text, "\xef\xbb\xbf"))
		scanner->rest = slice_sub(text, 3, text.n);
}

static char
peek(const struct scanner *scanner, size_t at)
{
	return at < scanner->rest.n ? scanner->rest.p[at] : '\0';
}

static void
skip(struct scanner *scanner, size_t n)
{
	scanner->rest = slice_sub(scanner->rest, n, scanner->rest.n);
}

static void
skip_line(struct scanner *scanner)
{
	skip(scanner, slice_find(scanner->rest, '\n'));
}

static void
skip_c_comment(struct scanner *scanner)
{
	unsigned line = scanner->line;

	skip(scanner, 2);
	while (scanner->rest.n > 0) {
		if (peek(scanner, 0) == '*' && peek(scanner, 1) == '/') {
			skip(scanner, 2);
			return;
		}
		if (peek(scanner, 0) == '\n')
			scanner->line++;
		skip(scanner, 1);
	}
	errors_add(scanner->errors, scanner->file, line, NULL,
	    "the comment that starts here is not closed: expected */ before the end "
	    "of the file");
}

static void
skip_blanks(struct scanner *scanner)
{
	while (scanner->rest.n > 0) {
		switch (peek(scanner, 0)) {
		case '\n':
			scanner->line++;
			skip(scanner, 1);
			break;
		case ' ':
		case '\t':
		case '\r':
			skip(scanner, 1);
			break;
		case '#':
			skip_line(scanner);
			break;
		case '/':
			if (peek(scanner, 1) == '/')
				skip_line(scanner);
			else if (peek(scanner, 1) == '*')
				skip_c_comment(scanner);
			else
				return;
			break;
		default:
			return;
		}
	}
}

static bool
is_control(char byte)
{
	return (unsigned char)byte < 0x20 || byte == 0x7f;
}

static void
complain_variable(struct scanner *scanner)
{
	errors_add(scanner->errors, scanner->file, scanner->line, NULL,
	    "expected the value itself: variables are not expanded (got \"${\")");
}

/* Length up to the closing quote or the end of the line. */
static size_t
string_span(const struct scanner *scanner)
{
	const char quote = peek(scanner, 0);
	size_t at = 1;

	while (at < scanner->rest.n && peek(scanner, at) != quote &&
	    peek(scanner, at) != '\n') {
		if (peek(scanner, at) == '\\' && at + 1 < scanner->rest.n &&
		    peek(scanner, at + 1) != '\n')
			at++;
		at++;
	}
	return at;
}

static void
complain_string_byte(struct scanner *scanner, char byte, bool is_escaped)
{
	char shown[2] = { byte, '\0' };

	if (is_control(byte))
		errors_add(scanner->errors, scanner->file, scanner->line, NULL,
		    "expected text in a string (got the control byte 0x%02x)",
		    (unsigned char)byte);
	else if (is_escaped)
		errors_add(scanner->errors, scanner->file, scanner->line, NULL,
		    "expected a quote or a backslash after a backslash (got %s)",
		    errors_shown(scanner->errors, shown));
	else
		complain_variable(scanner);
}

/* The bytes of a string without quotes and escapes. */
static const char *
string_value(struct scanner *scanner, size_t span)
{
	char *value = arena_alloc(scanner->arena, span + 1), byte;
	bool is_escaped, is_wrong;
	size_t n = 0;

	for (size_t at = 1; at < span; at++) {
		is_escaped = peek(scanner, at) == '\\' && at + 1 < span;
		if (is_escaped)
			at++;
		byte = peek(scanner, at);
		is_wrong = is_escaped ? strchr("\\\"'", byte) == NULL :
		    byte == '$' && at + 1 < span && peek(scanner, at + 1) == '{';
		if (is_wrong || (is_control(byte) && byte != '\t'))
			complain_string_byte(scanner, byte, is_escaped);
		value[n++] = byte == '\0' ? '?' : byte;
	}
	return value;
}

static struct token
scan_string(struct scanner *scanner)
{
	struct token token = { TOKEN_STRING, scanner->line, "" };
	const char quote = peek(scanner, 0);
	size_t span = string_span(scanner);

	token.text = string_value(scanner, span);
	if (peek(scanner, span) != quote)
		errors_add(scanner->errors, scanner->file, scanner->line, NULL,
		    "the string that starts here is not closed: expected %c on the same "
		    "line", quote);
	skip(scanner, peek(scanner, span) == quote ? span + 1 : span);
	return token;
}

static bool
ends_word(const struct scanner *scanner, size_t at)
{
	char byte = peek(scanner, at);

	if (byte == '+' || byte == '$')
		return peek(scanner, at + 1) == (byte == '+' ? '=' : '{');
	return is_control(byte) || strchr(" #{}=,\"'();\\", byte) != NULL;
}

static struct token
scan_word(struct scanner *scanner)
{
	struct token token = { TOKEN_WORD, scanner->line, "" };
	size_t n = 0;

	while (n < scanner->rest.n && !ends_word(scanner, n))
		n++;
	token.text = slice_dup(scanner->arena, slice_sub(scanner->rest, 0, n));
	skip(scanner, n);
	return token;
}

/* Length of "${NAME" with what closes it, within the line. */
static size_t
variable_span(const struct scanner *scanner)
{
	struct slice line = slice_sub(scanner->rest, 0, slice_find(scanner->rest, '\n'));
	size_t close = slice_find(line, '}');

	return close < line.n ? close : line.n - 1;
}

/* What starts no token is told and passed over. */
static void
complain_sign(struct scanner *scanner)
{
	char sign[2] = { peek(scanner, 0), '\0' };

	if (sign[0] == '$') {
		complain_variable(scanner);
		skip(scanner, variable_span(scanner));
	} else if (is_control(sign[0]))
		errors_add(scanner->errors, scanner->file, scanner->line, NULL,
		    "expected text (got the control byte 0x%02x)", (unsigned char)sign[0]);
	else
		errors_add(scanner->errors, scanner->file, scanner->line, NULL,
		    "expected an option, a section or a value (got \"%s\")", sign);
	skip(scanner, 1);
}

static bool
scan_sign(struct scanner *scanner, struct token *token_r)
{
	static const struct { char sign; enum token_kind kind; const char *text; } signs[] = {
		{ '{', TOKEN_OPEN, "{" }, { '}', TOKEN_CLOSE, "}" },
		{ '=', TOKEN_EQUAL, "=" }, { ',', TOKEN_COMMA, "," },
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (peek(scanner, 0) == signs[i].sign) {
			*token_r = (struct token){ signs[i].kind, scanner->line,
			    signs[i].text };
			skip(scanner, 1);
			return true;
		}
	}
	if (peek(scanner, 0) == '+' && peek(scanner, 1) == '=') {
		*token_r = (struct token){ TOKEN_APPEND, scanner->line, "+=" };
		skip(scanner, 2);
		return true;
	}
	return false;
}

struct token
scanner_next(struct scanner *scanner)
{
	struct token token;

	for (;;) {
		skip_blanks(scanner);
		if (scanner->rest.n == 0)
			return (struct token){ TOKEN_END, scanner->line, "the end of the file" };
		if (peek(scanner, 0) == '"' || peek(scanner, 0) == '\'')
			return scan_string(scanner);
		if (scan_sign(scanner, &token))
			return token;
		if (!ends_word(scanner, 0))
			return scan_word(scanner);
		complain_sign(scanner);
	}
}
