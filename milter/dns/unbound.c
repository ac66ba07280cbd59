/*
 * Questions to DNS servers through libunbound's asynchronous calls.
 *
 * A path is one server with a context of its own.  One thread of ours owns
 * all paths: it takes new questions from a list (an eventfd wakes it), asks
 * one path, asks the next one when the first is slow or says nothing clear,
 * and takes the first clear answer.  A lone server gets two paths, so that
 * one lost packet does not cost the whole time-out.
 *
 * libunbound sends each question once, with a timer of 5 s.  Left alone, its
 * timer follows the quickest answers and every name that takes the server
 * longer fails; under 5 s it sends a second time (for paths that lose large
 * packets) and keeps a lost question for nearly 9 s, over it the second loss
 * marks the server as down.  It caches nothing, or answers asked for early
 * would come with their old TTL.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unbound.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "dns/backend.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/servers.h"
#include "settings/settings.h"

enum {
	PATHS_MAX = DNS_SERVERS_MAX,
	CLASS_IN = 1,
	RCODE_NOERROR = 0,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	HEDGE_US = 300 * 1000,		/* then another server is asked as well */
	RESEND_US = 1000 * 1000,	/* then the only server is asked again */
	PROBE_US = 10 * 1000 * 1000,	/* how often a slow path is tried */
	SOCKETS_MAX = 2048,		/* of one path */
	SOCKETS_MIN = 32,
};

struct path {
	const char *server;		/* "192.0.2.1@53" */
	struct ub_ctx *ctx;
	bool dead;			/* libunbound gave up on it */
	bool slow;			/* another path had to help out */
	int64_t probe_us;		/* when a slow one is tried next */
};

struct ask {
	struct request *request;
	struct path *path;		/* NULL: not asked */
	bool out;			/* no result yet */
	int id;
	int64_t asked_us;
};

struct request {
	TAILQ_ENTRY(request) live;	/* by age: until no ask is out */
	TAILQ_ENTRY(request) hedge;	/* by hedge_us: unanswered, paths left */
	struct unbound *unbound;
	struct dns_query *query;	/* NULL once answered */
	int64_t start_us, hedge_us;
	bool hedging;			/* it is in that list */
	struct ask asks[PATHS_MAX];	/* in the order of the paths */
};

TAILQ_HEAD(requests, request);

struct unbound {
	struct dns_backend backend;
	struct arena *arena;
	struct path paths[PATHS_MAX];
	size_t n_paths;
	int64_t timeout_us, hedge_us;
	bool alone;			/* all paths lead to one server */
	const char *timeout_text;
	pthread_t thread;
	int wake_fd;

	pthread_mutex_t lock;		/* the next two */
	struct requests fresh;
	bool stopping;

	struct requests live, hedge;	/* the thread's own */
};

static int64_t
now_us(void)
{
	return clock_mono_us(&clock_system);
}

static void
request_free(struct request *request)
{
	TAILQ_REMOVE(&request->unbound->live, request, live);
	free(request);
}

static bool
request_is_out(const struct request *request)
{
	for (size_t i = 0; i < request->unbound->n_paths; i++)
		if (request->asks[i].out)
			return true;
	return false;
}

static void
request_unhedge(struct request *request)
{
	if (request->hedging)
		TAILQ_REMOVE(&request->unbound->hedge, request, hedge);
	request->hedging = false;
}

/* The first path that is not slow, else the first, of those not asked. */
static struct ask *
request_next_ask(struct request *request)
{
	struct unbound *unbound = request->unbound;
	struct ask *slow = NULL;

	for (size_t i = 0; i < unbound->n_paths; i++) {
		if (request->asks[i].path != NULL || unbound->paths[i].dead)
			continue;
		if (!unbound->paths[i].slow)
			return &request->asks[i];
		if (slow == NULL)
			slow = &request->asks[i];
	}
	return slow;
}

static void request_result(void *ask, int error, struct ub_result *result);

static void
request_ask(struct request *request, struct ask *ask)
{
	ask->request = request;
	ask->path = &request->unbound->paths[ask - request->asks];
	ask->asked_us = now_us();
	ask->out = ub_resolve_async(ask->path->ctx, dns_query_name(request->query),
	    (int)dns_query_type(request->query), CLASS_IN, ask, request_result,
	    &ask->id) == 0;
}

/* Asks one path more and sees to it that the next one's turn comes. */
static bool
request_ask_next(struct request *request)
{
	struct ask *ask;

	request_unhedge(request);
	while ((ask = request_next_ask(request)) != NULL) {
		request_ask(request, ask);
		if (ask->out)
			break;
	}
	if (ask == NULL)
		return false;
	if (request_next_ask(request) != NULL) {
		request->hedge_us = now_us() + request->unbound->hedge_us;
		request->hedging = true;
		TAILQ_INSERT_TAIL(&request->unbound->hedge, request, hedge);
	}
	return true;
}

/* After an answer that is none: another path is worth the time unless slow. */
static bool
request_ask_better(struct request *request)
{
	struct ask *ask = request_next_ask(request);

	return ask != NULL && !request->unbound->paths[ask - request->asks].slow &&
	    request_ask_next(request);
}

static bool
request_awaits_better(const struct request *request)
{
	for (size_t i = 0; i < request->unbound->n_paths; i++)
		if (request->asks[i].out && !request->asks[i].path->slow)
			return true;
	return false;
}

/* A slow path is asked now and then beside the others, to see it mend. */
static void
request_probe(struct request *request)
{
	struct unbound *unbound = request->unbound;
	struct path *path;

	for (size_t i = 0; i < unbound->n_paths; i++) {
		path = &unbound->paths[i];
		if (!path->slow || path->dead || request->asks[i].path != NULL ||
		    request->start_us < path->probe_us)
			continue;
		path->probe_us = request->start_us + PROBE_US;
		request_ask(request, &request->asks[i]);
	}
}

static void
request_fail(struct request *request, const char *error, const char *server,
    bool timeout)
{
	struct dns_query *query = request->query;

	request_unhedge(request);
	request->query = NULL;
	dns_query_fail(query, error, server, timeout);
}

static void
request_start(struct request *request)
{
	request->start_us = now_us();
	TAILQ_INSERT_TAIL(&request->unbound->live, request, live);
	if (!request_ask_next(request)) {
		request_fail(request, "the question cannot be sent", NULL, false);
		request_free(request);
		return;
	}
	request_probe(request);
}

static bool
result_is_clear(const struct ub_result *result)
{
	return result != NULL && !result->bogus && (result->rcode == RCODE_NXDOMAIN ||
	    result->rcode == RCODE_NOERROR);
}

static const char *
result_error(const struct ub_result *result)
{
	if (result == NULL)
		return "the DNS resolver failed";
	if (result->bogus)
		return "DNSSEC validation failed";
	/* Also where no server could be reached. */
	if (result->rcode == RCODE_SERVFAIL)
		return "the DNS server could not answer (SERVFAIL)";
	return "the DNS server refused the question";
}

/* Records that do not parse are none. */
static void
result_rrs(struct arena *arena, enum dns_type type, const struct ub_result *result,
    struct dns_answer *answer)
{
	struct dns_rr *rrs;
	struct slice rdata;

	rrs = arena_array(arena, DNS_RRS_MAX, sizeof(*rrs));
	for (size_t i = 0; result->data[i] != NULL && answer->n < DNS_RRS_MAX; i++) {
		rdata = (struct slice){ result->data[i], (size_t)result->len[i] };
		if (dns_rdata_parse(arena, type, rdata, &rrs[answer->n]))
			answer->n++;
	}
	answer->rrs = rrs;
	if (answer->n > 0)
		answer->status = DNS_OK;
	else
		answer->error = "the DNS server's answer holds broken records";
}

static void
result_answer(struct dns_query *query, const struct ub_result *result,
    const char *server)
{
	struct dns_answer answer = { .status = DNS_TEMPFAIL, .server = server };
	struct arena *arena = arena_new();
	char canonical[DNS_NAME_TEXT_MAX];

	if (result->canonname != NULL &&
	    dns_name_canonical(result->canonname, canonical))
		answer.canonical = canonical;
	answer.ttl = result->ttl > 0 ? (uint32_t)result->ttl : 0;
	answer.secure = result->secure != 0;
	if (result->nxdomain)
		answer.status = DNS_NXDOMAIN;
	else if (!result->havedata)
		answer.status = DNS_NODATA;
	else
		result_rrs(arena, dns_query_type(query), result, &answer);
	dns_query_done(query, &answer);
	arena_free(&arena);
}

/* The other path was asked well before the clear one, or had nothing to say. */
static bool
ask_was_worse(const struct ask *other, const struct ask *clear, int64_t hedge_us)
{
	return other != clear && other->path != NULL &&
	    (!other->out || clear->asked_us - other->asked_us >= hedge_us / 2);
}

static void
request_answer(struct request *request, struct ask *clear,
    const struct ub_result *result)
{
	struct unbound *unbound = request->unbound;
	struct dns_query *query = request->query;
	struct ask *ask;

	clear->path->slow = false;
	if (query == NULL)
		return;
	for (size_t i = 0; i < unbound->n_paths; i++) {
		ask = &request->asks[i];
		if (!ask_was_worse(ask, clear, unbound->hedge_us) || ask->path->slow)
			continue;
		ask->path->slow = true;
		ask->path->probe_us = now_us() + PROBE_US;
	}
	request_unhedge(request);
	request->query = NULL;
	result_answer(query, result, clear->path->server);
}

/* Called by ub_process() on our thread. */
static void
request_result(void *object, int error, struct ub_result *result)
{
	struct ask *ask = object;
	struct request *request = ask->request;

	ask->out = false;
	if (error == 0 && result_is_clear(result))
		request_answer(request, ask, result);
	else if (request->query != NULL && !request_ask_better(request) &&
	    !request_awaits_better(request))
		request_fail(request, result_error(result), ask->path->server, false);
	if (request->query == NULL && !request_is_out(request))
		request_free(request);
	ub_resolve_free(result);
}

/* At the time-out all that is still out is given up. */
static void
request_expire(struct request *request)
{
	struct unbound *unbound = request->unbound;

	for (size_t i = 0; i < unbound->n_paths; i++)
		if (request->asks[i].out)
			ub_cancel(request->asks[i].path->ctx, request->asks[i].id);
	if (request->query != NULL)
		request_fail(request, unbound->timeout_text,
		    unbound->alone ? unbound->paths[0].server : NULL, true);
	request_free(request);
}

/* Does what is due; milliseconds until the next is, -1 for none. */
static int
unbound_due(struct unbound *unbound)
{
	int64_t now = now_us(), next = INT64_MAX;
	struct request *request, *later;

	for (request = TAILQ_FIRST(&unbound->live); request != NULL; request = later) {
		later = TAILQ_NEXT(request, live);
		next = request->start_us + unbound->timeout_us;
		if (next > now)
			break;
		request_expire(request);
	}
	if (request == NULL)
		return -1;
	while ((request = TAILQ_FIRST(&unbound->hedge)) != NULL) {
		if (request->hedge_us > now) {
			if (request->hedge_us < next)
				next = request->hedge_us;
			break;
		}
		request_ask_next(request);
	}
	return (int)((next - now + 999) / 1000);
}

static bool
unbound_take_fresh(struct unbound *unbound)
{
	struct requests fresh = TAILQ_HEAD_INITIALIZER(fresh);
	struct request *request;
	uint64_t ignored;
	bool stopping;

	if (read(unbound->wake_fd, &ignored, sizeof(ignored)) == -1 && errno != EAGAIN)
		bug("dns: eventfd: %s", strerror(errno));
	pthread_mutex_lock(&unbound->lock);
	stopping = unbound->stopping;
	if (!stopping)
		TAILQ_CONCAT(&fresh, &unbound->fresh, live);
	pthread_mutex_unlock(&unbound->lock);
	while ((request = TAILQ_FIRST(&fresh)) != NULL) {
		TAILQ_REMOVE(&fresh, request, live);
		request_start(request);
	}
	return !stopping;
}

static bool
path_process(struct path *path)
{
	int error = ub_process(path->ctx);

	if (error == 0)
		return true;
	log_error("dns: libunbound failed for the server %s: %s", path->server,
	    ub_strerror(error));
	path->dead = true;
	return false;
}

static void *
unbound_run(void *object)
{
	struct unbound *unbound = object;
	struct pollfd fds[PATHS_MAX + 1];

	for (size_t i = 0; i < unbound->n_paths; i++)
		fds[i] = (struct pollfd){ .fd = ub_fd(unbound->paths[i].ctx),
			.events = POLLIN };
	fds[unbound->n_paths] = (struct pollfd){ .fd = unbound->wake_fd,
		.events = POLLIN };
	for (;;) {
		if (poll(fds, unbound->n_paths + 1, unbound_due(unbound)) == -1)
			continue;
		for (size_t i = 0; i < unbound->n_paths; i++)
			if (fds[i].revents != 0 && !path_process(&unbound->paths[i]))
				fds[i].fd = -1;
		if (fds[unbound->n_paths].revents != 0 && !unbound_take_fresh(unbound))
			return NULL;
	}
}

static void
unbound_wake(struct unbound *unbound)
{
	static const uint64_t one = 1;

	if (write(unbound->wake_fd, &one, sizeof(one)) == -1 && errno != EAGAIN)
		bug("dns: eventfd: %s", strerror(errno));
}

static void
unbound_start(struct dns_backend *backend, struct dns_query *query)
{
	struct unbound *unbound = (struct unbound *)backend;
	struct request *request;
	bool first;

	request = mem_alloc(sizeof(*request));
	request->unbound = unbound;
	request->query = query;
	pthread_mutex_lock(&unbound->lock);
	first = TAILQ_EMPTY(&unbound->fresh);
	TAILQ_INSERT_TAIL(&unbound->fresh, request, live);
	pthread_mutex_unlock(&unbound->lock);
	if (first)
		unbound_wake(unbound);
}

/* The contexts first: afterwards no result comes. */
static void
unbound_close(struct unbound *unbound)
{
	struct arena *arena = unbound->arena;
	struct request *request, *next;

	for (size_t i = 0; i < unbound->n_paths; i++)
		ub_ctx_delete(unbound->paths[i].ctx);
	TAILQ_CONCAT(&unbound->live, &unbound->fresh, live);
	for (request = TAILQ_FIRST(&unbound->live); request != NULL; request = next) {
		next = TAILQ_NEXT(request, live);
		if (request->query != NULL)
			dns_query_abort(request->query);
		request_free(request);
	}
	close(unbound->wake_fd);
	pthread_mutex_destroy(&unbound->lock);
	arena_free(&arena);
}

static void
unbound_free(struct dns_backend *backend)
{
	struct unbound *unbound = (struct unbound *)backend;

	pthread_mutex_lock(&unbound->lock);
	unbound->stopping = true;
	pthread_mutex_unlock(&unbound->lock);
	unbound_wake(unbound);
	pthread_join(unbound->thread, NULL);
	unbound_close(unbound);
}

/*
 * forward-no-cache has no call of its own, only a configuration file: one in
 * memory.
 */
static int
path_forward(struct path *path, struct arena *arena)
{
	const char *text = arena_printf(arena, "forward-zone:\n\tname: \".\"\n"
	    "\tforward-addr: %s\n\tforward-no-cache: yes\n", path->server);
	int fd, error = UB_READFILE;

	fd = memfd_create("forward", MFD_CLOEXEC);
	if (fd == -1)
		return UB_READFILE;
	if (write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		error = ub_ctx_config(path->ctx, arena_printf(arena, "/proc/self/fd/%d",
		    fd));
	close(fd);
	return error;
}

/* Sockets of one path: a quarter of the descriptors for all of them. */
static unsigned
path_sockets(size_t n_paths)
{
	struct rlimit limit;
	rlim_t sockets = SOCKETS_MAX;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	    limit.rlim_cur / 4 / n_paths < sockets)
		sockets = limit.rlim_cur / 4 / n_paths;
	return sockets < SOCKETS_MIN ? SOCKETS_MIN : (unsigned)sockets;
}

/* Options that differ from libunbound's own choice; an error text or NULL. */
static const char *
path_options(struct path *path, struct arena *arena, unsigned sockets)
{
	const struct { const char *name, *value; } options[] = {
		{ "module-config:", "iterator" },	/* it has no trust anchor */
		{ "do-not-query-localhost:", "no" },
		{ "infra-host-ttl:", "10" },		/* forget a bad moment soon */
		{ "infra-cache-min-rtt:", "5000" },
		{ "unknown-server-time-limit:", "5000" },
		{ "outbound-msg-retry:", "1" },
		{ "outgoing-range:", arena_printf(arena, "%u", sockets) },
		{ "outgoing-num-tcp:", "32" },
		{ "qname-minimisation:", "no" },
		{ "rrset-roundrobin:", "no" },
		{ "unblock-lan-zones:", "yes" },
		{ "insecure-lan-zones:", "yes" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (ub_ctx_set_option(path->ctx, options[i].name,
		    options[i].value) != 0)
			return arena_printf(arena, "libunbound %s does not take %s %s",
			    ub_version(), options[i].name, options[i].value);
	return NULL;
}

static const char *
path_open(struct path *path, struct arena *arena, unsigned sockets)
{
	static const char *const unblocked[] = { "test.", "invalid.", "home.arpa.", NULL };
	const char *error;
	int code;

	path->ctx = ub_ctx_create();
	if (path->ctx == NULL)
		return arena_printf(arena, "libunbound: %s", strerror(errno));
	ub_ctx_debugout(path->ctx, NULL);
	error = path_options(path, arena, sockets);
	if (error != NULL)
		return error;
	code = ub_ctx_async(path->ctx, 1);
	if (code == 0 && path_forward(path, arena) != 0)
		code = ub_ctx_set_fwd(path->ctx, path->server);
	for (size_t i = 0; code == 0 && unblocked[i] != NULL; i++)
		code = ub_ctx_zone_remove(path->ctx, unblocked[i]);
	return code == 0 ? NULL : arena_printf(arena, "libunbound: %s: %s",
	    path->server, ub_strerror(code));
}

/* Signals are for the threads that know them; libunbound's inherit the mask. */
static bool
unbound_run_thread(struct unbound *unbound)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&unbound->thread, NULL, unbound_run, unbound);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0;
}

static const char *
unbound_open_paths(struct unbound *unbound, const struct dns_servers *servers)
{
	size_t n_paths = servers->n == 1 ? 2 : servers->n;
	const char *error;
	struct path *path;

	for (size_t i = 0; i < n_paths; i++) {
		path = &unbound->paths[unbound->n_paths++];
		path->server = servers->at[i % servers->n];
		error = path_open(path, unbound->arena, path_sockets(n_paths));
		if (error != NULL)
			return error;
	}
	return NULL;
}

struct dns_backend *
dns_unbound_new(const struct settings_resolver *settings, struct arena *arena,
    const char **error_r)
{
	unsigned timeout = settings->timeout > 0 ? settings->timeout : 1;
	struct arena *own = arena_new();
	struct dns_servers servers;
	struct unbound *unbound;
	const char *error = NULL;

	unbound = arena_alloc(own, sizeof(*unbound));
	unbound->arena = own;
	unbound->backend.start = unbound_start;
	unbound->backend.free = unbound_free;
	unbound->timeout_us = (int64_t)timeout * 1000000;
	unbound->timeout_text = arena_printf(own, "no answer from DNS within %u s",
	    timeout);
	unbound->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&unbound->lock, NULL);
	TAILQ_INIT(&unbound->fresh);
	TAILQ_INIT(&unbound->live);
	TAILQ_INIT(&unbound->hedge);
	if (unbound->wake_fd == -1) {
		error = strerror(errno);
	} else if (dns_servers_choose(settings, own, &servers, &error) == 0) {
		unbound->alone = servers.n == 1;
		unbound->hedge_us = unbound->alone ? RESEND_US : HEDGE_US;
		error = unbound_open_paths(unbound, &servers);
	}
	if (error == NULL && !unbound_run_thread(unbound))
		error = "the resolver's thread cannot be started";
	if (error == NULL)
		return &unbound->backend;
	*error_r = arena_strdup(arena, error);
	unbound_close(unbound);
	return NULL;
}
