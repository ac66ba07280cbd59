/*
 * Checks on wording, links and secrets: three texts, NUL between them, as plain
 * text, as what HTML shows, and as a link.
 */
#include <stdint.h>

#include "base/arena.h"
#include "checks/check.h"
#include "evidence/evidence.h"
#include "facts/message.h"
#include "mail/view.h"
#include "settings/lists.h"
#include "settings/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct lists *lists;	/* kept: reading them takes long */
	struct slice rest = { (const char *)data, size }, text = rest, html = { "", 0 };
	struct session *session = session_new();
	struct message *message = message_new(session, 0, 0);
	struct settings settings = { .lists = lists };
	struct evidence evidence = { .dns_queries = 0 };
	struct check_input input = { &settings, message, &evidence, message->arena };
	struct view_part parts[] = {
		{ .type = "multipart/alternative", .section = "", .parent = VIEW_NONE },
		{ .type = "text/plain", .section = "1", .kind = VIEW_TEXT },
		{ .type = "text/html", .section = "2", .kind = VIEW_HTML },
	};
	struct view_link link = { .part = 2 };
	struct view view = { parts, 3, &link, 1, 1, false };
	size_t n;
	const struct check *table = check_table(&n);

	if (lists == NULL)
		settings.lists = lists = lists_new_builtin(arena_new());
	slice_split(&rest, '\0', &text);
	slice_split(&rest, '\0', &html);
	parts[1].text = text;
	parts[2].text = html;
	link.target = slice_dup(message->arena, rest);
	link.text = slice_dup(message->arena, text);
	url_parse(message->arena, rest, &link.url);
	message_read_headers(message);
	message->subject = slice_dup(message->arena, html);
	message_finish(message);
	message->view = &view;
	for (size_t i = 0; i < n; i++) {
		struct check_result result = { .weight = table[i].weight };

		table[i].run(&input, &result);
	}
	message_free(&message);
	session_free(&session);
	return 0;
}
