/*
 * Names: byte rules only, no knowledge of who uses them.
 */
#include <string.h>

#include "settings/names.h"

enum { NAME_MAX_BYTES = 253, LABEL_MAX = 63, ACCOUNT_MAX = 32, LOCAL_MAX = 64 };

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool
name_is_of(struct slice name, const char *more)
{
	for (size_t i = 0; i < name.n; i++) {
		if (!is_alnum(name.p[i]) &&
		    (name.p[i] == '\0' || strchr(more, name.p[i]) == NULL))
			return false;
	}
	return name.n > 0;
}

bool
name_is_ascii(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] >= 0x80)
			return false;
	}
	return true;
}

/* The number of labels, or 0 when one is wrong. */
static unsigned
count_labels(struct slice name, const char *more)
{
	struct slice label, rest = name;
	unsigned n = 0;

	if (name.n > NAME_MAX_BYTES || (name.n > 0 && name.p[name.n - 1] == '.'))
		return 0;
	while (slice_split(&rest, '.', &label)) {
		if (label.n > LABEL_MAX || !name_is_of(label, more) ||
		    label.p[0] == '-' || label.p[label.n - 1] == '-')
			return 0;
		n++;
	}
	return n;
}

bool
name_is_domain(struct slice name)
{
	return count_labels(name, "-") >= 2;
}

bool
name_is_dns(struct slice name)
{
	return count_labels(name, "-_") >= 1;
}

bool
name_is_pattern(struct slice name)
{
	if (slice_eq(name, SLICE("*")))
		return true;
	if (slice_starts_nocase(name, "*."))
		name = slice_sub(name, 2, name.n);
	return name_is_domain(name);
}

bool
name_is_under(const char *name, const char *parent)
{
	size_t n = strlen(name), tail = strlen(parent);

	return n >= tail && strcmp(name + n - tail, parent) == 0 &&
	    (n == tail || name[n - tail - 1] == '.');
}

bool
name_is_mailbox(struct slice name)
{
	size_t at = slice_find(name, '@');
	struct slice local = slice_sub(name, 0, at);

	/* RFC 5322 atext and dots. */
	return at < name.n && local.n <= LOCAL_MAX &&
	    name_is_of(local, "!#$%&'*+-/=?^_`{|}~.") &&
	    name_is_domain(slice_sub(name, at + 1, name.n));
}

bool
name_is_account(struct slice name)
{
	return name.n <= ACCOUNT_MAX && name_is_of(name, "_-.$") && name.p[0] != '-';
}
