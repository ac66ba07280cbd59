/* The table of checks, made from catalogue.def. */
#include <string.h>

#include "checks/check.h"
#include "checks/common.h"

#define CHECK(id, function, family, stage, weight, action, covers, is_host, meaning, \
    source, fix) \
	{ id, FAMILY_##family, STAGE_##stage, function, weight, ACTION_##action, \
	    covers, is_host, meaning, source, fix },
static const struct check table[] = {
#include "checks/catalogue.def"
};
#undef CHECK

enum { CHECKS = sizeof(table) / sizeof(table[0]) };

const struct check *
check_table(size_t *n_r)
{
	*n_r = CHECKS;
	return table;
}

const struct check *
check_find(const char *id)
{
	size_t i;

	for (i = 0; i < CHECKS; i++)
		if (strcmp(table[i].id, id) == 0)
			return &table[i];
	return NULL;
}

bool
check_exists(const char *id)
{
	return check_find(id) != NULL;
}

bool
check_is_for_hold(const struct check *check)
{
	return !check->is_host &&
	    (check->family == FAMILY_FORMAT || check->family == FAMILY_DECEPTION);
}

const char *
check_family_name(enum check_family family)
{
	switch (family) {
	case FAMILY_IDENTITY:
		return "identity";
	case FAMILY_FORMAT:
		return "format";
	case FAMILY_DECEPTION:
		return "deception";
	case FAMILY_COSMETIC:
		return "cosmetic";
	case FAMILY_BULK:
		return "bulk";
	case FAMILY_ATTACHMENT:
		return "attachment";
	case FAMILY_STATE:
		return "state";
	case FAMILIES:
		break;
	}
	return "";
}
