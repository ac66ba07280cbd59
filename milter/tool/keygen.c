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
#include "dkim/key.h"
#include "mail/domain.h"
#include "tool/tool.h"

#define TXT_STRING_MAX 255	/* octets of one string of a TXT record (RFC 1035 3.3.14) */

struct keygen {
	const char *domain;		/* A-label */
	const char *selector;
	const char *dir;
	const char *path;
	enum key_type type;
	unsigned bits;
	struct arena *arena;
};

static const struct option long_options[] = {
	{ "selector", required_argument, NULL, 's' },
	{ "bits", required_argument, NULL, 'b' },
	{ "ed25519", no_argument, NULL, 'e' },
	{ "directory", required_argument, NULL, 'd' },
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
	    "  --directory DIR    where the key goes (" SYSCONFDIR "/mailworthy/keys)\n", out);
	return status;
}

static bool
choose_path(struct keygen *keygen, bool given)
{
	struct tm tm;
	time_t now = time(NULL);
	struct stat st;
	int letter;

	gmtime_r(&now, &tm);
	for (letter = 'a'; letter <= 'z'; letter++) {
		if (!given)
			keygen->selector = arena_printf(keygen->arena, "%d%c%s",
			    tm.tm_year + 1900, letter, keygen->type == KEY_ED25519 ? "e" : "");
		keygen->path = arena_printf(keygen->arena, "%s/%s.%s.pem", keygen->dir,
		    keygen->domain, keygen->selector);
		if (lstat(keygen->path, &st) != 0)
			return true;
		if (given)
			return false;
	}
	return false;
}

/* 0640 root:mailworthy where that can be, else readable by the owner alone. */
static int
write_key(const struct keygen *keygen, const char *pem)
{
	struct group *group = geteuid() == 0 ? getgrnam("mailworthy") : NULL;
	size_t n = strlen(pem);
	int fd;

	if (mkdir(keygen->dir, 0750) == 0 && group != NULL &&
	    chown(keygen->dir, 0, group->gr_gid) != 0)
		return tool_error("cannot give %s to group mailworthy: %s", keygen->dir,
		    strerror(errno));
	fd = open(keygen->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return tool_error("cannot make %s: %s%s", keygen->path, strerror(errno),
		    errno == EACCES ? "; run it as root, or name a --directory" :
		    errno == ENOENT ? "; make the directory above it first" : "");
	if (group != NULL && (fchown(fd, 0, group->gr_gid) != 0 || fchmod(fd, 0640) != 0)) {
		close(fd);
		return tool_error("cannot give %s to group mailworthy: %s", keygen->path,
		    strerror(errno));
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

	printf("%s._domainkey.%s. 3600 IN TXT (", keygen->selector, keygen->domain);
	for (at = 0; at < n; at += TXT_STRING_MAX)
		printf("\n    \"%.*s\"", (int)(n - at < TXT_STRING_MAX ? n - at :
		    TXT_STRING_MAX), record + at);
	puts(" )");
}

static void
print_all(const struct keygen *keygen, const struct key *key)
{
	const char *record = arena_printf(keygen->arena, "v=DKIM1; k=%s; p=%s",
	    keygen->type == KEY_RSA ? "rsa" : "ed25519", key_public_base64(key));
	char whole[PATH_MAX];	/* the configuration takes absolute paths only */
	const char *path = realpath(keygen->path, whole) != NULL ? whole : keygen->path;

	printf("Key written to %s\n\n", path);
	puts("1. Publish this record. In a zone file:\n");
	print_zone_form(keygen, record);
	puts("\n   or, in a web form that takes the value in one line:\n");
	printf("Name   %s._domainkey.%s\nType   TXT\nValue  %s\n\n", keygen->selector,
	    keygen->domain, record);
	puts("2. Put this into mailworthy.conf and send the daemon SIGHUP. Where the domain "
	    "has\n   its section already, add only the line of the key, below those "
	    "that are there:\n");
	printf("domain \"%s\" {\n\tkey \"%s\" { file = \"%s\" }\n}\n", keygen->domain,
	    keygen->selector, path);
	if (keygen->type == KEY_ED25519)
		puts("\nAn Ed25519 key signs in addition to an RSA key of the same domain, "
		    "never alone:\nnot every receiver can verify it.");
}

static int
make(struct keygen *keygen, bool selector_given)
{
	const char *error = "", *pem;
	struct key *key;

	if (!choose_path(keygen, selector_given))
		return tool_error("%s is there already; it is never overwritten. Choose "
		    "another --selector", keygen->path);
	pem = key_generate(keygen->type, keygen->bits, keygen->arena);
	key = pem != NULL ? key_parse(slice_of(pem), keygen->arena, &error) : NULL;
	if (key == NULL)
		return tool_error("cannot make a key: %s", error);
	if (write_key(keygen, pem) != TOOL_OK) {
		key_free(&key);
		return TOOL_USAGE;
	}
	print_all(keygen, key);
	key_free(&key);
	return TOOL_OK;
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
run(struct keygen *keygen, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "s:b:ed:h", long_options, NULL)) != -1) {
		switch (option) {
		case 's':
			keygen->selector = optarg;
			break;
		case 'b':
			if (parse_bits(optarg, &keygen->bits) != TOOL_OK)
				return TOOL_USAGE;
			break;
		case 'e':
			keygen->type = KEY_ED25519;
			break;
		case 'd':
			keygen->dir = optarg;
			break;
		case 'h':
			return usage(stdout, TOOL_OK);
		default:
			return usage(stderr, TOOL_USAGE);
		}
	}
	if (argc - optind != 1)
		return usage(stderr, TOOL_USAGE);
	keygen->domain = domain_to_ascii(keygen->arena, slice_of(argv[optind]));
	if (keygen->domain == NULL || !domain_is_fqdn(keygen->domain))
		return tool_error("expected a full domain name, as in example.com, got "
		    "\"%s\"", argv[optind]);
	if (keygen->selector != NULL && !is_selector(keygen->selector))
		return tool_error("--selector: expected small letters, digits and \"-\", "
		    "got \"%s\"", keygen->selector);
	return make(keygen, keygen->selector != NULL);
}

int
tool_keygen(int argc, char **argv)
{
	struct keygen keygen = {
		.dir = SYSCONFDIR "/mailworthy/keys", .type = KEY_RSA, .bits = 2048,
		.arena = arena_new(),
	};
	int status = run(&keygen, argc, argv);

	arena_free(&keygen.arena);
	return status;
}
