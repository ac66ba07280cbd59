#!/bin/sh
# Every check of the catalogue is met in the scenarios, missed closely, and left
# open where nobody could tell; every scenario says what it shows.
cd "$(dirname "$0")/../.." || exit 2
catalogue=milter/checks/catalogue
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
def=$work/catalogue.def
cat $catalogue/*.def > "$def"
status=0

# These look at what is counted for every message, or at the files here: they
# can always tell.
cat > "$work/always" <<'LIST'
attachment-large
bulk-from-transactional
date-missing
dkim-cannot-sign
dkim-key-weak
egress-unknown
from-malformed
from-multiple
header-duplicate
header-size
hop-count
message-id-missing
mime-parts
mime-version-missing
LIST

sed -n 's/^CHECK("\([^"]*\)".*/\1/p' $def | sort > "$work/ids"
[ -s "$work/ids" ] || { echo "$catalogue: no checks found"; status=1; }

# "word id" of the lines of expect sections, and files without one
for file in tests/scenario/*.txt; do
	awk '
		FNR == 1 && !/^[A-Z0-9]/ { bad = 1; print "title" > "/dev/stderr" }
		/^--- / { inside = $2 == "expect"; n += inside; next }
		inside && /^(finding|no|dunno) / { print $1, $2 }
		inside && /^open / { for (i = 2; i <= NF; i++) print "dunno", $i }
		END { if (n == 0) print "expect" > "/dev/stderr" }
	' "$file" 2> "$work/bad"
	while read -r what; do
		echo "$file: no $what"
		status=1
	done < "$work/bad" >> "$work/faults"
done | sort -u > "$work/lines"
if [ -s "$work/faults" ]; then
	cat "$work/faults"
	status=1
fi

need() {	# word, what its lack means, ids
	sed -n "s/^$1 //p" "$work/lines" | sort -u > "$work/$1"
	comm -23 "$3" "$work/$1" > "$work/lack"
	if [ -s "$work/lack" ]; then
		sed "s|^|tests/scenario: |; s|\$|: $2|" "$work/lack"
		status=1
	fi
}
need finding "no scenario meets it" "$work/ids"
need no "no scenario misses it closely" "$work/ids"
comm -23 "$work/ids" "$work/always" > "$work/sometimes"
need dunno "no scenario leaves it open" "$work/sometimes"
comm -23 "$work/always" "$work/ids" | sed "s|^|$0: gone: |"
echo "# $(ls tests/scenario/*.txt | wc -l) scenarios, $(cat tests/scenario/*.txt |
    grep -c '^--- expect') messages"
exit $status
