/*
 * The doctor's section on the MTA: finds out which it is, and asks it.
 */
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "tool/doctor_mta.h"
#include "evidence/sendmail_cf.h"
#include "tool/tool.h"

#define SENDMAIL_CF "/etc/mail/sendmail.cf"

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

/* True when Sendmail was judged, or said why not. */
static bool
judge_sendmail(struct mta *mta)
{
	struct doctor *doctor = mta->doctor;
	const char *told = doctor->options->sendmail_cf, *path = told == NULL ? SENDMAIL_CF : told;
	struct sendmail_cf *cf;
	const char *error = "";
	struct slice text;

	if (told == NULL && access(path, R_OK) != 0)
		return false;
	if (!tool_read(doctor->arena, path, SENDMAIL_CF_MAX, &text, &error)) {
		doctor_say(doctor, DOCTOR_UNKNOWN, "mta-read", path, "%s.", error);
		return true;
	}
	cf = sendmail_cf_parse(doctor->arena, text);
	cf->path = path;
	mta->sendmail = cf;
	doctor_say(doctor, DOCTOR_OK, "mta-read", path, "Sendmail %s, %zu filter%s",
	    mta_shown(mta, sendmail_cf_macro(cf, "Z")), cf->n_filters,
	    cf->n_filters == 1 ? "" : "s");
	mta_sendmail(mta);
	return true;
}

void
doctor_mta(struct doctor *doctor)
{
	struct mta mta = { .doctor = doctor };
	const char *error = "";

	if (doctor->options->sendmail_cf != NULL && judge_sendmail(&mta))
		return;
	doctor_progress(doctor, "asking Postfix for its settings");
	mta.postfix = postfix_ask(doctor->arena, doctor->options->postconf,
	    doctor->options->postfix_config, &error);
	if (mta.postfix != NULL)
		judge_postfix(&mta);
	else if (*error != '\0')
		doctor_say(doctor, DOCTOR_UNKNOWN, "mta-read", "Postfix", "Its settings could not "
		    "be read: %s.", error);
	else if (!judge_sendmail(&mta))
		doctor_say(doctor, DOCTOR_UNKNOWN, "mta-read", "", "There is neither Postfix nor "
		    SENDMAIL_CF " in the usual place: --postfix-config names the directory of "
		    "main.cf, --sendmail-cf the file.");
}
