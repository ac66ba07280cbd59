/*
 * How mail leaves this host: asked of the interfaces, of Postfix, of a sendmail.cf.
 */
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "evidence/collect.h"
#include "evidence/egress.h"
#include "evidence/postconf.h"
#include "evidence/sendmail_cf.h"
#include "mail/sendmail.h"

static bool
has(const struct egress_facts *facts, const struct ip *ip)
{
	for (size_t i = 0; i < facts->n; i++)
		if (ip_eq(&facts->ips[i], ip))
			return true;
	return false;
}

static void
add(struct egress_facts *facts, const struct ip *ip)
{
	if (facts->n < EGRESS_ADDRESSES_MAX && ip->family != 0 &&
	    !ip_is_private(ip) && !has(facts, ip))
		facts->ips[facts->n++] = *ip;
}

/* The one address of the family in a list of hosts; false for none or several. */
static bool
only_address(const char *list, unsigned char family, struct ip *ip_r)
{
	size_t found = 0;
	char text[IP_TEXT_MAX + 8];
	struct ip ip;
	size_t n;

	for (; *list != '\0'; list += n) {
		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n == 0 || n >= sizeof(text))
			continue;
		memcpy(text, list, n);
		if (ip_parse((struct slice){ text, n }, &ip) && ip.family == family &&
		    !ip_is_loopback(&ip)) {
			*ip_r = ip;
			found++;
		}
	}
	return found == 1;
}

/* Postfix may be told to speak one protocol only. */
static bool
speaks(const struct postconf *postconf, unsigned char family)
{
	const char *protocols = postconf->inet_protocols;

	if (*protocols == '\0' || strstr(protocols, "all") != NULL)
		return true;
	return strstr(protocols, family == 4 ? "ipv4" : "ipv6") != NULL;
}

static void
choose_family(struct egress_facts *facts, const struct postconf *postconf,
    unsigned char family, const struct ip *interfaces, size_t n)
{
	struct ip ip;

	if (postconf != NULL) {
		if (!speaks(postconf, family))
			return;
		if (only_address(family == 4 ? postconf->bind_address :
		    postconf->bind_address6, family, &ip) ||
		    only_address(postconf->inet_interfaces, family, &ip)) {
			add(facts, &ip);
			return;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (interfaces[i].family == family)
			add(facts, &interfaces[i]);
}

/* Before version 3.0 there is neither. */
static bool
takes_utf8(const struct postconf *postconf)
{
	const char *classes = postconf->utf8_classes;

	return strcmp(postconf->utf8_enable, "no") == 0 ||
	    (strcmp(postconf->utf8_enable, "yes") == 0 &&
	    strstr(classes, "sendmail") == NULL && strstr(classes, "all") == NULL);
}

void
egress_choose(struct egress_facts *facts, const struct postconf *postconf,
    const struct ip *interfaces, size_t n_interfaces)
{
	facts->ips = arena_array(facts->arena, EGRESS_ADDRESSES_MAX,
	    sizeof(*facts->ips));
	choose_family(facts, postconf, 4, interfaces, n_interfaces);
	choose_family(facts, postconf, 6, interfaces, n_interfaces);
	if (postconf == NULL)
		return;
	if (*postconf->myhostname != '\0')
		facts->myhostname = postconf->myhostname;
	if (*postconf->helo_name != '\0' &&
	    strcmp(postconf->helo_name, postconf->myhostname) != 0)
		facts->helo_name = postconf->helo_name;
	facts->takes_utf8 = takes_utf8(postconf);
}

static size_t
read_interfaces(struct ip ips[EGRESS_ADDRESSES_MAX])
{
	struct ifaddrs *all, *one;
	size_t n = 0;

	if (getifaddrs(&all) != 0)
		return 0;
	for (one = all; one != NULL && n < EGRESS_ADDRESSES_MAX; one = one->ifa_next) {
		if (one->ifa_addr == NULL || (one->ifa_flags & IFF_UP) == 0 ||
		    (one->ifa_flags & IFF_LOOPBACK) != 0)
			continue;
		if (ip_from_sockaddr(one->ifa_addr, &ips[n], NULL))
			n++;
	}
	freeifaddrs(all);
	return n;
}

/* -1 also where there is none. */
static int
ask_postfix(struct arena *arena, const char *program, const char *dir,
    struct postconf *postconf_r)
{
	if (program == NULL)
		program = postconf_program();
	if (dir == NULL)
		dir = postconf_dir(arena);
	if (program == NULL || dir == NULL || !postconf_has_main(arena, dir))
		return -1;
	return postconf_ask(arena, program, dir, postconf_r);
}

static struct egress_facts *
facts_new(void)
{
	struct arena *arena = arena_new();
	struct egress_facts *facts = arena_alloc(arena, sizeof(*facts));

	facts->arena = arena;
	facts->sendmail_line_max = SENDMAIL_LINE_MAX;
	return facts;
}

/* ---- Sendmail ---- */

static struct slice
read_text(struct arena *arena, const char *path)
{
	char *text = arena_alloc(arena, SENDMAIL_CF_MAX);
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t n = 0;
	ssize_t got;

	while (file >= 0 && n < SENDMAIL_CF_MAX &&
	    (got = read(file, text + n, SENDMAIL_CF_MAX - n)) > 0)
		n += (size_t)got;
	if (file >= 0)
		close(file);
	return (struct slice){ text, n };
}

void
egress_ask_sendmail(struct egress_facts *facts, const char *path)
{
	struct arena *arena = arena_new();
	const struct sendmail_cf *cf = sendmail_cf_parse(arena, read_text(arena, path));
	size_t least = 0;

	for (size_t i = 0; i < cf->n_mailers; i++) {
		const struct sendmail_mailer *mailer = &cf->mailers[i];

		if (mailer->is_smtp && mailer->line_limit > 0 &&
		    (least == 0 || mailer->line_limit < least))
			least = mailer->line_limit;
	}
	facts->sendmail_line_max = least > 0 ? least : SENDMAIL_LINE_MAX;
	facts->sendmail_keeps_mime = sendmail_cf_keeps_mime(cf);
	arena_free(&arena);
}

struct egress_facts *
egress_facts_of(const char *program, const char *postfix_dir, const char *sendmail_cf)
{
	struct egress_facts *facts = facts_new();
	struct ip interfaces[EGRESS_ADDRESSES_MAX];
	struct postconf postconf;
	size_t n = read_interfaces(interfaces);
	bool is_sendmail = program == NULL && postfix_dir == NULL && sendmail_cf != NULL;
	bool known = !is_sendmail &&
	    ask_postfix(facts->arena, program, postfix_dir, &postconf) == 0;

	egress_choose(facts, known ? &postconf : NULL, interfaces, n);
	egress_ask_sendmail(facts, sendmail_cf != NULL ? sendmail_cf :
	    "/etc/mail/sendmail.cf");
	return facts;
}

struct egress_facts *
egress_facts_new(void)
{
	return egress_facts_of(NULL, NULL, NULL);
}

struct egress_facts *
egress_facts_fixed(const struct ip *ips, size_t n)
{
	struct egress_facts *facts = facts_new();

	egress_choose(facts, NULL, ips, n);
	return facts;
}

void
egress_facts_free(struct egress_facts **facts)
{
	struct arena *arena;

	if (*facts == NULL)
		return;
	arena = (*facts)->arena;
	*facts = NULL;
	arena_free(&arena);
}
