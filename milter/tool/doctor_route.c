/*
 * The doctor on the way to its sink: Postfix is asked where mail for the
 * recipient would go, and nothing of it is changed.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "tool/doctor_send.h"
#include "tool/postfix.h"

/* "smtp:[127.0.0.1]:8825" is ours whatever stands before the first ':'. */
static bool
leads_to(const char *value, const char *next_hop)
{
	const char *colon = strchr(value, ':');

	return colon != NULL && strcmp(colon + 1, next_hop) == 0;
}

static const char *
next_hop_of(struct arena *arena, const char *address, unsigned port)
{
	return arena_printf(arena, strchr(address, ':') != NULL ? "[ipv6:%s]:%u" : "[%s]:%u",
	    address, port);
}

/* The first table that knows the recipient decides, as in transport(5). */
static const char *
look_up(struct send *send, const char **error_r)
{
	const char *keys[] = { send->to, strrchr(send->to, '@') + 1 };
	struct slice rest, word;
	const char *value;

	*error_r = "";
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		rest = slice_of(postfix_get(send->postfix, "transport_maps"));
		while (postfix_word(&rest, &word)) {
			if (postfix_look_up(send->postfix, slice_dup(send->doctor->arena, word),
			    keys[i], &value, error_r) != 0)
				return NULL;
			if (value != NULL)
				return value;
		}
	}
	return NULL;
}

/* The transport that other mail takes. */
static const char *
usual_transport(struct send *send)
{
	struct slice transport = slice_of(postfix_get(send->postfix, "default_transport"));

	transport.n = slice_find(transport, ':');
	return transport.n == 0 ? "smtp" : slice_dup(send->doctor->arena, transport);
}

/* In front of the tables that are there, which all stay. */
static void
say_route(struct send *send, struct doctor_line *line, const char *hop, const char *maps)
{
	struct doctor *doctor = send->doctor;

	if (doctor_whole(doctor, maps) == NULL) {
		doctor_fix(doctor, line, "Let Postfix take mail for this one address there: in "
		    "%s/main.cf put inline:{ %s=%s:%s } in front of what transport_maps has "
		    "(which cannot be printed here); then `postfix reload`, and run this "
		    "again.", send->postfix->dir, send->to, usual_transport(send), hop);
		return;
	}
	doctor_fix(doctor, line, "Let Postfix take mail for this one address there: in "
	    "%s/main.cf, then `postfix reload`, and run this again (the line does no harm if "
	    "it stays):", send->postfix->dir);
	doctor_paste(doctor, line, "transport_maps = inline:{ %s=%s:%s }%s%s", send->to,
	    usual_transport(send), hop, *maps == '\0' ? "" : ", ", maps);
}

bool
send_has_route(struct send *send, const char *address, unsigned port)
{
	struct doctor *doctor = send->doctor;
	const char *hop = next_hop_of(doctor->arena, address, port), *error, *value;
	struct doctor_line *line;

	value = look_up(send, &error);
	if (value != NULL && leads_to(value, hop))
		return true;
	if (*error != '\0')
		line = doctor_say(doctor, DOCTOR_UNKNOWN, "send-route", send->to,
		    "transport_maps could not be asked: %s.", error);
	else if (value != NULL)
		line = doctor_say(doctor, DOCTOR_UNKNOWN, "send-route", send->to,
		    "Postfix takes mail for this address to %s, not to %s where the doctor "
		    "listens: nothing was sent.", log_safe(doctor->arena, slice_of(value), 100),
		    hop);
	else
		line = doctor_say(doctor, DOCTOR_UNKNOWN, "send-route", send->to,
		    "Postfix does not know yet that mail for this address goes to the doctor, "
		    "which listens at %s while it runs: nothing was sent.", hop);
	say_route(send, line, hop, postfix_get(send->postfix, "transport_maps"));
	return false;
}
