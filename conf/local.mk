# The sample is installed beside where the real one goes; an upgrade by hand
# never touches a configuration.
sampledir = $(datadir)/doc/mailworthy
dist_sample_DATA = conf/mailworthy.conf

# Facts about the world, mailworthy-lists(5): built in, installed to be read.
list_files = \
	conf/lists/blocked-gmail.txt \
	conf/lists/blocked-microsoft.txt \
	conf/lists/blocked-owa.txt \
	conf/lists/blocklists.txt \
	conf/lists/brands.txt \
	conf/lists/card-words.txt \
	conf/lists/fonts.txt \
	conf/lists/freemail.txt \
	conf/lists/gateways.txt \
	conf/lists/mailboxes.txt \
	conf/lists/providers.txt \
	conf/lists/shorteners.txt \
	conf/lists/tlds.txt \
	conf/lists/typo-tlds.txt \
	conf/lists/unsubscribe.txt
phrase_files = \
	conf/phrases/de.txt \
	conf/phrases/en.txt \
	conf/phrases/es.txt \
	conf/phrases/fr.txt \
	conf/phrases/it.txt \
	conf/phrases/nl.txt \
	conf/phrases/pl.txt \
	conf/phrases/pt.txt

# For Grafana and Prometheus, mailworthyd(8), METRICS.
grafanadir = $(pkgdatadir)/grafana
dist_grafana_DATA = conf/grafana/mailworthy.json
prometheusdir = $(pkgdatadir)/prometheus
dist_prometheus_DATA = conf/prometheus/mailworthy.rules.yml

listsdir = $(pkgdatadir)/lists
dist_lists_DATA = $(list_files)
phrasesdir = $(pkgdatadir)/phrases
dist_phrases_DATA = $(phrase_files)
