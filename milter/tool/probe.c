/*
 * The messages, and the field that tells which one it is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/tags.h"
#include "tool/probe.h"

#define PROBE_BYTES_MAX 65536

static const struct {
	const char *name, *about;
} traits[PROBE_TRAITS] = {
	[PROBE_PLAIN] = { "plain", "plain text" },
	[PROBE_LAYOUT] = { "layout", "blanks at ends of lines, dots, \"From \", empty lines" },
	[PROBE_FIELDS] = { "fields", "fields with folds, tabs and runs of blanks" },
	[PROBE_8BIT] = { "8bit", "8-bit text" },
	[PROBE_LONG_LINE] = { "long-line", "lines over 998 octets" },
	[PROBE_MULTIPART] = { "multipart", "text, HTML and an attachment" },
	[PROBE_EMPTY] = { "empty", "no text at all" },
	[PROBE_NO_END] = { "no-end", "a last line without its end" },
	[PROBE_RAW_SUBJECT] = { "raw-subject", "raw UTF-8 in the subject" },
};

const char *
probe_name(enum probe_trait trait)
{
	return traits[trait].name;
}

const char *
probe_about(enum probe_trait trait)
{
	return traits[trait].about;
}

bool
probe_is_8bit(enum probe_trait trait)
{
	return trait == PROBE_8BIT || trait == PROBE_RAW_SUBJECT;
}

static bool
is_plain(const char *text, const char *but)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text >= 127 || strchr(but, *text) != NULL)
			return false;
	return true;
}

bool
probe_address_ok(const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL && at != address && at[1] != '\0' &&
	    strlen(address) <= PROBE_ADDRESS_MAX && is_plain(address, ";=<>\"(),:\\");
}

/* ---- making them ---- */

static const char intro[] =
    "This message was sent by `mailworthy doctor --send` to see whether anything\r\n"
    "changes it on its way.  Nobody needs to answer it.\r\n";

static void
put_date(struct buf *out, time_t when)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
	    "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	buf_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday % 7],
	    tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
}

static void
put_subject(struct buf *out, const struct probe *probe)
{
	const char *name = probe_name(probe->trait);

	switch (probe->trait) {
	case PROBE_FIELDS:
		buf_printf(out, "Subject: mailworthy  probe:\r\n\t%s  by %s,\r\n  folded twice "
		    "\r\nReferences: <one.%s@probe.test>\r\n <two.%s@probe.test>\t"
		    "<three.%s@probe.test>\r\nreply-to:  mailworthy probe   <%s>\r\n", name,
		    probe->way, probe->run, probe->run, probe->run, probe->from);
		break;
	case PROBE_RAW_SUBJECT:
		buf_printf(out, "Subject: mailworthy probe: Gr\303\274\303\237e, %s by %s\r\n",
		    name, probe->way);
		break;
	case PROBE_PLAIN: case PROBE_LAYOUT: case PROBE_8BIT: case PROBE_LONG_LINE:
	case PROBE_MULTIPART: case PROBE_EMPTY: case PROBE_NO_END: case PROBE_TRAITS:
		buf_printf(out, "Subject: mailworthy probe: %s by %s\r\n", name, probe->way);
		break;
	}
}

static void
put_type(struct buf *out, enum probe_trait trait)
{
	buf_add_str(out, "MIME-Version: 1.0\r\n");
	if (trait == PROBE_MULTIPART)
		buf_add_str(out, "Content-Type: multipart/mixed;\r\n"
		    " boundary=\"=_mailworthy_probe\"\r\n");
	else
		buf_printf(out, "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Transfer-Encoding: %s\r\n", trait == PROBE_8BIT ? "8bit" : "7bit");
}

static void
put_multipart(struct buf *out)
{
	buf_add_str(out,
	    "This is text before the first part, which mail programs do not show.\r\n"
	    "--=_mailworthy_probe\r\n"
	    "Content-Type: multipart/alternative; boundary=\"=_mailworthy_inner\"\r\n\r\n"
	    "--=_mailworthy_inner\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "A line with an umlaut, =C3=BC, a blank at its end=20\r\n"
	    "and one that goes =\r\non.\r\n"
	    "--=_mailworthy_inner\r\n"
	    "Content-Type: text/html; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "<html><body><p>A line with an umlaut, =C3=BC, a blank at its end=20\r\n"
	    "and one that goes =\r\non.</p></body></html>\r\n"
	    "--=_mailworthy_inner--\r\n\r\n"
	    "--=_mailworthy_probe\r\n"
	    "Content-Type: text/csv; name=\"probe.csv\"\r\n"
	    "Content-Disposition: attachment; filename=\"probe.csv\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n"
	    "bmFtZTt2YWx1ZQpwcm9iZTsxCg==\r\n"
	    "--=_mailworthy_probe--\r\n");
}

static void
put_long_lines(struct buf *out)
{
	buf_add_str(out, "The next line has words, the one after it has none.\r\n");
	for (unsigned i = 0; i < 180; i++)
		buf_printf(out, "word%03u ", i);
	buf_add_str(out, "end\r\n");
	for (unsigned i = 0; i < 1200; i++)
		buf_add_char(out, (char)('a' + i % 26));
	buf_add_str(out, "\r\nThat was it.\r\n");
}

static void
put_body(struct buf *out, enum probe_trait trait)
{
	if (trait == PROBE_MULTIPART) {
		put_multipart(out);
		return;
	}
	if (trait == PROBE_EMPTY)
		return;
	buf_add_str(out, intro);
	switch (trait) {
	case PROBE_LAYOUT:
		buf_add_str(out, "\r\nTwo blanks end this line  \r\nand a tab this one\t\r\n"
		    ".a dot begins it\r\n..two do\r\n.\r\nFrom here a mailbox file might put a "
		    "mark.\r\n  \r\n\r\n\r\nruns   of \t blanks\r\n-- \r\na signature\r\n\r\n"
		    "\r\n");
		break;
	case PROBE_8BIT:
		buf_add_str(out, "Gr\303\274\303\237e aus K\303\266ln, "
		    "\316\266\317\211\316\256, \343\201\202\343\202\212\r\n");
		break;
	case PROBE_LONG_LINE:
		put_long_lines(out);
		break;
	case PROBE_NO_END:
		buf_add_str(out, "This line does not end");
		break;
	case PROBE_PLAIN: case PROBE_FIELDS: case PROBE_MULTIPART: case PROBE_EMPTY:
	case PROBE_RAW_SUBJECT: case PROBE_TRAITS:
		break;
	}
}

struct slice
probe_make(struct arena *arena, const struct probe *probe)
{
	const char *domain = strrchr(probe->from, '@');
	struct buf out;

	buf_init(&out, arena, PROBE_BYTES_MAX);
	put_date(&out, probe->sent);
	buf_printf(&out, "From: mailworthy doctor <%s>\r\nTo: <%s>\r\n", probe->from, probe->to);
	buf_printf(&out, "Message-ID: <%s.%s.%s%s>\r\n", probe->run, probe_name(probe->trait),
	    probe->way, domain == NULL ? "@probe.test" : domain);
	put_subject(&out, probe);
	buf_printf(&out, PROBE_FIELD ": v=1; trait=%s; way=%s; run=%s;\r\n time=%lld;\r\n"
	    " from=%s;\r\n to=%s\r\n", probe_name(probe->trait), probe->way, probe->run,
	    (long long)probe->sent, probe->from, probe->to);
	buf_add_str(&out, "Auto-Submitted: auto-generated\r\n");
	put_type(&out, probe->trait);
	buf_add_str(&out, "\r\n");
	put_body(&out, probe->trait);
	return (struct slice){ buf_str(&out), out.n };
}

/* ---- reading the field ---- */

static const char *
tag_text(struct arena *arena, const struct tags *tags, const char *name)
{
	const struct tag *tag = tags_find(tags, name);

	return tag == NULL ? "" : slice_dup(arena, tag->value);
}

static bool
is_word(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= 40 && text[n] == '\0';
}

bool
probe_read(struct arena *arena, struct slice value, struct probe *probe_r)
{
	struct tags *tags = arena_alloc(arena, sizeof(*tags));
	const char *trait;
	unsigned long seconds;

	tags_parse(value, tags);
	trait = tag_text(arena, tags, "trait");
	for (probe_r->trait = PROBE_PLAIN; probe_r->trait < PROBE_TRAITS; probe_r->trait++)
		if (strcmp(trait, probe_name(probe_r->trait)) == 0)
			break;
	probe_r->from = tag_text(arena, tags, "from");
	probe_r->to = tag_text(arena, tags, "to");
	probe_r->run = tag_text(arena, tags, "run");
	probe_r->way = tag_text(arena, tags, "way");
	/* gmtime_r() knows years of four digits only */
	if (!slice_number(slice_of(tag_text(arena, tags, "time")), 253402300799UL, &seconds))
		return false;
	probe_r->sent = (time_t)seconds;
	return strcmp(tag_text(arena, tags, "v"), "1") == 0 &&
	    probe_r->trait < PROBE_TRAITS && probe_address_ok(probe_r->from) &&
	    probe_address_ok(probe_r->to) && is_word(probe_r->run) && is_word(probe_r->way);
}
