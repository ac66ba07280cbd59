/*
 * libmilter's callbacks: they translate and hand on.  Callbacks of one
 * connection run on different threads; state lives behind smfi_setpriv only.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "facts/message.h"
#include "proto/conversation.h"
#include "proto/proto.h"
#include "settings/settings.h"

/*
 * libmilter hands no pointer of ours to its callbacks: set once before
 * smfi_main() and constant from then on.
 */
static const struct proto_options *options;
static sem_t eom_slots;

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

static sfsistat
mlfi_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1,
    unsigned long f2 __attribute__((unused)), unsigned long f3 __attribute__((unused)),
    unsigned long *pf0, unsigned long *pf1, unsigned long *pf2, unsigned long *pf3)
{
	const unsigned long actions = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE;
	struct conversation *conversation;

	if ((f0 & actions) != actions) {
		log_error("the MTA does not let a filter add and change headers and "
		    "quarantine (offers 0x%lx, needed 0x%lx)", f0, actions);
		return SMFIS_REJECT;
	}
	conversation = conversation_new(options);
	conversation->leading_spaces = (f1 & SMFIP_HDR_LEADSPC) != 0;
	conversation->no_reply_rcpt = (f1 & SMFIP_NR_RCPT) != 0;
	conversation->no_reply_header = (f1 & SMFIP_NR_HDR) != 0;
	conversation->no_reply_body = (f1 & SMFIP_NR_BODY) != 0;
	if (smfi_setpriv(ctx, conversation) != MI_SUCCESS) {
		conversation_free(&conversation);
		return SMFIS_TEMPFAIL;
	}
	if ((f0 & SMFIF_SETSYMLIST) != 0)
		macro_ask(ctx);
	*pf0 = actions | (f0 & SMFIF_SETSYMLIST);
	*pf1 = f1 & (SMFIP_HDR_LEADSPC | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_RCPT |
	    SMFIP_NR_HDR | SMFIP_NR_BODY);
	*pf2 = *pf3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
mlfi_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	struct conversation *conversation = conversation_of(ctx);
	const char *daemon_addr = macro_optional(ctx, "{daemon_addr}");
	const char *daemon_port = macro_optional(ctx, "{daemon_port}");
	struct session *session;

	if (conversation == NULL)
		return SMFIS_TEMPFAIL;
	if (conversation->session != NULL)
		session_free(&conversation->session);
	session = conversation->session = session_new();
	session->client_name = keep(session->arena, name);
	if (address != NULL)
		ip_from_sockaddr((const struct sockaddr *)address, &session->client_addr,
		    &session->client_port);
	session->mta_name = keep(session->arena, macro_expected(ctx, "j"));
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
	conversation->session->helo = keep(conversation->session->arena, helo);
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
	const struct clock *clock = options->clock;
	struct message *message;

	if (conversation == NULL || conversation->session == NULL || args[0] == NULL)
		return SMFIS_TEMPFAIL;
	conversation_drop_message(conversation);
	message = message_new(conversation->session, clock_now(clock), clock_mono_us(clock));
	conversation->message = message;
	message->queue_id = keep(message->arena, macro_optional(ctx, "i"));
	message->auth_user = keep(message->arena, macro_optional(ctx, "{auth_authen}"));
	message->auth_type = keep(message->arena, macro_optional(ctx, "{auth_type}"));
	message->is_local = is_local(conversation->session, message, args[0]);
	message->mail_from_malformed = !address_path_parse(message->arena,
	    slice_of(arena_strdup(message->arena, args[0])), &message->mail_from,
	    &message->mail_from_is_null);
	message->is_own_dsn = message->is_local && message->mail_from_is_null;
	read_mail_args(message, args + 1);
	message->direction = message_direction(message,
	    snapshot_settings(conversation->snapshot));
	if (message->direction == DIRECTION_INBOUND) {
		conversation_drop_message(conversation);
		return SMFIS_ACCEPT;
	}
	return SMFIS_CONTINUE;
}

static sfsistat
mlfi_envrcpt(SMFICTX *ctx, char **args)
{
	struct conversation *conversation = conversation_of(ctx);
	struct message *message;
	struct rcpt rcpt = { 0 };
	bool is_null;

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
	}
	message_add_rcpt(message, &rcpt);
	return conversation->no_reply_rcpt ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat
mlfi_header(SMFICTX *ctx, char *name, char *value)
{
	struct conversation *conversation = conversation_of(ctx);

	if (conversation == NULL || conversation->message == NULL)
		return SMFIS_TEMPFAIL;
	headers_add(conversation->message->headers, slice_of(name), slice_of(value));
	return conversation->no_reply_header ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat
mlfi_eoh(SMFICTX *ctx)
{
	struct conversation *conversation = conversation_of(ctx);

	if (conversation == NULL || conversation->message == NULL)
		return SMFIS_TEMPFAIL;
	conversation->passage = passage_begin(options->core, conversation->snapshot,
	    conversation->message);
	return SMFIS_CONTINUE;
}

static sfsistat
mlfi_body(SMFICTX *ctx, unsigned char *bytes, size_t n)
{
	struct conversation *conversation = conversation_of(ctx);

	if (conversation == NULL || conversation->passage == NULL)
		return SMFIS_TEMPFAIL;
	passage_body(conversation->passage, bytes, n);
	return conversation->no_reply_body ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat
mlfi_eom(SMFICTX *ctx)
{
	struct conversation *conversation = conversation_of(ctx);
	struct message *message;
	sfsistat status;

	if (conversation == NULL || conversation->message == NULL)
		return SMFIS_TEMPFAIL;
	message = conversation->message;
	if (conversation->passage == NULL)	/* no end of header was sent */
		conversation->passage = passage_begin(options->core, conversation->snapshot,
		    message);
	if (message->queue_id == NULL)
		message->queue_id = keep(message->arena, macro_expected(ctx, "i"));
	while (sem_wait(&eom_slots) != 0 && errno == EINTR)
		continue;
	passage_finish(conversation->passage);
	sem_post(&eom_slots);
	status = apply_plan(ctx, conversation, passage_plan(conversation->passage));
	if (status == SMFIS_TEMPFAIL &&
	    passage_plan(conversation->passage)->action != ACTION_TEMPFAIL)
		passage_not_applied(conversation->passage);
	options->write_record(passage_record(conversation->passage,
	    options->record_is_syslog()));
	conversation_drop_message(conversation);
	return status;
}

static sfsistat
mlfi_abort(SMFICTX *ctx)
{
	struct conversation *conversation = conversation_of(ctx);

	if (conversation != NULL)
		conversation_drop_message(conversation);
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
	.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
	.xxfi_connect = mlfi_connect,
	.xxfi_helo = mlfi_helo,
	.xxfi_envfrom = mlfi_envfrom,
	.xxfi_envrcpt = mlfi_envrcpt,
	.xxfi_header = mlfi_header,
	.xxfi_eoh = mlfi_eoh,
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
