/*
 * The doctor's section on the MTA: finds out which it is, and asks it.
 */
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "tool/doctor_mta.h"

static void
judge_postfix(struct mta *mta)
{
	const char *version = postfix_get(mta->postfix, "mail_version");

	doctor_say(mta->doctor, DOCTOR_OK, "mta-read", mta->postfix->dir, "Postfix %s, %zu "
	    "services", mta_shown(mta, version), mta->postfix->n_services);
	mta_socket(mta);
	mta_listeners(mta);
	mta_local_mail(mta);
	mta_milter_settings(mta);
	mta_content_filter(mta);
	mta_after_signing(mta);
	mta_way_out(mta);
}

void
doctor_mta(struct doctor *doctor)
{
	struct mta mta = { .doctor = doctor };
	const char *error = "";

	doctor_progress(doctor, "asking Postfix for its settings");
	mta.postfix = postfix_ask(doctor->arena, doctor->options->postconf,
	    doctor->options->postfix_config, &error);
	if (mta.postfix != NULL)
		judge_postfix(&mta);
	else if (*error != '\0')
		doctor_say(doctor, DOCTOR_UNKNOWN, "mta-read", "Postfix", "Its settings could not "
		    "be read: %s.", error);
	else
		doctor_say(doctor, DOCTOR_UNKNOWN, "mta-read", "", "There is no Postfix in the "
		    "usual places: its settings were not looked at. --postfix-config names the "
		    "directory of main.cf.");
}
