#!/bin/sh
# Each library that configure asks for stands among what the packages are built
# with, and among what quickstart and check install; the version is the same.
cd "$(dirname "$0")/../.." || exit 2
status=0
missing() {
	echo "$1: lacks $2, which configure.ac asks for"
	status=1
}
names=$(sed -n -e 's/^MW_[PL].*\[\([a-z0-9.-]*-dev\)\], \[\([a-z0-9.-]*-devel\)\].*/\1 \2/p' \
    -e 's/.*MW_MISSING(.*\[\([a-z0-9.-]*-dev\)\], \[\([a-z0-9.-]*-devel\)\].*/\1 \2/p' \
    configure.ac)
[ "$(echo "$names" | wc -l)" -ge 15 ] || { echo "configure.ac: its libraries were not found"; status=1; }
while read -r debian fedora; do
	grep -q "^ $debian[ ,]" packaging/debian/control || missing packaging/debian/control "$debian"
	grep -q "^BuildRequires:  $fedora\>" packaging/rpm/mailworthy.spec ||
	    missing packaging/rpm/mailworthy.spec "$fedora"
	grep -q "$debian" tests/lib/machine.sh || missing tests/lib/machine.sh "$debian"
done <<TEXT
$names
TEXT
version=$(sed -n 's/^AC_INIT(\[mailworthy\], \[\([^]]*\)\].*/\1/p' configure.ac)
grep -qx "Version:        $version" packaging/rpm/mailworthy.spec ||
    { echo "packaging/rpm/mailworthy.spec: not version $version"; status=1; }
head -1 packaging/debian/changelog | grep -q "^mailworthy ($version-" ||
    { echo "packaging/debian/changelog: not version $version"; status=1; }
exit $status
