/*
 * mailworthy explain: what a finding means.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "checks/check.h"
#include "settings/options.h"
#include "tool/doctor.h"
#include "tool/page.h"
#include "tool/tool.h"
#include "verdict/verdict.h"

static void
list_all(FILE *out)
{
	size_t n, i;
	const struct check *table = check_table(&n);
	const struct doctor_id *ids;

	for (i = 0; i < n; i++)
		fprintf(out, "%-26s %-10s weight %d.%d  action %s\n", table[i].id,
		    check_family_name(table[i].family), table[i].weight / 10,
		    table[i].weight % 10,
		    table[i].action == ACTION_NONE ? "none" : action_name(table[i].action));
	ids = doctor_ids(&n);
	for (i = 0; i < n; i++)
		fprintf(out, "%-26s doctor\n", ids[i].id);
}

static void
paragraph(struct page *page, const char *title, const char *text)
{
	page_put(page, PAGE_PLAIN, title);
	page_tab(page, 9);
	page_wrap(page, 9, text);
	page_end(page);
}

static void
explain(const struct check *check)
{
	struct arena *arena = arena_new();
	struct page page = {
		.out = stdout, .arena = arena, .colour = tool_colour(stdout),
		.width = tool_width(stdout),
	};

	page_put(&page, PAGE_BOLD, check->id);
	page_end(&page);
	page_end(&page);
	paragraph(&page, "Meaning", check->meaning);
	paragraph(&page, "Fix", check->fix);
	paragraph(&page, "Source", check->source);
	arena_free(&arena);
	printf("Family   %s\n", check_family_name(check->family));
	printf("Weight   %d.%d points at most, of 10.0\n", check->weight / 10,
	    check->weight % 10);
	printf("Action   %s in enforce mode\n",
	    check->action == ACTION_NONE ? "none" : action_name(check->action));
	if (check->covers != NULL && *check->covers != '\0')
		printf("Covers   %s\n", check->covers);
	printf("\nTo tune it put into mailworthy.conf, of this, what is to differ:\n\n"
	    "    check \"%s\" { weight = %d.%d action = %s shadow = false }\n",
	    check->id, check->weight / 10, check->weight % 10,
	    check->action == ACTION_NONE ? "none" : action_name(check->action));
}

/* What the doctor alone tells. */
static void
explain_doctor(const struct doctor_id *id)
{
	struct arena *arena = arena_new();
	struct page page = {
		.out = stdout, .arena = arena, .colour = tool_colour(stdout),
		.width = tool_width(stdout),
	};

	page_put(&page, PAGE_BOLD, id->id);
	page_put(&page, PAGE_PLAIN, " (mailworthy doctor)");
	page_end(&page);
	page_end(&page);
	paragraph(&page, "Meaning", id->meaning);
	page_put(&page, PAGE_PLAIN, "Fix");
	page_tab(&page, 9);
	page_wrap(&page, 9, id->fix);
	arena_free(&arena);
}

/* The nearer of both; *best is its distance. */
static const char *
nearer(const char *id, const char *other, const char *found, unsigned *best)
{
	unsigned distance = edit_distance(id, other, *best);

	if (distance >= *best)
		return found;
	*best = distance;
	return other;
}

/* With one letter of three wrong it may be another word. */
static const char *
nearest(const char *id)
{
	size_t n = strlen(id) / 3, i;
	unsigned best = n < 3 ? (unsigned)n + 1 : 4;
	const struct check *table = check_table(&n);
	const struct doctor_id *ids;
	const char *found = NULL;

	for (i = 0; i < n; i++)
		found = nearer(id, table[i].id, found, &best);
	ids = doctor_ids(&n);
	for (i = 0; i < n; i++)
		found = nearer(id, ids[i].id, found, &best);
	return found;
}

static void
say_if_begins(const char *id, const char *other, bool *begun)
{
	if (strncmp(other, id, strlen(id)) != 0)
		return;
	fprintf(stderr, "%s%s", *begun ? ", " : "mailworthy: these begin so: ", other);
	*begun = true;
}

/* Those of that family of names: "dmarc" for dmarc-fail and its like. */
static int
say_unknown(const char *id)
{
	const struct check *table;
	const struct doctor_id *ids;
	const char *hint = nearest(id);
	bool is_long = strlen(id) > 2, begun = false;
	size_t n;

	if (hint != NULL)
		return tool_error("there is no check \"%s\"; did you mean \"%s\"; `mailworthy "
		    "explain` lists all", id, hint);
	table = check_table(&n);
	for (size_t i = 0; i < n && is_long; i++)
		say_if_begins(id, table[i].id, &begun);
	ids = doctor_ids(&n);
	for (size_t i = 0; i < n && is_long; i++)
		if (check_find(ids[i].id) == NULL)
			say_if_begins(id, ids[i].id, &begun);
	if (begun)
		fputc('\n', stderr);
	return tool_error("there is no check \"%s\"; `mailworthy explain` lists all", id);
}

int
tool_explain(int argc, char **argv)
{
	const struct doctor_id *doctor_id;
	const struct check *check;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		puts("usage: mailworthy explain [ID]\n"
		    "  ID         what the finding means, where the rule stands, how to mend it\n"
		    "  (nothing)  lists all");
		return TOOL_OK;
	}
	if (argc == 1) {
		list_all(stdout);
		return TOOL_OK;
	}
	if (argc > 2)
		return tool_extra_argument(argv, argv[2]);
	if (argv[1][0] == '-') {
		fprintf(stderr, "%s: unrecognized option '%s'\n", argv[0], argv[1]);
		return tool_wrong_option(argv);
	}
	check = check_find(argv[1]);
	doctor_id = doctor_id_find(argv[1]);
	if (check == NULL && doctor_id != NULL) {
		explain_doctor(doctor_id);
		return TOOL_OK;
	}
	if (check == NULL)
		return say_unknown(argv[1]);
	explain(check);
	return TOOL_OK;
}
