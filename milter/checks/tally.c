/* Several things looked at for one finding: which hit, which are not known. */
#include "checks/common.h"

#define NAMES_MAX 1000		/* bytes of a list of names in a text */

void
check_tally_init(struct check_tally *tally, const struct check_input *input)
{
	*tally = (struct check_tally){ .hits = 0 };
	buf_init(&tally->names, input->arena, NAMES_MAX);
}

bool
check_tally_known(struct check_tally *tally, enum known known)
{
	switch (known) {
	case KNOWN_NO:
		tally->dunno = true;
		return false;
	case KNOWN_TEMPERROR:
		tally->temperror = true;
		return false;
	case KNOWN_ABSENT:
	case KNOWN_VALUE:
		break;
	}
	return true;
}

void
check_tally_hit(struct check_tally *tally, const char *name)
{
	if (tally->hits++ > 0)
		buf_add_str(&tally->names, ", ");
	buf_add_str(&tally->names, name);
}

bool
check_tally_any(const struct check_tally *tally, struct check_result *result)
{
	if (tally->hits > 0)
		return true;
	if (tally->temperror)
		check_temperror(result);
	else if (tally->dunno)
		check_dunno(result);
	else
		check_ok(result);
	return false;
}
