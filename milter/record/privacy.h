/*
 * `log-privacy`: what a record may tell of recipients and subjects.
 */
#ifndef MW_RECORD_PRIVACY_H
#define MW_RECORD_PRIVACY_H

#include <stdbool.h>

#include "verdict/verdict.h"

struct address;
struct arena;
struct settings;

/*
 * A recipient as the record shows it: its address, NULL where recipients are
 * left out, or "hash:" and 16 hex digits.  The hash is keyed with a value the
 * kernel gives each start of the daemon (reloads and new workers keep it), so
 * that nobody can find an address by trying: equal recipients have equal
 * hashes between two starts.
 */
const char *privacy_recipient(const struct settings *settings,
    const struct address *recipient, struct arena *arena);

/*
 * The reverse-path: its local part is left out or hashed where a recipient stands in
 * it, as in bounce addresses of mailing lists (VERP).  NULL for NULL, and where
 * nothing is left.
 */
const char *privacy_sender(const struct check_input *input);

/* A subject likewise: itself, NULL or its hash.  NULL for NULL. */
const char *privacy_subject(const struct settings *settings, const char *subject,
    struct arena *arena);

/* The finding's text would show what is to be left out or hashed. */
bool privacy_hides(const struct check_input *input, const struct finding *finding);

#endif
