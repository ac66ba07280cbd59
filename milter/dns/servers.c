/*
 * Which servers are asked.
 */
#include <stdio.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/log.h"
#include "dns/servers.h"
#include "settings/settings.h"

enum { RESOLV_CONF_MAX = 65536, PORT = 53 };

static const char resolv_conf[] = "/etc/resolv.conf";

/* A zone goes to libunbound as it is: nothing but a name may be in it. */
static bool
is_zone(struct slice zone)
{
	for (size_t i = 0; i < zone.n; i++)
		if (!((zone.p[i] >= 'a' && zone.p[i] <= 'z') ||
		    (zone.p[i] >= 'A' && zone.p[i] <= 'Z') ||
		    (zone.p[i] >= '0' && zone.p[i] <= '9') || zone.p[i] == '-' ||
		    zone.p[i] == '_' || zone.p[i] == '.'))
			return false;
	return true;
}

const char *
dns_server_parse(struct arena *arena, struct slice text)
{
	struct slice host, zone, number;
	unsigned long port = PORT;
	size_t at = slice_find(text, '@'), percent;
	struct ip ip;

	if (at < text.n) {
		number = slice_sub(text, at + 1, text.n);
		if (!slice_number(number, 65535, &port) || port == 0)
			return NULL;
		text = slice_sub(text, 0, at);
	}
	percent = slice_find(text, '%');
	host = slice_sub(text, 0, percent);
	zone = slice_sub(text, percent, text.n);
	if (!ip_parse(host, &ip) || !is_zone(slice_sub(zone, 1, zone.n)) || zone.n == 1)
		return NULL;
	return arena_printf(arena, "%s%s@%lu", ip_text(arena, &ip),
	    slice_dup(arena, zone), port);
}

void
dns_servers_resolv_conf(struct arena *arena, struct slice text,
    struct dns_servers *servers_r)
{
	struct slice line, address;
	const char *server;

	servers_r->n = 0;
	while (servers_r->n < DNS_SERVERS_MAX && slice_split(&text, '\n', &line)) {
		line = slice_trim(line);
		if (!slice_starts_nocase(line, "nameserver"))
			continue;
		address = slice_sub(line, sizeof("nameserver") - 1, line.n);
		if (address.n == 0 || (address.p[0] != ' ' && address.p[0] != '\t'))
			continue;
		address = slice_trim(address);
		address = slice_sub(address, 0, slice_find(address, ' '));
		address = slice_sub(address, 0, slice_find(address, '\t'));
		server = dns_server_parse(arena, address);
		if (server != NULL)
			servers_r->at[servers_r->n++] = server;
	}
	if (servers_r->n == 0)
		servers_r->at[servers_r->n++] = "127.0.0.1@53";
}

static void
read_resolv_conf(struct arena *arena, struct dns_servers *servers_r)
{
	char *text = arena_alloc(arena, RESOLV_CONF_MAX);
	size_t n = 0;
	FILE *file;

	file = fopen(resolv_conf, "re");
	if (file == NULL) {
		log_warning("%s cannot be read: asking the DNS server on 127.0.0.1",
		    resolv_conf);
	} else {
		n = fread(text, 1, RESOLV_CONF_MAX, file);
		fclose(file);
	}
	dns_servers_resolv_conf(arena, (struct slice){ text, n }, servers_r);
}

int
dns_servers_choose(const struct settings_resolver *settings, struct arena *arena,
    struct dns_servers *servers_r, const char **error_r)
{
	const struct settings_strings *from = &settings->servers;
	const char *server;

	servers_r->n = 0;
	if (from->n == 0)
		read_resolv_conf(arena, servers_r);
	if (from->n > DNS_SERVERS_MAX) {
		*error_r = "resolver: servers: at most 4 can be asked";
		return -1;
	}
	for (size_t i = 0; i < from->n; i++) {
		server = dns_server_parse(arena, slice_of(from->p[i]));
		if (server == NULL) {
			*error_r = arena_printf(arena, "resolver: servers: expected "
			    "ADDRESS or ADDRESS@PORT, not \"%s\"",
			    log_safe(arena, slice_of(from->p[i]), 80));
			return -1;
		}
		servers_r->at[servers_r->n++] = server;
	}
	return 0;
}
