#!/bin/sh
# Every option of options.def stands in the manual page and in the sample, and
# neither names one that is gone.
cd "$(dirname "$0")/../.." || exit 2
def=milter/settings/options.def
page=man/mailworthy.conf.5
sample=conf/mailworthy.conf
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
status=0

# "section option" from the table; section names are C words there.
sed -n 's/^OPTION(\([a-z]*\), [^,]*, "\([^"]*\)".*/\1 \2/p' $def | sort > "$work/wanted"

# The page: ".It Ic name" below ".Ss section".  `key` stands among the options
# of domain and `check` among those of stream, their options in their text.
awk '
	/^\.Ss Options outside of sections/ { section = "main"; next }
	/^\.Ss (egress|resolver|domain|check|stream|opinions|blocklist|import)/ { section = $2; next }
	/^\.S[hs] / { section = ""; next }
	/^\.It Ic key / { inside = 1; next }
	/^\.It Ic / { tuning = 0 }
	section == "stream" && /^\.It Ic check / { tuning = 1; next }
	tuning && /^\.Ic (weight|action|shadow)/ { print "tuning", $2; next }
	inside && /^\.Ic file/ { print "key file"; inside = 0; next }
	section != "" && /^\.It Ic / { print section, $3 }
' $page | sort > "$work/page"

# The sample: "name = value" in or out of a comment; what is indented or in
# one-line braces belongs to the section that was opened last.
awk '
	{ line = $0; sub(/^#/, "", line) }
	line ~ /^(egress|resolver|domain|check|stream|opinions|blocklist|import)( "[^"]*")? \{/ {
		section = line; sub(/[ "].*/, "", section)
	}
	line ~ /^\}/ { section = ""; next }
	line ~ /key "[^"]*" \{ file = / { print "key file"; next }
	line ~ /^\tcheck "[^"]*" \{ / {
		while (match(line, /[a-z]+ = /)) {
			print "tuning", substr(line, RSTART, RLENGTH - 3)
			line = substr(line, RSTART + RLENGTH)
		}
		next
	}
	line ~ /^\t[a-z-]+ *= / { if (section != "") print section, name(line); next }
	line ~ /^[a-z-]+ *= / { section = ""; print "main", name(line) }
	function name(text) { sub(/^\t/, "", text); sub(/ *=.*/, "", text); return text }
' $sample | sort -u > "$work/sample"

differ() {
	comm "$1" "$work/wanted" "$work/$2" > "$work/differ"
	if [ -s "$work/differ" ]; then
		sed "s|^[[:space:]]*|$3: |" "$work/differ"
		status=1
	fi
}
[ -s "$work/wanted" ] || { echo "$def: no options found"; status=1; }
differ -23 page "$page lacks"
differ -13 page "$page has what is gone"
differ -23 sample "$sample lacks"
differ -13 sample "$sample has what is gone"

# The page gives the defaults of the table.
sed -n 's/^OPTION(\([a-z]*\), [^,]*, "\([^"]*\)", [A-Z]*, "\([^"]*\)".*/\1 \2 \3/p' $def |
    grep -v '^key ' | sed 's/ *$//' | sort > "$work/wanted"
awk '
	/^\.Ss Options outside of sections/ { section = "main"; next }
	/^\.Ss (egress|resolver|domain|check|stream|opinions|blocklist|import)/ { section = $2; next }
	/^\.It Ic / { option = $3; next }
	/^Default:$/ { is_default = 1; next }
	is_default && /^\.Li / {
		value = $0
		sub(/^\.Li /, "", value)
		sub(/ [.,]$/, "", value)
		gsub(/\\\(dq|[{}"]/, "", value)
		gsub(/, */, "|", value)
		print section, option, value
	}
	{ is_default = 0 }
' $page | sed 's/ *$//' | sort > "$work/defaults"
differ -23 defaults "$page lacks the default"
differ -13 defaults "$page has another default"
exit $status
