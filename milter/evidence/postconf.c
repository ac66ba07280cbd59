/*
 * Asks Postfix's postconf(1) how its SMTP client sends.
 */
#include <unistd.h>

#include "base/arena.h"
#include "base/command.h"
#include "evidence/postconf.h"

enum { VALUES = 8 };

const char *
postconf_program(void)
{
	static const char *const programs[] = { "/usr/sbin/postconf",
	    "/usr/local/sbin/postconf", "/opt/postfix/sbin/postconf",
	    "/opt/zimbra/common/sbin/postconf", NULL };

	return command_find(programs);
}

bool
postconf_has_main(struct arena *arena, const char *dir)
{
	return access(arena_printf(arena, "%s/main.cf", dir), R_OK) == 0;
}

const char *
postconf_dir(struct arena *arena)
{
	static const char *const dirs[] = { "/etc/postfix", "/usr/local/etc/postfix",
	    "/opt/zimbra/common/conf" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (postconf_has_main(arena, dirs[i]))
			return dirs[i];
	return NULL;
}

int
postconf_ask(struct arena *arena, const char *program, const char *dir,
    struct postconf *postconf_r)
{
	const char *const argv[] = { program, "-hx", "-c", dir, "smtp_bind_address",
	    "smtp_bind_address6", "inet_interfaces", "inet_protocols", "myhostname",
	    "smtp_helo_name", "smtputf8_enable", "smtputf8_autodetect_classes", NULL };
	const char **values[VALUES] = { &postconf_r->bind_address,
	    &postconf_r->bind_address6, &postconf_r->inet_interfaces,
	    &postconf_r->inet_protocols, &postconf_r->myhostname,
	    &postconf_r->helo_name, &postconf_r->utf8_enable,
	    &postconf_r->utf8_classes };
	struct command command = { .argv = argv, .timeout_ms = POSTCONF_TIMEOUT_MS,
	    .output_max = POSTCONF_OUTPUT_MAX };
	struct command_output output;
	struct slice line;
	const char *error;

	if (command_run(arena, &command, &output, &error) != 0 || output.status != 0)
		return -1;
	for (size_t i = 0; i < VALUES; i++) {
		if (!slice_split(&output.out, '\n', &line))
			line = SLICE("");
		*values[i] = slice_dup_lower(arena, slice_trim(line));
	}
	return 0;
}
