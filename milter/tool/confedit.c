/*
 * Edits a configuration file.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "core/core.h"
#include "settings/errors.h"
#include "settings/files.h"
#include "settings/scan.h"
#include "settings/settings.h"
#include "tool/confedit.h"
#include "tool/tool.h"

struct place {			/* of the last key of a section */
	size_t begin, end;	/* of its text: from "key" to after its "}" */
};

/* ---- where ---- */

static size_t
offset_of(const struct scanner *scanner, struct slice text)
{
	return text.n - scanner->rest.n;
}

/* From after the "{" of the section up to its "}". */
static bool
find_last_key(struct scanner *scanner, struct slice text, struct place *place_r)
{
	unsigned depth = 1;
	bool found = false, in_key = false;
	struct token token;

	while (depth > 0) {
		token = scanner_next(scanner);
		switch (token.kind) {
		case TOKEN_END:
			return false;
		case TOKEN_OPEN:
			depth++;
			break;
		case TOKEN_CLOSE:
			depth--;
			if (depth == 1 && in_key) {
				place_r->end = offset_of(scanner, text);
				found = true;
				in_key = false;
			}
			break;
		case TOKEN_WORD:
			if (depth == 1 && strcmp(token.text, "key") == 0) {
				place_r->begin = offset_of(scanner, text) - strlen("key");
				in_key = true;
			}
			break;
		case TOKEN_STRING:
		case TOKEN_EQUAL:
		case TOKEN_APPEND:
		case TOKEN_COMMA:
			break;
		}
	}
	return found;
}

static bool
find_place(struct arena *arena, struct slice text, unsigned line, const char *name,
    struct place *place_r)
{
	struct errors *errors = errors_new(arena);
	struct scanner scanner;
	struct token token;

	scanner_init(&scanner, text, "", arena, errors);
	do {
		token = scanner_next(&scanner);
		if (token.kind != TOKEN_WORD || token.line != line ||
		    strcmp(token.text, "domain") != 0)
			continue;
		token = scanner_next(&scanner);
		if (token.kind == TOKEN_END || strcasecmp(token.text, name) != 0)
			continue;
		token = scanner_next(&scanner);
		return token.kind == TOKEN_OPEN && find_last_key(&scanner, text, place_r);
	} while (token.kind != TOKEN_END);
	return false;
}

/* ---- the text ---- */

static struct slice
line_before(struct slice text, size_t at)
{
	size_t begin = at;

	while (begin > 0 && text.p[begin - 1] != '\n')
		begin--;
	return slice_sub(text, begin, at - begin);
}

/* Only blanks and a comment stand between the key and the end of its line. */
static bool
ends_its_line(struct slice text, size_t at)
{
	struct slice rest = slice_trim(slice_sub(text, at, slice_find(slice_sub(text, at,
	    text.n), '\n')));

	return rest.n == 0 || rest.p[0] == '#' || slice_starts_nocase(rest, "//");
}

const char *
confedit_add_key(struct arena *arena, struct slice text, unsigned line, const char *name,
    const char *entry, const char **error_r)
{
	struct place place = { 0, 0 };
	struct slice indent;
	struct buf out;
	size_t at;

	if (!find_place(arena, text, line, name, &place)) {
		*error_r = arena_printf(arena, "no section \"%s\" with a key begins on line %u",
		    name, line);
		return NULL;
	}
	buf_init(&out, arena, text.n + strlen(entry) + 1024);
	indent = line_before(text, place.begin);
	if (slice_trim(indent).n == 0 && ends_its_line(text, place.end)) {
		at = place.end + slice_find(slice_sub(text, place.end, text.n), '\n');
		buf_add_slice(&out, slice_sub(text, 0, at));
		buf_add_char(&out, '\n');
		buf_add_slice(&out, indent);
		buf_add_str(&out, entry);
		if (at > 0 && text.p[at - 1] == '\r')
			buf_add_char(&out, '\r');
	} else {
		at = place.end;
		buf_add_slice(&out, slice_sub(text, 0, at));
		buf_add_char(&out, ' ');
		buf_add_str(&out, entry);
	}
	buf_add_slice(&out, slice_sub(text, at, text.n));
	return buf_str(&out);
}

/* ---- the file ---- */

static int
failed(struct arena *arena, const char *what, const char *path, const char *fresh,
    int fd, const char **error_r)
{
	*error_r = arena_printf(arena, "cannot %s %s: %s%s", what, path, strerror(errno),
	    errno == EACCES || errno == EPERM ? " (run it as root)" : "");
	if (fd != -1)
		close(fd);
	if (fresh != NULL)
		unlink(fresh);
	return -1;
}

/* As the daemon would load it, with the keys. */
static int
try_it(struct arena *arena, const char *path, const char *fresh, const char **error_r)
{
	struct files *files = files_new();
	struct snapshot *snapshot = snapshot_load(files, fresh, arena, error_r);
	int status = snapshot != NULL ? 0 : -1;

	if (snapshot == NULL)
		*error_r = arena_printf(arena, "%s would not load with the new line, and is as "
		    "it was:\n%s", path, *error_r);
	snapshot_unref(&snapshot);
	files_free(&files);
	return status;
}

/* Nobody else wrote to it since it was read. */
static bool
is_as_before(struct arena *arena, const char *path, struct slice before)
{
	const char *error = "";
	struct slice now;

	return tool_read(arena, path, SETTINGS_FILE_MAX, &now, &error) && slice_eq(now, before);
}

int
confedit_make_like(int fd, const struct stat *st)
{
	if (fchown(fd, st->st_uid, st->st_gid) != 0 && (st->st_uid != geteuid() ||
	    st->st_gid != getegid()))
		return -1;
	return fchmod(fd, st->st_mode & 07777);
}

int
confedit_replace(struct arena *arena, const char *path, struct slice before,
    const char *text, const char **error_r)
{
	char real[PATH_MAX];
	const char *fresh;
	struct stat st;
	size_t n = strlen(text);
	int fd;

	if (realpath(path, real) == NULL || stat(real, &st) != 0)
		return failed(arena, "read", path, NULL, -1, error_r);
	fresh = arena_printf(arena, "%s.new.%ld", real, (long)getpid());
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return failed(arena, "write", fresh, NULL, -1, error_r);
	if (confedit_make_like(fd, &st) != 0)
		return failed(arena, "keep owner and permissions of", path, fresh, fd, error_r);
	if (write(fd, text, n) != (ssize_t)n || fsync(fd) != 0)
		return failed(arena, "write", fresh, fresh, fd, error_r);
	close(fd);
	if (try_it(arena, path, fresh, error_r) != 0) {
		unlink(fresh);
		return -1;
	}
	if (!is_as_before(arena, real, before)) {
		unlink(fresh);
		*error_r = arena_printf(arena, "%s was changed meanwhile; it is as it was",
		    path);
		return -1;
	}
	if (rename(fresh, real) != 0)
		return failed(arena, "replace", path, fresh, -1, error_r);
	return 0;
}
