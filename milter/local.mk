# Everything but the two main functions is one convenience library.
noinst_LIBRARIES += libmailworthy.a

base_sources = \
	milter/base/action.h \
	milter/base/stream.h \
	milter/base/arena.c milter/base/arena.h \
	milter/base/base64.c milter/base/base64.h \
	milter/base/buf.c milter/base/buf.h \
	milter/base/cache.c milter/base/cache.h \
	milter/base/clock.c milter/base/clock.h \
	milter/base/command.c milter/base/command.h \
	milter/base/hash.c milter/base/hash.h \
	milter/base/histogram.c milter/base/histogram.h \
	milter/base/ip.c milter/base/ip.h \
	milter/base/log.c milter/base/log.h \
	milter/base/log_journal.c milter/base/log_journal.h \
	milter/base/log_limit.c milter/base/log_limit.h \
	milter/base/map.c milter/base/map.h \
	milter/base/mem.c milter/base/mem.h \
	milter/base/phrase.h \
	milter/base/slice.c milter/base/slice.h \
	milter/base/spool.c milter/base/spool.h

settings_sources = \
	milter/settings/build.c milter/settings/build.h \
	milter/settings/build_domain.c \
	milter/settings/build_import.c \
	milter/settings/build_lists.c \
	milter/settings/build_logins.c \
	milter/settings/build_stream.c \
	milter/settings/dump.c \
	milter/settings/errors.c milter/settings/errors.h \
	milter/settings/files.c milter/settings/files.h \
	milter/settings/files_match.c \
	milter/settings/files_pack.c \
	milter/settings/files_safe.c \
	milter/settings/files_store.h \
	milter/settings/import/dataset.c milter/settings/import/dataset.h \
	milter/settings/import/hosts.c milter/settings/import/hosts.h \
	milter/settings/import/import.c milter/settings/import/import.h \
	milter/settings/import/keytable.c milter/settings/import/keytable.h \
	milter/settings/import/opendkim.c \
	milter/settings/import/opendkim.def \
	milter/settings/import/opendmarc.c \
	milter/settings/import/opendmarc.def \
	milter/settings/import/pattern.c \
	milter/settings/import/rspamd.c \
	milter/settings/import/rspamd.def \
	milter/settings/import/signing.c milter/settings/import/signing.h \
	milter/settings/import/theirs.c milter/settings/import/theirs.h \
	milter/settings/import/ucl.c milter/settings/import/ucl.h \
	milter/settings/lists.c milter/settings/lists.h \
	milter/settings/lists_blocklists.c \
	milter/settings/lists_phrases.c \
	milter/settings/lists_providers.c \
	milter/settings/lists_store.h \
	milter/settings/lists_words.c \
	milter/settings/names.c milter/settings/names.h \
	milter/settings/options.c milter/settings/options.h \
	milter/settings/options.def \
	milter/settings/scan.c milter/settings/scan.h \
	milter/settings/settings.c milter/settings/settings.h \
	milter/settings/syntax.c milter/settings/syntax.h \
	milter/settings/tree.c milter/settings/tree.h \
	milter/settings/types.c milter/settings/types.h \
	milter/settings/types_list.c \
	milter/settings/types_text.c

mail_sources = \
	milter/mail/archive.c milter/mail/archive.h \
	milter/mail/attachment.c milter/mail/attachment.h \
	milter/mail/aho.c \
	milter/mail/matcher.h \
	milter/mail/phrases.c milter/mail/phrases.h \
	milter/mail/address.c milter/mail/address.h \
	milter/mail/addrspec.c milter/mail/addrspec.h \
	milter/mail/body.c milter/mail/body.h \
	milter/mail/bytes.c milter/mail/bytes.h \
	milter/mail/changes.c milter/mail/changes.h \
	milter/mail/charset.c milter/mail/charset.h \
	milter/mail/content.c milter/mail/content.h \
	milter/mail/date.c milter/mail/date.h \
	milter/mail/decode.c milter/mail/decode.h \
	milter/mail/domain.c milter/mail/domain.h \
	milter/mail/encoded.c milter/mail/encoded.h \
	milter/mail/encoder.c milter/mail/encoder.h \
	milter/mail/fold.c milter/mail/fold.h \
	milter/mail/html.c milter/mail/html.h \
	milter/mail/html_colour.c \
	milter/mail/html_css.c milter/mail/html_css.h \
	milter/mail/html_scan.c milter/mail/html_scan.h \
	milter/mail/html_sheet.c \
	milter/mail/html_text.c \
	milter/mail/html_value.c milter/mail/html_value.h \
	milter/mail/html_walk.c milter/mail/html_walk.h \
	milter/mail/filename.c milter/mail/filename.h \
	milter/mail/header.c milter/mail/header.h \
	milter/mail/leaf.c milter/mail/leaf.h \
	milter/mail/layout.c milter/mail/layout.h \
	milter/mail/lex.c milter/mail/lex.h \
	milter/mail/lookalike.c milter/mail/lookalike.h \
	milter/mail/mend.c milter/mail/mend.h \
	milter/mail/mend_text.c milter/mail/mend_text.h \
	milter/mail/sendmail.c milter/mail/sendmail.h \
	milter/mail/listing.c \
	milter/mail/magic.c milter/mail/magic.h \
	milter/mail/msgid.c milter/mail/msgid.h \
	milter/mail/part.c milter/mail/part.h \
	milter/mail/part_header.c milter/mail/part_header.h \
	milter/mail/ole.c \
	milter/mail/psl.c milter/mail/psl.h \
	milter/mail/reencode.c milter/mail/reencode.h \
	milter/mail/script.c milter/mail/script.h \
	milter/mail/sevenzip.c \
	milter/mail/signature.c milter/mail/signature.h \
	milter/mail/tags.c milter/mail/tags.h \
	milter/mail/text.c milter/mail/text.h \
	milter/mail/transfer.c milter/mail/transfer.h \
	milter/mail/url.c milter/mail/url.h \
	milter/mail/utf8.c milter/mail/utf8.h \
	milter/mail/view.c milter/mail/view.h \
	milter/mail/zip.c

if HAVE_HYPERSCAN
mail_sources += milter/mail/hyperscan.c
else
mail_sources += milter/mail/hyperscan_none.c
endif

facts_sources = \
	milter/facts/author.c \
	milter/facts/blocked.c milter/facts/blocked.h \
	milter/facts/direction.c \
	milter/facts/message.c milter/facts/message.h \
	milter/facts/stream.c

dns_sources = \
	milter/dns/backend.h \
	milter/dns/dns.c milter/dns/dns.h \
	milter/dns/engine.h \
	milter/dns/lookups.c \
	milter/dns/name.c milter/dns/name.h \
	milter/dns/query.c \
	milter/dns/rdata.c milter/dns/rdata.h \
	milter/dns/servers.c milter/dns/servers.h \
	milter/dns/unbound.c \
	milter/dns/value.c milter/dns/value.h \
	milter/dns/zone.c \
	milter/dns/zone_text.c milter/dns/zone_text.h

dkim_sources = \
	milter/dkim/body_hash.c milter/dkim/body_hash.h \
	milter/dkim/choose.c \
	milter/dkim/crypto.c milter/dkim/crypto.h \
	milter/dkim/key.c milter/dkim/key.h milter/dkim/key_private.h \
	milter/dkim/key_record.c \
	milter/dkim/keyring.c milter/dkim/keyring.h \
	milter/dkim/opendkim.c milter/dkim/opendkim.h \
	milter/dkim/sightings.c milter/dkim/sightings.h \
	milter/dkim/sign.c milter/dkim/sign.h \
	milter/dkim/verify.c milter/dkim/verify.h

evidence_sources = \
	milter/evidence/evidence.h \
	milter/evidence/author.c \
	milter/evidence/blocklist.c milter/evidence/blocklist.h \
	milter/evidence/collect.c milter/evidence/collect.h \
	milter/evidence/collection.h \
	milter/evidence/destinations.c \
	milter/evidence/dkim_breaks.c \
	milter/evidence/dkim_collect.c \
	milter/evidence/dmarc.c \
	milter/evidence/dmarc_lib.c milter/evidence/dmarc_lib.h \
	milter/evidence/dmarc_record.c milter/evidence/dmarc_record.h \
	milter/evidence/dmarc_rua.c milter/evidence/dmarc_rua.h \
	milter/evidence/dmarc_tree.c milter/evidence/dmarc_tree.h \
	milter/evidence/egress.c milter/evidence/egress.h \
	milter/evidence/egress_facts.c \
	milter/evidence/hosts.c \
	milter/evidence/names.c \
	milter/evidence/postconf.c milter/evidence/postconf.h \
	milter/evidence/sendmail_cf.c milter/evidence/sendmail_cf.h \
	milter/evidence/relay.c milter/evidence/relay.h \
	milter/evidence/results.c milter/evidence/results.h \
	milter/evidence/spf_collect.c \
	milter/evidence/typo.c milter/evidence/typo.h

opinion_sources = \
	milter/evidence/opinion/ask.c \
	milter/evidence/opinion/breaker.c milter/evidence/opinion/breaker.h \
	milter/evidence/opinion/dialect.c \
	milter/evidence/opinion/opinion.h \
	milter/evidence/opinion/rspamd.c

spf_sources = \
	milter/evidence/spf/eval.h \
	milter/evidence/spf/evaluate.c \
	milter/evidence/spf/fault.c \
	milter/evidence/spf/fault.h \
	milter/evidence/spf/fetch.c \
	milter/evidence/spf/fetch.h \
	milter/evidence/spf/foresee.c \
	milter/evidence/spf/grammar.c \
	milter/evidence/spf/grammar.h \
	milter/evidence/spf/hosts.c \
	milter/evidence/spf/limits.c \
	milter/evidence/spf/macro.c \
	milter/evidence/spf/macro.h \
	milter/evidence/spf/opinion.c \
	milter/evidence/spf/propose.c \
	milter/evidence/spf/spf.h \
	milter/evidence/spf/width.c

checks_sources = \
	milter/checks/attachment.c \
	milter/checks/author.c \
	milter/checks/body.c \
	milter/checks/body_text.c \
	milter/checks/bulk.c \
	milter/checks/bulk_body.c \
	milter/checks/catalogue.def \
	milter/checks/catalogue/attachment.def \
	milter/checks/catalogue/bulk.def \
	milter/checks/catalogue/content.def \
	milter/checks/catalogue/format.def \
	milter/checks/catalogue/identity.def \
	milter/checks/catalogue/opinion.def \
	milter/checks/catalogue/recipient.def \
	milter/checks/check.c milter/checks/check.h \
	milter/checks/common.c milter/checks/common.h \
	milter/checks/date.c \
	milter/checks/disguise.c milter/checks/disguise.h \
	milter/checks/display.c \
	milter/checks/dkim.c \
	milter/checks/dmarc.c \
	milter/checks/egress.c \
	milter/checks/fields.c \
	milter/checks/from.c \
	milter/checks/mime.c \
	milter/checks/link.c \
	milter/checks/link_text.c \
	milter/checks/html.c \
	milter/checks/msgid.c \
	milter/checks/parts.c milter/checks/parts.h \
	milter/checks/leftover.c \
	milter/checks/obfuscation.c \
	milter/checks/opinion.c \
	milter/checks/recipient.c \
	milter/checks/parts_differ.c \
	milter/checks/readable.c milter/checks/readable.h \
	milter/checks/secret.c \
	milter/checks/secret_card.c \
	milter/checks/size.c \
	milter/checks/spf.c \
	milter/checks/subject.c \
	milter/checks/tally.c \
	milter/checks/text.c \
	milter/checks/weight.c

verdict_sources = \
	milter/verdict/adjust.c \
	milter/verdict/fold.c milter/verdict/fold.h \
	milter/verdict/plan.c milter/verdict/plan.h \
	milter/verdict/receivers.c \
	milter/verdict/reply.c \
	milter/verdict/text.c milter/verdict/text.h \
	milter/verdict/verdict.c milter/verdict/verdict.h

record_sources = \
	milter/record/care.c \
	milter/record/counted.c \
	milter/record/counters.c milter/record/counters.h \
	milter/record/details.c \
	milter/record/journal.c milter/record/journal.h \
	milter/record/journal_read.c \
	milter/record/fields.c \
	milter/record/json.c milter/record/record.h \
	milter/record/labels.c milter/record/labels.h \
	milter/record/metrics.c milter/record/metrics.def \
	milter/record/privacy.c milter/record/privacy.h \
	milter/record/sink.c \
	milter/record/status.h milter/record/status_json.c \
	milter/record/writer.c milter/record/writer.h

core_sources = \
	milter/core/core.c milter/core/core.h \
	milter/core/feed.c milter/core/feed.h \
	milter/core/health.c milter/core/health.h \
	milter/core/look.c milter/core/look.h \
	milter/core/modefile.c milter/core/modefile.h \
	milter/core/notice.c milter/core/notice.h \
	milter/core/parts.h \
	milter/core/passage.c \
	milter/core/rcpt.c \
	milter/core/repair.c milter/core/repair.h \
	milter/core/snapshot.c \
	milter/core/versions.c milter/core/versions.h

proto_sources = \
	milter/proto/apply.c \
	milter/proto/conversation.c milter/proto/conversation.h \
	milter/proto/macro.c \
	milter/proto/milter.c \
	milter/proto/proto.h

daemon_sources = \
	milter/daemon/channel.c milter/daemon/channel.h \
	milter/daemon/control.c \
	milter/daemon/daemon.h \
	milter/daemon/http.c milter/daemon/http.h \
	milter/daemon/inspect.c \
	milter/daemon/life.c \
	milter/daemon/listen.c \
	milter/daemon/master.c \
	milter/daemon/options.c \
	milter/daemon/privileges.c \
	milter/daemon/sandbox.c milter/daemon/sandbox.h \
	milter/daemon/socketfile.c milter/daemon/socketfile.h \
	milter/daemon/standing.c milter/daemon/standing.h \
	milter/daemon/worker.c

tool_sources = \
	milter/tool/access.c milter/tool/access.h \
	milter/tool/complaint.c milter/tool/complaint.h \
	milter/tool/ask.c milter/tool/ask.h \
	milter/tool/check.c \
	milter/tool/compare.c milter/tool/compare.h \
	milter/tool/doctor.c milter/tool/doctor.h \
	milter/tool/doctor.def milter/tool/doctor_mta.def \
	milter/tool/doctor_config.c \
	milter/tool/doctor_blocklists.c \
	milter/tool/doctor_daemon.c \
	milter/tool/doctor_domains.c \
	milter/tool/doctor_egress.c \
	milter/tool/doctor_host.c \
	milter/tool/doctor_keys.c \
	milter/tool/doctor_looks.c milter/tool/doctor_looks.h \
	milter/tool/doctor_mta.c milter/tool/doctor_mta.h \
	milter/tool/doctor_postfix.c \
	milter/tool/doctor_postfix_after.c \
	milter/tool/doctor_postfix_filter.c \
	milter/tool/doctor_postfix_milter.c \
	milter/tool/doctor_postfix_paste.c \
	milter/tool/doctor_postfix_reach.c \
	milter/tool/doctor_postfix_way.c \
	milter/tool/doctor_report.c \
	milter/tool/doctor_resolver.c \
	milter/tool/doctor_route.c \
	milter/tool/doctor_send.c milter/tool/doctor_send.h \
	milter/tool/doctor_send_judge.c \
	milter/tool/doctor_sendmail.c \
	milter/tool/doctor_show.c \
	milter/tool/explain.c \
	milter/tool/held.c milter/tool/held.h \
	milter/tool/held_again.c \
	milter/tool/held_show.c \
	milter/tool/holds.c milter/tool/holds.h \
	milter/tool/confedit.c milter/tool/confedit.h \
	milter/tool/import.c \
	milter/tool/import_keys.c milter/tool/import_keys.h \
	milter/tool/import_write.c milter/tool/import_write.h \
	milter/tool/keygen.c milter/tool/keygen.h \
	milter/tool/rotate.c \
	milter/tool/selectors.c milter/tool/selectors.h \
	milter/tool/mode.c \
	milter/tool/digest.c \
	milter/tool/notify.c milter/tool/notify.h \
	milter/tool/notify_state.c \
	milter/tool/page.c milter/tool/page.h \
	milter/tool/postfix.c milter/tool/postfix.h \
	milter/tool/postfix_ask.c \
	milter/tool/postfix_milters.c \
	milter/tool/postfix_rules.c \
	milter/tool/probe.c milter/tool/probe.h \
	milter/tool/reach.c milter/tool/reach.h \
	milter/tool/queue.c milter/tool/queue.h \
	milter/tool/report.c milter/tool/report.h \
	milter/tool/sink.c milter/tool/sink.h \
	milter/tool/sink_session.c \
	milter/tool/status.c milter/tool/status.h \
	milter/tool/status_page.c \
	milter/tool/statefile.c milter/tool/statefile.h \
	milter/tool/tool.c milter/tool/tool.h \
	milter/tool/web.c milter/tool/web.h \
	milter/tool/web_style.c \
	milter/tool/words.c milter/tool/words.h

libmailworthy_a_SOURCES = $(base_sources) $(settings_sources) $(mail_sources) \
	$(facts_sources) $(dns_sources) $(dkim_sources) $(evidence_sources) \
	$(spf_sources) $(opinion_sources) $(checks_sources) $(verdict_sources) $(record_sources) \
	$(core_sources) $(proto_sources) $(daemon_sources) $(tool_sources)

# The lists and phrases of conf/ are built in.
nodist_libmailworthy_a_SOURCES = milter/settings/builtin.c
EXTRA_DIST += milter/settings/builtin.awk
CLEANFILES += milter/settings/builtin.c
milter/settings/builtin.c: $(list_files) $(phrase_files) milter/settings/builtin.awk
	$(AM_V_GEN)$(MKDIR_P) milter/settings && \
	for file in $(list_files) $(phrase_files); do \
	    test -f $$file || file=$(srcdir)/$$file; echo $$file; \
	done | LC_ALL=C $(AWK) -f $(srcdir)/milter/settings/builtin.awk >$@.tmp && mv $@.tmp $@

# cmocka is for the tests; programs that do not use it do not get it
LDADD = libmailworthy.a $(LIBS_ALL) $(CMOCKA_LIBS)

sbin_PROGRAMS += mailworthyd
mailworthyd_SOURCES = milter/mailworthyd.c
mailworthyd_LDADD = libmailworthy.a $(LIBS_ALL)

bin_PROGRAMS += mailworthy
mailworthy_SOURCES = milter/mailworthy.c
mailworthy_LDADD = libmailworthy.a $(LIBS_ALL)
