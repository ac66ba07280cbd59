/*
 * Versions: our own, and the exact build of every library in use.  A version
 * number says little where a distribution patches (libspf2 1.2.10 is many
 * things), the build id of the file that was loaded says it all.
 */
#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "config.h"
#include "core/versions.h"
#include "mail/phrases.h"

struct note {
	uint32_t name_size, data_size, type;
};

/* Prints the build id out of a segment of notes; false when it holds none. */
static bool
print_build_id(FILE *out, const unsigned char *p, size_t n)
{
	struct note note;
	size_t name_size, data_size, i;

	while (n >= sizeof(note)) {
		memcpy(&note, p, sizeof(note));
		name_size = ((size_t)note.name_size + 3) & ~(size_t)3;
		data_size = ((size_t)note.data_size + 3) & ~(size_t)3;
		if (name_size > n - sizeof(note) ||
		    data_size > n - sizeof(note) - name_size)
			return false;
		if (note.type == NT_GNU_BUILD_ID && note.name_size == 4 &&
		    memcmp(p + sizeof(note), "GNU", 4) == 0) {
			fputs("  build ", out);
			for (i = 0; i < note.data_size; i++)
				fprintf(out, "%02x", p[sizeof(note) + name_size + i]);
			return true;
		}
		p += sizeof(note) + name_size + data_size;
		n -= sizeof(note) + name_size + data_size;
	}
	return false;
}

static int
print_library(struct dl_phdr_info *info, size_t size __attribute__((unused)), void *ctx)
{
	FILE *out = ctx;
	char path[PATH_MAX];
	const char *name;
	int i;

	if (info->dlpi_name == NULL || info->dlpi_name[0] != '/')
		return 0;	/* the program itself, the vdso */
	if (realpath(info->dlpi_name, path) == NULL)
		return 0;
	name = strrchr(path, '/') + 1;
	fprintf(out, "%-28s", name);
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type == PT_NOTE && print_build_id(out,
		    (const unsigned char *)(info->dlpi_addr + segment->p_vaddr),
		    segment->p_memsz))
			break;
	}
	fputc('\n', out);
	return 0;
}

void
versions_print(FILE *out)
{
	struct arena *arena = arena_new();

	fprintf(out, "mailworthy %s\n", PACKAGE_VERSION);
	fprintf(out, "phrases by %s\n", phrases_engine(arena));
	arena_free(&arena);
	dl_iterate_phdr(print_library, out);
}
