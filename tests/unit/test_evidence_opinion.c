/* What other filters answer, and how they are asked: whole, slow, broken off. */
#include "evidence_rig.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/spool.h"
#include "base/log.h"
#include "evidence/opinion/breaker.h"
#include "evidence/opinion/opinion.h"
#include "exact.h"

struct answer_row {
	const struct dialect *dialect;
	const char *answer;
	size_t n;		/* 0: strlen */
	enum known known;
	bool is_bad;
	int score, threshold;
	const char *symbols, *virus;
};

#define SPAMD_OK "SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\n"
#define HTTP_OK "HTTP/1.1 200 OK\r\nServer: rspamd\r\n\r\n"
#define YES KNOWN_VALUE

static const struct answer_row answers[] = {
	{ &dialect_spamd, SPAMD_OK "Spam: True ; 15.3 / 5.0\r\n\r\nA,B_2,C-3", 0, YES, true,
	    1530, 500, "A, B_2, C-3", NULL },
	{ &dialect_spamd, SPAMD_OK "Spam: False ; -1.25 / 5.0\r\n\r\n\r\n", 0, YES, false,
	    -125, 500, "", NULL },
	{ &dialect_spamd, SPAMD_OK "Spam: Yes ; 1.0 / 5.0\r\n\r\n", 0, KNOWN_NO },
	{ &dialect_spamd, SPAMD_OK "Spam: True ; many / 5.0\r\n\r\n", 0, KNOWN_NO },
	{ &dialect_spamd, SPAMD_OK "\r\nSpam: True ; 1.0 / 5.0\r\n", 0, KNOWN_NO },
	{ &dialect_spamd, "SPAMD/1.1 74 EX_IOERR\r\nSpam: True ; 1.0 / 5.0\r\n\r\n", 0,
	    KNOWN_NO },
	{ &dialect_spamd, "220 mail.example.com ESMTP\r\n", 0, KNOWN_NO },
	{ &dialect_spamd, SPAMD_OK "Spam: True ; 6.0 / 5.0\r\n\r\nGOOD,<script>,\x1b[2J,OTHER",
	    0, YES, true, 600, 500, "GOOD, OTHER", NULL },
	{ &dialect_rspamd, HTTP_OK "{\"score\": 16.02, \"required_score\": 15.0, "
	    "\"action\": \"reject\", \"symbols\": {\"LOW\": {\"score\": 0.1}, \"HIGH\": "
	    "{\"score\": 9}, \"GOOD\": {\"score\": -3}, \"MID\": {\"score\": 2.5}}}", 0,
	    YES, true, 1602, 1500, "HIGH, MID, LOW", NULL },
	{ &dialect_rspamd, HTTP_OK "{\"score\": 4.5, \"required_score\": 15, \"action\": "
	    "\"greylist\"}", 0, YES, false, 450, 1500, "", NULL },
	{ &dialect_rspamd, HTTP_OK "{\"score\": 4.5, \"required_score\": 15, \"action\": "
	    "\"soft reject\"}", 0, YES, false, 450, 1500, "", NULL },
	{ &dialect_rspamd, HTTP_OK "{\"score\": 7, \"required_score\": 15, \"action\": "
	    "\"rewrite subject\"}", 0, YES, true, 700, 1500, "", NULL },
	{ &dialect_rspamd, HTTP_OK "{\"score\": 1e300, \"required_score\": 15}", 0,
	    KNOWN_NO },
	{ &dialect_rspamd, HTTP_OK "{\"score\": \"5\", \"required_score\": 15}", 0,
	    KNOWN_NO },
	{ &dialect_rspamd, HTTP_OK "[1, 2", 0, KNOWN_NO },
	{ &dialect_rspamd, "HTTP/1.1 403 Forbidden\r\n\r\n{\"score\": 1, "
	    "\"required_score\": 2}", 0, KNOWN_NO },
	{ &dialect_rspamd, "HTTP/1.1 200 OK\r\nno end", 0, KNOWN_NO },
	{ &dialect_clamd, "stream: OK", sizeof("stream: OK"), YES, false, 0, 0, "", NULL },
	{ &dialect_clamd, "stream: OK\n", 0, YES, false, 0, 0, "", NULL },
	{ &dialect_clamd, "stream: Win.Test.EICAR_HDB-1 FOUND", 0, YES, true, 0, 0, "",
	    "Win.Test.EICAR_HDB-1" },
	{ &dialect_clamd, "stream: a\x1b[2Jb FOUND", 0, YES, true, 0, 0, "",
	    "a\\x1B[2Jb" },
	{ &dialect_clamd, "stream:  FOUND", 0, KNOWN_NO },
	{ &dialect_clamd, "INSTREAM size limit exceeded. ERROR", 0, KNOWN_NO },
};

static void
test_understand(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer_row *row = &answers[i];
		struct arena *arena = arena_new();
		struct opinion opinion = { .symbols = "" };
		size_t n = row->n > 0 ? row->n : strlen(row->answer);
		struct slice answer = exact_bytes(row->answer, n);

		row->dialect->understand(arena, answer, &opinion);
		if (opinion.known != row->known || opinion.is_bad != row->is_bad)
			fail_msg("\"%s\": known %d, bad %d", row->answer, opinion.known,
			    opinion.is_bad);
		if (row->known == KNOWN_VALUE) {
			assert_int_equal(opinion.score, row->score);
			assert_int_equal(opinion.threshold, row->threshold);
			assert_string_equal(opinion.symbols, row->symbols);
			if (row->virus != NULL)
				assert_string_equal(opinion.virus, row->virus);
		} else {
			assert_non_null(opinion.error);
		}
		exact_drop(answer);
		arena_free(&arena);
	}
}

/* A filter that keeps what it is told and answers in its way. */
struct peer {
	pthread_t thread;
	char path[108];
	int listener;
	const char *answer;
	size_t answer_n;
	bool is_silent;		/* takes all, never answers */
	bool is_curt;		/* closes at once */
	char heard[300000];
	size_t heard_n;
};

/* clamd answers after the empty piece, the others after what was announced;
 * here: when nothing more came for a while. */
static void *
peer_run(void *object)
{
	struct peer *peer = object;
	struct timeval pause = { .tv_usec = 100000 };
	int fd = accept(peer->listener, NULL, NULL);
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (!peer->is_curt) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof(pause));
		while (peer->heard_n < sizeof(peer->heard) && (n = recv(fd,
		    peer->heard + peer->heard_n, sizeof(peer->heard) - peer->heard_n,
		    0)) > 0)
			peer->heard_n += (size_t)n;
	}
	if (peer->is_silent)
		recv(fd, peer->heard, 1, MSG_PEEK);
	else if (!peer->is_curt)
		send(fd, peer->answer, peer->answer_n, MSG_NOSIGNAL);
	if (peer->is_silent)
		sleep(2);
	close(fd);
	return NULL;
}

static void
peer_begin(struct peer *peer, const char *answer, size_t n)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	peer->answer = answer;
	peer->answer_n = n;
	snprintf(peer->path, sizeof(peer->path), "/tmp/mw-opinion-%d.sock", (int)getpid());
	unlink(peer->path);
	memcpy(address.sun_path, peer->path, strlen(peer->path) + 1);
	peer->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(peer->listener >= 0);
	assert_int_equal(bind(peer->listener, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	assert_int_equal(listen(peer->listener, 1), 0);
	assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
}

static void
peer_end(struct peer *peer)
{
	pthread_join(peer->thread, NULL);
	close(peer->listener);
	unlink(peer->path);
}

static struct breakers *breakers;	/* NULL: none */

/* Asks one filter about a message with a body of `size` octets. */
static struct opinion
ask(struct rig *rig, const char *option, const char *path, size_t size,
    unsigned seconds)
{
	struct opinion opinions[OPINIONS];
	struct opinion_request request = { .clock = &clock_system };
	struct opinion opinion = { 0 };

	rig_settings(rig, arena_printf(rig->arena,
	    "opinions { %s = \"%s%s\" timeout = %u max-size = 1 }\n", option,
	    *path == '/' ? "unix:" : "", path, seconds));
	rig_message(rig, "example.com", "example.com");
	headers_add(rig->message->headers, SLICE("Subject"), SLICE(" one\n two"));
	rig->message->size = size;
	request.settings = rig->settings;
	request.message = rig->message;
	request.arena = rig->message->arena;
	request.breakers = breakers;
	request.body = spool_new(rig->message->arena, 10000000);
	for (size_t i = 0; i < size / 10; i++)
		spool_add((struct spool *)(uintptr_t)request.body, "12345678\r\n", 10);
	opinions_ask(&request, opinions);
	for (int i = 0; i < OPINIONS; i++)
		if (opinions[i].asked)
			opinion = opinions[i];
	return opinion;
}

static void
test_asked(void **state)
{
	static struct peer peer;
	static const char clean[] = "stream: OK";
	struct opinion opinion;
	struct rig rig;

	(void)state;
	rig_open(&rig, "example.com A 192.0.2.1\n");
	memset(&peer, 0, sizeof(peer));
	peer_begin(&peer, clean, sizeof(clean));
	opinion = ask(&rig, "clamav", peer.path, 100000, 5);
	peer_end(&peer);
	assert_int_equal(opinion.known, KNOWN_VALUE);
	assert_false(opinion.is_bad);
	/* zINSTREAM, pieces with their length, a last empty one */
	assert_memory_equal(peer.heard, "zINSTREAM\0", 10);
	assert_memory_equal(peer.heard + peer.heard_n - 4, "\0\0\0\0", 4);
	assert_memory_equal(peer.heard + 14, "Subject: one\r\n two\r\n", 20);

	memset(&peer, 0, sizeof(peer));
	peer_begin(&peer, SPAMD_OK "Spam: True ; 9.0 / 5.0\r\n\r\nX", 59);
	opinion = ask(&rig, "spamassassin", peer.path, 200, 5);
	peer_end(&peer);
	assert_true(opinion.is_bad);
	assert_memory_equal(peer.heard, "SYMBOLS SPAMC/1.5\r\nContent-length: 222\r\n", 40);
	rig_close(&rig);
}

/* An inet socket is named as the configuration does. */
static void
test_inet_named(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);	/* bound, and nobody listens */
	socklen_t size = sizeof(address);
	struct opinion opinion;
	const char *where;
	struct rig rig;

	(void)state;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	rig_open(&rig, "example.com A 192.0.2.1\n");
	where = arena_printf(rig.arena, "inet:127.0.0.1:%d", ntohs(address.sin_port));
	opinion = ask(&rig, "rspamd", where, 10, 5);
	assert_int_equal(opinion.known, KNOWN_TEMPERROR);
	assert_non_null(strstr(opinion.error, arena_printf(rig.arena, "at %s: ", where)));
	rig_close(&rig);
	close(fd);
}

static void
test_not_answered(void **state)
{
	static struct peer peer;
	int64_t begun_us;
	struct opinion opinion;
	struct rig rig;

	(void)state;
	rig_open(&rig, "example.com A 192.0.2.1\n");
	begun_us = clock_mono_us(&clock_system);
	opinion = ask(&rig, "rspamd", "/tmp/mw-nobody-is-here.sock", 10, 5);
	assert_true(clock_mono_us(&clock_system) - begun_us < 4000000);
	assert_int_equal(opinion.known, KNOWN_TEMPERROR);
	assert_non_null(strstr(opinion.error,
	    "cannot be reached at unix:/tmp/mw-nobody-is-here.sock: "));

	memset(&peer, 0, sizeof(peer));
	peer.is_curt = true;
	peer_begin(&peer, "", 0);
	opinion = ask(&rig, "rspamd", peer.path, 900000, 5);
	peer_end(&peer);
	assert_int_equal(opinion.known, KNOWN_TEMPERROR);

	memset(&peer, 0, sizeof(peer));
	peer.is_silent = true;
	peer_begin(&peer, "", 0);
	opinion = ask(&rig, "rspamd", peer.path, 10, 1);
	peer_end(&peer);
	assert_int_equal(opinion.known, KNOWN_TEMPERROR);
	assert_non_null(strstr(opinion.error, "no answer in 1 seconds"));

	opinion = ask(&rig, "rspamd", "/tmp/mw-nobody-is-here.sock", 2000000, 1);
	assert_int_equal(opinion.known, KNOWN_NO);
	assert_non_null(strstr(opinion.error, "larger than"));
	rig_close(&rig);
}

/* Three that hear nothing are enough; what is answered, if only badly, never is. */
static void
test_left_alone(void **state)
{
	static struct peer peer;
	struct opinion opinion;
	struct rig rig;

	(void)state;
	log_open(LOG_TARGET_NONE, LOG_LEVEL_ERROR);
	rig_open(&rig, "example.com A 192.0.2.1\n");
	breakers = breakers_new();
	for (int i = 0; i < 4; i++) {
		memset(&peer, 0, sizeof(peer));
		peer_begin(&peer, "no such thing", 13);
		opinion = ask(&rig, "clamav", peer.path, 10, 5);
		peer_end(&peer);
		assert_non_null(strstr(opinion.error, "it says \"no such thing\""));
	}
	for (int i = 0; i < 3; i++) {
		opinion = ask(&rig, "clamav", peer.path, 10, 1);
		assert_non_null(strstr(opinion.error, "cannot be reached"));
	}
	opinion = ask(&rig, "clamav", peer.path, 10, 1);
	assert_true(opinion.asked);
	assert_int_equal(opinion.known, KNOWN_TEMPERROR);
	assert_non_null(strstr(opinion.error,
	    "ClamAV was not asked: it has not answered since 2"));
	/* too large is too large, whoever answers */
	opinion = ask(&rig, "clamav", peer.path, 2000000, 1);
	assert_non_null(strstr(opinion.error, "larger than"));
	breakers_free(&breakers);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_understand),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_inet_named),
		cmocka_unit_test(test_not_answered),
		cmocka_unit_test(test_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
