/*
 * mailworthy keygen: a DKIM key, its DNS record, its configuration lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "checks/check.h"
#include "core/look.h"
#include "dkim/key.h"
#include "mail/domain.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "tool/keygen.h"
#include "tool/selectors.h"
#include "tool/tool.h"

#define TXT_STRING_MAX 255	/* octets of one string of a TXT record (RFC 1035 3.3.14) */

static const struct option long_options[] = {
	{ "selector", required_argument, NULL, 's' },
	{ "bits", required_argument, NULL, 'b' },
	{ "ed25519", no_argument, NULL, 'e' },
	{ "directory", required_argument, NULL, 'd' },
	{ "rotate", no_argument, NULL, 'r' },
	{ "write", no_argument, NULL, 'w' },
	{ "config", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
usage(FILE *out, int status)
{
	fputs("usage: mailworthy keygen [option ...] DOMAIN\n"
	    "  --selector NAME    selector (the year and a letter)\n"
	    "  --bits N           RSA bits, 1024 to 4096 (2048)\n"
	    "  --ed25519          an Ed25519 key, used beside an RSA key only\n"
	    "  --directory DIR    where the key goes (" SYSCONFDIR "/mailworthy/keys)\n"
	    "  --rotate           the next key of a managed domain, beside those it has\n"
	    "  --write            with --rotate: put its line into the configuration\n"
	    "  --config FILE      configuration (" TOOL_CONFIG ")\n", out);
	return status;
}

const char *
keygen_selector(const struct keygen *keygen, unsigned n)
{
	struct tm tm;
	time_t now = time(NULL);

	if (n >= 26)
		return NULL;
	gmtime_r(&now, &tm);
	return arena_printf(keygen->arena, "%d%c%s", tm.tm_year + 1900, 'a' + (int)n,
	    keygen->type == KEY_ED25519 ? "e" : "");
}

/* Whether or not it is there yet. */
static const char *
whole_path(const struct keygen *keygen)
{
	char whole[PATH_MAX];
	const char *slash = strrchr(keygen->path, '/');

	if (realpath(keygen->dir, whole) == NULL)
		return keygen->path;
	return arena_printf(keygen->arena, "%s%s", whole, slash);
}

/* Neither the file is there, nor a key of that name elsewhere. */
static bool
is_free(const struct keygen *keygen, struct selectors *selectors, bool ask)
{
	return !selectors_exists(keygen->path) && (selectors == NULL ||
	    (!selectors_named(selectors, keygen->selector, whole_path(keygen)) &&
	    !(ask && selectors_in_dns(selectors, keygen->selector))));
}

/* DNS is not asked about a selector that was chosen by a person. */
static int
choose_path(struct keygen *keygen, struct selectors *selectors)
{
	const char *given = keygen->selector_given ? keygen->selector : NULL, *selector;

	for (unsigned n = 0; (selector = keygen_selector(keygen, n)) != NULL; n++) {
		keygen->selector = given != NULL ? given : selector;
		keygen->path = arena_printf(keygen->arena, "%s/%s.%s.pem", keygen->dir,
		    keygen->sdid, keygen->selector);
		if (is_free(keygen, selectors, given == NULL))
			return TOOL_OK;
		if (given != NULL && selectors_exists(keygen->path))
			return tool_error("%s is there already; it is never overwritten. Choose "
			    "another --selector", keygen->path);
		if (given != NULL)
			return tool_error("%s has a key of the selector %s for %s, elsewhere. Choose "
			    "another --selector", keygen->config, given, keygen->sdid);
	}
	return tool_error("every selector of this year is in use: name one with --selector");
}

/* As that file where we may, but never more than for its group. */
static int
make_like(const struct keygen *keygen, int fd)
{
	struct stat st;

	if (keygen->like == NULL || geteuid() != 0 || stat(keygen->like, &st) != 0)
		return 1;
	return fchown(fd, st.st_uid, st.st_gid) != 0 ||
	    fchmod(fd, st.st_mode & 0640) != 0 ? -1 : 0;
}

static const struct group *
find_group(void)
{
	return geteuid() == 0 ? getgrnam("mailworthy") : NULL;
}

int
keygen_own(int fd)
{
	const struct group *group = find_group();

	return group != NULL && (fchown(fd, 0, group->gr_gid) != 0 ||
	    fchmod(fd, 0640) != 0) ? -1 : 0;
}

/* Readable by the owner, and by the daemon where that can be. */
static int
write_key(const struct keygen *keygen, const char *pem)
{
	const struct group *group = find_group();
	size_t n = strlen(pem);
	int fd, given;

	if (mkdir(keygen->dir, 0750) == 0 && group != NULL &&
	    chown(keygen->dir, 0, group->gr_gid) != 0)
		return tool_error("cannot give %s to group mailworthy: %s", keygen->dir,
		    strerror(errno));
	fd = open(keygen->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return tool_error("cannot make %s: %s%s", keygen->path, strerror(errno),
		    errno == EACCES ? "; run it as root, or name a --directory" :
		    errno == ENOENT ? "; make the directory above it first" : "");
	given = make_like(keygen, fd);
	if (given == -1 || (given == 1 && keygen_own(fd) != 0)) {
		tool_error("cannot give %s to %s: %s", keygen->path, given == -1 ?
		    "the owner of the key before" : "group mailworthy", strerror(errno));
		close(fd);
		unlink(keygen->path);
		return TOOL_USAGE;
	}
	if (write(fd, pem, n) != (ssize_t)n || fsync(fd) != 0) {
		tool_error("cannot write %s: %s", keygen->path, strerror(errno));
		close(fd);
		unlink(keygen->path);
		return TOOL_USAGE;
	}
	close(fd);
	return TOOL_OK;
}

static void
print_zone_form(const struct keygen *keygen, const char *record)
{
	size_t n = strlen(record), at;

	printf("%s._domainkey.%s. 3600 IN TXT (", keygen->selector, keygen->sdid);
	for (at = 0; at < n; at += TXT_STRING_MAX)
		printf("\n    \"%.*s\"", (int)(n - at < TXT_STRING_MAX ? n - at :
		    TXT_STRING_MAX), record + at);
	puts(" )");
}

void
keygen_print_record(const struct keygen *keygen, const struct key *key)
{
	const char *record = look_key_record(keygen->arena, key);

	puts("1. Publish this record. In a zone file:\n");
	print_zone_form(keygen, record);
	puts("\n   or, in a web form that takes the value in one line:\n");
	printf("Name   %s._domainkey.%s\nType   TXT\nValue  %s\n\n", keygen->selector,
	    keygen->sdid, record);
}

const char *
keygen_whole_path(const struct keygen *keygen)
{
	char whole[PATH_MAX];

	return realpath(keygen->path, whole) != NULL ? arena_strdup(keygen->arena, whole) :
	    keygen->path;
}

static void
print_all(const struct keygen *keygen, const struct key *key)
{
	const char *path = keygen_whole_path(keygen);

	printf("Key written to %s\n\n", path);
	keygen_print_record(keygen, key);
	puts("2. Put this into mailworthy.conf. (Where the domain has its section already, "
	    "`mailworthy\n   keygen --rotate` makes the next key and does this.)\n");
	printf("domain \"%s\" {\n\tkey \"%s\" { file = \"%s\" }\n", keygen->domain,
	    keygen->selector, path);
	if (strcmp(keygen->sdid, keygen->domain) != 0)
		printf("\tsign-as = \"%s\"\n", keygen->sdid);
	puts("}");
	puts("\n3. When DNS shows the record, reload: systemctl reload mailworthy, or\n"
	    "   pkill -HUP -x mailworthyd.");
	if (keygen->type == KEY_ED25519)
		puts("\nAn Ed25519 key signs in addition to an RSA key of the same domain, "
		    "never alone:\nnot every receiver can verify it.");
}

struct key *
keygen_make(const struct keygen *keygen)
{
	const char *error = "", *pem = key_generate(keygen->type, keygen->bits,
	    keygen->arena);
	struct key *key = pem != NULL ? key_parse(slice_of(pem), keygen->arena, &error) : NULL;

	if (key == NULL)
		tool_error("cannot make a key: %s", error);
	else if (write_key(keygen, pem) != TOOL_OK)
		key_free(&key);
	return key;
}

static int
make_first(struct keygen *keygen, struct selectors *selectors)
{
	int status = choose_path(keygen, selectors);
	struct key *key;

	if (status != TOOL_OK)
		return status;
	key = keygen_make(keygen);
	if (key == NULL)
		return TOOL_USAGE;
	print_all(keygen, key);
	key_free(&key);
	return TOOL_OK;
}

/* The configuration may not be written yet; where it is, it knows selectors in use. */
static int
make(struct keygen *keygen)
{
	struct files *files = files_new();
	const char *error = "";
	const struct settings *settings = access(keygen->config, F_OK) != 0 ? NULL :
	    settings_load(files, keygen->config, check_exists, keygen->arena, &error);
	struct selectors *selectors = NULL;
	int status;

	if (settings != NULL) {
		const struct settings_domain *section = settings_find_domain(settings,
		    keygen->domain);

		if (section != NULL && strcmp(section->name, keygen->domain) == 0)
			keygen->sdid = selectors_sdid(section, keygen->domain);
		selectors = selectors_open(settings, keygen->sdid);
	} else if (*error != '\0')
		fprintf(stderr, "mailworthy: selectors in use are not known: %s\n", error);
	status = make_first(keygen, selectors);
	selectors_close(&selectors);
	if (settings != NULL)
		settings_unref(&settings);
	files_free(&files);
	return status;
}

static int
parse_bits(const char *text, unsigned *bits_r)
{
	unsigned long bits;

	if (!slice_number(slice_of(text), KEY_RSA_BITS_MAX, &bits) ||
	    bits < KEY_RSA_BITS_MIN)
		return tool_error("--bits: expected a number from %d to %d, got \"%s\"",
		    KEY_RSA_BITS_MIN, KEY_RSA_BITS_MAX, text);
	*bits_r = (unsigned)bits;
	return TOOL_OK;
}

static bool
is_selector(const char *name)
{
	const char *p;

	for (p = name; *p != '\0'; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-._", *p) == NULL)
			return false;
	return p != name && p - name <= 63;
}

static int
read_options(struct keygen *keygen, int argc, char **argv, bool *rotate_r, bool *ended_r)
{
	int option;

	*ended_r = true;
	*rotate_r = false;
	while ((option = getopt_long(argc, argv, "s:b:ed:rwc:h", long_options, NULL)) != -1) {
		switch (option) {
		case 's':
			keygen->selector = optarg;
			keygen->selector_given = true;
			break;
		case 'b':
			if (parse_bits(optarg, &keygen->bits) != TOOL_OK)
				return TOOL_USAGE;
			keygen->bits_given = true;
			break;
		case 'd':
			keygen->dir = optarg;
			keygen->dir_given = true;
			break;
		case 'e': keygen->type = KEY_ED25519; break;
		case 'r': *rotate_r = true; break;
		case 'w': keygen->write = true; break;
		case 'c': keygen->config = optarg; break;
		case 'h': return usage(stdout, TOOL_OK);
		default: return tool_wrong_option(argv);
		}
	}
	if (argc - optind > 1)
		return tool_extra_argument(argv, argv[optind + 1]);
	if (argc == optind)
		return usage(stderr, TOOL_USAGE);
	if (keygen->write && !*rotate_r)
		return tool_error("--write goes with --rotate: for its first key a domain needs "
		    "a section, which is written by hand");
	*ended_r = false;
	return TOOL_OK;
}

static int
run(struct keygen *keygen, int argc, char **argv)
{
	bool rotate, ended, wild;
	struct slice name;
	int status = read_options(keygen, argc, argv, &rotate, &ended);

	if (ended)
		return status;
	name = slice_of(argv[optind]);
	wild = rotate && slice_starts_nocase(name, "*.");
	if (wild)
		name = slice_sub(name, 2, name.n);
	keygen->domain = keygen->sdid = domain_to_ascii(keygen->arena, name);
	if (keygen->domain == NULL || !domain_is_fqdn(keygen->domain))
		return tool_error("expected a full domain name, as in example.com, got "
		    "\"%s\"", argv[optind]);
	if (wild)
		keygen->domain = arena_printf(keygen->arena, "*.%s", keygen->domain);
	if (keygen->selector_given && !is_selector(keygen->selector))
		return tool_error("--selector: expected small letters, digits and \"-\", "
		    "got \"%s\"", keygen->selector);
	return rotate ? keygen_rotate(keygen) : make(keygen);
}

int
tool_keygen(int argc, char **argv)
{
	struct keygen keygen = {
		.dir = SYSCONFDIR "/mailworthy/keys", .config = TOOL_CONFIG, .type = KEY_RSA,
		.bits = 2048, .arena = arena_new(),
	};
	int status = run(&keygen, argc, argv);

	arena_free(&keygen.arena);
	return status;
}
