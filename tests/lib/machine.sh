# What quickstart and check need of the machine, with care: no MTA of the
# machine is removed, configured or started, no service is started at all.
# Sourced by bash scripts; the caller has set `top` to the source directory.

build_packages="gcc make autoconf automake libtool pkg-config libmilter-dev
 libopendkim-dev libspf2-dev libopendmarc-dev libunbound-dev libconfuse-dev
 libjansson-dev libpsl-dev libidn2-dev libgmime-3.0-dev libssl-dev
 libcap-ng-dev libseccomp-dev libsystemd-dev libmicrohttpd-dev libxml2-dev
 libarchive-dev libmagic-dev"
# Phrases are matched by Hyperscan, beside amd64 by Vectorscan where the
# distribution has it; else by the automaton of our own.
if [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ]; then
	build_packages="$build_packages libhyperscan-dev"
else
	build_packages="$build_packages libvectorscan-dev"
fi

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif command -v sudo >/dev/null; then sudo "$@"
	else die "This needs root for: $*  (run it as root, or install sudo)"
	fi
}

# configure refuses to build elsewhere from a source directory that is configured.
need_clean_source() {
	[ ! -e "$top/config.status" ] ||
	    die "The source directory itself is configured; run \"make distclean\" in it first."
}

is_installed() {
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

# While packages are installed nothing may start a service.
forbid_services() {
	[ -e /usr/sbin/policy-rc.d ] && return 0
	printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
	as_root chmod 755 /usr/sbin/policy-rc.d
	policy_made=yes
}

allow_services() {
	[ "${policy_made:-no}" = yes ] && as_root rm -f /usr/sbin/policy-rc.d
	policy_made=no
}

# Those of the names that the distribution has; says which it has not.
only_available() {
	local name available="" lacking=""
	for name in "$@"; do
		if [ -n "$(apt-cache show "$name" 2>/dev/null)" ]; then
			available="$available $name"
		else
			lacking="$lacking $name"
		fi
	done
	[ -z "$lacking" ] || say "(this distribution does not have:$lacking)"
	echo "$available"
}

# install_packages NAME...: those that are missing; says what it does.
install_packages() {
	local missing="" name
	for name in "$@"; do
		is_installed "$name" || missing="$missing $name"
	done
	[ -z "$missing" ] && return 0
	command -v apt-get >/dev/null ||
	    die "Packages are installed on Debian and Ubuntu only; install by hand:$missing"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update \
	    >"$top/build/apt.log" 2>&1 || say "(the list of packages could not be renewed)"
	# shellcheck disable=SC2086
	missing=$(only_available $missing)
	[ -z "$missing" ] && return 0
	say "Installing:$missing"
	forbid_services
	# shellcheck disable=SC2086
	if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
	    --no-install-recommends install $missing >>"$top/build/apt.log" 2>&1; then
		allow_services
		tail -20 "$top/build/apt.log" >&2
		die "Packages could not be installed; the whole log is build/apt.log"
	fi
	allow_services
}

# Postfix for tests: that of the machine where it is installed; else installed
# as "No configuration"; where another MTA stands, unpacked beside it.  Sets
# postfix_root ("" or the directory it was unpacked to).
get_postfix() {
	postfix_root=""
	[ -x /usr/sbin/postfix ] && return 0
	if [ ! -e /usr/sbin/sendmail ]; then
		echo "postfix postfix/main_mailer_type select No configuration" |
		    as_root debconf-set-selections
		install_packages postfix
		return 0
	fi
	postfix_root="$top/build/postfix"
	unpack_packages "$postfix_root" postfix
	id postfix >/dev/null 2>&1 ||
	    as_root adduser --quiet --system --group --no-create-home \
		--home /var/spool/postfix postfix
	getent group postdrop >/dev/null || as_root addgroup --quiet --system postdrop
}

# promtool, which reads metrics and rules as Prometheus does; without it the tests
# go by tests/lib/prometheus.py alone.
get_promtool() {
	command -v promtool >/dev/null || [ -x "$top/build/prometheus/usr/bin/promtool" ] ||
	    [ -z "$(apt-cache show prometheus 2>/dev/null)" ] ||
	    unpack_packages "$top/build/prometheus" prometheus
}

# Sendmail for tests, always beside the MTA of the machine: unpacked, with only the
# libraries it needs installed.  Sets sendmail_root.
get_sendmail() {
	local libraries
	sendmail_root="$top/build/sendmail"
	libraries=$(apt-cache depends --important sendmail-bin |
	    awk '$1 == "Depends:" && $2 ~ /^lib/ { print $2 }')
	# shellcheck disable=SC2086
	install_packages m4 $libraries
	unpack_packages "$sendmail_root" sendmail-bin sendmail-cf
	# set-group-id programs take no directory of libraries from the environment
	find "$sendmail_root/usr" -type f -perm -2000 -exec chmod g-s {} +
}

# unpack_packages DIR NAME...: the files of Debian packages, nothing run.
unpack_packages() {
	local dir=$1; shift
	[ -d "$dir/usr" ] && return 0
	rm -rf "$dir.new" && mkdir -p "$dir.new"
	(cd "$dir.new" && apt-get -q download "$@" >/dev/null &&
	    for file in *.deb; do dpkg -x "$file" . || exit 1; done) &&
	    mv "$dir.new" "$dir" || die "These packages could not be fetched: $*"
}
