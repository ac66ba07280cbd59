/*
 * mailworthyd: the milter daemon.
 */
#include "daemon/daemon.h"

int
main(int argc, char **argv)
{
	struct daemon_options options;

	if (daemon_options_parse(argc, argv, &options) != 0)
		return 2;
	if (options.help)
		return 0;
	if (options.version) {
		daemon_print_versions();
		return 0;
	}
	if (options.check_only)
		return daemon_check(&options);
	return daemon_run(&options);
}
