/*
 * Asks the running daemon over its control socket: one GET, bounded in time and
 * size.
 */
#ifndef MW_TOOL_ASK_H
#define MW_TOOL_ASK_H

#include <stddef.h>

#include "base/slice.h"

struct arena;

#define ASK_SECONDS 10			/* for all of it */
#define ASK_OCTETS_MAX (16 * 1024 * 1024)

/*
 * `socket` as settings_socket() writes it, with a literal address.  0 and the
 * document of a 200; -1 and *error_r (in arena: what happened and what to do).
 */
int ask_daemon(const char *socket, const char *path, struct arena *arena,
    struct slice *document_r, const char **error_r);

/* The document of an answer; -1 and *error_r for one that is cut, is none, or says
 * that there is no such document. */
int ask_read_answer(struct slice answer, struct arena *arena, struct slice *document_r,
    const char **error_r);

#endif
