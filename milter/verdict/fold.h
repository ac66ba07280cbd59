/*
 * The steps of verdict_make(), apart so that tests can give them a table of
 * their own.  Inside verdict/ only.
 */
#ifndef MW_VERDICT_FOLD_H
#define MW_VERDICT_FOLD_H

#include "verdict/verdict.h"

/* Runs the checks of the table; fills findings, score and what stayed open. */
void verdict_fold_table(const struct check_input *input, const struct check *table,
    size_t n, struct verdict *verdict_r);

/* The same of the checks of the recipient stage alone. */
void verdict_fold_rcpt(const struct check_input *input, const struct check *table,
    size_t n, struct verdict *verdict_r);

/* Fills mode, would, action and decisive: strongest action, hold-below, local
 * mail, the MTA's own DSN, audit. */
void verdict_adjust(const struct check_input *input, int mode_override,
    struct verdict *verdict);

/* Tenths, 0 off: of the declared stream, else of the whole. */
int verdict_hold_below(const struct settings *settings, const struct message *message);

/* Fills reply and hold_reason by `would`. */
void verdict_write_reply(const struct check_input *input, struct verdict *verdict);

/* Fills receivers. */
void verdict_ask_receivers(const struct check_input *input, struct verdict *verdict);

/* verdict_make() over a table of one's own. */
void verdict_make_table(const struct check_input *input, int mode_override,
    const struct check *table, size_t n, struct verdict *verdict_r);

/* 100 minus what the families weigh, each up to its cap, never below 0.  With
 * `for_hold` only format and deception, and nothing about the host. */
int verdict_score(const struct finding *findings, size_t n, bool for_hold);

/* Tenths that the findings of a family take away at most. */
int verdict_family_cap(enum check_family family);

/* It weighs and acts: not in shadow, not exempt. */
bool finding_is_active(const struct finding *finding);

/* It is active, not covered, and counts in verdict_score(). */
bool finding_counts(const struct finding *finding, bool for_hold);

/* The list ("header-duplicate align-*", a final star stands for any ending)
 * names the id. */
bool fold_ids_name(const char *ids, const char *id);

#endif
