/* The large mailbox providers of the world, by exact name. */
#include <stdlib.h>
#include <string.h>

#include "mail/freemail.h"

/* Sorted by byte value: looked up by halves. */
static const char *const providers[] = {
	"126.com", "163.com", "abv.bg", "aim.com", "alice.it", "aliyun.com",
	"aol.co.uk", "aol.com", "aol.de", "arcor.de", "att.net", "azet.sk", "bbox.fr",
	"bellsouth.net", "bigpond.com", "bk.ru", "bluewin.ch", "bol.com.br",
	"btinternet.com", "centrum.cz", "charter.net", "comcast.net", "cox.net",
	"daum.net", "earthlink.net", "email.com", "email.cz", "fastmail.com",
	"fastmail.fm", "foxmail.com", "free.fr", "freenet.de", "gmail.com", "gmx.at",
	"gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hanmail.net",
	"home.nl", "hotmail.be", "hotmail.co.uk", "hotmail.com", "hotmail.de",
	"hotmail.es", "hotmail.fr", "hotmail.it", "hotmail.nl", "hushmail.com",
	"i.ua", "icloud.com", "ig.com.br", "inbox.ru", "interia.pl", "internet.ru",
	"keemail.me", "kpnmail.nl", "laposte.net", "libero.it", "list.ru", "live.be",
	"live.co.uk", "live.com", "live.com.au", "live.de", "live.fr", "live.it",
	"live.nl", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "nate.com",
	"naver.com", "neuf.fr", "ntlworld.com", "o2.pl", "onet.pl", "op.pl",
	"optusnet.com.au", "orange.fr", "outlook.com", "outlook.de", "outlook.es",
	"outlook.fr", "outlook.it", "passport.com", "planet.nl", "pm.me", "poczta.fm",
	"post.cz", "proton.me", "protonmail.ch", "protonmail.com", "qq.com",
	"rambler.ru", "rediffmail.com", "rocketmail.com", "rogers.com", "sapo.pt",
	"sbcglobal.net", "seznam.cz", "sfr.fr", "shaw.ca", "sina.cn", "sina.com",
	"sky.com", "skynet.be", "sohu.com", "sympatico.ca", "t-online.de",
	"talktalk.net", "telenet.be", "telia.com", "terra.com.br", "tin.it",
	"tiscali.it", "tuta.com", "tuta.io", "tutamail.com", "tutanota.com",
	"tutanota.de", "ukr.net", "uol.com.br", "verizon.net", "virgilio.it",
	"virginmedia.com", "wanadoo.fr", "web.de", "wp.pl", "ya.ru", "yahoo.ca",
	"yahoo.co.id", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com",
	"yahoo.com.ar", "yahoo.com.au", "yahoo.com.br", "yahoo.com.mx", "yahoo.de",
	"yahoo.es", "yahoo.fr", "yahoo.in", "yahoo.it", "yandex.com", "yandex.ru",
	"yeah.net", "ymail.com", "ziggo.nl", "zohomail.com",
};

static int
compare(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

bool
freemail_is_domain(const char *domain)
{
	if (domain == NULL)
		return false;
	return bsearch(domain, providers, sizeof(providers) / sizeof(providers[0]),
	    sizeof(providers[0]), compare) != NULL;
}
