# Everything but the two main functions is one convenience library.
noinst_LIBRARIES += libmailworthy.a

base_sources = \
	milter/base/action.h \
	milter/base/arena.c milter/base/arena.h \
	milter/base/buf.c milter/base/buf.h \
	milter/base/cache.c milter/base/cache.h \
	milter/base/clock.c milter/base/clock.h \
	milter/base/hash.c milter/base/hash.h \
	milter/base/ip.c milter/base/ip.h \
	milter/base/log.c milter/base/log.h \
	milter/base/map.c milter/base/map.h \
	milter/base/mem.c milter/base/mem.h \
	milter/base/slice.c milter/base/slice.h

settings_sources = \
	milter/settings/settings.h

mail_sources = \
	milter/mail/header.h

facts_sources = \
	milter/facts/message.h

dns_sources = \
	milter/dns/dns.h

dkim_sources = \
	milter/dkim/key.h

evidence_sources = \
	milter/evidence/evidence.h

spf_sources = \
	milter/evidence/spf/spf.h

checks_sources = \
	milter/checks/check.h

verdict_sources = \
	milter/verdict/verdict.h

record_sources = \
	milter/record/record.h

core_sources = \
	milter/core/core.h

proto_sources =

daemon_sources =

tool_sources =

libmailworthy_a_SOURCES = $(base_sources) $(settings_sources) $(mail_sources) \
	$(facts_sources) $(dns_sources) $(dkim_sources) $(evidence_sources) \
	$(spf_sources) $(checks_sources) $(verdict_sources) $(record_sources) \
	$(core_sources)
