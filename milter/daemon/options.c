/*
 * The command line of the daemon.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemon.h"

static int
usage(void)
{
	fputs("usage: mailworthyd [-fnV] [-c file] [-p socket]\n"
	    "  -c file    configuration (" DAEMON_CONFIG ")\n"
	    "  -f         stay in the foreground\n"
	    "  -n         check the configuration and print the effective one\n"
	    "  -p socket  listen there instead of where the configuration says\n"
	    "  -V         print the versions of mailworthy and of every library\n",
	    stderr);
	return -1;
}

int
daemon_options_parse(int argc, char **argv, struct daemon_options *options_r)
{
	int option;

	memset(options_r, 0, sizeof(*options_r));
	options_r->config = DAEMON_CONFIG;
	while ((option = getopt(argc, argv, "c:fnp:V")) != -1) {
		switch (option) {
		case 'c':
			options_r->config = optarg;
			break;
		case 'f':
			options_r->foreground = true;
			break;
		case 'n':
			options_r->check_only = true;
			break;
		case 'p':
			options_r->socket = optarg;
			break;
		case 'V':
			options_r->version = true;
			break;
		default:
			return usage();
		}
	}
	return optind == argc ? 0 : usage();
}
