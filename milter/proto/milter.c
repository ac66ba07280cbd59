/*
 * libmilter's callbacks: they translate and hand on.  Callbacks of one
 * connection run on different threads; state lives behind smfi_setpriv only.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "facts/message.h"
#include "proto/conversation.h"
#include "proto/proto.h"
#include "record/counters.h"
#include "settings/settings.h"

/*
 * libmilter hands no pointer of ours to its callbacks: set once before
 * smfi_main() and constant from then on.
 */
static const struct proto_options *options;
static sem_t eom_slots;

/* Set in proto_register(), constant from then on. */
static bool over_tcp;

static struct conversation *
conversation_of(SMFICTX *ctx)
{
	return smfi_getpriv(ctx);
}

static const char *
keep(struct arena *arena, const char *text)
{
	return text != NULL ? arena_strdup(arena, text) : NULL;
}

/* Without these no message can be judged in either mode. */
static const struct {
	unsigned long bit;
	const char *name;
} needed[] = {
	{ SMFIF_ADDHDRS, "adding header fields" },
	{ SMFIF_CHGHDRS, "changing header fields" },
	{ SMFIF_QUARANTINE, "quarantine" },
};

static bool
offers_all(unsigned long actions)
{
	char missing[128] = "";
	bool all = true;
	size_t i, n = 0;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if ((actions & needed[i].bit) != 0)
			continue;
		n += (size_t)snprintf(missing + n, sizeof(missing) - n, "%s%s",
		    all ? "" : ", ", needed[i].name);
		all = false;
	}
	if (!all && !atomic_exchange(&options->state->said_actions, true))
		log_error("the MTA does not offer its filters: %s. Its mail is not judged: "
		    "its connections are closed, and it does with each message what its "
		    "milter_default_action says", missing);
	return all;
}

/* What the MTA cannot do and we can do without. */
static void
agree(SMFICTX *ctx, struct conversation *conversation, unsigned long actions,
    unsigned long steps)
{
	conversation->leading_spaces = (steps & SMFIP_HDR_LEADSPC) != 0;
	atomic_store(&options->state->leading_spaces, conversation->leading_spaces);
	conversation->keeps_body = (actions & SMFIF_CHGBODY) == 0;
	atomic_store(&options->state->keeps_body, conversation->keeps_body);
	if (conversation->keeps_body && !atomic_exchange(&options->state->said_body, true))
		log_warning("the MTA lets no filter replace a body: repair = {encoding} has no "
		    "effect on its mail");
	if ((actions & SMFIF_SETSYMLIST) != 0)
		macro_ask(ctx);
	else if (!atomic_exchange(&options->state->said_symlist, true))
		log_warning("the MTA does not let a filter name the macros it needs: let it "
		    "send {auth_authen} with MAIL, or authenticated mail is not recognised");
}

/*
 * What the MTA need not send or need not have an answer to.  Over TCP an
 * answer must come between two of its writes: Nagle's algorithm holds the
 * second until the first is acknowledged, after 40 ms where nothing is said.
 * Postfix sends each recipient, and the macros of DATA even when DATA itself
 * is left out, with a write of its own, and another process writes the rest.
 * RCPT is answered everywhere when a recipient may be refused.
 */
static unsigned long
steps_for(unsigned long offered, bool judges_rcpts)
{
	unsigned long left_out = SMFIP_HDR_LEADSPC | SMFIP_NOUNKNOWN | SMFIP_NOEOH;
	unsigned long no_reply = SMFIP_NR_HDR | SMFIP_NR_BODY;

	if (!over_tcp) {
		left_out |= SMFIP_NODATA;
		if (!judges_rcpts)
			no_reply |= SMFIP_NR_RCPT;
	}
	/* libmilter answers for us where the MTA cannot do without (NR) */
	return (offered & left_out) | no_reply;
}

static sfsistat
mlfi_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1,
    unsigned long f2 __attribute__((unused)), unsigned long f3 __attribute__((unused)),
    unsigned long *pf0, unsigned long *pf1, unsigned long *pf2, unsigned long *pf3)
{
	struct conversation *conversation;

	if (!offers_all(f0))
		return SMFIS_REJECT;
	conversation = conversation_new(options);
	if (conversation == NULL || smfi_setpriv(ctx, conversation) != MI_SUCCESS) {
		conversation_free(&conversation);
		return SMFIS_TEMPFAIL;
	}
	agree(ctx, conversation, f0, f1);
	*pf0 = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE |
	    (f0 & (SMFIF_CHGBODY | SMFIF_SETSYMLIST));
	conversation->judges_rcpts = core_judges_rcpts(options->core,
	    conversation->snapshot);
	*pf1 = steps_for(f1, conversation->judges_rcpts);
	conversation->spares_rcpt = (*pf1 & SMFIP_NR_RCPT) != 0;
	*pf2 = *pf3 = 0;
	return SMFIS_CONTINUE;
}

/*
 * After "quit, a new connection follows" there is no new negotiation: what was
 * agreed about RCPT is not known here.  It is answered, which libmilter leaves
 * out where that was agreed, and nobody is refused.
 */
static struct conversation *
conversation_again(SMFICTX *ctx)
{
	struct conversation *conversation = conversation_of(ctx);

	if (conversation != NULL)
		return conversation;
	conversation = conversation_new(options);
	if (conversation == NULL)
		return NULL;
	conversation->leading_spaces = atomic_load(&options->state->leading_spaces);
	conversation->keeps_body = atomic_load(&options->state->keeps_body);
	if (smfi_setpriv(ctx, conversation) != MI_SUCCESS)
		conversation_free(&conversation);
	return conversation;
}

static sfsistat
mlfi_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	struct conversation *conversation = conversation_again(ctx);
	const char *daemon_addr = macro_optional(ctx, "{daemon_addr}");
	const char *daemon_port = macro_optional(ctx, "{daemon_port}");
	struct session *session;

	if (conversation == NULL)
		return SMFIS_TEMPFAIL;
	conversation_abandon_message(conversation);
	session_free(&conversation->session);
	session = conversation->session = session_new();
	session->keeps_body = conversation->keeps_body;
	session->client_name = keep(session->arena, name);
	if (address != NULL)
		ip_from_sockaddr((const struct sockaddr *)address, &session->client_addr,
		    &session->client_port);
	if (session->client_port == 0)
		session->client_port = (uint16_t)macro_number(ctx, "{client_port}");
	session->mta = session_mta(macro_optional(ctx, "v"));
	session->mta_name = keep(session->arena, macro_expected(ctx, "j"));
	if (session->mta_name != NULL && conversation->options->on_mta_name != NULL)
		conversation->options->on_mta_name(session->mta_name);
	session->daemon_name = keep(session->arena, macro_expected(ctx, "{daemon_name}"));
	if (daemon_addr != NULL && daemon_port != NULL)
		session->daemon_addr = arena_printf(session->arena, "%s@%s", daemon_addr,
		    daemon_port);
	return SMFIS_CONTINUE;
}

static sfsistat
mlfi_helo(SMFICTX *ctx, char *helo)
{
	struct conversation *conversation = conversation_of(ctx);

	if (conversation == NULL || conversation->session == NULL)
		return SMFIS_TEMPFAIL;
	snprintf(conversation->helo, sizeof(conversation->helo), "%s", helo);
	conversation->session->helo = conversation->helo;
	return SMFIS_CONTINUE;
}

/* pickup and the sendmail command: no client port, the queue id is there
 * already and the address has no angle brackets. */
static bool
is_local(const struct session *session, const struct message *message, const char *path)
{
	return (session->client_port == 0 || session->client_addr.family == 0) &&
	    message->queue_id != NULL && path[0] != '<';
}

/* The message was counted before this was asked: none slips through. */
static sfsistat
stopping(SMFICTX *ctx, struct conversation *conversation)
{
	char code[] = "451", esc[] = "4.3.2", text[] = "mailworthy is stopping; try again";

	conversation_drop_message(conversation);
	smfi_setreply(ctx, code, esc, text);
	return SMFIS_TEMPFAIL;
}

static void
read_mail_args(struct message *message, char **args)
{
	for (; *args != NULL; args++)
		if (strcasecmp(*args, "SMTPUTF8") == 0)
			message->is_smtputf8 = true;
}

static sfsistat
mlfi_envfrom(SMFICTX *ctx, char **args)
{
	struct conversation *conversation = conversation_of(ctx);
	struct message *message;

	if (conversation == NULL || conversation->session == NULL || args[0] == NULL)
		return SMFIS_TEMPFAIL;
	message = conversation_begin_message(conversation);
	if (atomic_load(&options->state->stopping))
		return stopping(ctx, conversation);
	message->queue_id = keep(message->arena, macro_optional(ctx, "i"));
	message->auth_user = keep(message->arena, macro_optional(ctx, "{auth_authen}"));
	message->auth_type = keep(message->arena, macro_optional(ctx, "{auth_type}"));
	message->is_local = is_local(conversation->session, message, args[0]);
	message->mail_from_malformed = !address_path_parse(message->arena,
	    slice_of(arena_strdup(message->arena, args[0])), &message->mail_from,
	    &message->mail_from_is_null);
	message_tell_own_dsn(message);
	read_mail_args(message, args + 1);
	message->direction = message_direction(message,
	    snapshot_settings(conversation->snapshot));
	if (message->direction == DIRECTION_INBOUND) {
		counters_add(options->counters, COUNTED_INBOUND, 1);
		conversation_drop_message(conversation);
		return SMFIS_ACCEPT;
	}
	return SMFIS_CONTINUE;
}

static bool
refuses(struct conversation *conversation, struct rcpt *rcpt, struct plan *plan_r)
{
	if (!conversation->judges_rcpts)
		return false;
	if (conversation->rcpts == NULL)
		conversation->rcpts = rcpt_stage_begin(options->core,
		    conversation->snapshot, conversation->message);
	if (!rcpt_stage_judge(conversation->rcpts, rcpt, plan_r))
		return false;
	counters_rcpt_refused(options->counters, rcpt->refused_by, plan_r->action);
	return true;
}

static sfsistat
mlfi_envrcpt(SMFICTX *ctx, char **args)
{
	struct conversation *conversation = conversation_of(ctx);
	struct message *message;
	struct rcpt rcpt = { 0 };
	struct plan plan;
	bool is_null, refused = false;

	if (conversation == NULL || conversation->message == NULL || args[0] == NULL)
		return SMFIS_TEMPFAIL;
	message = conversation->message;
	if (message->n_rcpts < MESSAGE_RCPTS_KEPT) {
		address_path_parse(message->arena,
		    slice_of(arena_strdup(message->arena, args[0])), &rcpt.address, &is_null);
		rcpt.mailer = keep(message->arena, message->is_local ?
		    macro_optional(ctx, "{rcpt_mailer}") :
		    macro_expected(ctx, "{rcpt_mailer}"));
		rcpt.host = keep(message->arena, macro_optional(ctx, "{rcpt_host}"));
		refused = refuses(conversation, &rcpt, &plan);
	}
	message_add_rcpt(message, &rcpt);
	if (refused)
		return apply_refusal(ctx, &plan);
	return conversation->spares_rcpt ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* The MTA left the blank after the colon out: it was the usual one. */
static void
add_with_blank(struct headers *headers, const char *name, const char *value)
{
	size_t n = strlen(value);
	char *text = mem_alloc(n + 1);

	text[0] = ' ';
	memcpy(text + 1, value, n);
	headers_add(headers, slice_of(name), (struct slice){ text, n + 1 });
	free(text);
}

static sfsistat
mlfi_header(SMFICTX *ctx, char *name, char *value)
{
	struct conversation *conversation = conversation_of(ctx);
	struct message *message;

	/* none comes after the body has begun: libmilter sees to it, and so do we */
	if (conversation == NULL || conversation->message == NULL ||
	    conversation->passage != NULL)
		return SMFIS_TEMPFAIL;
	message = conversation->message;
	if (conversation->leading_spaces || *value == '\0')
		headers_add(message->headers, slice_of(name), slice_of(value));
	else
		add_with_blank(message->headers, name, value);
	return SMFIS_NOREPLY;
}

/* Begun with the first part of the body; some messages have none. */
static struct passage *
passage_of(struct conversation *conversation)
{
	if (conversation->passage == NULL)
		conversation->passage = passage_begin(options->core, conversation->snapshot,
		    conversation->message);
	return conversation->passage;
}

static sfsistat
mlfi_body(SMFICTX *ctx, unsigned char *bytes, size_t n)
{
	struct conversation *conversation = conversation_of(ctx);

	if (conversation == NULL || conversation->message == NULL)
		return SMFIS_TEMPFAIL;
	passage_body(passage_of(conversation), bytes, n);
	return SMFIS_NOREPLY;
}

/* Waits for a place, so that a burst does not make a thread a message. */
static void
judge(struct passage *passage)
{
	bool has_place = sem_trywait(&eom_slots) == 0;

	if (!has_place && options->on_long_wait != NULL)
		options->on_long_wait();
	while (!has_place && sem_wait(&eom_slots) != 0 && errno == EINTR)
		continue;
	passage_finish(passage);
	sem_post(&eom_slots);
}

static void
count(const struct passage *passage, struct counted_message *counted, int64_t begun_us)
{
	counted->judged = passage_judged(passage);
	counted->verdict = passage_verdict(passage);
	counted->plan = passage_plan(passage);
	counted->eom_us = clock_mono_us(options->clock) - begun_us;
	counters_message(options->counters, counted);
}

static sfsistat
mlfi_eom(SMFICTX *ctx)
{
	struct conversation *conversation = conversation_of(ctx);
	struct message *message;
	struct passage *passage;
	struct counted_message counted = { 0 };
	int64_t begun_us;
	sfsistat status;

	if (conversation == NULL || conversation->message == NULL)
		return SMFIS_TEMPFAIL;
	atomic_fetch_add(&options->state->judging, 1);
	begun_us = clock_mono_us(options->clock);
	message = conversation->message;
	if (message->queue_id == NULL)
		message->queue_id = keep(message->arena, macro_expected(ctx, "i"));
	passage = passage_of(conversation);
	judge(passage);
	status = passage_body_is_lost(passage) ? apply_failed(ctx, message, "what was kept "
	    "of its body cannot be read again") :
	    apply_plan(ctx, conversation, passage_plan(passage));
	if (status == SMFIS_TEMPFAIL && passage_plan(passage)->action != ACTION_TEMPFAIL) {
		passage_not_applied(passage);
		counted.not_applied = true;
	}
	count(passage, &counted, begun_us);
	conversation_record(conversation);
	conversation_drop_message(conversation);
	atomic_fetch_sub(&options->state->judging, 1);
	return status;
}

static sfsistat
mlfi_abort(SMFICTX *ctx)
{
	struct conversation *conversation = conversation_of(ctx);

	if (conversation != NULL)
		conversation_abandon_message(conversation);
	return SMFIS_CONTINUE;
}

static sfsistat
mlfi_close(SMFICTX *ctx)
{
	struct conversation *conversation = conversation_of(ctx);

	if (conversation != NULL) {
		smfi_setpriv(ctx, NULL);
		conversation_free(&conversation);
	}
	return SMFIS_CONTINUE;
}

static char filter_name[] = "mailworthy";

static struct smfiDesc description = {
	.xxfi_name = filter_name,
	.xxfi_version = SMFI_VERSION,
	.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_CHGBODY |
	    SMFIF_SETSYMLIST,
	.xxfi_connect = mlfi_connect,
	.xxfi_helo = mlfi_helo,
	.xxfi_envfrom = mlfi_envfrom,
	.xxfi_envrcpt = mlfi_envrcpt,
	.xxfi_header = mlfi_header,
	.xxfi_body = mlfi_body,
	.xxfi_eom = mlfi_eom,
	.xxfi_abort = mlfi_abort,
	.xxfi_close = mlfi_close,
	.xxfi_negotiate = mlfi_negotiate,
};

int
proto_register(const char *socket, const char **error_r)
{
	static char text[256];

	if (strlen(socket) >= sizeof(text)) {
		*error_r = "the socket's name is too long";
		return -1;
	}
	memcpy(text, socket, strlen(socket) + 1);
	if (smfi_register(description) != MI_SUCCESS ||
	    smfi_setconn(text) != MI_SUCCESS) {
		*error_r = "libmilter does not accept the socket's name";
		return -1;
	}
	/* a field of header_size_limit octets arrives as one packet */
	smfi_setmaxdatasize(PROTO_PACKET_MAX);
	over_tcp = strncmp(socket, "inet", 4) == 0;
	smfi_setbacklog(PROTO_BACKLOG);
	return 0;
}

int
proto_listen(void)
{
	return smfi_opensocket(1) == MI_SUCCESS ? 0 : -1;
}

int
proto_run(const struct proto_options *proto_options)
{
	options = proto_options;
	if (sem_init(&eom_slots, 0, PROTO_EOM_SLOTS) != 0)
		return -1;
	return smfi_main() == MI_SUCCESS ? 0 : -1;
}

const char *
proto_version(char *text, size_t size)
{
	unsigned int major = 0, minor = 0, patch = 0;

	smfi_version(&major, &minor, &patch);
	snprintf(text, size, "%u.%u.%u", major, minor, patch);
	return text;
}
