/*
 * The files that the settings name, read once.  The master reads them with
 * its privilege and hands them to the worker as one message, so both see the
 * same bytes.  A file that cannot be read is remembered with its error.
 * One thread at a time.
 */
#ifndef MW_SETTINGS_FILES_H
#define MW_SETTINGS_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;
struct files;

#define FILES_EACH_MAX (16 * 1024 * 1024)	/* bytes of one file */
#define FILES_PACKED_MAX (512 * 1024 * 1024)	/* bytes of all, packed */
#define FILES_MATCHES_MAX 100000		/* paths of one template */

struct file {
	const char *path;
	const char *bytes;	/* NULL when it could not be read; else a NUL
				 * follows the last byte.  Wiped when freed */
	size_t size;
	int error;		/* errno of the failure, 0; EISDIR, EINVAL (no
				 * regular file), EFBIG (FILES_EACH_MAX), ENOKEY */
	mode_t mode;		/* of the file */
	uid_t uid;
	gid_t gid;
	const char *unsafe;	/* NULL, or why others could read or replace it:
				 * names the path (file or parent) and the chmod.
				 * Reading by the file's group is no harm */
};

/* Reads from disk at first use. */
struct files *files_new(void);

/*
 * Knows only what the bytes hold (from files_pack); any other path is ENOENT.
 * NULL when malformed.  The bytes are copied.
 */
struct files *files_unpack(const void *bytes, size_t size);

void files_free(struct files **files);

/* The user as whom the daemon will run, who is no other to his own files: a start as
 * root judges as a reload does.  For what is read from now on. */
void files_trust(struct files *files, uid_t uid);

/*
 * "credential:NAME" is what systemd hands to the service (LoadCredential=): the file
 * of that name in $CREDENTIALS_DIRECTORY; where that is not set, ENOKEY.
 * NAME, or NULL for another path.
 */
const char *files_credential(const char *path);

/* Never NULL; look at ->bytes and ->error.  Lives as long as files. */
const struct file *files_get(struct files *files, const char *path);

/* Gives a path its bytes without a disk, as if read: tests and fuzzers. */
void files_put(struct files *files, const char *path, const void *bytes, size_t size);

/*
 * Gives what stands in the file `whole` a path of its own, with the owner and the
 * mode of that file: a key in a table.
 */
void files_put_part(struct files *files, const char *path, const char *whole,
    const void *bytes, size_t size);

/*
 * Paths on disk that a template with one %d matches ("/keys/%d.s1.pem" or
 * "/keys/%d/s1.pem"), each with the text in place of %d: a domain name,
 * lower-case letters, digits, '-', '_' and dots; other names are passed over.
 * Sorted by domain.  Packed like files.
 */
struct file_match {
	const char *path;
	const char *domain;
};
const struct file_match *files_match(struct files *files, const char *template_path,
    size_t *n_r);

/*
 * Everything asked for so far, as one message for the same machine.  It holds
 * private keys; the memory is the arena's and wiped when that is freed.
 */
void *files_pack(struct files *files, struct arena *arena, size_t *size_r);

#endif
