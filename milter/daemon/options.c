/*
 * The command line of the daemon.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemon.h"

static int
usage(void)
{
	fputs("usage: mailworthyd [-fhnV] [-c file] [-p socket]\n"
	    "  -c file    configuration (" DAEMON_CONFIG ")\n"
	    "  -f         stay in the foreground\n"
	    "  -h         print this\n"
	    "  -n         check the configuration and print the effective one\n"
	    "  -p socket  listen there instead of where the configuration says\n"
	    "  -V         print the versions of mailworthy and of every library\n",
	    stdout);
	return 0;
}

static int
wrong_usage(void)
{
	fputs("`mailworthyd --help` tells the options\n", stderr);
	return -1;
}

int
daemon_options_parse(int argc, char **argv, struct daemon_options *options_r)
{
	static const struct option long_options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	memset(options_r, 0, sizeof(*options_r));
	options_r->config = DAEMON_CONFIG;
	while ((option = getopt_long(argc, argv, "c:fhnp:V", long_options,
	    NULL)) != -1) {
		switch (option) {
		case 'c':
			options_r->config = optarg;
			break;
		case 'f':
			options_r->foreground = true;
			break;
		case 'h':
			options_r->help = true;
			return usage();
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
			return wrong_usage();
		}
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "mailworthyd: one argument too many, \"%s\"\n", argv[optind]);
	return wrong_usage();
}
