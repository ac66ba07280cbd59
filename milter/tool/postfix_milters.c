/*
 * The milters that Postfix is told to ask, and whether one of them is us.
 */
#include <string.h>

#include "base/arena.h"
#include "base/ip.h"
#include "tool/postfix.h"

/* "inet:host:port", "inet:[2001:db8::1]:8893" behind "inet:". */
static void
read_inet(struct arena *arena, struct slice text, struct postfix_milter *milter)
{
	struct slice host;
	size_t colon = text.n;

	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return;
	host = slice_sub(text, 0, colon - 1);
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_sub(host, 1, host.n - 2);
	milter->kind = MILTER_INET;
	milter->host = slice_dup_lower(arena, host);
	milter->port = slice_dup_lower(arena, slice_sub(text, colon, text.n));
}

static void
read_address(struct arena *arena, struct slice text, struct postfix_milter *milter)
{
	milter->text = slice_dup(arena, text);
	milter->kind = MILTER_OTHER;
	milter->path = milter->host = milter->port = "";
	if (slice_starts_nocase(text, "inet:")) {
		read_inet(arena, slice_sub(text, 5, text.n), milter);
	} else if (slice_starts_nocase(text, "unix:") || slice_starts_nocase(text, "local:")) {
		milter->kind = MILTER_UNIX;
		milter->path = slice_dup(arena, slice_sub(text, slice_find(text, ':') + 1,
		    text.n));
	}
}

/* "{ inet:host:port, default_action=accept, ... }" without its braces. */
static void
read_group(struct arena *arena, struct slice text, struct postfix_milter *milter)
{
	const struct { const char *name; const char **value; } settings[] = {
		{ "default_action", &milter->default_action },
		{ "command_timeout", &milter->command_timeout },
		{ "content_timeout", &milter->content_timeout },
		{ "protocol", &milter->protocol },
	};
	struct slice word, name;
	bool first = true;

	while (postfix_word(&text, &word)) {
		if (first) {
			read_address(arena, word, milter);
			first = false;
			continue;
		}
		if (word.n >= 2 && word.p[0] == '{' && word.p[word.n - 1] == '}')
			word = slice_trim(slice_sub(word, 1, word.n - 2));
		name = slice_trim(slice_sub(word, 0, slice_find(word, '=')));
		for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
			if (slice_is(name, settings[i].name))
				*settings[i].value = slice_dup(arena, slice_trim(slice_sub(
				    word, slice_find(word, '=') + 1, word.n)));
	}
	if (first)
		read_address(arena, SLICE(""), milter);
}

struct postfix_milter *
postfix_milters(struct arena *arena, const char *list, size_t *n_r)
{
	struct postfix_milter *milters = arena_array(arena, POSTFIX_MILTERS_MAX,
	    sizeof(*milters));
	struct slice rest = slice_of(list), word;

	*n_r = 0;
	while (*n_r < POSTFIX_MILTERS_MAX && postfix_word(&rest, &word)) {
		struct postfix_milter *milter = &milters[(*n_r)++];

		if (word.n >= 2 && word.p[0] == '{' && word.p[word.n - 1] == '}')
			read_group(arena, slice_sub(word, 1, word.n - 2), milter);
		else
			read_address(arena, word, milter);
	}
	return milters;
}

/* A path without "//" and trailing '/'. */
static const char *
tidy(struct arena *arena, const char *path)
{
	char *out = arena_strdup(arena, path), *to = out;

	for (const char *from = out; *from != '\0'; from++)
		if (*from != '/' || from[1] != '/')
			*to++ = *from;
	if (to > out + 1 && to[-1] == '/')
		to--;
	*to = '\0';
	return out;
}

/* In a chroot every path begins at the queue directory; out of it every
 * relative one does, since daemons stand there. */
const char *
postfix_milter_file(const struct postfix *postfix, const struct postfix_service *service,
    const struct postfix_milter *milter)
{
	if (*milter->path == '/' && (service == NULL || !service->chrooted))
		return tidy(postfix->arena, milter->path);
	return tidy(postfix->arena, arena_printf(postfix->arena, "%s/%s",
	    postfix_get(postfix, "queue_directory"), milter->path));
}

static bool
same_host(const char *ours, const char *theirs)
{
	struct ip a, b;
	bool ours_ip = ip_parse(slice_of(ours), &a), theirs_ip = ip_parse(slice_of(theirs), &b);
	bool local = strcmp(theirs, "localhost") == 0 || (theirs_ip && ip_is_loopback(&b));

	if (ours_ip && theirs_ip && ip_eq(&a, &b))
		return true;
	if (strcmp(ours, theirs) == 0)
		return true;
	/* "localhost" is 127.0.0.1 or ::1; 0.0.0.0 takes what comes for any of them */
	if (ours_ip && ip_is_loopback(&a))
		return strcmp(theirs, "localhost") == 0;
	if (strcmp(ours, "localhost") == 0)
		return local;
	return ours_ip && ip_is_private(&a) &&
	    (strcmp(ours, "0.0.0.0") == 0 || strcmp(ours, "::") == 0);
}

bool
postfix_milter_is(const struct postfix *postfix, const struct postfix_service *service,
    const struct postfix_milter *milter, const char *socket)
{
	struct slice ours = slice_of(socket), port;
	size_t at;

	if (slice_starts_nocase(ours, "unix:"))
		return milter->kind == MILTER_UNIX && strcmp(postfix_milter_file(postfix,
		    service, milter), tidy(postfix->arena, socket + 5)) == 0;
	if (milter->kind != MILTER_INET)
		return false;
	ours = slice_sub(ours, slice_find(ours, ':') + 1, ours.n);
	at = slice_find(ours, '@');
	port = slice_sub(ours, 0, at);
	return slice_eq(port, slice_of(milter->port)) && same_host(slice_dup_lower(
	    postfix->arena, slice_sub(ours, at + 1, ours.n)), milter->host);
}

const char *
postfix_milter_for(const struct postfix *postfix, const char *socket, bool chrooted)
{
	const char *queue = tidy(postfix->arena, postfix_get(postfix, "queue_directory"));
	struct slice ours = slice_of(socket), host;
	size_t n = strlen(queue), at;

	if (slice_starts_nocase(ours, "unix:")) {
		const char *path = tidy(postfix->arena, socket + 5);

		if (n > 1 && strncmp(path, queue, n) == 0 && path[n] == '/')
			return arena_printf(postfix->arena, "unix:%s", path + n + 1);
		return chrooted ? NULL : arena_printf(postfix->arena, "unix:%s", path);
	}
	ours = slice_sub(ours, slice_find(ours, ':') + 1, ours.n);
	at = slice_find(ours, '@');
	host = slice_sub(ours, at + 1, ours.n);
	if (host.n == 0 || slice_is(host, "0.0.0.0") || slice_is(host, "::"))
		host = SLICE("localhost");
	return arena_printf(postfix->arena, slice_find(host, ':') < host.n ?
	    "inet:[%s]:%s" : "inet:%s:%s", slice_dup(postfix->arena, host),
	    slice_dup(postfix->arena, slice_sub(ours, 0, at)));
}
