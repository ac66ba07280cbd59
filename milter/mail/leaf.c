/*
 * Octets are gathered before they are decoded, so that what the decoders and
 * parsers get, and with it what they find, does not depend on where the chunks
 * were cut.
 */
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/attachment.h"
#include "mail/bytes.h"
#include "mail/charset.h"
#include "mail/decode.h"
#include "mail/html.h"
#include "mail/leaf.h"
#include "mail/transfer.h"
#include "mail/view.h"

enum { STAGE = 8192 };

enum wanted { WANTED_NOTHING, WANTED_TEXT, WANTED_HTML, WANTED_ATTACHMENT };

struct leaf {
	struct arena *arena;
	/* of the message */
	size_t text_left, html_left;	/* octets that may still be read */
	int64_t cpu_us;			/* spent by the parsers */
	/* of the leaf being read */
	enum wanted wanted;
	bool over_limit, has_8bit, was_read;
	struct transfer transfer;
	struct decoder *decoder;	/* NULL: unchanged */
	struct charset_reader *charset;
	struct buf text;
	struct html *html;
	struct attachment_reader *attachment;
	/* made when first needed, used again */
	struct decoder *spare_decoder;
	struct charset_reader *spare_charset;
	char stage[STAGE];
	size_t staged;
	char decoded[STAGE + DECODE_GROWTH];
};

struct leaf *
leaf_new(struct arena *arena)
{
	struct leaf *leaf = arena_alloc(arena, sizeof(*leaf));

	leaf->arena = arena;
	leaf->text_left = VIEW_TEXT_MAX;
	leaf->html_left = HTML_READ_MAX;
	return leaf;
}

static int64_t
cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A cut at n does not go through a character. */
static size_t
whole_characters(const char *text, size_t n)
{
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static bool
take_text(void *object, const char *text, size_t n)
{
	struct leaf *leaf = object;
	bool fits = n <= leaf->text_left;

	if (!fits) {
		n = whole_characters(text, leaf->text_left);
		leaf->text_left = n;
		leaf->over_limit = true;
	}
	buf_add(&leaf->text, text, n);
	leaf->text_left -= n;
	return fits;
}

static bool
take_html(void *object, const char *text, size_t n)
{
	struct leaf *leaf = object;
	bool fits = n <= leaf->html_left;
	int64_t before = cpu_now();

	if (!fits) {
		n = whole_characters(text, leaf->html_left);
		leaf->html_left = n;
		leaf->over_limit = true;
	}
	html_add(leaf->html, text, n);
	leaf->html_left -= n;
	leaf->cpu_us += cpu_now() - before;
	return fits;
}

static void
take_attachment(struct leaf *leaf, const char *bytes, size_t n)
{
	int64_t before = cpu_now();

	attachment_add(leaf->attachment, bytes, n);
	if (attachment_is_sated(leaf->attachment))
		leaf->wanted = WANTED_NOTHING;
	leaf->cpu_us += cpu_now() - before;
}

static void
feed(struct leaf *leaf, const char *bytes, size_t n)
{
	leaf->has_8bit |= (bytes_odd(bytes, n) & BYTES_8BIT) != 0;
	switch (leaf->wanted) {
	case WANTED_NOTHING:
		break;
	case WANTED_TEXT: case WANTED_HTML:
		if (!charset_add(leaf->charset, bytes, n))
			leaf->wanted = WANTED_NOTHING;
		break;
	case WANTED_ATTACHMENT:
		take_attachment(leaf, bytes, n);
		break;
	}
}

static void
stage_flush(struct leaf *leaf)
{
	size_t n;

	if (leaf->staged == 0)
		return;
	if (leaf->decoder == NULL) {
		feed(leaf, leaf->stage, leaf->staged);
	} else {
		n = decoder_step(leaf->decoder, leaf->stage, leaf->staged, leaf->decoded);
		feed(leaf, leaf->decoded, n);
	}
	leaf->staged = 0;
}

static void
begin_decoder(struct leaf *leaf, enum transfer_encoding encoding)
{
	leaf->decoder = NULL;
	if (encoding != CTE_BASE64 && encoding != CTE_QUOTED_PRINTABLE)
		return;
	if (leaf->spare_decoder == NULL)
		leaf->spare_decoder = decoder_new(leaf->arena);
	leaf->decoder = leaf->spare_decoder;
	decoder_begin(leaf->decoder, encoding);
}

static void
begin_text(struct leaf *leaf, const struct view_part *part)
{
	bool is_html = part->kind == VIEW_HTML;

	if (leaf->spare_charset == NULL)
		leaf->spare_charset = charset_new(leaf->arena);
	leaf->charset = leaf->spare_charset;
	leaf->wanted = is_html ? WANTED_HTML : WANTED_TEXT;
	charset_begin(leaf->charset, part->charset, is_html,
	    is_html ? take_html : take_text, leaf);
	if (is_html)
		leaf->html = html_new(leaf->arena);
	else
		buf_init(&leaf->text, leaf->arena, leaf->text_left);
}

/* Nothing of it is read when others have used up what a message may cost. */
static bool
is_affordable(const struct leaf *leaf, const struct view_part *part)
{
	if (part->kind == VIEW_TEXT)
		return leaf->text_left > 0;
	if (leaf->cpu_us > VIEW_CPU_MS * 1000)
		return false;
	return part->kind != VIEW_HTML || leaf->html_left > 0;
}

void
leaf_begin(struct leaf *leaf, const struct view_part *part)
{
	leaf->wanted = WANTED_NOTHING;
	leaf->over_limit = leaf->has_8bit = false;
	leaf->charset = NULL;
	leaf->html = NULL;
	leaf->attachment = NULL;
	leaf->staged = 0;
	transfer_begin(&leaf->transfer, part->encoding);
	leaf->was_read = is_affordable(leaf, part);
	if (!leaf->was_read) {
		leaf->over_limit = true;
		return;
	}
	begin_decoder(leaf, part->encoding);
	switch (part->kind) {
	case VIEW_MULTIPART: case VIEW_MESSAGE:
		break;
	case VIEW_TEXT: case VIEW_HTML:
		begin_text(leaf, part);
		break;
	case VIEW_OTHER:
		leaf->wanted = WANTED_ATTACHMENT;
		leaf->attachment = attachment_new(leaf->arena, part->filename);
		break;
	}
}

static void
stage_add(struct leaf *leaf, const char *bytes, size_t n)
{
	size_t room;

	while (n > 0 && leaf->wanted != WANTED_NOTHING) {
		room = STAGE - leaf->staged;
		if (room > n)
			room = n;
		memcpy(leaf->stage + leaf->staged, bytes, room);
		leaf->staged += room;
		bytes += room;
		n -= room;
		if (leaf->staged == STAGE)
			stage_flush(leaf);
	}
}

void
leaf_add(struct leaf *leaf, const char *bytes, size_t n)
{
	transfer_add(&leaf->transfer, bytes, n);
	stage_add(leaf, bytes, n);
}

static void
end_html(struct leaf *leaf, struct view_part *part)
{
	struct html_facts *facts = arena_alloc(leaf->arena, sizeof(*facts));
	int64_t before = cpu_now();

	html_finish(leaf->html, facts);
	leaf->cpu_us += cpu_now() - before;
	if (leaf->over_limit) {
		facts->over_limit = true;
		facts->size = part->decoded_size;
	}
	part->html = facts;
	part->text = facts->text;
	leaf->over_limit |= facts->over_limit;
}

/* What a listing may cost, in milliseconds. */
static int
time_left(const struct leaf *leaf)
{
	int64_t left = VIEW_CPU_MS - leaf->cpu_us / 1000;

	return left < 0 ? 0 : left < ATTACHMENT_CPU_MS ? (int)left : ATTACHMENT_CPU_MS;
}

static void
end_attachment(struct leaf *leaf, struct view_part *part)
{
	struct attachment *attachment = arena_alloc(leaf->arena, sizeof(*attachment));
	int64_t before = cpu_now();

	attachment_finish(leaf->attachment, time_left(leaf), attachment);
	leaf->cpu_us += cpu_now() - before;
	part->attachment = attachment;	/* its limits are no limits of the text */
}

static void
end_text(struct leaf *leaf, struct view_part *part)
{
	struct charset_facts facts;

	charset_finish(leaf->charset, &facts);
	part->charset_unknown = facts.unknown;
	part->charset_guessed = facts.guessed;
	part->ascii_only = facts.ascii_only;
	leaf->over_limit |= facts.over_limit;
	if (leaf->html != NULL)
		end_html(leaf, part);
	else
		part->text = (struct slice){ buf_str(&leaf->text), leaf->text.n };
}

void
leaf_end(struct leaf *leaf, struct view_part *part)
{
	part->decoded_size = transfer_finish(&leaf->transfer, &part->bad_encoding);
	stage_add(leaf, "==", transfer_missing(&leaf->transfer));
	if (leaf->wanted != WANTED_NOTHING)
		stage_flush(leaf);
	part->ascii_only = leaf->was_read && !leaf->has_8bit;
	if (leaf->charset != NULL)
		end_text(leaf, part);
	if (leaf->attachment != NULL)
		end_attachment(leaf, part);
	part->over_limit |= leaf->over_limit;
}
