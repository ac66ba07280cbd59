/*
 * The doctor on Postfix: lines for main.cf and master.cf, made of the whole value
 * that stands there.  A line that would lose what it replaces is not printed.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "settings/settings.h"
#include "tool/doctor_mta.h"

/* ---- who in a list is us ---- */

/* An address of ours that leads nowhere: the socket has moved since. */
bool
mta_is_stale(const struct mta *mta, const struct postfix_service *service,
    const struct postfix_milter *milter)
{
	if (milter->kind != MILTER_UNIX || strstr(milter->path, "mailworthy") == NULL ||
	    postfix_milter_is(mta->postfix, service, milter, mta->doctor->settings->socket))
		return false;
	return access(postfix_milter_file(mta->postfix, service, milter), F_OK) != 0 &&
	    errno == ENOENT;
}

static bool
is_us(const struct mta *mta, const struct postfix_service *service,
    const struct postfix_milter *milter)
{
	const char *socket = mta->doctor->settings->socket;

	return postfix_milter_is(mta->postfix, service, milter, socket) ||
	    (milter->kind == MILTER_UNIX && strncmp(socket, "unix:", 5) == 0 &&
	    strcmp(milter->path, socket + 5) == 0) ||	/* as seen out of the chroot */
	    mta_is_stale(mta, service, milter);
}

/* Main.cf speaks for each daemon that has no list of its own: one in a chroot is
 * enough to need an address within it. */
static bool
is_for_chroot(const struct mta *mta, const struct postfix_service *service, const char *name)
{
	const struct postfix_service *other = NULL;
	const char *command = strcmp(name, "smtpd_milters") == 0 ? "smtpd" : "cleanup";

	if (service != NULL && service->chrooted)
		return true;
	while (!postfix_overrides(service, name) &&
	    (other = postfix_next(mta->postfix, other, command)) != NULL)
		if (other->chrooted && !postfix_overrides(other, name))
			return true;
	return false;
}

/* True where the chroot does not have the socket: it must be put there. */
static bool
our_address(const struct mta *mta, const struct postfix_service *service, const char *name,
    const char **address_r)
{
	*address_r = postfix_milter_for(mta->postfix, mta->doctor->settings->socket,
	    is_for_chroot(mta, service, name));
	if (*address_r != NULL)
		return false;
	*address_r = "unix:mailworthy/mailworthy.sock";
	return true;
}

/* ---- lists ---- */

/*
 * One entry of a list: its address, where `address` is not NULL, and the settings
 * in its braces that `wishes` names, anew; the rest as it is written.
 */
static const char *
entry_anew(struct arena *arena, struct slice entry, const char *address,
    const struct mta_wish *wishes, size_t n)
{
	const char *text = NULL;
	struct slice word;

	if (entry.n < 2 || entry.p[0] != '{' || entry.p[entry.n - 1] != '}')
		return address != NULL ? address : slice_dup(arena, entry);
	entry = slice_sub(entry, 1, entry.n - 2);
	while (postfix_word(&entry, &word)) {
		struct slice bare = word, name;
		const char *one = slice_dup(arena, word);

		if (bare.n >= 2 && bare.p[0] == '{' && bare.p[bare.n - 1] == '}')
			bare = slice_sub(bare, 1, bare.n - 2);
		name = slice_trim(slice_sub(bare, 0, slice_find(bare, '=')));
		for (size_t i = 0; text != NULL && i < n; i++)
			if (slice_is(name, wishes[i].name))
				one = arena_printf(arena, "%s=%s", wishes[i].name,
				    wishes[i].value);
		text = text == NULL ? arena_printf(arena, "{ %s", address != NULL ? address :
		    one) : arena_printf(arena, "%s, %s", text, one);
	}
	return text == NULL ? "" : arena_printf(arena, "%s }", text);
}

static void
add_entry(struct arena *arena, const char **list, const char *entry)
{
	*list = **list == '\0' ? entry : arena_printf(arena, "%s, %s", *list, entry);
}

/* The list with our entry at `address` (NULL: without it) and mended by wishes. */
static const char *
list_anew(const struct mta *mta, const struct postfix_service *service, const char *name,
    const char *address, const struct mta_wish *wishes, size_t n)
{
	struct arena *arena = mta->doctor->arena;
	struct slice rest = slice_of(postfix_get_in(mta->postfix, service, name)), word;
	const char *list = "";
	bool named = false;

	while (postfix_word(&rest, &word)) {
		const char *text = slice_dup(arena, word);
		size_t count;
		const struct postfix_milter *milter = postfix_milters(arena, text, &count);

		if (count != 1 || !is_us(mta, service, milter)) {
			if (address == NULL || strcmp(text, address) != 0)
				add_entry(arena, &list, text);
			else if (!named)	/* where the socket is to be put */
				add_entry(arena, &list, address);
			named = named || (address != NULL && strcmp(text, address) == 0);
		} else if (address != NULL && !named) {
			add_entry(arena, &list, entry_anew(arena, word, n > 0 ? NULL :
			    address, wishes, n));
			named = true;
		}
	}
	if (address != NULL && !named)
		add_entry(arena, &list, address);
	return list;
}

const char *
mta_list_with_us(const struct mta *mta, const struct postfix_service *service,
    const char *name)
{
	const char *address;

	our_address(mta, service, name, &address);
	return list_anew(mta, service, name, address, NULL, 0);
}

const char *
mta_list_without_us(const struct mta *mta, const struct postfix_service *service,
    const char *name)
{
	return list_anew(mta, service, name, NULL, NULL, 0);
}

const char *
mta_list_mended(const struct mta *mta, const struct postfix_service *service,
    const char *name, const struct mta_wish *wishes, size_t n)
{
	const char *address;

	our_address(mta, service, name, &address);
	return list_anew(mta, service, name, address, wishes, n);
}

/* ---- lines ---- */

bool
mta_paste_option(struct mta *mta, struct doctor_line *line, const char *name,
    const char *value)
{
	const char *whole = doctor_whole(mta->doctor, value);

	if (whole != NULL)
		doctor_paste(mta->doctor, line, strpbrk(whole, " \t,{}") != NULL ?
		    "  -o { %s = %s }" : "  -o %s=%s", name, whole);
	return whole != NULL;
}

void
mta_fix_setting(struct mta *mta, struct doctor_line *line,
    const struct postfix_service *service, const char *name, const char *value)
{
	const char *dir = mta->postfix->dir, *whole = doctor_whole(mta->doctor, value);

	if (postfix_overrides(service, name)) {
		doctor_fix(mta->doctor, line, "In %s/master.cf, below \"%s %s\" in place of the "
		    "%s that is there, then `postfix reload`:", dir, service->name,
		    service->type, name);
		if (mta_paste_option(mta, line, name, value))
			return;
	} else {
		doctor_fix(mta->doctor, line, "In %s/main.cf, then `postfix reload`:", dir);
		if (whole != NULL) {
			doctor_paste(mta->doctor, line, "%s =%s%s", name,
			    *whole == '\0' ? "" : " ", whole);
			return;
		}
	}
	doctor_fix(mta->doctor, line, "Write %s in %s anew by hand, and keep what stands there: "
	    "it is too long or has bytes that cannot be printed, so there is no line to paste.", name,
	    dir);
}

/* The other list of main.cf, where it names the socket that moves. */
static void
paste_other_list(struct mta *mta, struct doctor_line *line, const char *name)
{
	const char *other = strcmp(name, "smtpd_milters") == 0 ? "non_smtpd_milters" :
	    "smtpd_milters";
	const char *list = postfix_get(mta->postfix, other), *anew;
	struct postfix_milter *milters;
	size_t n, i;

	milters = postfix_milters(mta->doctor->arena, list, &n);
	for (i = 0; i < n && !is_us(mta, NULL, &milters[i]); i++)
		;
	if (i == n)
		return;
	anew = doctor_whole(mta->doctor, list_anew(mta, NULL, other,
	    "unix:mailworthy/mailworthy.sock", NULL, 0));
	if (anew != NULL)
		doctor_paste(mta->doctor, line, "%s = %s", other, anew);
}

/* The socket goes below the queue directory, and every list has to follow. */
static void
fix_by_moving(struct mta *mta, struct doctor_line *line, const struct postfix_service *service,
    const char *name, const char *list)
{
	const char *queue = doctor_whole(mta->doctor, postfix_get(mta->postfix,
	    "queue_directory")), *conf = mta->doctor->settings->path;
	bool own = postfix_overrides(service, name);
	const char *where = own ? arena_printf(mta->doctor->arena, "below \"%s %s\" in "
	    "%s/master.cf", service->name, service->type, mta->postfix->dir) :
	    arena_printf(mta->doctor->arena, "in %s/main.cf", mta->postfix->dir);

	if (queue == NULL || doctor_whole(mta->doctor, list) == NULL) {
		doctor_fix(mta->doctor, line, "Put the socket below Postfix's queue_directory, "
		    "by `socket` in %s, and name it %s as it is seen from there.", conf, where);
		return;
	}
	doctor_fix(mta->doctor, line, "Put the socket where the chroot has it: `socket` in %s, "
	    "%s %s; wherever else the old path is named, the new one, too. Then restart "
	    "mailworthyd and `postfix reload`:", conf, name, where);
	doctor_paste(mta->doctor, line, "socket = \"unix:%s/mailworthy/mailworthy.sock\"",
	    queue);
	if (strcmp(list, postfix_get_in(mta->postfix, service, name)) == 0)
		;		/* it names the new place already */
	else if (own)
		mta_paste_option(mta, line, name, list);
	else
		doctor_paste(mta->doctor, line, "%s = %s", name, list);
	paste_other_list(mta, line, name);
}

void
mta_fix_list(struct mta *mta, struct doctor_line *line, const struct postfix_service *service,
    const char *name)
{
	const char *address, *list;
	bool moves = our_address(mta, service, name, &address);

	list = list_anew(mta, service, name, address, NULL, 0);
	if (moves)
		fix_by_moving(mta, line, service, name, list);
	else
		mta_fix_setting(mta, line, service, name, list);
}

bool
mta_must_move(const struct mta *mta, const struct postfix_service *service, const char *name)
{
	const char *address;

	return our_address(mta, service, name, &address);
}
