/*
 * Declared streams and what they tune.
 */
#include <string.h>

#include "base/arena.h"
#include "settings/build.h"
#include "settings/errors.h"
#include "settings/names.h"

/* Without a condition it would take all mail, and hide the streams below it. */
static void
check_conditions(struct reading *reading, const struct tree *tree)
{
	static const char *const conditions[] = { "logins", "senders", "networks", "header" };

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		if (build_values(tree, conditions[i])->n > 0)
			return;
	}
	errors_add(reading->errors, reading->file, tree->line, "stream",
	    "expected logins, senders, networks or header in stream %s: which mail it is",
	    errors_shown(reading->errors, tree->title));
}

static void
build_tuning(struct reading *reading, const struct tree *tree,
    struct settings_stream *stream)
{
	struct settings_tuning *tuning = &stream->checks[stream->n_checks++], *other;

	*tuning = (struct settings_tuning){
		.id = arena_strdup(reading->arena, tree->title),
		.line = tree->line, .weight = -1, .action = -1, .shadow = -1,
	};
	build_options(reading, tree, tuning);
	build_check_id(reading, tree);
	for (other = stream->checks; other < tuning; other++) {
		if (strcmp(other->id, tuning->id) == 0)
			errors_add(reading->errors, reading->file, tree->line, "check",
			    "expected once in a stream (%s stands on line %u already)",
			    errors_shown(reading->errors, tuning->id), other->line);
	}
}

void
build_stream(struct reading *reading, const struct tree *tree,
    struct settings_stream *stream)
{
	stream->name = arena_strdup(reading->arena, tree->title);
	stream->line = tree->line;
	stream->mode = -1;
	stream->hold_below = -1;
	build_options(reading, tree, stream);
	if (!name_is_of(slice_of(tree->title), "_-."))
		errors_add(reading->errors, reading->file, tree->line, "stream",
		    "expected a name of letters, digits, \"-\", \"_\" and \".\" (got %s)",
		    errors_shown(reading->errors, tree->title));
	check_conditions(reading, tree);
	stream->checks = arena_array(reading->arena, tree->n_inner,
	    sizeof(*stream->checks));
	for (size_t i = 0; i < tree->n_inner; i++)
		build_tuning(reading, &tree->inner[i], stream);
}
