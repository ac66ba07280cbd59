/*
 * The second opinion: libspf2 over the same answers.  It is known to overflow
 * its stack on long records with many macros, not to bound includes, and to
 * abort the process when memory is short, so it sees only what our own grammar
 * has accepted, within limits, and never fetches an explanation.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <spf2/spf.h>

#include "base/arena.h"
#include "dns/dns.h"
#include "evidence/spf/fetch.h"
#include "evidence/spf/grammar.h"
#include "evidence/spf/macro.h"
#include "evidence/spf/spf.h"
#include "mail/domain.h"

enum {
	OPINION_RECORD_MAX = 1000,	/* octets of one record */
	OPINION_MACROS_MAX = 10,	/* of one record */
	OPINION_LOOKUPS_MAX = 40,	/* asked of us in one evaluation */
	OPINION_LOCAL_MAX = 256,	/* octets of a local part */
};

struct opinion {
	SPF_dns_server_t layer;		/* its hook points back here */
	struct arena *arena;
	struct lookups *lookups;
	unsigned asked;
	bool pending;
	bool refused;			/* it met what it must not see */
	jmp_buf bail;
};

/* libspf2's handlers know no context: this thread's evaluation, or NULL. */
static _Thread_local struct opinion *running;

/* libspf2 wants to abort: what it has allocated is lost, the process is not. */
static void __attribute__((noreturn))
handle_error(const char *file, int line, const char *message)
{
	(void)file;
	(void)line;
	(void)message;
	if (running == NULL)
		abort();
	longjmp(running->bail, 1);
}

static void
handle_message(const char *file, int line, const char *message)
{
	(void)file;
	(void)line;
	(void)message;
}

static void
install_handlers(void)
{
	SPF_error_handler = handle_error;
	SPF_warning_handler = handle_message;
	SPF_info_handler = handle_message;
	SPF_debug_handler = handle_message;
}

/*
 * Builds without the patches of 2021 write beyond the buffer of a reversed
 * macro that is cut, and of an escaped one (CVE-2021-33912, -33913).
 */
static bool
macros_are_harmless(struct slice text)
{
	const char *p = text.p, *end = p + text.n;
	struct spf_macro macro;
	unsigned n = 0;

	while (p < end) {
		if (*p != '%') {
			p++;
			continue;
		}
		p = spf_macro_read(p, end, &macro);
		if (p == NULL || ++n > OPINION_MACROS_MAX || macro.escape ||
		    (macro.reverse && macro.keep > 0))
			return false;
	}
	return true;
}

/* May libspf2 see this record? */
static bool
is_harmless(struct arena *arena, struct slice text)
{
	struct spf_record record;
	struct spf_fault fault;

	return text.n <= OPINION_RECORD_MAX &&
	    spf_record_parse(arena, text, SPF_TERMS_MAX, &record, &fault) == 0 &&
	    macros_are_harmless(text);
}

/* An answer without records.  NULL must not be returned to libspf2. */
static SPF_dns_rr_t *
empty_answer(struct opinion *opinion, const char *domain, ns_type type,
    SPF_dns_stat_t status)
{
	SPF_dns_rr_t *rr;

	rr = SPF_dns_rr_new_init(&opinion->layer, domain, type, 0, status);
	if (rr == NULL)
		longjmp(opinion->bail, 1);
	return rr;
}

/* Appends n bytes as one record, with a zero after them. */
static void
add_record(struct opinion *opinion, SPF_dns_rr_t *rr, const void *bytes, size_t n)
{
	if (SPF_dns_rr_buf_realloc(rr, rr->num_rr, n + 1) != SPF_E_SUCCESS)
		longjmp(opinion->bail, 1);
	memcpy(rr->rr[rr->num_rr], bytes, n);
	((char *)rr->rr[rr->num_rr])[n] = '\0';
	rr->num_rr++;
}

static void
add_rr(struct opinion *opinion, SPF_dns_rr_t *rr, enum dns_type type,
    const struct dns_rr *from)
{
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		add_record(opinion, rr, from->ip.bytes, ip_bits(&from->ip) / 8);
		break;
	case DNS_MX:
	case DNS_PTR:
		add_record(opinion, rr, from->name, strlen(from->name));
		break;
	case DNS_TXT:
		if (!spf_record_is(from->text))
			break;
		if (is_harmless(opinion->arena, from->text))
			add_record(opinion, rr, from->text.p, from->text.n);
		else
			opinion->refused = true;
		break;
	case DNS_SOA:
		break;
	}
}

static SPF_dns_stat_t
status_of(enum dns_status status)
{
	switch (status) {
	case DNS_OK:
		return NETDB_SUCCESS;
	case DNS_NODATA:
		return NO_DATA;
	case DNS_NXDOMAIN:
		return HOST_NOT_FOUND;
	case DNS_TEMPFAIL:
	case DNS_PENDING:
		return TRY_AGAIN;
	}
	return TRY_AGAIN;
}

/* The name as our resolver takes it, or NULL when it is none. */
static const char *
name_of(struct opinion *opinion, const char *domain)
{
	struct slice name = slice_of(domain);

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || name.n > DOMAIN_MAX)
		return NULL;
	return spf_query_name(opinion->arena, name);
}

static SPF_dns_rr_t *
answer_lookup(struct opinion *opinion, const char *domain, ns_type type)
{
	const char *name = name_of(opinion, domain);
	const struct dns_answer *answer;
	SPF_dns_rr_t *rr;

	if (name == NULL)
		return empty_answer(opinion, domain, type, HOST_NOT_FOUND);
	if (++opinion->asked > OPINION_LOOKUPS_MAX) {
		opinion->refused = true;
		return empty_answer(opinion, domain, type, TRY_AGAIN);
	}
	answer = dns_get(opinion->lookups, name, (enum dns_type)type);
	opinion->pending = opinion->pending || answer->status == DNS_PENDING;
	rr = empty_answer(opinion, domain, type, status_of(answer->status));
	for (size_t i = 0; answer->status == DNS_OK && i < answer->n; i++)
		add_rr(opinion, rr, (enum dns_type)type, &answer->rrs[i]);
	if (answer->status == DNS_OK && rr->num_rr == 0)
		rr->herrno = NO_DATA;
	return rr;
}

/* libspf2's question to its resolver; type SPF (99) comes first each time. */
static SPF_dns_rr_t *
lookup(SPF_dns_server_t *server, const char *domain, ns_type type, int should_cache)
{
	struct opinion *opinion = server->hook;

	(void)should_cache;
	switch ((int)type) {
	case ns_t_a:
	case ns_t_aaaa:
	case ns_t_mx:
	case ns_t_ptr:
	case ns_t_txt:
		return answer_lookup(opinion, domain, type);
	default:
		return empty_answer(opinion, domain, type, NO_DATA);
	}
}

/* No explanation is ever compiled: that is where the stack overflows. */
static SPF_errcode_t
get_explanation(SPF_server_t *server, const char *domain, char **text, size_t *size)
{
	(void)server;
	(void)domain;
	if (*text != NULL && *size > 0)
		(*text)[0] = '\0';
	return SPF_E_SUCCESS;
}

/* INVALID stands for errors that libspf2 has not given a result. */
static enum spf_result
result_of(SPF_response_t *response)
{
	switch (SPF_response_result(response)) {
	case SPF_RESULT_NEUTRAL:
		return SPF_NEUTRAL;
	case SPF_RESULT_PASS:
		return SPF_PASS;
	case SPF_RESULT_FAIL:
		return SPF_FAIL;
	case SPF_RESULT_SOFTFAIL:
		return SPF_SOFTFAIL;
	case SPF_RESULT_NONE:
		return SPF_NONE;
	case SPF_RESULT_TEMPERROR:
		return SPF_TEMPERROR;
	case SPF_RESULT_PERMERROR:
		return SPF_PERMERROR;
	case SPF_RESULT_INVALID:
		break;
	}
	for (int i = 0; i < SPF_response_messages(response); i++) {
		if (SPF_error_code(SPF_response_message(response, i)) ==
		    SPF_E_DNS_ERROR)
			return SPF_TEMPERROR;
	}
	return SPF_PERMERROR;
}

/* The address, then HELO, then the sender: the order libspf2 needs. */
static int
fill_request(struct opinion *opinion, SPF_request_t *request,
    const struct spf_query *query)
{
	const char *local = query->local_part != NULL && query->local_part[0] != '\0' ?
	    query->local_part : "postmaster";
	const char *helo = query->helo == NULL ? "unknown" : query->helo, *sender;
	struct in_addr in4;
	struct in6_addr in6;
	int failed;

	if (query->ip.family == 4) {
		memcpy(&in4, query->ip.bytes, sizeof(in4));
		failed = SPF_request_set_ipv4(request, in4) != SPF_E_SUCCESS;
	} else {
		memcpy(&in6, query->ip.bytes, sizeof(in6));
		failed = SPF_request_set_ipv6(request, in6) != SPF_E_SUCCESS;
	}
	if (failed || SPF_request_set_helo_dom(request, helo) != SPF_E_SUCCESS)
		return -1;
	sender = arena_printf(opinion->arena, "%s@%s", local, query->domain);
	return SPF_request_set_env_from(request, sender) == 0 ? 0 : -1;
}

/* 0 and a result, or -1 when libspf2 could not work. */
static int
evaluate(struct opinion *opinion, const struct spf_query *query,
    enum spf_result *result_r)
{
	SPF_server_t *server = SPF_server_new_dns(&opinion->layer, 0);
	SPF_request_t *request = server == NULL ? NULL : SPF_request_new(server);
	SPF_response_t *response = NULL;

	if (request != NULL && fill_request(opinion, request, query) == 0)
		SPF_request_query_mailfrom(request, &response);
	if (response != NULL)
		*result_r = result_of(response);
	if (request != NULL)
		SPF_request_free(request);
	if (server != NULL)
		SPF_server_free(server);
	if (response == NULL)
		return -1;
	SPF_response_free(response);
	return 0;
}

/* The same, where an abort of libspf2 comes back as -1. */
static int
evaluate_guarded(struct opinion *opinion, const struct spf_query *query,
    enum spf_result *result_r)
{
	volatile int failed = -1;

	running = opinion;
	if (setjmp(opinion->bail) == 0)
		failed = evaluate(opinion, query, result_r);
	running = NULL;
	return failed;
}

/* libspf2 passes loopback clients whatever the record says. */
static bool
is_askable(const struct spf_query *query)
{
	return query->ip.family != 0 && !ip_is_loopback(&query->ip) &&
	    (query->helo == NULL || strlen(query->helo) <= DOMAIN_MAX) &&
	    (query->local_part == NULL ||
		strlen(query->local_part) <= OPINION_LOCAL_MAX);
}

int
spf_second_opinion(struct arena *arena, struct lookups *lookups,
    const struct spf_query *query, bool *asked_r, enum spf_result *result_r)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct opinion opinion = {
		.layer.lookup = lookup, .layer.get_exp = get_explanation,
		.layer.name = "own", .arena = arena, .lookups = lookups,
	};
	struct spf_published published;
	int failed;

	*asked_r = false;
	*result_r = SPF_NONE;
	if (!is_askable(query))
		return 0;
	published = spf_fetch(lookups, query->domain);
	if (published.status == DNS_PENDING)
		return 1;
	if (published.n == 0 || pthread_once(&once, install_handlers) != 0)
		return 0;
	opinion.layer.hook = &opinion;
	failed = evaluate_guarded(&opinion, query, result_r);
	if (failed == 0 && opinion.pending && !opinion.refused)
		return 1;
	*asked_r = failed == 0 && !opinion.refused;
	return 0;
}
