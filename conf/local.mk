# The sample is installed beside where the real one goes; an upgrade by hand
# never touches a configuration.
sampledir = $(datadir)/doc/mailworthy
dist_sample_DATA = conf/mailworthy.conf
