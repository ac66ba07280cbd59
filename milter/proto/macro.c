/*
 * Macros of the MTA: which we ask for, and a word when one never comes.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "proto/conversation.h"

/*
 * A milter_*_macros setting of an old tutorial, or an MTA too old for
 * smfi_setsymlist, leaves some out; each is named once a process.
 */
static struct {
	const char *name;
	const char *used_for;
	atomic_bool said;
} expected[] = {
	{ "j", "the name this host says HELO with", false },
	{ "{daemon_name}", "ignore-daemons", false },
	{ "i", "the queue id in the record", false },
	{ "{rcpt_mailer}", "recipients that stay on this host", false },
	{ "{client_port}", "telling local mail from SMTP clients", false },
};

static const struct {
	int stage;
	const char *names;
} stages[] = {
	{ SMFIM_CONNECT, "j v {daemon_name} {daemon_addr} {daemon_port} {client_port}" },
	{ SMFIM_HELO, "j" },
	/* {daemon_name} is always there: libmilter keeps the macros of the message
	 * before, a login too, when none is sent */
	{ SMFIM_ENVFROM, "i {auth_authen} {auth_type} {daemon_name}" },
	{ SMFIM_ENVRCPT, "i {rcpt_mailer} {rcpt_host}" },
	{ SMFIM_DATA, "i" },
	{ SMFIM_EOH, "i" },
	{ SMFIM_EOM, "i" },
};

void
macro_ask(SMFICTX *ctx)
{
	size_t i;

	for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		char names[128];

		/* libmilter takes it without const and keeps a copy */
		memcpy(names, stages[i].names, strlen(stages[i].names) + 1);
		if (smfi_setsymlist(ctx, stages[i].stage, names) != MI_SUCCESS)
			log_debug("the MTA takes no list of macros for stage %d",
			    stages[i].stage);
	}
}

static const char *
get(SMFICTX *ctx, const char *name)
{
	char text[32];

	memcpy(text, name, strlen(name) + 1);
	return smfi_getsymval(ctx, text);
}

const char *
macro_optional(SMFICTX *ctx, const char *name)
{
	const char *value = get(ctx, name);

	return value != NULL && *value != '\0' ? value : NULL;
}

const char *
macro_expected(SMFICTX *ctx, const char *name)
{
	const char *value = macro_optional(ctx, name);
	size_t i;

	if (value != NULL)
		return value;
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		if (strcmp(expected[i].name, name) != 0 ||
		    atomic_exchange(&expected[i].said, true))
			continue;
		log_warning("the MTA does not send the macro %s (needed for: %s); "
		    "remove the settings that name macros (milter_*_macros in main.cf, "
		    "confMILTER_MACROS_* in sendmail.mc), or add it there",
		    name, expected[i].used_for);
	}
	return NULL;
}

unsigned
macro_number(SMFICTX *ctx, const char *name)
{
	const char *value = macro_expected(ctx, name);
	unsigned long number = value != NULL ? strtoul(value, NULL, 10) : 0;

	return number <= 65535 ? (unsigned)number : 0;
}
