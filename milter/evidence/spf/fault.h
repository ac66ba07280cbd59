/*
 * Why a term does not follow the grammar, in words for the person who wrote it.
 */
#ifndef MW_EVIDENCE_SPF_FAULT_H
#define MW_EVIDENCE_SPF_FAULT_H

#include "base/slice.h"

/* Static text; the term is one that the grammar has refused. */
const char *spf_fault_why(struct slice term);

#endif
