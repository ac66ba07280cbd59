/*
 * The table of subcommands and what they share.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "core/versions.h"
#include "tool/tool.h"

static const struct subcommand subcommands[] = {
	{ "check", "FILE...", "judge a message file as receivers will", tool_check },
	{ "doctor", "", "look over configuration, keys, DNS and the MTA", tool_doctor },
	{ "explain", "[ID]", "what a finding means, and how to mend it", tool_explain },
	{ "held", "[ID...]", "what is on hold, why, and how to release it", tool_held },
	{ "import", "PROGRAM [PATH]", "take over OpenDKIM, OpenDMARC or Rspamd", tool_import },
	{ "keygen", "DOMAIN", "make a DKIM key and the record to publish", tool_keygen },
	{ "mode", "[audit|enforce|file]", "show or set the mode of everything", tool_mode },
	{ "notify", "", "mail what was held or refused to who must know", tool_notify },
	{ "status", "", "how the running daemon stands", tool_status },
};

static const size_t n_subcommands = sizeof(subcommands) / sizeof(subcommands[0]);

static void
print_usage(FILE *out)
{
	size_t i;

	fputs("usage: mailworthy COMMAND [option ...] [argument ...]\n\n", out);
	for (i = 0; i < n_subcommands; i++)
		fprintf(out, "  %-8s %-21s %s\n", subcommands[i].name,
		    subcommands[i].arguments, subcommands[i].summary);
	fputs("\n`mailworthy COMMAND --help` tells the options of a command, mailworthy(1) all\n"
	    "of it, `mailworthy --version` what it is built with.\n", out);
}

int
tool_say(const char *format, ...)
{
	va_list ap;

	fputs("mailworthy: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return TOOL_USAGE;
}

int
tool_wrong_option(char **argv)
{
	fprintf(stderr, "`%s --help` tells the options\n", argv[0]);
	return TOOL_USAGE;
}

int
tool_extra_argument(char **argv, const char *argument)
{
	fprintf(stderr, "%s: one argument too many, \"%s\"\n", argv[0], argument);
	return tool_wrong_option(argv);
}

bool
tool_read(struct arena *arena, const char *path, size_t max, struct slice *bytes_r,
    const char **error_r)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char chunk[65536];
	struct buf buf;
	ssize_t n = -1;

	buf_init(&buf, arena, max);
	while (fd != -1 && (n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(&buf, chunk, (size_t)n);
	if (n == -1)
		*error_r = arena_printf(arena, "cannot read %s: %s", path, strerror(errno));
	else if (buf.truncated)
		*error_r = arena_printf(arena, "%s is larger than %zu bytes", path, max);
	if (fd != -1 && !is_stdin)
		close(fd);
	*bytes_r = (struct slice){ buf_str(&buf), buf.n };
	return n != -1 && !buf.truncated;
}

bool
tool_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color != NULL && *no_color != '\0')
		return false;
	return isatty(fileno(out)) && term != NULL && strcmp(term, "dumb") != 0;
}

unsigned
tool_width(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 80;
}

/* argv[0] becomes "mailworthy check": getopt(3) begins its errors with it. */
static int
run(const struct subcommand *subcommand, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "mailworthy %s", subcommand->name);
	argv[0] = name;
	return subcommand->run(argc, argv);
}

int
tool_run(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		print_usage(stderr);
		return TOOL_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return TOOL_OK;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		versions_print(stdout);
		return TOOL_OK;
	}
	for (i = 0; i < n_subcommands; i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return run(&subcommands[i], argc - 1, argv + 1);
	return tool_error("there is no command \"%s\"; `mailworthy --help` lists all", argv[1]);
}
