/*
 * Takes a message from a file the way the MTA would hand it over: for the tool
 * and the scenario tests.
 */
#ifndef MW_CORE_FEED_H
#define MW_CORE_FEED_H

#include <stddef.h>

#include "base/slice.h"

struct core;
struct message;
struct passage;
struct snapshot;

#define FEED_BYTES_MAX (256 * 1024 * 1024)

/*
 * Splits the text into fields and body and carries it to the verdict.  Text
 * whose first line ends in LF alone is a file of this host: its lines get CRLF,
 * as the MTA does.  An mbox "From " line is left out.  The envelope stands in
 * `message` already.
 */
struct passage *feed_message(struct core *core, struct snapshot *snapshot,
    struct message *message, struct slice text);

/*
 * The same message as it would leave, with the edits of its plan: handed over
 * in pieces.  Lines end in CRLF.
 */
void feed_leaving(const struct passage *passage, struct slice text,
    void (*put)(void *context, const void *bytes, size_t n), void *context);

#endif
