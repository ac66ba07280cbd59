# One program a module; each links the convenience library and cmocka.
unit_tests =

unit_tests += \
	tests/unit/test_base_arena \
	tests/unit/test_base_buf \
	tests/unit/test_base_cache \
	tests/unit/test_base_clock \
	tests/unit/test_base_command \
	tests/unit/test_base_histogram \
	tests/unit/test_base_ip \
	tests/unit/test_base_log \
	tests/unit/test_base_log_journal \
	tests/unit/test_base_log_limit \
	tests/unit/test_core_snapshot \
	tests/unit/test_base_map \
	tests/unit/test_base_slice \
	tests/unit/test_base_spool

unit_tests += \
	tests/unit/test_verdict_adjust \
	tests/unit/test_verdict_fold \
	tests/unit/test_verdict_plan \
	tests/unit/test_verdict_receivers \
	tests/unit/test_verdict_reply \
	tests/unit/test_record_counters \
	tests/unit/test_record_journal \
	tests/unit/test_record_json \
	tests/unit/test_record_labels \
	tests/unit/test_record_limits \
	tests/unit/test_record_metrics \
	tests/unit/test_record_sink \
	tests/unit/test_daemon_channel \
	tests/unit/test_daemon_socketfile \
	tests/unit/test_tool_confedit \
	tests/unit/test_tool_doctor \
	tests/unit/test_tool_doctor_mta \
	tests/unit/test_tool_postfix \
	tests/unit/test_tool_reach \
	tests/unit/test_tool_send \
	tests/unit/test_tool_notify \
	tests/unit/test_tool_queue \
	tests/unit/test_tool_sendmail \
	tests/unit/test_tool_report \
	tests/unit/test_tool_status

EXTRA_DIST += \
	tests/unit/golden/report-bad.txt \
	tests/unit/golden/report-colour.txt \
	tests/unit/golden/report-good.txt \
	tests/unit/golden/report-held.txt \
	tests/unit/golden/report-narrow.txt \
	tests/unit/golden/report-unknown.txt \
	tests/unit/golden/status-colour.txt \
	tests/unit/golden/status-fresh.txt \
	tests/unit/golden/status-full.txt \
	tests/unit/judged.h \
	tests/unit/mended.h

unit_tests += \
	tests/unit/test_facts_message \
	tests/unit/test_facts_stream \
	tests/unit/test_evidence_author \
	tests/unit/test_evidence_blocklist \
	tests/unit/test_evidence_breaker \
	tests/unit/test_evidence_destinations \
	tests/unit/test_evidence_dkim \
	tests/unit/test_evidence_dmarc \
	tests/unit/test_evidence_dmarc_record \
	tests/unit/test_evidence_egress \
	tests/unit/test_evidence_hosts \
	tests/unit/test_evidence_opinion \
	tests/unit/test_evidence_results \
	tests/unit/test_evidence_spf \
	tests/unit/test_evidence_typo

EXTRA_DIST += \
	tests/unit/evidence_rig.h

unit_tests += \
	tests/unit/test_checks_attachment \
	tests/unit/test_checks_author \
	tests/unit/test_checks_bulk \
	tests/unit/test_checks_bulk_body \
	tests/unit/test_checks_display \
	tests/unit/test_checks_dkim \
	tests/unit/test_checks_dmarc \
	tests/unit/test_checks_egress \
	tests/unit/test_checks_fields \
	tests/unit/test_checks_from \
	tests/unit/test_checks_link \
	tests/unit/test_checks_secret \
	tests/unit/test_checks_html \
	tests/unit/test_checks_opinion \
	tests/unit/test_checks_mime \
	tests/unit/test_checks_recipient \
	tests/unit/test_checks_size \
	tests/unit/test_checks_spf \
	tests/unit/test_checks_table \
	tests/unit/test_checks_text \
	tests/unit/test_checks_wording

# A key shorter than any that can be loaded is pretended.
tests_unit_test_checks_dkim_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=key_bits

EXTRA_DIST += \
	tests/unit/checked.h \
	tests/unit/viewed.h \
	tests/unit/worded.h

# test_unbound asks a server of its own (python3-dnslib) on a loopback port.
unit_tests += \
	tests/unit/test_dns_name \
	tests/unit/test_dns_query \
	tests/unit/test_dns_servers \
	tests/unit/test_dns_threads \
	tests/unit/test_dns_zone \
	tests/dns/test_unbound

EXTRA_DIST += \
	tests/dns/server.py

unit_tests += \
	tests/unit/test_mail_address \
	tests/unit/test_mail_attachment \
	tests/unit/test_mail_body \
	tests/unit/test_mail_bytes \
	tests/unit/test_mail_changes \
	tests/unit/test_mail_content \
	tests/unit/test_mail_date \
	tests/unit/test_mail_decode \
	tests/unit/test_mail_domain \
	tests/unit/test_mail_encoded \
	tests/unit/test_mail_encoder \
	tests/unit/test_mail_filename \
	tests/unit/test_mail_header \
	tests/unit/test_mail_html \
	tests/unit/test_mail_lex \
	tests/unit/test_mail_mend \
	tests/unit/test_mail_lookalike \
	tests/unit/test_mail_msgid \
	tests/unit/test_mail_phrases \
	tests/unit/test_mail_psl \
	tests/unit/test_mail_reencode \
	tests/unit/test_mail_sendmail \
	tests/unit/test_mail_tags \
	tests/unit/test_mail_text \
	tests/unit/test_mail_transfer \
	tests/unit/test_mail_url \
	tests/unit/test_mail_utf8 \
	tests/unit/test_mail_view

EXTRA_DIST += \
	tests/unit/exact.h \
	tests/unit/made_archives.h

unit_tests += \
	tests/unit/test_settings_dump \
	tests/unit/test_settings_errors \
	tests/unit/test_settings_files \
	tests/unit/test_settings_import \
	tests/unit/test_tool_complaint \
	tests/unit/test_tool_import \
	tests/unit/test_settings_lists \
	tests/unit/test_settings_load \
	tests/unit/test_settings_options

EXTRA_DIST += \
	tests/unit/settings_text.h

# What comes late or is asked together needs a resolver of their own.
unit_tests += \
	tests/unit/test_spf_check \
	tests/unit/test_spf_grammar \
	tests/unit/test_spf_macro \
	tests/unit/test_spf_opinion \
	tests/unit/test_spf_propose \
	tests/unit/test_spf_width

slow_dns = tests/unit/slow_dns.c tests/unit/slow_dns.h
tests_unit_test_spf_check_SOURCES = tests/unit/test_spf_check.c $(slow_dns)
tests_unit_test_spf_opinion_SOURCES = tests/unit/test_spf_opinion.c $(slow_dns)
tests_unit_test_spf_width_SOURCES = tests/unit/test_spf_width.c $(slow_dns)

# Without a file it runs our own cases; spf-suite feeds it the RFC 7208 suite.
check_PROGRAMS += tests/suites/spf-cases
TESTS += tests/suites/spf-cases

EXTRA_DIST += \
	tests/suites/corpus \
	tests/suites/spf-cases.txt \
	tests/suites/spf-suite

unit_tests += \
	tests/unit/test_dkim_body_hash \
	tests/unit/test_dkim_choose \
	tests/unit/test_dkim_key \
	tests/unit/test_dkim_keyring \
	tests/unit/test_dkim_sightings \
	tests/unit/test_dkim_sign \
	tests/unit/test_dkim_threads \
	tests/unit/test_dkim_verify

# Signed messages for python3-dkim and Mail::DKIM.
check_PROGRAMS += tests/suites/dkim-corpus
TESTS += tests/suites/dkim-verifiers

EXTRA_DIST += \
	tests/suites/dkim-verifiers \
	tests/unit/dkim_keys.h \
	tests/unit/dkim_rig.h

# The whole core over texts.
check_PROGRAMS += tests/scenario/scenario
tests_scenario_scenario_SOURCES = \
	tests/scenario/expect.c \
	tests/scenario/scenario.c tests/scenario/scenario.h \
	tests/scenario/sections.c \
	tests/scenario/service.c
tests_scenario_scenario_LDADD = libmailworthy.a $(LIBS_ALL)
TESTS += tests/scenario/run

EXTRA_DIST += \
	tests/scenario/keys \
	tests/scenario/run \
	$(wildcard $(srcdir)/tests/scenario/*.txt)

# ---- how they are built and run ----
if HAVE_CMOCKA
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif

# Those that use threads, for a build with ThreadSanitizer.
thread_tests = \
	tests/dns/test_unbound \
	tests/unit/test_base_cache \
	tests/unit/test_dkim_threads \
	tests/unit/test_record_counters \
	tests/unit/test_record_labels \
	tests/unit/test_dns_threads \
	tests/unit/test_mail_phrases \
	tests/unit/test_record_sink \
	tests/unit/test_spf_opinion

thread-tests: $(thread_tests)
	@status=0; for test in $(thread_tests); do \
	    echo "# $$test"; \
	    srcdir=$(srcdir) CMOCKA_MESSAGE_OUTPUT=TAP ./$$test || status=1; \
	done; exit $$status

.PHONY: thread-tests

# The daemon over its socket: tests/milter/run BUILD.
EXTRA_DIST += \
	tests/fault/fault.py \
	tests/fault/load.py \
	tests/fault/resolver.py \
	tests/fault/resources.py \
	tests/fault/run \
	tests/fault/soak.py \
	tests/lib/confine.py \
	tests/lib/daemon.py \
	tests/lib/dnsserver.py \
	tests/lib/inject.py \
	tests/lib/milter.py \
	tests/lib/mta.py \
	tests/lib/postfix.py \
	tests/lib/prometheus.py \
	tests/lib/sendmail.py \
	tests/milter/hostile.py \
	tests/milter/metrics.py \
	tests/prometheus/rules-test.yml \
	tests/milter/opendkim.py \
	tests/milter/outbound.py \
	tests/milter/process.py \
	tests/milter/repair.py \
	tests/milter/rig.py \
	tests/milter/rspamd.py \
	tests/milter/run \
	tests/milter/run-threads \
	tests/milter/sandbox.py \
	tests/milter/service.py \
	tests/milter/stages.py \
	tests/milter/threads.py \
	tests/milter/threads.supp \
	tests/mta/process.py \
	tests/mta/recipients.py \
	tests/mta/sendmail_own.py \
	tests/tool/doctor.py \
	tests/tool/help.py \
	tests/tool/page.py

# make fuzzers (after configure --enable-fuzzers): not part of make check
fuzz_programs = \
	tests/fuzz/fuzz_address \
	tests/fuzz/fuzz_attachment \
	tests/fuzz/fuzz_body \
	tests/fuzz/fuzz_compare \
	tests/fuzz/fuzz_content \
	tests/fuzz/fuzz_conversation \
	tests/fuzz/fuzz_date \
	tests/fuzz/fuzz_dmarc_record \
	tests/fuzz/fuzz_dns_rdata \
	tests/fuzz/fuzz_dns_zone \
	tests/fuzz/fuzz_domain \
	tests/fuzz/fuzz_encoded \
	tests/fuzz/fuzz_files \
	tests/fuzz/fuzz_header \
	tests/fuzz/fuzz_html \
	tests/fuzz/fuzz_import_opendkim \
	tests/fuzz/fuzz_import_rspamd \
	tests/fuzz/fuzz_journal \
	tests/fuzz/fuzz_key_pem \
	tests/fuzz/fuzz_key_record \
	tests/fuzz/fuzz_lists \
	tests/fuzz/fuzz_mend \
	tests/fuzz/fuzz_msgid \
	tests/fuzz/fuzz_opinion \
	tests/fuzz/fuzz_phrases \
	tests/fuzz/fuzz_postfix \
	tests/fuzz/fuzz_queue \
	tests/fuzz/fuzz_reencode \
	tests/fuzz/fuzz_settings \
	tests/fuzz/fuzz_sendmail_cf \
	tests/fuzz/fuzz_sightings \
	tests/fuzz/fuzz_spf \
	tests/fuzz/fuzz_tags \
	tests/fuzz/fuzz_url \
	tests/fuzz/fuzz_verify \
	tests/fuzz/fuzz_view \
	tests/fuzz/fuzz_wording

EXTRA_PROGRAMS += $(fuzz_programs)
EXTRA_DIST += tests/fuzz/run tests/fuzz/long tests/fuzz/driver.c tests/fuzz/made_up_dns.h tests/fuzz/seeds
CLEANFILES += $(fuzz_programs)

if HAVE_LIBFUZZER
fuzz_main = -fsanitize=fuzzer
else
fuzz_main = tests/fuzz/driver.o
endif

fuzzers: libmailworthy.a
	test "$(fuzz_main)" = -fsanitize=fuzzer || $(MAKE) $(AM_MAKEFLAGS) $(fuzz_main)
	$(MAKE) $(AM_MAKEFLAGS) LDADD="$(fuzz_main) $(LDADD)" $(fuzz_programs)

tests/fuzz/driver.o: tests/fuzz/driver.c
	$(COMPILE) -c -o $@ $<

.PHONY: fuzzers

# Measurements, never part of a check: see tests/bench/README.md.
EXTRA_PROGRAMS += \
	tests/bench/bench_core tests/bench/bench_dns tests/bench/bench_phrases
EXTRA_DIST += \
	tests/bench/README.md \
	tests/bench/bench.py \
	tests/bench/fastdns.py \
	tests/bench/filters.py \
	tests/bench/growth \
	tests/bench/messages.py \
	tests/bench/milter-load.c \
	tests/bench/run \
	tests/bench/shapes.py

# The packages: tests/package/run.
EXTRA_DIST += tests/package
