/*
 * Words that the report on the terminal and the HTML page share.  Texts are in
 * the arena or constant, never NULL unless it says so.
 */
#ifndef MW_TOOL_WORDS_H
#define MW_TOOL_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "verdict/verdict.h"

struct own_signature;
struct view_part;

/* "would be refused with 550 5.7.1 (from-multiple)". */
const char *words_would(const struct check_input *judged, const struct verdict *verdict);

/* What becomes of mail like this meanwhile, where it is not what the verdict says;
 * NULL where it is.  `kill_switch` is what modefile_read() tells. */
const char *words_mode(const struct check_input *judged, int kill_switch);

/* "identity counts 7.0 at most", where the findings sum up to more than the score
 * shows; NULL where they do not. */
const char *words_score_note(struct arena *arena, const struct verdict *verdict);

/* "bulk, section "news""; NULL when nothing tells a stream. */
const char *words_stream(const struct check_input *judged);

/* The finding is the postmaster's to mend, not the author's. */
bool words_for_postmaster(const struct finding *finding);

/* Why a finding weighs or does nothing, or what it does; NULL for neither. */
const char *words_remark(struct arena *arena, const struct finding *finding);

/* Why receivers mind; NULL when the finding's text says it already. */
const char *words_why(const struct finding *finding);

/* "quoted-printable"; what a part says of itself beside its type and name:
 * "1.2 KB, base64, utf-8". */
const char *words_part(struct arena *arena, const struct view_part *part);

/* "852 octets", "1.2 KB", "3.4 MB" (10^6). */
const char *words_size(struct arena *arena, uint64_t octets);

/* Why a check could not tell. */
const char *words_open(const struct check_input *judged, const struct verdict_open *open);

/* What becomes of a signature of ours; why there is none. */
const char *words_prediction(const struct own_signature *own);
const char *words_no_signature(const struct check_input *judged);

#endif
