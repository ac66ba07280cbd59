/*
 * What DNS has shown of each key, kept in a small file over restarts.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "dkim/keyring.h"
#include "dkim/sightings.h"
#include "dns/dns.h"

enum { SECOND_LOOK = 60, PARTS = 14, NAME_SIZE = 320, CLOCK_SLACK = 3600 };

#define TIME_LIMIT (INT64_C(1) << 40)	/* seconds: the year 36812 */
#define FIRST_LINE "mailworthy-sightings 1\n"

struct sightings {
	pthread_mutex_t saving;		/* the file; taken before lock */
	pthread_mutex_t lock;		/* over all below but path */
	struct arena *arena;
	struct map *by_key;		/* "name fingerprint": struct sighting */
	char *path;			/* NULL: memory only */
	bool changed;
};

static const char *const state_names[] = {
	[KEY_DNS_UNKNOWN] = "unknown",
	[KEY_DNS_MATCH] = "match",
	[KEY_DNS_MISSING] = "missing",
	[KEY_DNS_MISMATCH] = "mismatch",
	[KEY_DNS_REVOKED] = "revoked",
	[KEY_DNS_MALFORMED] = "malformed",
};
enum { STATES = sizeof(state_names) / sizeof(state_names[0]) };

const char *
key_dns_name(enum key_dns state)
{
	return state_names[state];
}

/* ---- the file ---- */

static bool
read_state(struct slice text, enum key_dns *state_r)
{
	for (int i = 0; i < STATES; i++) {
		if (slice_eq(text, slice_of(state_names[i]))) {
			*state_r = (enum key_dns)i;
			return true;
		}
	}
	return false;
}

static bool
read_time(struct slice text, time_t *time_r)
{
	unsigned long number;

	if (!slice_number(text, TIME_LIMIT, &number))
		return false;
	*time_r = (time_t)number;
	return true;
}

static bool
read_numbers(const struct slice *parts, struct sighting *sighting)
{
	unsigned long ttl, testing, bits;

	if (!read_time(parts[0], &sighting->since) ||
	    !read_time(parts[1], &sighting->last) ||
	    !read_time(parts[2], &sighting->last_match) ||
	    !slice_number(parts[3], UINT32_MAX, &ttl) ||
	    !read_time(parts[4], &sighting->first_bad) ||
	    !read_time(parts[5], &sighting->second_bad) ||
	    !read_time(parts[6], &sighting->expires) ||
	    !slice_number(parts[7], 1, &testing) ||
	    !slice_number(parts[8], 1000000, &bits))
		return false;
	sighting->ttl = (uint32_t)ttl;
	sighting->testing = testing == 1;
	sighting->record_bits = (unsigned)bits;
	return true;
}

/* Text that stays one part of one line, in the file and for people. */
static void
copy_text(char *to, size_t size, struct slice text)
{
	size_t i;

	for (i = 0; i < text.n && i + 1 < size; i++)
		to[i] = (unsigned char)text.p[i] < ' ' || text.p[i] == 127 ? ' ' :
		    text.p[i];
	to[i] = '\0';
}

static void
remember(struct sightings *sightings, const char *name, const struct sighting *sighting)
{
	struct sighting *kept = map_get(sightings->by_key, name);

	if (kept == NULL) {
		if (map_count(sightings->by_key) >= SIGHTINGS_MAX)
			return;
		kept = arena_alloc(sightings->arena, sizeof(*kept));
		map_set(sightings->by_key, name, kept);
	}
	*kept = *sighting;
}

static bool
is_graphic(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return false;
	}
	return text.n > 0;
}

static bool
read_line(struct slice line, char name[NAME_SIZE], struct sighting *sighting)
{
	struct slice parts[PARTS] = { { NULL, 0 } };
	size_t n = 0;

	while (n < PARTS && slice_split(&line, '\t', &parts[n]))
		n++;
	if (n < PARTS - 1 || !is_graphic(parts[0]) || !is_graphic(parts[1]) ||
	    parts[0].n + parts[1].n + 2 > NAME_SIZE ||
	    !read_state(parts[2], &sighting->state) ||
	    !read_numbers(&parts[3], sighting))
		return false;
	copy_text(sighting->resolver, sizeof(sighting->resolver), parts[12]);
	copy_text(sighting->problem, sizeof(sighting->problem), parts[13]);
	snprintf(name, NAME_SIZE, "%.*s %.*s", (int)parts[0].n, parts[0].p,
	    (int)parts[1].n, parts[1].p);
	return true;
}

/* The latest look, or now when that is earlier: a clock that is or was wrong alone
 * makes nothing old. */
static time_t
newest_look(struct slice text)
{
	time_t newest = 0, now = time(NULL);
	struct sighting sighting;
	char name[NAME_SIZE];
	struct slice line;

	while (slice_split(&text, '\n', &line)) {
		sighting = (struct sighting){ .since = 0 };
		if (read_line(line, name, &sighting) && sighting.last > newest)
			newest = sighting.last;
	}
	return newest < now ? newest : now;
}

int
sightings_read(struct sightings *sightings, struct slice text, size_t *bad_lines_r)
{
	const size_t n = sizeof(FIRST_LINE) - 1;
	struct sighting sighting;
	char name[NAME_SIZE];
	struct slice line;
	time_t newest;

	*bad_lines_r = 0;
	if (text.n < n || memcmp(text.p, FIRST_LINE, n) != 0)
		return -1;
	text = slice_sub(text, n, text.n);
	newest = newest_look(text);
	while (slice_split(&text, '\n', &line)) {
		sighting = (struct sighting){ .since = 0 };
		if (line.n == 0)
			continue;
		if (!read_line(line, name, &sighting))
			++*bad_lines_r;
		else if (newest - sighting.last <= SIGHTINGS_KEPT_SECONDS)
			remember(sightings, name, &sighting);
	}
	return 0;
}

static void
write_line(void *context, const char *name, void *value)
{
	const struct sighting *s = value;
	const char *blank = strchr(name, ' ');

	fprintf(context, "%.*s\t%s\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRIu32
	    "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\t%u\t%s\t%s\n",
	    (int)(blank - name), name, blank + 1,
	    state_names[s->state], (int64_t)s->since, (int64_t)s->last,
	    (int64_t)s->last_match, s->ttl, (int64_t)s->first_bad,
	    (int64_t)s->second_bad, (int64_t)s->expires, s->testing ? 1 : 0,
	    s->record_bits, s->resolver, s->problem);
}

char *
sightings_text(struct sightings *sightings, size_t *size_r)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, size_r);

	if (stream == NULL)
		bug("out of memory");
	fputs(FIRST_LINE, stream);
	map_each(sightings->by_key, write_line, stream);
	if (fclose(stream) != 0)
		bug("out of memory");
	return text;
}

/* The whole file, for free(); NULL and errno. */
static char *
load_file(const char *path, size_t *size_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	char *bytes = NULL;
	ssize_t got;

	*size_r = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > SIGHTINGS_FILE_MAX) {
		close(fd);
		errno = EINVAL;
		return NULL;
	}
	bytes = mem_alloc((size_t)st.st_size + 1);
	while (*size_r < (size_t)st.st_size && (got = read(fd, bytes + *size_r,
	    (size_t)st.st_size - *size_r)) > 0)
		*size_r += (size_t)got;
	close(fd);
	return bytes;
}

static void
load(struct sightings *sightings)
{
	size_t size, bad_lines = 0;
	char *bytes = load_file(sightings->path, &size);

	if (bytes == NULL) {
		if (errno != ENOENT)
			log_warning("%s: %s: what DNS has shown of the keys is asked "
			    "for anew", sightings->path, strerror(errno));
		return;
	}
	if (sightings_read(sightings, (struct slice){ bytes, size }, &bad_lines) != 0)
		log_warning("%s: not a file of sightings of version 1: what DNS has "
		    "shown of the keys is asked for anew", sightings->path);
	else if (bad_lines > 0)
		log_warning("%s: %zu lines could not be read and are left out",
		    sightings->path, bad_lines);
	free(bytes);
}

struct sightings *
sightings_open(const char *path)
{
	struct sightings *sightings = mem_alloc(sizeof(*sightings));

	pthread_mutex_init(&sightings->saving, NULL);
	pthread_mutex_init(&sightings->lock, NULL);
	sightings->arena = arena_new();
	sightings->by_key = map_new(sightings->arena);
	if (path != NULL) {
		sightings->path = arena_strdup(sightings->arena, path);
		load(sightings);
	}
	return sightings;
}

void
sightings_close(struct sightings **sightings_p)
{
	struct sightings *sightings = *sightings_p;

	*sightings_p = NULL;
	if (sightings == NULL)
		return;
	pthread_mutex_destroy(&sightings->lock);
	pthread_mutex_destroy(&sightings->saving);
	arena_free(&sightings->arena);
	free(sightings);
}

static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(fd, p, n);
		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return fsync(fd);
}

/* So that the new name survives a power loss too. */
static void
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory;
	int fd;

	directory = slash == NULL ? strdup(".") :
	    strndup(path, slash == path ? 1 : (size_t)(slash - path));
	fd = directory == NULL ? -1 :
	    open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(directory);
}

static int
replace_file(const char *path, const char *text, size_t size)
{
	struct arena *arena = arena_new();
	const char *fresh = arena_printf(arena, "%s.new", path);
	int fd, status = -1, error = 0;

	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0) {
		status = write_all(fd, text, size);
		error = errno;
		if (close(fd) != 0 && status == 0) {
			status = -1;
			error = errno;
		}
		if (status == 0 && (status = rename(fresh, path)) != 0)
			error = errno;
		if (status == 0)
			sync_directory(path);
		else
			unlink(fresh);
		errno = error;
	}
	error = errno;
	arena_free(&arena);
	errno = error;
	return status;
}

static int
save(struct sightings *sightings)
{
	char *text = NULL;
	size_t size = 0;
	int status, error;

	pthread_mutex_lock(&sightings->lock);
	if (sightings->changed && sightings->path != NULL)
		text = sightings_text(sightings, &size);
	sightings->changed = false;
	pthread_mutex_unlock(&sightings->lock);
	if (text == NULL)
		return 0;
	status = replace_file(sightings->path, text, size);
	error = errno;
	free(text);
	if (status != 0) {
		pthread_mutex_lock(&sightings->lock);
		sightings->changed = true;
		pthread_mutex_unlock(&sightings->lock);
		errno = error;
	}
	return status;
}

int
sightings_save(struct sightings *sightings)
{
	int status, error;

	/* two would write one file, or the older text last */
	pthread_mutex_lock(&sightings->saving);
	status = save(sightings);
	error = errno;
	pthread_mutex_unlock(&sightings->saving);
	errno = error;
	return status;
}

/* ---- an answer ---- */

/* Read one way or the other: our key, whole, is in one of the texts. */
static bool
holds_key(const struct slice *texts, size_t n, const struct key *key)
{
	const char *ours = key_public_base64(key);

	for (size_t i = 0; i < n; i++)
		if (slice_find_nocase(texts[i], ours) < texts[i].n)
			return true;
	return false;
}

static void
judge_record(struct arena *arena, const struct ring_key *key,
    const struct dns_answer *answer, struct sighting *seen)
{
	struct slice *texts = arena_array(arena, answer->n, sizeof(*texts));
	size_t *n_strings = arena_array(arena, answer->n, sizeof(*n_strings));
	struct key_record record;

	for (size_t i = 0; i < answer->n; i++) {
		texts[i] = answer->rrs[i].text;
		n_strings[i] = answer->rrs[i].n_strings;
	}
	key_record_parse(arena, texts, n_strings, answer->n, &record);
	switch (record.status) {
	case KEY_RECORD_VALID:
		seen->state = key_record_matches(&record, key->key) ? KEY_DNS_MATCH :
		    KEY_DNS_MISMATCH;
		break;
	case KEY_RECORD_REVOKED:
		seen->state = KEY_DNS_REVOKED;
		break;
	case KEY_RECORD_MALFORMED:
		seen->state = KEY_DNS_MALFORMED;
		seen->holds_key = record.overlooked &&
		    holds_key(texts, answer->n, key->key);
		copy_text(seen->problem, sizeof(seen->problem),
		    slice_of(record.problem));
		break;
	}
	seen->testing = record.testing;
	seen->record_bits = record.bits;
}

/* Fills state, problem, testing and bits; false for no clear answer. */
static bool
judge(struct arena *arena, const struct ring_key *key, const struct dns_answer *answer,
    struct sighting *seen)
{
	switch (answer->status) {
	case DNS_OK:
		if (answer->n == 0)
			return false;
		judge_record(arena, key, answer, seen);
		return true;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		seen->state = KEY_DNS_MISSING;
		return true;
	case DNS_TEMPFAIL:
	case DNS_PENDING:
		break;
	}
	return false;
}

/* What was known and what was seen now, in one. */
static void
merge(const struct sighting *old, struct sighting *seen, uint32_t ttl, time_t now)
{
	bool same = old != NULL && old->state == seen->state;

	seen->since = same ? old->since : now;
	seen->last = now;
	seen->expires = now + (time_t)ttl;
	if (seen->state == KEY_DNS_MATCH) {
		/* Resolvers in between count down: the largest is the record's. */
		seen->ttl = same && old->ttl > ttl ? old->ttl : ttl;
		seen->last_match = now;
		return;
	}
	if (old != NULL) {
		seen->last_match = old->last_match;
		seen->ttl = old->ttl;
		seen->first_bad = old->first_bad;
		seen->second_bad = old->second_bad;
	}
	if (seen->holds_key)
		return;
	if (seen->first_bad == 0)
		seen->first_bad = now;
	else if (seen->second_bad == 0 && now - seen->first_bad >= SECOND_LOOK)
		seen->second_bad = now;
}

/* A key that was replaced under its old name starts anew. */
static const char *
name_of(struct arena *arena, const struct ring_key *key)
{
	return arena_printf(arena, "%s %s", key->dns_name, key_fingerprint(key->key));
}

/*
 * What was seen in the future was seen by a wrong clock.  Kept, no record would
 * count as long published, nor any answer as a new one, until that time comes.
 */
static const struct sighting *
kept_of(struct sightings *sightings, const char *name, time_t now)
{
	const struct sighting *kept = map_get(sightings->by_key, name);

	if (kept == NULL || kept->last > now + CLOCK_SLACK ||
	    kept->since > now + CLOCK_SLACK)
		return NULL;
	return kept;
}

/*
 * The answer noted before, out of a cache, with less time to live: two looks at
 * one answer are not two answers.
 */
static bool
is_same_answer(const struct sighting *old, enum key_dns state, uint32_t ttl, time_t now)
{
	return old != NULL && old->state == state && now < old->expires &&
	    now + (time_t)ttl <= old->expires + 1;
}

void
sightings_note(struct sightings *sightings, const struct ring_key *key,
    const struct dns_answer *answer, time_t now)
{
	struct arena *arena = arena_new();
	struct sighting seen = { .since = 0 };
	const struct sighting *old;
	const char *name = name_of(arena, key);

	pthread_mutex_lock(&sightings->lock);
	old = kept_of(sightings, name, now);
	if (!answer->stale && judge(arena, key, answer, &seen) &&
	    !is_same_answer(old, seen.state, answer->ttl, now)) {
		merge(old, &seen, answer->ttl, now);
		copy_text(seen.resolver, sizeof(seen.resolver),
		    slice_of(answer->server));
		remember(sightings, name, &seen);
		sightings->changed = true;
	}
	pthread_mutex_unlock(&sightings->lock);
	arena_free(&arena);
}

bool
sightings_get(struct sightings *sightings, const struct ring_key *key,
    struct sighting *sighting_r)
{
	struct arena *arena;
	const struct sighting *kept;

	if (sightings == NULL)
		return false;
	arena = arena_new();
	pthread_mutex_lock(&sightings->lock);
	kept = map_get(sightings->by_key, name_of(arena, key));
	if (kept != NULL)
		*sighting_r = *kept;
	pthread_mutex_unlock(&sightings->lock);
	arena_free(&arena);
	return kept != NULL;
}
