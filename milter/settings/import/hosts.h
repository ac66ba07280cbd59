/*
 * OpenDKIM's lists of clients (opendkim.conf(5), "PeerList"): addresses,
 * networks, host names and ".domain"; "!" leaves a part out.
 */
#ifndef MW_SETTINGS_IMPORT_HOSTS_H
#define MW_SETTINGS_IMPORT_HOSTS_H

#include "settings/import/dataset.h"

#define HOSTS_NETWORKS_MAX 5000

/*
 * import->networks from the entries: the more exact one counts, as in OpenDKIM.
 * Names are told and left out.  `except` (may be NULL) is taken off.
 */
void hosts_read(struct import *import, const char *option, const struct dataset *set,
    const struct dataset *except);

#endif
