/*
 * A small HTTP server for those who watch: one thread, GET and HEAD of three
 * documents, never in the way of mail.  libmicrohttpd is included in http.c
 * only.
 *
 * A connection has HTTP_SECONDS in all.  At most HTTP_CONNECTIONS are open on a
 * socket; when more wait, those that came first give way after
 * HTTP_PATIENCE_MS.  None is taken where descriptors are short: the last
 * HTTP_SPARE_FDS are for mail.
 */
#ifndef MW_DAEMON_HTTP_H
#define MW_DAEMON_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct http;

#define HTTP_CONNECTIONS 16		/* of one socket */
#define HTTP_SECONDS 10
#define HTTP_PATIENCE_MS 500
#define HTTP_REQUEST_MAX 8192		/* octets of a request */
#define HTTP_SPARE_FDS 64
#define HTTP_SOCKETS 2

struct http_document {			/* the answer, in the arena given */
	unsigned status;		/* 200, 503 */
	const char *type;		/* Content-Type */
	const char *text;
	size_t n;
};

struct http_options {
	int sockets[HTTP_SOCKETS];	/* listening, not blocking; -1: none. Borrowed */
	/* False where there is no document of that path. */
	bool (*document)(void *ctx, const char *path, struct arena *arena,
	    struct http_document *document_r);
	void *ctx;
};

/* NULL and *error_r (static) when it cannot be started, or there is no socket. */
struct http *http_start(const struct http_options *options, const char **error_r);

/* Tells it to end; it has ended when http_ended() says so, in milliseconds
 * unless it waits for the document.  NULL has ended. */
void http_end(struct http *http);
bool http_ended(const struct http *http);
void http_free(struct http **http);	/* after it has ended */

/* The name in a Host field is one that only a request meant for a loopback
 * socket holds: a web page whose name leads to 127.0.0.1 (DNS rebinding) says
 * its own name. */
bool http_host_is_local(const char *host);

#endif
