#!/bin/sh
# Functions that have no place here, each with what to use instead.
cd "$(dirname "$0")/../.." || exit 2
status=0
ban() {		# extended regular expression, why
	found=$(grep -rnE "(^|[^a-zA-Z0-9_.>])($1)[[:space:]]*\(" milter --include='*.c' \
	    --include='*.h' | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(\*|/\*)')
	if [ -n "$found" ]; then
		echo "$found"
		echo "  banned: $2"
		status=1
	fi
}
ban 'strcpy|strcat|strncpy|strncat|stpcpy|sprintf|vsprintf|gets' 'unbounded or unterminated: use arena_printf, buf or slices'
ban 'atoi|atol|atoll|atof' 'no errors: use slice_number'
ban 'alloca|strtok|strdupa' 'use the arena, slice_split'
ban 'system|popen|mktemp|tmpnam|tempnam' 'no shell, no guessable files'
ban 'gmtime|localtime|ctime|asctime|gethostbyname|getpwnam_unlocked|inet_ntoa|rand|srand' 'not thread-safe or not random'
ban 'opendmarc_policy_fetch_ru[af]|opendmarc_policy_query_dmarc[a-z_]*' 'blocking DNS in the caller (libopendmarc)'
ban 'ub_resolve' 'blocks; use the asynchronous call'
if grep -rnE 'printf\([^"]*[a-z_]+\)' milter --include='*.c' |
    grep -vE 'vf?printf|vsnprintf|arena_vprintf' | grep -E 'printf\((stdout|stderr|out)?,? ?[a-z_]+\)'; then
	echo "  a format that is no literal"
	status=1
fi
exit $status
