/*
 * The DNS servers to ask: those of the settings, else those of resolv.conf.
 */
#ifndef MW_DNS_SERVERS_H
#define MW_DNS_SERVERS_H

#include "base/slice.h"

struct arena;
struct settings_resolver;

#define DNS_SERVERS_MAX 4	/* each costs a thread and some 5 MB */

struct dns_servers {
	const char *at[DNS_SERVERS_MAX];	/* "192.0.2.1@53" */
	size_t n;
};

/* "addr" or "addr@port", or an address of resolv.conf with "%zone", brought
 * to "addr@port"; NULL when it is neither. */
const char *dns_server_parse(struct arena *arena, struct slice text);

/*
 * The nameserver lines of a resolv.conf(5), the first ones; 127.0.0.1 when
 * there is none, as the C library does.
 */
void dns_servers_resolv_conf(struct arena *arena, struct slice text,
    struct dns_servers *servers_r);

/* At least one, or -1 and *error_r. */
int dns_servers_choose(const struct settings_resolver *settings, struct arena *arena,
    struct dns_servers *servers_r, const char **error_r);

#endif
