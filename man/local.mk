dist_man_MANS += \
	man/mailworthy.1 \
	man/mailworthy.conf.5 \
	man/mailworthy-lists.5 \
	man/mailworthy-checks.7 \
	man/mailworthy-doctor.7 \
	man/mailworthy-migrate.7 \
	man/mailworthyd.8
