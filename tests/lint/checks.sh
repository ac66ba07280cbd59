#!/bin/sh
# Every check of the catalogue stands in the manual page with the same default
# weight, action and family, and the page names none that is gone.
cd "$(dirname "$0")/../.." || exit 2
catalogue=milter/checks/catalogue
page=man/mailworthy-checks.7
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
def=$work/catalogue.def
cat $catalogue/*.def > "$def"
status=0

# "id weight action family", weight in points, from the first line of an entry.
sed -n 's/^CHECK("\([^"]*\)", [a-z0-9_]*, \([A-Z]*\), [A-Z]*, \([0-9]*\), \([A-Z]*\),.*/\1 \3 \4 \2/p' \
    $def | awk '{ printf "%s %d.%d %s %s\n", $1, $2 / 10, $2 % 10, tolower($3), tolower($4) }' |
    sort > "$work/wanted"
if [ "$(wc -l < "$work/wanted")" != "$(grep -c '^CHECK(' $def)" ]; then
	echo "$catalogue: an entry whose first line cannot be read"
	status=1
fi

# The line after ".It Sy id": "Weight [up to ]X.Y, action WORD; FAMILY."
awk '
	/^\.It Sy / { id = $3; next }
	id != "" {
		line = $0
		sub(/^Weight (up to )?/, "", line)
		gsub(/[,;]|\.$/, "", line)
		split(line, word, " ")
		print id, word[1], word[3], word[4]
		id = ""
	}
' $page | sort > "$work/page"

comm -23 "$work/wanted" "$work/page" | while read -r id rest; do
	echo "$page: $id is not documented as: $rest"
done > "$work/missing"
comm -13 "$work/wanted" "$work/page" | while read -r id rest; do
	grep -q "^$id " "$work/wanted" || echo "$page: $id is documented but gone"
done > "$work/gone"
uniq -d "$work/page" | sed "s|^|$page: twice: |" > "$work/twice"
for list in missing gone twice; do
	if [ -s "$work/$list" ]; then
		cat "$work/$list"
		status=1
	fi
done
exit $status
