/*
 * The table of logins, a line each:
 *
 *	login: address @domain *	# comment
 */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "settings/build.h"
#include "settings/errors.h"
#include "settings/names.h"

enum { LOGINS_MAX = 1000000, LOGIN_MAX = 255 };

/* One table being read. */
struct table {
	struct reading *reading;
	const char *file;
	unsigned line;
	struct map *seen;		/* login -> struct settings_login */
	size_t capacity;
};

static bool
is_owned(struct slice word)
{
	if (slice_eq(word, SLICE("*")) || name_is_mailbox(word))
		return true;
	return word.n > 0 && word.p[0] == '@' && name_is_domain(slice_sub(word, 1, word.n));
}

/* The next word of a line, or false. */
static bool
next_word(struct slice *rest, struct slice *word_r)
{
	size_t n = 0;

	*rest = slice_trim(*rest);
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t' && rest->p[n] != ',')
		n++;
	*word_r = slice_sub(*rest, 0, n);
	*rest = slice_sub(*rest, n < rest->n && rest->p[n] == ',' ? n + 1 : n, rest->n);
	return word_r->n > 0 || rest->n > 0;
}

static size_t
count_words(struct slice rest)
{
	struct slice word;
	size_t n = 0;

	while (next_word(&rest, &word))
		n++;
	return n;
}

static void
read_owned(struct table *table, struct slice rest, struct settings_login *login)
{
	struct reading *reading = table->reading;
	size_t n = count_words(rest);
	struct slice word;

	if (n == 0)
		errors_add(reading->errors, table->file, table->line, login->login,
		    "expected at least one address, @domain or * after the login");
	login->owns.p = arena_array(reading->arena, n, sizeof(*login->owns.p));
	while (next_word(&rest, &word)) {
		if (is_owned(word))
			login->owns.p[login->owns.n++] =
			    slice_dup_lower(reading->arena, word);
		else
			errors_add(reading->errors, table->file, table->line, login->login,
			    "expected addresses, @domain or * (got %s)",
			    errors_shown(reading->errors,
			    slice_dup(reading->work, word)));
	}
}

static struct settings_login *
add_login(struct table *table)
{
	struct settings *settings = table->reading->settings;
	struct settings_login *more;

	if (settings->n_logins == table->capacity) {
		table->capacity = table->capacity == 0 ? 16 : 2 * table->capacity;
		more = arena_array(table->reading->arena, table->capacity, sizeof(*more));
		if (settings->n_logins > 0)
			memcpy(more, settings->logins, settings->n_logins * sizeof(*more));
		settings->logins = more;
	}
	return &settings->logins[settings->n_logins++];
}

static void
read_login(struct table *table, struct slice line)
{
	struct reading *reading = table->reading;
	struct settings_login *login;
	size_t colon = line.n;
	struct slice name;
	const char *lower;

	/* The last colon that a blank or the end follows: logins may hold one. */
	for (size_t i = 0; i < line.n && colon == line.n; i++) {
		if (line.p[i] == ':' && (i + 1 == line.n || line.p[i + 1] == ' ' ||
		    line.p[i + 1] == '\t'))
			colon = i;
	}
	name = slice_trim(slice_sub(line, 0, colon));
	if (colon == line.n || name.n == 0 || name.n > LOGIN_MAX) {
		errors_add(reading->errors, table->file, table->line, NULL,
		    "expected \"login: address @domain *\" (got %s)",
		    errors_shown(reading->errors, slice_dup(reading->work, line)));
		return;
	}
	lower = slice_dup_lower(reading->arena, name);
	if (map_get(table->seen, lower) != NULL) {
		errors_add(reading->errors, table->file, table->line, lower,
		    "expected each login once (it stands in a line above)");
		return;
	}
	login = add_login(table);
	login->login = lower;
	map_set(table->seen, lower, login);
	read_owned(table, slice_sub(line, colon + 1, line.n), login);
}

static void
read_table(struct table *table, struct slice text)
{
	struct slice line;

	while (slice_split(&text, '\n', &line)) {
		table->line++;
		line = slice_trim(slice_sub(line, 0, slice_find(line, '#')));
		if (line.n > 0 && table->reading->settings->n_logins < LOGINS_MAX)
			read_login(table, line);
	}
}

void
build_logins(struct reading *reading, unsigned line)
{
	struct table table = { .reading = reading };
	const struct file *file;

	file = files_get(reading->files, reading->settings->logins_file);
	if (file->bytes == NULL) {
		errors_add(reading->errors, reading->file, line, "logins",
		    "expected a file that can be read (%s: %s)",
		    log_safe(reading->work, slice_of(file->path), 200),
		    strerror(file->error));
		return;
	}
	table.file = file->path;
	table.seen = map_new(reading->work);
	read_table(&table, (struct slice){ file->bytes, file->size });
	/* every login could write as anybody */
	if (errors_count(reading->errors) == 0 && reading->settings->n_logins == 0)
		errors_add(reading->errors, file->path, 0, NULL, "expected at least one "
		    "login: was the file cut off while it was saved?");
}
