/*
 * Networks from OpenDKIM's lists of clients.
 */
#include <string.h>

#include "base/arena.h"
#include "base/ip.h"
#include "settings/import/hosts.h"

struct part {
	struct ip_net net;
	bool is_in;
};

struct hosts {
	struct import *import;
	const char *option;
	struct part *parts;
	size_t n;
};

static bool
has_host_bits(const struct ip_net *net)
{
	for (unsigned bit = net->bits; bit < ip_bits(&net->addr); bit++) {
		if (net->addr.bytes[bit / 8] & (0x80 >> bit % 8))
			return true;
	}
	return false;
}

static void
say_name(struct hosts *hosts, const struct dataset_entry *entry, bool is_in)
{
	struct import *import = hosts->import;

	if (slice_is(slice_of(entry->key), "localhost"))
		return;
	import_say(import, is_in ? IMPORT_WARNING : IMPORT_ERROR, entry->at, hosts->option,
	    "%s is left out: clients go by their address here; name the address, or have "
	    "them log in", import_shown(import, entry->key));
}

static void
add_entry(struct hosts *hosts, const struct dataset_entry *entry, bool is_except)
{
	struct slice text = slice_of(entry->key), address;
	struct import *import = hosts->import;
	struct part *part = &hosts->parts[hosts->n];
	size_t slash;

	part->is_in = !is_except;
	if (text.n > 1 && text.p[0] == '!') {
		if (is_except)
			return;
		part->is_in = false;
		text = slice_sub(text, 1, text.n);
	}
	slash = slice_find(text, '/');
	address = slice_sub(text, 0, slash);
	if (address.n > 2 && address.p[0] == '[' && address.p[address.n - 1] == ']')
		text = slice_of(arena_printf(import->arena, "%s%s", slice_dup(import->arena,
		    slice_sub(address, 1, address.n - 2)), slice_dup(import->arena,
		    slice_sub(text, slash, text.n))));
	if (!ip_net_parse(text, &part->net)) {
		if (slash < text.n || text.n == 0)
			import_say(import, IMPORT_ERROR, entry->at, hosts->option,
			    "expected a network as in 192.0.2.0/24 (got %s)",
			    import_shown(import, entry->key));
		else
			say_name(hosts, entry, part->is_in);
	} else if (has_host_bits(&part->net)) {
		import_say(import, IMPORT_WARNING, entry->at, hosts->option, "%s is left "
		    "out: OpenDKIM never matches a network whose host part is not 0",
		    import_shown(import, entry->key));
	} else {
		hosts->n++;
	}
}

static bool
lies_in(const struct ip_net *inner, const struct ip_net *outer)
{
	return inner->bits >= outer->bits && ip_net_contains(outer, &inner->addr);
}

/* The most exact part that the network lies in; the first of equal ones, and one
 * that leaves out before one that takes in. */
static const struct part *
part_of(const struct hosts *hosts, const struct ip_net *net)
{
	const struct part *best = NULL, *part;

	for (size_t i = 0; i < hosts->n; i++) {
		part = &hosts->parts[i];
		if (lies_in(net, &part->net) && (best == NULL ||
		    part->net.bits > best->net.bits ||
		    (part->net.bits == best->net.bits && !part->is_in)))
			best = part;
	}
	return best;
}

static bool
holds_another(const struct hosts *hosts, const struct ip_net *net, bool is_in)
{
	for (size_t i = 0; i < hosts->n; i++) {
		if (hosts->parts[i].is_in != is_in && hosts->parts[i].net.bits > net->bits &&
		    lies_in(&hosts->parts[i].net, net))
			return true;
	}
	return false;
}

static void
put(struct hosts *hosts, const struct ip_net *net)
{
	struct settings_networks *networks = &hosts->import->networks;

	networks->p[networks->n++] = *net;
}

/* Halves a network until what lies in it is of one kind. */
static void
put_parts(struct hosts *hosts, const struct ip_net *net)
{
	bool is_in = part_of(hosts, net)->is_in;
	struct ip_net half = *net;

	if (hosts->import->networks.n >= HOSTS_NETWORKS_MAX)
		return;
	if (!holds_another(hosts, net, is_in)) {
		if (is_in)
			put(hosts, net);
		return;
	}
	half.bits++;
	put_parts(hosts, &half);
	half.addr.bytes[net->bits / 8] |= (unsigned char)(0x80 >> net->bits % 8);
	put_parts(hosts, &half);
}

/* Counts, and lies in no other that takes in: then it is found from there. */
static bool
is_outermost(const struct hosts *hosts, size_t i)
{
	const struct part *part = &hosts->parts[i], *other;

	if (!part->is_in || part_of(hosts, &part->net) != part)
		return false;
	for (size_t j = 0; j < hosts->n; j++) {
		other = &hosts->parts[j];
		if (other->is_in && other->net.bits < part->net.bits &&
		    lies_in(&part->net, &other->net))
			return false;
	}
	return true;
}

/* OpenDKIM sees mail of the host itself as that of localhost, 127.0.0.1. */
static bool
takes_local(const struct import *import, const struct dataset *set)
{
	const struct ip loopback = { 4, { 127, 0, 0, 1 } };

	for (size_t i = 0; i < set->n; i++) {
		if (slice_is(slice_of(set->p[i].key), "localhost"))
			return true;
	}
	for (size_t i = 0; i < import->networks.n; i++) {
		if (ip_net_contains(&import->networks.p[i], &loopback))
			return true;
	}
	return false;
}

void
hosts_read(struct import *import, const char *option, const struct dataset *set,
    const struct dataset *except)
{
	struct hosts hosts = { .import = import, .option = option };
	size_t n = set->n + (except == NULL ? 0 : except->n);

	if (n > HOSTS_NETWORKS_MAX) {
		import_say(import, IMPORT_ERROR, (struct import_place){ set->path, 0 }, option,
		    "expected at most %d entries (got %zu)", HOSTS_NETWORKS_MAX, n);
		return;
	}
	hosts.parts = arena_array(import->arena, n + 1, sizeof(*hosts.parts));
	for (size_t i = 0; i < set->n; i++)
		add_entry(&hosts, &set->p[i], false);
	for (size_t i = 0; except != NULL && i < except->n; i++)
		add_entry(&hosts, &except->p[i], true);
	import->has_networks = true;
	import->networks = (struct settings_networks){ arena_array(import->arena,
	    HOSTS_NETWORKS_MAX, sizeof(struct ip_net)), 0 };
	for (size_t i = 0; i < hosts.n; i++) {
		if (is_outermost(&hosts, i))
			put_parts(&hosts, &hosts.parts[i].net);
	}
	if (import->networks.n == HOSTS_NETWORKS_MAX)
		import_say(import, IMPORT_ERROR, (struct import_place){ set->path, 0 }, option,
		    "more than %d networks", HOSTS_NETWORKS_MAX);
	import->signs_local = takes_local(import, set);
}
