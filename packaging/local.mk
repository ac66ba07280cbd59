# How mailworthy becomes a package: packaging/build.  `make install` has a use
# for the systemd files alone.
systemd_files = \
	packaging/systemd/mailworthy-notify.service \
	packaging/systemd/mailworthy-notify.timer \
	packaging/systemd/mailworthy.service \
	packaging/systemd/mailworthy.sysusers \
	packaging/systemd/mailworthy.tmpfiles

EXTRA_DIST += \
	$(systemd_files) \
	packaging/build \
	packaging/debian \
	packaging/mailworthy.logrotate \
	packaging/rpm/mailworthy.spec

# What says where things are, in man pages, sample and units, says where
# they were installed.
rewrite_paths = sed \
	-e 's|/usr/local/share/mailworthy|$(pkgdatadir)|g' \
	-e 's|/usr/sbin/mailworthyd|$(sbindir)/mailworthyd|g' \
	-e 's|/usr/bin/mailworthy|$(bindir)/mailworthy|g' \
	-e 's|/etc/mailworthy|$(sysconfdir)/mailworthy|g' \
	-e 's|/var/lib/mailworthy|$(localstatedir)/lib/mailworthy|g'

install-data-hook:
	for page in $(dist_man_MANS); do \
	    name=$${page##*/}; \
	    $(rewrite_paths) $(srcdir)/$$page >rewritten && \
	    $(INSTALL_DATA) rewritten $(DESTDIR)$(mandir)/man$${name##*.}/$$name || exit 1; \
	done
	$(rewrite_paths) $(srcdir)/conf/mailworthy.conf >rewritten
	$(INSTALL_DATA) rewritten $(DESTDIR)$(sampledir)/mailworthy.conf
	test "$(systemdsystemunitdir)" = no || for file in $(systemd_files); do \
	    name=$${file##*/}; \
	    case $$name in \
	    *.sysusers) to=$(prefix)/lib/sysusers.d/$${name%.*}.conf;; \
	    *.tmpfiles) to=$(prefix)/lib/tmpfiles.d/$${name%.*}.conf;; \
	    *) to=$(systemdsystemunitdir)/$$name;; \
	    esac; \
	    $(MKDIR_P) "$(DESTDIR)$${to%/*}" && \
	    $(rewrite_paths) $(srcdir)/$$file >rewritten && \
	    $(INSTALL_DATA) rewritten "$(DESTDIR)$$to" || exit 1; \
	done
	rm -f rewritten

uninstall-hook:
	rm -f $(DESTDIR)$(prefix)/lib/sysusers.d/mailworthy.conf \
	    $(DESTDIR)$(prefix)/lib/tmpfiles.d/mailworthy.conf
	test "$(systemdsystemunitdir)" = no || for file in $(systemd_files); do \
	    rm -f "$(DESTDIR)$(systemdsystemunitdir)/$${file##*/}"; \
	done
