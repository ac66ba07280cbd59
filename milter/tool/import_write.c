/*
 * Writes the configuration of `mailworthy import`.
 */
#include <string.h>

#include "base/arena.h"
#include "base/ip.h"
#include "settings/types.h"
#include "tool/import_write.h"

enum { WIDTH = 86 };

static void
drop_blank(struct buf *out)
{
	while (out->n > 0 && out->p[out->n - 1] == ' ')
		out->p[--out->n] = '\0';
}

/* A line end in a path would end the comment. */
static void
add_visible(struct buf *out, struct slice word)
{
	for (size_t i = 0; i < word.n; i++)
		buf_add_char(out, (unsigned char)word.p[i] < ' ' ? '?' : word.p[i]);
}

/* Words in lines that begin with "# " and the indent; the first with `first`. */
static void
put_comment(struct buf *out, const char *first, const char *indent, const char *text)
{
	struct slice rest = slice_of(text), word;
	size_t column;

	buf_printf(out, "# %s", first);
	column = strlen(first) + 2;
	while (slice_split(&rest, ' ', &word)) {
		if (column + word.n > WIDTH && column > strlen(indent) + 2) {
			drop_blank(out);
			buf_printf(out, "\n# %s", indent);
			column = strlen(indent) + 2;
		}
		add_visible(out, word);
		buf_add_char(out, ' ');
		column += word.n + 1;
	}
	drop_blank(out);
	buf_add_char(out, '\n');
}

static void
put_remark(struct buf *out, const struct import_remark *remark)
{
	struct arena *arena = out->arena;
	const char *at = remark->at.line == 0 ? remark->at.file :
	    arena_printf(arena, "%s:%u", remark->at.file, remark->at.line);

	put_comment(out, "- ", "  ", arena_printf(arena, "%s: %s%s%s", at,
	    remark->option == NULL ? "" : remark->option, remark->option == NULL ? "" : ": ",
	    remark->text));
}

static void
put_remarks(struct buf *out, const struct import *import, enum import_weight weight,
    const char *heading)
{
	bool any = false;

	for (size_t i = 0; i < import->n_remarks; i++) {
		if (import->remarks[i].weight != weight)
			continue;
		if (!any)
			put_comment(out, "", "", heading);
		any = true;
		put_remark(out, &import->remarks[i]);
	}
	if (any)
		buf_add_str(out, "#\n");
}

static void
put_lines(struct buf *out, const char *heading, const struct import_key_lines *lines)
{
	if (lines->n == 0)
		return;
	put_comment(out, "", "", heading);
	for (size_t i = 0; i < lines->n; i++) {
		put_comment(out, "- ", "  ", lines->p[i].text);
		if (lines->p[i].command != NULL)
			buf_printf(out, "#   %s\n", lines->p[i].command);
	}
	buf_add_str(out, "#\n");
}

/* What the daemon would say at its start. */
static void
put_keys(struct buf *out, const struct import_keys *keys)
{
	put_lines(out, "KEYS THAT MAILWORTHYD REFUSES, and does not start with:",
	    &keys->refused);
	put_lines(out, arena_printf(out->arena, "Keys that the user %s may not read, "
	    "who runs the service of the packages. Copy each to where that user may, with the "
	    "command below it, and name the copy in its section here; or start mailworthyd as "
	    "root:", keys->user != NULL ? keys->user : ""), &keys->closed);
	if (keys->unseen == 0)
		return;
	put_comment(out, "", "", arena_printf(out->arena, "%zu key file%s could not be "
	    "looked at by this user: mailworthyd -n does it as root.", keys->unseen,
	    keys->unseen == 1 ? "" : "s"));
	buf_add_str(out, "#\n");
}

static void
put_main(struct buf *out, const struct import *import)
{
	buf_add_str(out, "\nmode = audit\t\t# changes nothing; enforce when its records "
	    "hold no surprises\nsocket = \"unix:/var/spool/postfix/mailworthy/"
	    "mailworthy.sock\"\n");
	if (import->socket != NULL)
		buf_printf(out, "# the other filter's is %s\n",
		    import_shown(import, import->socket));
	if (!import->signs_logins || !import->signs_local)
		buf_printf(out, "outbound = {%s%snetworks}\n", import->signs_logins ?
		    "authenticated, " : "", import->signs_local ? "local, " : "");
	if (!import->has_networks)
		return;
	buf_add_str(out, "networks = {");
	for (size_t i = 0; i < import->networks.n; i++)
		buf_printf(out, "%s\"%s/%d\"", i == 0 ? "" : ", ", ip_text(out->arena,
		    &import->networks.p[i].addr), import->networks.p[i].bits);
	buf_add_str(out, "}\n");
}

static void
put_domain(struct buf *out, const struct import *import,
    const struct import_domain *domain)
{
	const struct import_key *key;

	buf_add_char(out, '\n');
	put_comment(out, "", "", arena_printf(out->arena, "%s:%u", domain->at.file,
	    domain->at.line));
	buf_printf(out, "domain \"%s\" {\n", domain->name);
	for (size_t i = 0; i < domain->n_keys; i++) {
		key = &domain->keys[i];
		buf_printf(out, "\tkey \"%s\" { file = ", key->selector);
		type_quote(out, key->file);
		buf_add_str(out, " }\n");
	}
	if (domain->sign_as != NULL)
		buf_printf(out, "\tsign-as = \"%s\"\n", domain->sign_as);
	if (import->has_canon && (import->canon_header != CANON_RELAXED ||
	    import->canon_body != CANON_RELAXED))
		buf_printf(out, "\tcanonicalization = \"%s/%s\"\n",
		    import->canon_header == CANON_SIMPLE ? "simple" : "relaxed",
		    import->canon_body == CANON_SIMPLE ? "simple" : "relaxed");
	if (import->has_profile && import->signed_headers == PROFILE_STRICT)
		buf_add_str(out, "\tsigned-headers = strict\n");
	if (import->expire > 0)
		buf_printf(out, "\texpire = %u\n", import->expire);
	buf_add_str(out, "}\n");
}

#define STEP_LOOK "mailworthyd -n -c THIS FILE: it shows the settings in effect and what DNS " \
	"lacks. The keys stay where they are."
#define STEP_BEHIND "In main.cf put unix:mailworthy/mailworthy.sock BEHIND the socket of the " \
	"other filter, in smtpd_milters and in non_smtpd_milters; in audit mode nothing is " \
	"signed twice. Watch the records for a few days."

static const char *const steps_of_signers[] = {
	STEP_LOOK,
	STEP_BEHIND,
	"In one go: take the other filter's socket out of main.cf, set mode = enforce here, "
	    "postfix reload, reload mailworthyd. Never let both sign.",
	"Should that go wrong: mailworthy mode audit, put the old socket back, postfix reload.",
	"Stop the old filter only when the queue holds no mail from before.",
	NULL
};

/* The other filter stays, for mail that comes in. */
static const char *const steps_beside[] = {
	STEP_LOOK,
	STEP_BEHIND,
	"In one go: have the other filter sign no more (it stays in main.cf, for mail that comes "
	    "in: mailworthy-migrate(7) names its options), set mode = enforce here, reload "
	    "both. Never let both sign.",
	"Should that go wrong: mailworthy mode audit, and have the other filter sign again.",
	NULL
};

static const char *const steps_of_opendmarc[] = {
	"OpenDMARC judges mail that comes in, and mailworthy mail that leaves, before the "
	    "receivers do. OpenDMARC may stay as it is: nothing of it is replaced.",
	"Make keys with mailworthy keygen, or take them from the filter that signs now "
	    "(mailworthy import opendkim, mailworthy import rspamd).",
	"Put unix:mailworthy/mailworthy.sock behind OpenDMARC's socket in smtpd_milters of "
	    "main.cf; mail that comes in is let through there at once.",
	NULL
};

static void
put_steps(struct buf *out, const struct import *import, const struct import_source *source)
{
	const char *const *steps = strcmp(source->program, "opendmarc") == 0 ?
	    steps_of_opendmarc : import->verifies ? steps_beside : steps_of_signers;

	buf_add_str(out, "\n# What to do next; mailworthy-migrate(7) tells more:\n");
	for (unsigned i = 0; steps[i] != NULL; i++)
		put_comment(out, arena_printf(out->arena, "%u. ", i + 1), "   ", steps[i]);
}

void
import_write(struct buf *out, const struct import *import,
    const struct import_source *source, const struct import_keys *keys)
{
	put_comment(out, "", "", arena_printf(out->arena, "Taken over from %s, %s, by "
	    "\"mailworthy import %s\".", source->title, source->path, source->program));
	buf_add_str(out, "#\n");
	put_remarks(out, import, IMPORT_ERROR, "NOT TAKEN OVER, and mail would leave in "
	    "another way than before:");
	if (keys != NULL)
		put_keys(out, keys);
	put_remarks(out, import, IMPORT_WARNING, "Not quite as it was:");
	put_remarks(out, import, IMPORT_NOTE, "Left out, and not missed:");
	if (import->n_untold > 0)
		buf_printf(out, "# (%zu more remarks)\n#\n", import->n_untold);
	put_main(out, import);
	for (size_t i = 0; i < import->n_domains; i++) {
		if (import->domains[i].n_keys > 0)	/* else a remark has said why */
			put_domain(out, import, &import->domains[i]);
	}
	put_steps(out, import, source);
}
