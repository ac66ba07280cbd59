# A host for tests/package/run: a Debian made by debootstrap, booted with its own
# systemd by systemd-nspawn, with no network but loopback.  Everything is kept
# under build/package; the caller has set `top`, `scratch` and `suite` and calls
# host_end when it ends, however it ends.

host_kept=$top/build/package
host_pid=""		# of systemd-nspawn
host_init=""		# of the systemd in it
# What a clean host has for the try: an MTA, and what our scripts are run by.
host_packages="postfix logrotate procps python3 python3-dkim python3-dnslib"

# The archive and key ring that apt uses here, for the suite.
host_mirror() {
	case $1 in
	jammy|noble) echo http://archive.ubuntu.com/ubuntu ;;
	*) apt-cache policy base-files | sed -n 's|.* \(https\{0,1\}://[^ ]*debian\) .*|\1|p' | head -1 ;;
	esac
}

# host_base SUITE: made once, kept for a week; its path is printed.
host_base() {
	local base=$host_kept/$1.tar new=$scratch/base components=main
	mkdir -p "$host_kept"
	[ -z "$(find "$base" -mtime -7 2>/dev/null)" ] || { echo "$base"; return 0; }
	case $1 in jammy|noble) components=main,universe ;; esac
	debootstrap --variant=minbase --components=$components \
	    --include=systemd-sysv,dbus,ca-certificates "$1" "$new" "$(host_mirror "$1")" \
	    >"$host_kept/$1.log" 2>&1 &&
	    rm -rf "$new"/var/cache/apt/archives/*.deb &&
	    tar -C "$new" -cf "$base.new" . && mv "$base.new" "$base" || {
		tail -5 "$host_kept/$1.log" >&2
		return 1
	}
	rm -rf "$new"
	echo "$base"
}

host_chroot() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
	    chroot "$root" "$@"
}

# Fetched packages are kept for the next time.
host_archives() {	# give | take
	local archives=$host_kept/archives-$suite cache=$root/var/cache/apt/archives
	mkdir -p "$archives"
	case $1 in
	give) cp -l "$archives"/*.deb "$cache/" 2>/dev/null || true ;;
	take) cp -ln "$cache"/*.deb "$archives/" ;;
	esac
}

# host_install NAME...: from what was fetched before, else from the archive.
host_install() {
	host_chroot apt-get -q -y --no-install-recommends install "$@" ||
	    { host_chroot apt-get -q update &&
		host_chroot apt-get -q -y --no-install-recommends install "$@"; }
}

# host_unpack BASE: a root directory in $root where no service starts.
host_unpack() {
	mkdir -p "$root"
	tar -C "$root" -xf "$1" &&
	    cp /etc/resolv.conf "$root/etc/resolv.conf" &&
	    echo 'force-unsafe-io' >"$root/etc/dpkg/dpkg.cfg.d/quick" &&
	    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" &&
	    chmod 755 "$root/usr/sbin/policy-rc.d" &&
	    host_archives give
}

# host_build BASE RESULT: the Debian package as that suite builds it.
host_build() {
	root=$scratch/builder
	host_unpack "$1" && host_install dpkg-dev debhelper git && host_archives take &&
	    git clone -q "$top" "$root/src" && cp -a "$top/packaging" "$root/src/" &&
	    cp -a "$root/src/packaging/debian" "$root/src/debian" &&
	    host_chroot sh -c "cd /src && apt-get -q -y --no-install-recommends -P nocheck \
		build-dep . && rm -r debian" &&
	    host_archives take &&
	    host_chroot /src/packaging/build --deb && mkdir -p "$2" &&
	    cp "$root"/src/build/packages/* "$2/" && rm -rf "$root"
}

# host_make BASE PACKAGE: a root directory in $root with what the try needs; what
# PACKAGE depends on is fetched and not installed.
host_make() {
	root=$scratch/root
	# shellcheck disable=SC2086
	host_unpack "$1" && cp "$2" "$root/tmp/package.deb" && host_install $host_packages &&
	    host_chroot apt-get -q -y --no-install-recommends --download-only install \
		/tmp/package.deb && host_archives take || return 1
	rm -f "$root/usr/sbin/policy-rc.d" "$root/etc/machine-id" "$root/tmp/package.deb"
	echo mail >"$root/etc/hostname"
	# there is no network whose coming could be waited for
	ln -sf /dev/null "$root/etc/systemd/system/systemd-networkd-wait-online.service"
}

# Runs a command in the booted host.
host_run() {
	nsenter -t "$host_init" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	    LC_ALL=C.UTF-8 HOME=/root "$@"
}

host_boot() {		# PACKAGES-DIRECTORY, seen as /packages; the source is /src
	local i name
	name=mailworthy-$$
	systemd-nspawn --quiet --register=no --keep-unit --private-network --machine="$name" \
	    --bind-ro="$top:/src" --bind-ro="$1:/packages" -D "$root" --boot \
	    --console=pipe </dev/null >"$scratch/boot.log" 2>&1 &
	host_pid=$!
	for i in $(seq 600); do
		host_init=$(ps -o pid= --ppid "$host_pid" 2>/dev/null | tr -d ' ' | head -1)
		if [ -n "$host_init" ]; then
			case $(host_run systemctl is-system-running 2>/dev/null) in
			running|degraded) return 0 ;;
			esac
		fi
		kill -0 "$host_pid" 2>/dev/null || break
		sleep 0.2
	done
	cat "$scratch/boot.log"
	return 1
}

# Ends what was started here, by its number, and takes the files away.
host_end() {
	local i
	if [ -n "$host_pid" ] && kill "$host_pid" 2>/dev/null; then
		for i in $(seq 150); do
			kill -0 "$host_pid" 2>/dev/null || break
			sleep 0.2
		done
		kill -9 "$host_init" "$host_pid" 2>/dev/null
		wait "$host_pid" 2>/dev/null
	fi
	[ -z "$host_pid" ] || rmdir "/run/systemd/nspawn/propagate/mailworthy-$$" 2>/dev/null
	host_pid=""
}
