/*
 * The files that the settings name, read once.  The master reads them with
 * its privilege and hands them to the worker as one message, so both see the
 * same bytes.  A file that cannot be read is remembered with its error.
 */
#ifndef MW_SETTINGS_FILES_H
#define MW_SETTINGS_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;
struct files;

#define FILES_EACH_MAX (16 * 1024 * 1024)

struct file {
	const char *path;
	const char *bytes;	/* NULL when it could not be read */
	size_t size;
	int error;		/* errno of the failure, 0 */
	mode_t mode;		/* of the file */
	uid_t uid;
	gid_t gid;
	const char *unsafe;	/* NULL, or why others could read or replace it:
				 * names the path (file or parent) and the chmod */
};

/* Reads from disk at first use. */
struct files *files_new(void);

/* Knows only what the bytes hold (from files_pack). NULL when malformed. */
struct files *files_unpack(const void *bytes, size_t size);

void files_free(struct files **files);

/* Never NULL; look at ->bytes and ->error. Lives as long as files. */
const struct file *files_get(struct files *files, const char *path);

/*
 * Paths on disk that a template with one %d matches ("/keys/%d.s1.pem"),
 * each with the text in place of %d.  Packed like files.
 */
struct file_match { const char *path; const char *domain; };
const struct file_match *files_match(struct files *files, const char *template_path,
    size_t *n_r);

/* Everything read so far, in memory of the arena. */
void *files_pack(struct files *files, struct arena *arena, size_t *size_r);

#endif
