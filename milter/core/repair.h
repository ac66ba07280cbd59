/*
 * Mends a message before it is judged and signed: `headers` and `encoding` of
 * the option repair.  What its author, or a host before us, has
 * signed so that it verifies is never touched.
 */
#ifndef MW_CORE_REPAIR_H
#define MW_CORE_REPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message;
struct repair;
struct settings;
struct spool;

#define REPAIR_BODY_MAX ((uint64_t)256 * 1024 * 1024)	/* octets, before and after */

/*
 * After message_read_headers(), in enforce mode.  The header section of a
 * message that carries no signature is mended here, so that it can be signed
 * while the body passes.  NULL: nothing will be mended.
 */
struct repair *repair_begin(struct message *message, const struct settings *settings);

/* A chunk of the body; kept. */
void repair_body(struct repair *repair, const void *bytes, size_t n);

/*
 * After message_finish(): there is something to mend.  Where this is true and
 * the message carries signatures, the caller finds out whether one verifies.
 */
bool repair_is_needed(const struct repair *repair);

/*
 * Mends; true when the header section changed since repair_begin(), or the
 * body: message->headers are the new ones then and the message was read again
 * but for its body, which the caller hands to message_add_body() from
 * *body_r and finishes.
 */
bool repair_finish(struct repair *repair, const struct spool **body_r);

#endif
