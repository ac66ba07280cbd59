/*
 * mailworthy import: our configuration from that of another filter.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "mail/psl.h"
#include "settings/files.h"
#include "tool/confedit.h"
#include "tool/import_keys.h"
#include "tool/import_write.h"
#include "tool/keygen.h"
#include "tool/tool.h"

enum { TEXT_MAX = 64 * 1024 * 1024 };

struct import_run {
	struct arena *arena;
	struct files *files;
	struct import_source source;
	const char *output;		/* NULL: standard output */
	const char *keys;		/* where keys out of tables go, NULL: nowhere */
	bool force;
};

static const struct import_source sources[] = {
	{ "opendkim", "OpenDKIM", "/etc/opendkim.conf" },
	{ "opendmarc", "OpenDMARC", "/etc/opendmarc.conf" },
	{ "rspamd", "Rspamd", "/etc/rspamd" },
};

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "force", no_argument, NULL, 'f' },
	{ "keys", required_argument, NULL, 'k' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
usage(FILE *out, int status)
{
	fputs("usage: mailworthy import [option ...] opendkim|opendmarc|rspamd [PATH]\n"
	    "  -o, --output FILE  write there, not to standard output; never over a file\n"
	    "      --force        but over this one\n"
	    "      --keys DIR     where keys that stand in a table themselves are written\n"
	    "PATH is /etc/opendkim.conf, /etc/opendmarc.conf or /etc/rspamd if not given.\n"
	    "exit status: 0 all is taken over, 1 mail would leave in another way or a key is\n"
	    "             refused, as the comments say, 2 wrong usage or a file that cannot\n"
	    "             be read\n",
	    out);
	return status;
}

struct output {
	const char *path;
	bool over;			/* what is there */
	bool is_key;			/* a secret; else all may read it */
	struct stat before;		/* of what is there: st_mode 0 for nothing */
};

static int
give(const struct output *output, int fd)
{
	if (output->before.st_mode != 0)
		return confedit_make_like(fd, &output->before);
	return output->is_key ? keygen_own(fd) : fchmod(fd, 0644);
}

/* Beside it first: what is there is whole, or as it was. */
static int
write_beside(struct arena *arena, const struct output *output, const char *real,
    struct slice text)
{
	const char *fresh = arena_printf(arena, "%s.new.%ld", real, (long)getpid());
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool failed;
	ssize_t put;

	if (fd == -1)
		return tool_error("cannot write %s: %s", output->path, strerror(errno)), -1;
	while (text.n > 0 && (put = write(fd, text.p, text.n)) > 0)
		text = slice_sub(text, (size_t)put, text.n);
	failed = text.n > 0 || give(output, fd) != 0 || fsync(fd) != 0;
	failed |= close(fd) != 0;
	if (!failed)
		failed = (output->over ? rename(fresh, real) : link(fresh, real)) != 0;
	if (failed)
		tool_error("cannot write %s: %s%s", output->path, strerror(errno),
		    errno == EEXIST ? "; --force writes over it" : "");
	if (failed || !output->over)
		unlink(fresh);
	return failed ? -1 : 0;
}

/* 0 or -1 after an error.  What is written over keeps owner and permissions, and a
 * symbolic link to it. */
static int
write_file(struct arena *arena, struct output output, struct slice text)
{
	char real[PATH_MAX];

	if (!output.over || realpath(output.path, real) == NULL)
		return write_beside(arena, &output, output.path, text);
	if (stat(real, &output.before) != 0 || !S_ISREG(output.before.st_mode))
		return tool_error("%s is there and is no file", output.path), -1;
	return write_beside(arena, &output, real, text);
}

/* A key that stands in a table gets a file of its own. */
static int
take_out(struct import_run *run, struct import *import, const struct import_domain *domain,
    struct import_key *key)
{
	const struct file *file = files_get(run->files, key->file);
	const struct slice pem = { file->bytes, file->size };
	const char *path, *error = "";
	struct slice there;

	if (run->keys == NULL) {
		import_say(import, IMPORT_ERROR, key->at, NULL, "the key stands in the table "
		    "itself: run this again with --keys DIRECTORY, which writes it to a file");
		return 0;
	}
	path = arena_printf(run->arena, "%s/%s.%s.pem", run->keys, domain->sign_as != NULL ?
	    domain->sign_as : domain->name[0] == '*' ? domain->name + 2 : domain->name,
	    key->selector);
	if (access(path, F_OK) != 0) {
		if (write_file(run->arena, (struct output){ .path = path, .is_key = true },
		    pem) != 0)
			return -1;
	} else if (!tool_read(run->arena, path, pem.n, &there, &error) ||
	    !slice_eq(there, pem)) {	/* neither of another section nor of a run before */
		import_say(import, IMPORT_ERROR, key->at, NULL, "%s is there and is another "
		    "key: name another directory with --keys", path);
	}
	key->file = path;
	key->is_inline = false;
	return 0;
}

static int
take_keys_out(struct import_run *run, struct import *import)
{
	for (size_t i = 0; i < import->n_domains; i++) {
		for (size_t k = 0; k < import->domains[i].n_keys; k++) {
			if (import->domains[i].keys[k].is_inline && take_out(run, import,
			    &import->domains[i], &import->domains[i].keys[k]) != 0)
				return -1;
		}
	}
	return 0;
}

static int
finish(const struct import_run *run, const struct import *import)
{
	struct import_keys keys;
	struct buf text;

	buf_init(&text, run->arena, TEXT_MAX);
	import_write(&text, import, &run->source, NULL);
	import_keys_look(run->arena, run->files, import, slice_of(buf_str(&text)), &keys);
	buf_init(&text, run->arena, TEXT_MAX);
	import_write(&text, import, &run->source, &keys);
	if (text.truncated)
		return tool_error("the configuration would be larger than %d bytes", TEXT_MAX);
	if (run->output == NULL)
		fwrite(buf_str(&text), 1, text.n, stdout);
	else if (write_file(run->arena, (struct output){ .path = run->output,
	    .over = run->force }, slice_of(buf_str(&text))) != 0)
		return TOOL_USAGE;
	if (import->n_errors > 0)
		fprintf(stderr, "mailworthy: %zu %s not taken over: see the top of what was "
		    "written\n", import->n_errors,
		    import->n_errors == 1 ? "thing is" : "things are");
	if (keys.refused.n > 0)
		fprintf(stderr, "mailworthy: mailworthyd would not start with %s%zu of the key "
		    "files: see the top of what was written\n", keys.more_refused ?
		    "more than " : "", keys.refused.n - keys.more_refused);
	return import->n_errors > 0 || keys.refused.n > 0 ? TOOL_STOPPED : TOOL_OK;
}

static int
run_import(struct import_run *run)
{
	struct import *import = import_new(run->arena, run->files, NULL);
	const char *path = run->source.path;
	const struct opendkim none = { .base_directory = NULL };

	import->registered = psl_org_domain;
	if (access(path, R_OK) != 0)
		return tool_error("%s cannot be read: %s; name the file as the last argument",
		    path, strerror(errno));
	if (strcmp(run->source.program, "opendkim") == 0)
		import_opendkim(import, path, &none);
	else if (strcmp(run->source.program, "rspamd") == 0)
		import_rspamd(import, path);
	else
		import_opendmarc(import, path);
	if (take_keys_out(run, import) != 0)
		return TOOL_USAGE;
	return finish(run, import);
}

/* What is written names files from anywhere. */
static const char *
absolute(struct arena *arena, const char *path)
{
	char directory[PATH_MAX];

	if (path[0] == '/' || getcwd(directory, sizeof(directory)) == NULL)
		return path;
	return arena_printf(arena, "%s/%s", directory, path);
}

static int
choose(struct import_run *run, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'o':
			run->output = optarg;
			break;
		case 'f':
			run->force = true;
			break;
		case 'k':
			run->keys = absolute(run->arena, optarg);
			break;
		case 'h':
			return usage(stdout, TOOL_OK);
		default:
			return tool_wrong_option(argv);
		}
	}
	if (argc == optind)
		return usage(stderr, TOOL_USAGE);
	if (argc - optind > 2)
		return tool_extra_argument(argv, argv[optind + 2]);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (strcmp(argv[optind], sources[i].program) == 0)
			run->source = sources[i];
	}
	if (run->source.program == NULL)
		return tool_error("expected opendkim, opendmarc or rspamd, got \"%s\"",
		    argv[optind]);
	if (argc - optind == 2)
		run->source.path = absolute(run->arena, argv[optind + 1]);
	return run_import(run);
}

int
tool_import(int argc, char **argv)
{
	struct import_run run = { .arena = arena_new(), .files = files_new() };
	int status = choose(&run, argc, argv);

	files_free(&run.files);
	arena_free(&run.arena);
	return status;
}
