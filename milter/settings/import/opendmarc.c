/*
 * opendmarc.conf(5): little of it is about mail that leaves.
 */
#include "base/arena.h"
#include "settings/import/hosts.h"
#include "settings/import/theirs.h"

static void
set_option(void *context, const char *name, const char *value, struct import_place at)
{
	struct import *import = context;
	struct import_text text = { value, at };
	struct dataset set;

	theirs_say(import, &theirs_opendmarc, name, at);
	if (slice_is(slice_of(name), "Socket"))
		import->socket = value;
	else if (slice_is(slice_of(name), "IgnoreAuthenticatedClients"))
		import->signs_logins = true;
	else if (slice_is(slice_of(name), "IgnoreHosts") &&
	    dataset_read(import, "IgnoreHosts", &text, NULL, &set))
		hosts_read(import, "IgnoreHosts", &set, NULL);
}

void
import_opendmarc(struct import *import, const char *path)
{
	theirs_read(import, path, (struct import_place){ path, 0 }, set_option, import);
}
