/*
 * SPF: the input is records, one a line, the n-th for the n-th name asked for
 * one.  The last line is also local part, "|" and HELO.  Grammar, macros,
 * evaluation, width and the guard of libspf2 run.
 */
#include <stdint.h>

#include "base/arena.h"
#include "evidence/spf/spf.h"
#include "made_up_dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, last = { NULL, 0 }, line;
	struct spf_query query = { .domain = "example.com", .ip = { 4, { 192, 0, 2, 1 } } };
	struct arena *arena = arena_new();
	struct lookups *lookups = made_up_new(arena);
	struct spf_answer answer;
	enum spf_result second;
	struct spf_width width;
	bool asked;

	if (size > 0 && (data[0] & 1) != 0)
		query.ip = (struct ip){ 6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	while (slice_split(&rest, '\n', &line))
		made_up_add(lookups, last = line);
	query.local_part = slice_dup(arena, slice_sub(last, 0, slice_find(last, '|')));
	query.helo = slice_dup(arena, slice_sub(last, slice_find(last, '|') + 1, last.n));
	while (spf_check(arena, lookups, &query, &answer) == 1)
		lookups_wait(lookups);
	while (spf_second_opinion(arena, lookups, &query, &asked, &second) == 1)
		lookups_wait(lookups);
	while (spf_width(arena, lookups, "example.com", &width) == 1)
		lookups_wait(lookups);
	arena_free(&arena);
	return 0;
}
