/*
 * What a record may tell of recipients and subjects.
 */
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/log.h"
#include "facts/message.h"
#include "record/privacy.h"
#include "settings/settings.h"

enum {
	PRIVATE_SUBJECT = PRIVACY_NO_SUBJECT | PRIVACY_HASH_SUBJECT,
	PRIVATE_RECIPIENTS = PRIVACY_NO_RECIPIENTS | PRIVACY_HASH_RECIPIENTS,
	SUBJECT_LEAST = 4,	/* shorter ones stand in any text by chance */
	SUBJECT_PROBE = 8,	/* octets of it that give it away */
	ADDRESS_READ_MAX = 1024,
};

/* Two values from the kernel's, so that no record depends on those alone. */
static struct hash_key
process_key(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);
	struct hash_key kernel = { 0, 0 };

	if (random != NULL)
		memcpy(&kernel, random, sizeof(kernel));
	return (struct hash_key){
		hash_bytes(&kernel, SLICE("record recipients 0")),
		hash_bytes(&kernel, SLICE("record recipients 1")),
	};
}

static const char *
hashed(struct arena *arena, const char *text)
{
	struct hash_key key = process_key();

	return arena_printf(arena, "hash:%016llx",
	    (unsigned long long)hash_bytes(&key, slice_of(text)));
}

const char *
privacy_recipient(const struct settings *settings, const struct address *recipient,
    struct arena *arena)
{
	if ((settings->log_privacy & PRIVACY_NO_RECIPIENTS) != 0 ||
	    recipient->text == NULL)
		return NULL;
	if ((settings->log_privacy & PRIVACY_HASH_RECIPIENTS) == 0)
		return recipient->text;
	return hashed(arena, recipient->text);
}

const char *
privacy_subject(const struct settings *settings, const char *subject, struct arena *arena)
{
	if ((settings->log_privacy & PRIVACY_NO_SUBJECT) != 0 || subject == NULL)
		return NULL;
	if ((settings->log_privacy & PRIVACY_HASH_SUBJECT) == 0)
		return subject;
	return hashed(arena, subject);
}

static bool
is_about(const struct finding *finding, const char *prefix)
{
	return strncmp(finding->check->id, prefix, strlen(prefix)) == 0;
}

static bool
shows_subject(const struct check_input *input, const struct finding *finding)
{
	const char *subject = input->message->subject;
	const char *probe;

	if (is_about(finding, "subject-"))
		return true;
	if (subject == NULL || strlen(subject) < SUBJECT_LEAST)
		return false;
	probe = log_safe(input->arena, slice_sub(slice_of(subject), 0, SUBJECT_PROBE),
	    (size_t)4 * SUBJECT_PROBE);
	return strstr(finding->text, probe) != NULL;
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	return c == '\0' || at == NULL ? -1 : (int)(at - digits);
}

/*
 * As addresses are written into links and bounce addresses: small letters, %40
 * decoded, and "=" for "@".
 */
static char *
address_form(struct arena *arena, const char *text)
{
	char *form = slice_dup_lower(arena, slice_of(text)), *out = form;

	for (text = form; *text != '\0';) {
		int high = *text == '%' ? hex_digit(text[1]) : -1;
		int low = high > 0 ? hex_digit(text[2]) : -1;
		char c = low >= 0 ? (char)(high << 4 | low) : *text;

		text += low >= 0 ? 3 : 1;
		*out++ = c == '=' ? '@' : c;
	}
	*out = '\0';
	return form;
}

static bool
has_recipient(const struct check_input *input, const char *text)
{
	const struct message *message = input->message;

	text = address_form(input->arena, text);
	if (strchr(text, '@') == NULL)
		return false;
	for (size_t i = 0; i < message->n_rcpts; i++) {
		const char *address = message->rcpts[i].address.text;

		if (address != NULL && *address != '\0' && strstr(text,
		    address_form(input->arena, log_safe(input->arena,
		    slice_of(address), ADDRESS_READ_MAX))) != NULL)
			return true;
	}
	return false;
}

static bool
shows_recipient(const struct check_input *input, const struct finding *finding)
{
	return is_about(finding, "rcpt-") || is_about(finding, "display-name-") ||
	    has_recipient(input, finding->text);
}

const char *
privacy_sender(const struct check_input *input)
{
	const char *sender = input->message->mail_from.text, *domain, *local;
	unsigned bits = input->settings->log_privacy;

	if (sender == NULL || (bits & PRIVATE_RECIPIENTS) == 0)
		return sender;
	domain = strrchr(sender, '@');
	if (domain == NULL)
		domain = sender + strlen(sender);
	local = arena_strndup(input->arena, sender, (size_t)(domain - sender));
	if (!has_recipient(input, log_safe(input->arena, slice_of(local), ADDRESS_READ_MAX)))
		return sender;
	if ((bits & PRIVACY_NO_RECIPIENTS) == 0)
		return arena_printf(input->arena, "%s%s", hashed(input->arena, local),
		    domain);
	/* "" would be the null reverse-path */
	return *domain != '\0' ? domain : NULL;
}

bool
privacy_hides(const struct check_input *input, const struct finding *finding)
{
	unsigned bits = input->settings->log_privacy;

	return ((bits & PRIVATE_SUBJECT) != 0 && shows_subject(input, finding)) ||
	    ((bits & PRIVATE_RECIPIENTS) != 0 && shows_recipient(input, finding));
}
