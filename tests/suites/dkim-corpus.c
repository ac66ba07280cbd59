/*
 * Signs messages of many shapes in every form and profile, for other people's
 * verifiers: `dkim-corpus DIRECTORY` writes N.eml and the key records in `keys`
 * ("NAME<TAB>RECORD" a line).  dkim-verifiers runs it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dkim/keyring.h"
#include "dkim/sign.h"
#include "settings/settings.h"

enum { RSA, RSA_LARGE, ED25519, KEYS };
enum { BODY_MAX = 1 << 20 };

struct shape {				/* fields with LF, and a body */
	const char *fields, *body;
	size_t repeat;			/* the body so many times, 0 as 1 */
};

#define START "From: Anna <anna@example.com>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n"
#define PLAIN START "To: ben@example.net\nSubject: Hello\nMessage-ID: <1@example.com>\n"

static const struct shape shapes[] = {
	{ PLAIN, "Hello Ben,\r\n\r\nall is well.\r\n", 0 },
	{ PLAIN, "", 0 },
	{ PLAIN, "\r\n", 0 },
	{ PLAIN, "\r\n\r\n\r\n", 0 },
	{ PLAIN, " \t\r\n", 0 },
	{ PLAIN, "  blanks  in \t front and behind \t \r\n\r\n \r\n", 0 },
	{ PLAIN, "no end of line", 0 },
	{ PLAIN, "ends with blanks  ", 0 },
	{ PLAIN, ".\r\n..\r\n.dots\r\n", 0 },
	{ PLAIN, "\r\nblank lines\r\n\r\n\r\nbetween and behind\r\n\r\n\r\n", 0 },
	{ PLAIN, "Gr\xc3\xbc\xc3\x9f" "e \xe4\xf6\xfc\r\n", 0 },
	{ PLAIN, "QmFzZTY0IGxpbmVzIG9mIHNldmVudHktc2l4IG9jdGV0cyBhcyBhbiBhdHRhY2htZW50IGhh"
	    "cw==\r\n", 3000 },
	{ PLAIN, "The quick brown fox  jumps over the lazy dog. \r\n", 5000 },
	{ PLAIN, "a line without an end ", 3000 },
	{ START "To: a@example.net,\n b@example.net,\n\tc@example.net\nSubject: folded\n"
	    "\tand folded\n  again\n", "x\r\n", 0 },
	{ START "Subject:\nTo: b@example.net\n", "empty Subject\r\n", 0 },
	{ START "Subject:no blank in front\nTo:   three blanks   in   it  \n", "x\r\n", 0 },
	{ START "Subject: \tGr\xc3\xbc\xc3\x9f" "e\n", "8-bit field\r\n", 0 },
	{ START "To: a@example.net\nTo: b@example.net\nReferences: <1@example.com>\n"
	    "References: <2@example.com>\n", "fields twice\r\n", 0 },
	{ START "MIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=\"x\"\n"
	    "List-Unsubscribe: <https://example.com/u>\nList-Id: <l.example.com>\n"
	    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\nReply-To: r@example.com\n"
	    "Sender: s@example.com\nResent-From: x@example.com\nFeedback-ID: a:b:c:d\n",
	    "--x\r\n\r\npart\r\n--x--\r\n", 0 },
	{ "Received: from a by b;\n Sat, 21 Nov 2026 10:00:00 +0000\n"
	    "Return-Path: <a@example.com>\nX-Other: not signed\n" PLAIN, "trace above\r\n", 0 },
};

struct corpus {
	const char *directory;
	struct dkim_lib *lib;
	struct key *keys[KEYS];
	struct settings_domain settings;
	struct ring_key ring_keys[KEYS];
	unsigned written;
};

static void
die(const char *what)
{
	fprintf(stderr, "dkim-corpus: %s\n", what);
	exit(2);
}

static FILE *
open_file(struct arena *arena, const struct corpus *corpus, const char *name)
{
	FILE *file = fopen(arena_printf(arena, "%s/%s", corpus->directory, name), "w");

	if (file == NULL)
		die("cannot write there");
	return file;
}

static void
make_keys(struct corpus *corpus, struct arena *arena)
{
	static const char *const selectors[KEYS] = { "rsa1024", "rsa2048", "ed25519" };
	static const unsigned bits[KEYS] = { 1024, 2048, 0 };
	FILE *file = open_file(arena, corpus, "keys");
	const char *error = NULL;

	for (int i = 0; i < KEYS; i++) {
		enum key_type type = i == ED25519 ? KEY_ED25519 : KEY_RSA;

		corpus->keys[i] = key_parse(slice_of(key_generate(type, bits[i], arena)),
		    arena, &error);
		if (corpus->keys[i] == NULL)
			die(error);
		corpus->ring_keys[i] = (struct ring_key){ .domain = "example.com",
			.selector = selectors[i], .key = corpus->keys[i],
			.settings = &corpus->settings };
		fprintf(file, "%s._domainkey.example.com\tv=DKIM1; k=%s; p=%s\n",
		    selectors[i], i == ED25519 ? "ed25519" : "rsa",
		    key_public_base64(corpus->keys[i]));
	}
	fclose(file);
}

static struct headers *
headers_of(struct arena *arena, const char *text)
{
	struct headers *headers = headers_new(arena);

	while (*text != '\0') {
		const char *colon = strchr(text, ':'), *end = strchr(text, '\n');

		while (end[1] == ' ' || end[1] == '\t')
			end = strchr(end + 1, '\n');
		headers_add(headers, (struct slice){ text, (size_t)(colon - text) },
		    (struct slice){ colon + 1, (size_t)(end - colon) - 1 });
		text = end + 1;
	}
	return headers;
}

/* Each line end of the field as CRLF. */
static void
write_field(FILE *file, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			fputc('\r', file);
		fputc(*text, file);
	}
}

static void
write_message(struct corpus *corpus, struct arena *arena, const struct shape *shape,
    const struct buf *body, const struct signature *signatures, size_t n)
{
	FILE *file = open_file(arena, corpus, arena_printf(arena, "%u.eml",
	    corpus->written++));

	for (size_t i = 0; i < n; i++) {
		if (signatures[i].value == NULL)
			die(signatures[i].error);
		write_field(file, arena_printf(arena, "DKIM-Signature: %s\n",
		    signatures[i].value));
	}
	write_field(file, shape->fields);
	fputs("\r\n", file);
	fwrite(buf_str(body), 1, body->n, file);
	/* The MTA ends the last line. */
	if (body->n > 0 && buf_str(body)[body->n - 1] != '\n')
		fputs("\r\n", file);
	fclose(file);
}

static void
sign_shape(struct corpus *corpus, const struct shape *shape, const struct ring_key *rsa)
{
	struct arena *arena = arena_new();
	struct headers *headers = headers_of(arena, shape->fields);
	struct signature signatures[2];
	struct signer *signer;
	struct buf body;
	size_t n;

	buf_init(&body, arena, BODY_MAX);
	for (size_t i = 0; i < (shape->repeat == 0 ? 1 : shape->repeat); i++)
		buf_add_str(&body, shape->body);
	signer = signer_new(corpus->lib, arena, rsa, &corpus->ring_keys[ED25519], headers,
	    NULL, NULL, time(NULL));
	for (size_t i = 0; i < body.n; i += 1000)
		signer_body(signer, buf_str(&body) + i, body.n - i < 1000 ? body.n - i : 1000);
	n = signer_finish(signer, signatures);
	write_message(corpus, arena, shape, &body, signatures, n);
	arena_free(&arena);
}

int
main(int argc, char **argv)
{
	struct corpus corpus = { .directory = argv[argc - 1] };
	struct arena *arena = arena_new();
	const char *error = NULL;

	if (argc != 2)
		die("usage: dkim-corpus DIRECTORY");
	corpus.lib = dkim_lib_new(&error);
	if (corpus.lib == NULL)
		die(error);
	make_keys(&corpus, arena);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		for (unsigned form = 0; form < 4 * 3; form++) {
			corpus.settings.canon_header = form & 1 ? CANON_RELAXED : CANON_SIMPLE;
			corpus.settings.canon_body = form & 2 ? CANON_RELAXED : CANON_SIMPLE;
			corpus.settings.signed_headers = (enum header_profile)(form / 4);
			sign_shape(&corpus, &shapes[i],
			    &corpus.ring_keys[(i + form) % 2 == 0 ? RSA : RSA_LARGE]);
		}
	}
	for (int i = 0; i < KEYS; i++)
		key_free(&corpus.keys[i]);
	dkim_lib_free(&corpus.lib);
	arena_free(&arena);
	return 0;
}
