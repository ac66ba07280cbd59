/*
 * The key ring: files loaded by name and by template, found by author domain,
 * and what is said when one cannot be used.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "dkim/keyring.h"
#include "dkim_keys.h"
#include "exact.h"
#include "settings/files.h"
#include "settings/settings.h"

static char directory[] = "/tmp/mailworthy-test-XXXXXX";
static struct arena *arena;
static struct settings_key keys[16];
static struct settings_domain domains[8];
static struct settings settings;
static const char *error;

/* Files made by the tests, removed at the end. */
static const char *made[32];
static size_t n_made;

static const char *
path(const char *name)
{
	return arena_printf(arena, "%s/%s", directory, name);
}

static void
make_file(const char *name, const char *text, mode_t mode)
{
	const char *full = path(name);
	FILE *file = fopen(full, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	chmod(full, mode);
	made[n_made++] = full;
}

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	if (mkdtemp(directory) == NULL)
		return -1;
	make_file("rsa.pem", PEM_RSA, 0600);
	make_file("ed.pem", PEM_ED25519, 0640);
	make_file("ec.pem", PEM_EC, 0600);
	make_file("open.pem", PEM_RSA, 0644);
	make_file("example.net.s1.pem", PEM_RSA, 0600);
	make_file("example.net.s2.pem", PEM_ED25519, 0600);
	make_file("a.example.com.s1.pem", PEM_RSA, 0600);
	make_file("example.org.s2.pem", PEM_ED25519, 0600);
	make_file("nodots.s1.pem", PEM_RSA, 0600);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	while (n_made > 0)
		unlink(made[--n_made]);
	arena_free(&arena);
	return rmdir(directory);
}

/* A section with up to two keys "selector=file". */
static void
add_domain(const char *name, const char *first, const char *second)
{
	struct settings_domain *domain = &domains[settings.n_domains++];
	const char *texts[] = { first, second };

	*domain = (struct settings_domain){ .name = name, .keys = domain == domains ?
		keys : domain[-1].keys + domain[-1].n_keys,
		.line = 10 * (unsigned)settings.n_domains };
	for (int i = 0; i < 2 && texts[i] != NULL; i++) {
		size_t n = slice_find(slice_of(texts[i]), '=');

		domain->keys[domain->n_keys++] = (struct settings_key){
			.selector = arena_strndup(arena, texts[i], n),
			.file = path(texts[i] + n + 1), .line = domain->line + 1 };
	}
}

static void
start(void)
{
	settings = (struct settings){ .path = "m.conf", .domains = domains };
	error = NULL;
}

static struct keyring *
load(void)
{
	struct files *files = files_new();
	struct keyring *ring = keyring_new(&settings, files, arena, &error);

	files_free(&files);
	return ring;
}

static void
test_by_name(void **state)
{
	const struct ring_domain *found;
	struct keyring *ring;

	(void)state;
	start();
	add_domain("example.com", "s1=rsa.pem", "s2=ed.pem");
	add_domain("empty.example.com", NULL, NULL);
	ring = load();
	assert_null(error);
	assert_int_equal(keyring_count(ring), 2);
	assert_string_equal(keyring_at(ring, 0)->dns_name, "s1._domainkey.example.com");
	assert_string_equal(keyring_at(ring, 1)->selector, "s2");
	assert_int_equal(key_type(keyring_at(ring, 1)->key), KEY_ED25519);
	assert_string_equal(keyring_at(ring, 0)->path, path("rsa.pem"));
	found = keyring_find(ring, "example.com", arena);
	assert_string_equal(found->sdid, "example.com");
	assert_ptr_equal(found->settings, &domains[0]);
	assert_int_equal(found->n_keys, 2);
	assert_ptr_equal(found->keys[0], keyring_at(ring, 0));
	assert_int_equal(keyring_find(ring, "empty.example.com", arena)->n_keys, 0);
	assert_null(keyring_find(ring, "sub.example.com", arena));
	assert_null(keyring_find(ring, "com", arena));
	assert_null(keyring_find(ring, "", arena));
	keyring_free(&ring);
	assert_null(ring);
	keyring_free(&ring);
}

static void
test_subdomains(void **state)
{
	const struct ring_domain *found;
	struct keyring *ring;

	(void)state;
	start();
	add_domain("*.example.com", "s1=rsa.pem", NULL);
	add_domain("*.b.example.com", "s2=rsa.pem", NULL);
	add_domain("news.example.com", "s3=rsa.pem", NULL);
	ring = load();
	assert_null(error);
	assert_int_equal(keyring_count(ring), 1);	/* the others have no name yet */
	assert_null(keyring_find(ring, "example.com", arena));
	found = keyring_find(ring, "a.example.com", arena);
	assert_string_equal(found->sdid, "a.example.com");
	assert_string_equal(found->keys[0]->dns_name, "s1._domainkey.a.example.com");
	assert_string_equal(keyring_find(ring, "x.b.example.com", arena)->keys[0]->selector, "s2");
	assert_string_equal(keyring_find(ring, "b.example.com", arena)->keys[0]->selector, "s1");
	assert_string_equal(keyring_find(ring, "news.example.com", arena)->keys[0]->selector, "s3");
	assert_string_equal(keyring_find(ring, "x.news.example.com", arena)->sdid,
	    "x.news.example.com");
	keyring_free(&ring);
}

static void
test_template(void **state)
{
	const struct ring_domain *found;
	struct keyring *ring;

	(void)state;
	start();
	add_domain("*", "s1=%d.%s.pem", NULL);
	add_domain("example.net", "own=rsa.pem", NULL);
	ring = load();
	assert_null(error);
	/* a.example.com and example.net by template, example.net by name. */
	assert_int_equal(keyring_count(ring), 3);
	found = keyring_find(ring, "a.example.com", arena);
	assert_string_equal(found->sdid, "a.example.com");
	assert_string_equal(found->keys[0]->path, path("a.example.com.s1.pem"));
	assert_string_equal(keyring_find(ring, "example.net", arena)->keys[0]->selector, "own");
	assert_null(keyring_find(ring, "example.com", arena));
	assert_null(keyring_find(ring, "nodots", arena));
	keyring_free(&ring);
}

static void
test_template_below(void **state)
{
	struct keyring *ring;

	(void)state;
	start();
	add_domain("*.example.com", "s1=%d.%s.pem", "s2=ed.pem");
	ring = load();
	assert_null(error);
	assert_int_equal(keyring_find(ring, "a.example.com", arena)->n_keys, 2);
	assert_int_equal(keyring_find(ring, "b.example.com", arena)->n_keys, 1);
	assert_null(keyring_find(ring, "example.net", arena));
	keyring_free(&ring);
	start();
	add_domain("*.example.com", "s1=%d.%s.pem", NULL);
	ring = load();
	/* Managed by the section, though it has no key. */
	assert_int_equal(keyring_find(ring, "b.example.com", arena)->n_keys, 0);
	assert_string_equal(keyring_find(ring, "b.example.com", arena)->sdid, "*.example.com");
	keyring_free(&ring);
}

static void
refuse(const char *expected)
{
	assert_null(load());
	assert_non_null(error);
	if (strstr(error, expected) == NULL)
		fail_msg("%s: not in: %s", expected, error);
}

/* Keys of a section that signs as another domain know those beside them. */
static void
test_keys_among(void **state)
{
	const struct ring_key *key;
	struct keyring *ring;

	(void)state;
	start();
	add_domain("news.example.com", "s1=rsa.pem", "s2=ed.pem");
	add_domain("*.example.com", "s1=rsa.pem", "s3=rsa.pem");
	domains[0].sign_as = domains[1].sign_as = "example.com";
	ring = load();
	assert_non_null(ring);
	assert_int_equal(keyring_count(ring), 3);	/* s1 once */
	assert_null(keyring_find(ring, "example.com", arena));
	for (size_t i = 0; i < 3; i++) {
		key = keyring_at(ring, i);
		assert_string_equal(key->dns_name, arena_printf(arena,
		    "s%zu._domainkey.example.com", i + 1));
		assert_int_equal(key->among->n_keys, 2);
		assert_ptr_equal(key->among->keys[i == 0 ? 0 : 1], key);
		assert_ptr_equal(key->among->settings, &domains[i / 2]);
	}
	keyring_free(&ring);
}

static void
test_refusals(void **state)
{
	(void)state;
	start();
	add_domain("example.com", "s1=none.pem", NULL);
	refuse("m.conf:11: ");
	refuse("none.pem: the key cannot be read: No such file or directory");
	start();
	add_domain("example.com", "s1=open.pem", NULL);
	refuse("open.pem: everybody can read");
	refuse("chmod o-r");
	start();
	add_domain("example.com", "s1=ec.pem", NULL);
	refuse("ec.pem: PEM of kind \"EC PRIVATE KEY\"");
	start();
	add_domain("example.com", "s1=ed.pem", NULL);
	refuse("m.conf:10: example.com: only Ed25519 keys");
	start();
	add_domain("*", "s2=%d.%s.pem", NULL);
	refuse("example.org: only Ed25519 keys");
	/* All that is wrong at once, a line each. */
	start();
	add_domain("example.com", "s1=none.pem", "s2=ec.pem");
	add_domain("example.net", "s1=open.pem", NULL);
	refuse("none.pem");
	refuse("ec.pem");
	refuse("\nm.conf:21: ");
}

/*
 * Senders choose the names below a star: each of them is signed, however many there
 * were before, and the ring remembers none.
 */
static void
test_many_subdomains(void **state)
{
	const struct ring_domain *found;
	struct keyring *ring;
	struct arena *message = NULL;

	(void)state;
	start();
	add_domain("*.example.com", "s1=rsa.pem", "s2=ed.pem");
	ring = load();
	for (int i = 0; i < 50000; i++) {
		const char *name;

		if (i % 100 == 0) {
			arena_free(&message);
			message = arena_new();
		}
		name = arena_printf(message, "d%d.example.com", i);
		found = keyring_find(ring, name, message);
		assert_int_equal(found->n_keys, 2);
		assert_string_equal(found->sdid, name);
		assert_string_equal(found->keys[1]->dns_name,
		    arena_printf(message, "s2._domainkey.%s", name));
		assert_in_range(arena_size(message), 1, 256 * 1024);
	}
	arena_free(&message);
	assert_int_equal(keyring_count(ring), 0);
	keyring_free(&ring);
}

/* With sign-as they are all one. */
static void
test_sign_as(void **state)
{
	const struct ring_domain *found;
	struct keyring *ring;

	(void)state;
	start();
	add_domain("*.example.com", "s1=rsa.pem", "s2=%d.s1.pem");
	domains[0].sign_as = "example.com";
	ring = load();
	assert_null(error);
	found = keyring_find(ring, "x.example.com", arena);
	assert_string_equal(found->sdid, "example.com");
	assert_int_equal(found->n_keys, 1);
	assert_ptr_equal(found->keys[0], keyring_at(ring, 0));
	assert_string_equal(found->keys[0]->dns_name, "s1._domainkey.example.com");
	assert_ptr_equal(keyring_find(ring, "y.example.com", arena), found);
	/* one with a file of its own has that key, too */
	found = keyring_find(ring, "a.example.com", arena);
	assert_string_equal(found->sdid, "example.com");
	assert_int_equal(found->n_keys, 2);
	keyring_free(&ring);
}

/* An ordinary user judges a message without the keys; the daemon needs them. */
static void
test_unreadable(void **state)
{
	struct files *files = files_new();
	struct ring_choice choice;
	struct sightings *sightings = sightings_open(NULL);
	struct keyring *ring;
	bool root = geteuid() == 0;

	(void)state;
	make_file("secret.pem", PEM_RSA, 0000);
	start();
	add_domain("example.com", "s1=secret.pem", NULL);
	add_domain("*.example.com", "s1=secret.pem", NULL);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	assert_null(load());
	assert_non_null(strstr(error, "cannot be read"));
	ring = keyring_new_lenient(&settings, files, arena, &error);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_non_null(ring);
	keyring_choose(ring, sightings, "example.com", 1, arena, &choice);
	assert_int_equal(choice.usable, RING_UNSEEN);
	keyring_choose(ring, sightings, "a.example.com", 1, arena, &choice);
	assert_int_equal(choice.usable, RING_UNSEEN);
	keyring_choose(ring, sightings, "example.org", 1, arena, &choice);
	assert_int_equal(choice.usable, RING_NO_DOMAIN);
	keyring_free(&ring);
	files_free(&files);
	sightings_close(&sightings);
}

static void
add_credential(const char *name, const char *selector, const char *file)
{
	add_domain(name, arena_printf(arena, "%s=", selector), NULL);
	domains[settings.n_domains - 1].keys[0].file = file;
}

/* What a service is given, and what others are told who are not given it. */
static void
test_credentials(void **state)
{
	struct files *files = files_new();
	struct keyring *ring;

	(void)state;
	chmod(directory, 0500);
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	start();
	add_credential("example.com", "s1", "credential:rsa.pem");
	add_credential("*", "s1", "credential:%d.s1.pem");
	ring = load();
	assert_null(error);
	assert_string_equal(keyring_find(ring, "example.com", arena)->keys[0]->path,
	    "credential:rsa.pem");
	assert_int_equal(keyring_find(ring, "example.net", arena)->n_keys, 1);
	keyring_free(&ring);

	start();
	add_credential("example.com", "s1", "credential:none.pem");
	assert_null(load());
	assert_string_equal(error, "m.conf:11: credential:none.pem: the key cannot be read: "
	    "No such file or directory; has the unit LoadCredential=none.pem:/PATH, and "
	    "was the service started again since?");

	unsetenv("CREDENTIALS_DIRECTORY");
	chmod(directory, 0700);
	start();
	add_credential("example.com", "s1", "credential:rsa.pem");
	add_credential("*", "s1", "credential:%d.s1.pem");
	assert_null(load());
	assert_string_equal(error, "m.conf:11: credential:rsa.pem: only a service that "
	    "systemd started has credentials: put LoadCredential=rsa.pem:/PATH into the "
	    "unit, or name a path\nm.conf:21: credential:%d.s1.pem: only a service that "
	    "systemd started has credentials: put LoadCredential=%d.s1.pem:/PATH into the "
	    "unit, or name a path");
	error = NULL;
	ring = keyring_new_outside(&settings, files, arena, &error);
	assert_null(error);
	assert_true(keyring_find(ring, "example.com", arena)->unseen);
	keyring_free(&ring);
	ring = keyring_new_lenient(&settings, files, arena, &error);
	assert_true(keyring_find(ring, "example.com", arena)->unseen);
	keyring_free(&ring);
	files_free(&files);
	/* other keys must be there for -n */
	files = files_new();
	start();
	add_domain("example.com", "s1=gone.pem", NULL);
	assert_null(keyring_new_outside(&settings, files, arena, &error));
	files_free(&files);
}

/* A line that is cut short would name another file to chmod. */
static void
test_many_refusals(void **state)
{
	enum { MANY = 2000 };
	struct settings_domain *many = arena_array(arena, MANY, sizeof(*many));
	struct settings_key *lost = arena_array(arena, MANY, sizeof(*lost));
	struct slice rest, line;
	struct keyring *ring;
	size_t n = 0;

	(void)state;
	start();
	for (unsigned i = 0; i < MANY; i++) {
		lost[i] = (struct settings_key){ .selector = "s", .line = i + 1,
			.file = path(arena_printf(arena, "%.*s-lost", (int)(i % 19) + 1,
			"aaaaaaaaaaaaaaaaaaaaaaaa")) };
		many[i] = (struct settings_domain){ .keys = &lost[i], .n_keys = 1,
			.name = arena_printf(arena, "d%u.example.com", i) };
	}
	settings.domains = many;
	settings.n_domains = MANY;
	ring = load();
	assert_null(ring);
	rest = slice_of(error);
	while (slice_split(&rest, '\n', &line) && rest.n > 0) {
		n++;
		assert_true(slice_ends_nocase(line, "-lost: the key cannot be read: No such file "
		    "or directory"));
	}
	assert_true(n > 300 && n < MANY);
	assert_string_equal(slice_dup(arena, line), arena_printf(arena, "%zu more keys cannot "
	    "be used", MANY - n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_subdomains),
		cmocka_unit_test(test_template),
		cmocka_unit_test(test_template_below),
		cmocka_unit_test(test_keys_among),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_many_subdomains),
		cmocka_unit_test(test_sign_as),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_many_refusals),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
