/*
 * What the checks on wording and links share: the parts a person reads, the
 * domains that are the sender's own.  For checks/ only.
 */
#ifndef MW_CHECKS_READABLE_H
#define MW_CHECKS_READABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "checks/common.h"
#include "mail/view.h"

/*
 * The next part with text from *at on, which is moved behind it; NULL at the
 * end.  Parts of attached messages are somebody else's words: only where asked.
 */
const struct view_part *readable_next(const struct view *view, bool with_attached,
    size_t *at);

/* "part 1.2 (text/html)", for people. */
const char *readable_name(const struct check_input *input,
    const struct view_part *part);

/* There is a view; else the status says why not. */
bool readable_known(const struct check_input *input, struct check_result *result);

/* Nothing was found: could not tell where something was not read. */
void readable_end(const struct check_input *input, struct check_result *result);

/* A link to a web page, whose host could be read. */
bool readable_is_web(const struct view_link *link);

/* The organizational domain, else the host (an address). */
const char *readable_site(const struct url *url);

/* A length of text from p on, blanks at its ends not, for a quote. */
const char *readable_quote(const struct check_input *input, struct slice text,
    size_t from, size_t n);

/*
 * The organizational domains of author, envelope and signers.
 */
#define OWN_MAX 16

struct own {
	const char *domains[OWN_MAX];
	size_t n;
};

void own_domains(const struct check_input *input, struct own *own_r);
bool own_has(const struct own *own, const char *site);

/* The host is one of `link-trackers` or below it. */
bool own_tracks(const struct check_input *input, const char *host);

/* Where a link leads, harmless and cut; of a password in it nothing is shown. */
const char *readable_target(const struct check_input *input,
    const struct view_link *link);

#endif
