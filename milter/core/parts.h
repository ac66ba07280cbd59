/* What the files of core/ share of the parts that live as long as the process. */
#ifndef MW_CORE_PARTS_H
#define MW_CORE_PARTS_H

#include "core/core.h"

struct breakers;
struct results_cache;

const struct core_options *core_parts(const struct core *core);
struct results_cache *core_results(const struct core *core);
struct breakers *core_breakers(const struct core *core);

/* Never the same twice in the life of the process. */
unsigned core_next_serial(struct core *core);

#endif
