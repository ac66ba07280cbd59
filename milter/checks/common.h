/*
 * What the checks share: setting a result, harmless texts, tallies over
 * several addresses or keys, streams.  For checks/ only.
 */
#ifndef MW_CHECKS_COMMON_H
#define MW_CHECKS_COMMON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"
#include "checks/check.h"
#include "evidence/evidence.h"
#include "facts/message.h"

/* The functions of the table. */
#define CHECK(id, function, ...) \
	void function(const struct check_input *input, struct check_result *result);
#include "checks/catalogue.def"
#undef CHECK

void check_ok(struct check_result *result);
void check_dunno(struct check_result *result);
void check_temperror(struct check_result *result);

/* Weight and action stay as they are in the result. */
void check_hit(const struct check_input *input, struct check_result *result,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
void check_fix(const struct check_input *input, struct check_result *result,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* True for a value and for a clear no; else the status says why not. */
bool check_known(enum known known, struct check_result *result);

/* Remote text for people, 200 bytes of it. NULL is "". */
const char *check_safe(const struct check_input *input, const char *text);
const char *check_safe_slice(const struct check_input *input, struct slice text);

/* The same of text that is harmless already, as the evidence has it of SPF. */
const char *check_cut(const struct check_input *input, const char *text);

/* One line of a zone: NAME. IN TXT "..." "...", strings of at most 255 octets. */
const char *check_txt(const struct check_input *input, const char *name,
    const char *value);

/* Several things (egress addresses, keys) looked at for one finding. */
struct check_tally {
	struct buf names;		/* of those that hit, for people */
	size_t hits;
	bool dunno, temperror;		/* some could not be judged */
};

void check_tally_init(struct check_tally *tally, const struct check_input *input);
bool check_tally_known(struct check_tally *tally, enum known known);
void check_tally_hit(struct check_tally *tally, const char *name);
/* True when something hit; else sets the status. */
bool check_tally_any(const struct check_tally *tally, struct check_result *result);

/* By the stream, declared or told; transactional only where it is declared. */
static inline bool
check_is_list(const struct message *message)
{
	return message->stream == STREAM_LIST;
}

static inline bool
check_is_bulk(const struct message *message)
{
	return message->stream == STREAM_BULK;
}

static inline bool
check_is_transactional(const struct message *message)
{
	return message->stream == STREAM_TRANSACTIONAL && message->stream_is_declared;
}

/* The field stands there but beyond what was kept: cannot be looked at. */
bool check_is_beyond(const struct message *message, enum header_id id);

/* The mailboxes of the first ten fields of one kind; false when there are none. */
bool check_addresses(const struct check_input *input, enum header_id id,
    struct address_list *list_r);

/* "1 line", "2 lines". */
const char *check_count(const struct check_input *input, size_t n, const char *thing);

#endif
