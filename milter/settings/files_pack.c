/*
 * Files as one message, for a socketpair on the same machine:
 *
 *	"MWF1"  u64 files  file...  u64 templates  template...
 *	file:		text path, u32 error mode uid gid, text unsafe, text bytes
 *	template:	text path, u64 matches, (text path, text domain)...
 *	text:		u64 size, bytes; size NONE for NULL
 *
 * The reader trusts nothing it has not checked.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "settings/files_store.h"

static const char magic[4] = "MWF1";

#define NONE UINT64_MAX

/* Writes, or only counts while out is NULL. */
struct packer {
	unsigned char *out;
	size_t n;
};

static void
pack_raw(struct packer *packer, const void *bytes, size_t size)
{
	if (packer->out != NULL && size > 0)
		memcpy(packer->out + packer->n, bytes, size);
	packer->n += size;
}

static void
pack_u64(struct packer *packer, uint64_t number)
{
	pack_raw(packer, &number, sizeof(number));
}

static void
pack_u32(struct packer *packer, uint32_t number)
{
	pack_raw(packer, &number, sizeof(number));
}

static void
pack_text(struct packer *packer, const char *text, size_t size)
{
	pack_u64(packer, text == NULL ? NONE : size);
	if (text != NULL)
		pack_raw(packer, text, size);
}

static void
pack_str(struct packer *packer, const char *text)
{
	pack_text(packer, text, text == NULL ? 0 : strlen(text));
}

static void
pack_file(void *ctx, const char *key, void *value)
{
	const struct file *file = value;
	struct packer *packer = ctx;

	pack_str(packer, key);
	pack_u32(packer, (uint32_t)file->error);
	pack_u32(packer, file->mode);
	pack_u32(packer, file->uid);
	pack_u32(packer, file->gid);
	pack_str(packer, file->unsafe);
	pack_text(packer, file->bytes, file->size);
}

static void
pack_matches(void *ctx, const char *key, void *value)
{
	const struct matches *matches = value;
	struct packer *packer = ctx;

	pack_str(packer, key);
	pack_u64(packer, matches->n);
	for (size_t i = 0; i < matches->n; i++) {
		pack_str(packer, matches->p[i].path);
		pack_str(packer, matches->p[i].domain);
	}
}

static void
pack_all(struct packer *packer, const struct files *files)
{
	pack_raw(packer, magic, sizeof(magic));
	pack_u64(packer, map_count(files->by_path));
	map_each(files->by_path, pack_file, packer);
	pack_u64(packer, map_count(files->by_template));
	map_each(files->by_template, pack_matches, packer);
}

void *
files_pack(struct files *files, struct arena *arena, size_t *size_r)
{
	struct packer packer = { NULL, 0 };

	pack_all(&packer, files);
	packer.out = files_secret_alloc(arena, packer.n);
	packer.n = 0;
	pack_all(&packer, files);
	*size_r = packer.n;
	return packer.out;
}

struct unpacker {
	const unsigned char *p;
	size_t left;
	bool bad;
};

static const unsigned char *
unpack_raw(struct unpacker *in, size_t size)
{
	const unsigned char *at = in->p;

	if (in->bad || size > in->left) {
		in->bad = true;
		return NULL;
	}
	in->p += size;
	in->left -= size;
	return at;
}

static uint64_t
unpack_u64(struct unpacker *in)
{
	const unsigned char *at = unpack_raw(in, sizeof(uint64_t));
	uint64_t number = 0;

	if (at != NULL)
		memcpy(&number, at, sizeof(number));
	return number;
}

static uint32_t
unpack_u32(struct unpacker *in)
{
	const unsigned char *at = unpack_raw(in, sizeof(uint32_t));
	uint32_t number = 0;

	if (at != NULL)
		memcpy(&number, at, sizeof(number));
	return number;
}

/* A slice into the message; p NULL for NULL. */
static struct slice
unpack_text(struct unpacker *in)
{
	uint64_t size = unpack_u64(in);
	struct slice text = { NULL, 0 };

	if (in->bad || size == NONE)
		return text;
	if (size > in->left) {
		in->bad = true;
		return text;
	}
	text.n = (size_t)size;
	text.p = (const char *)unpack_raw(in, text.n);
	return text;
}

/* A terminated copy; neither NULL nor with NUL inside, else bad. */
static const char *
unpack_str(struct unpacker *in, struct arena *arena)
{
	struct slice text = unpack_text(in);

	if (text.p == NULL || slice_find(text, '\0') < text.n) {
		in->bad = true;
		return "";
	}
	return slice_dup(arena, text);
}

static const char *
unpack_str_or_null(struct unpacker *in, struct arena *arena)
{
	uint64_t size = NONE;

	if (in->left >= sizeof(size))
		memcpy(&size, in->p, sizeof(size));
	if (size != NONE)
		return unpack_str(in, arena);
	unpack_u64(in);
	return NULL;
}

static void
unpack_bytes(struct unpacker *in, struct arena *arena, struct file *file)
{
	struct slice text = unpack_text(in);
	char *copy;

	if (text.n > FILES_EACH_MAX)
		in->bad = true;
	/* Bytes or an error, never both or neither. */
	if ((text.p == NULL) != (file->error != 0))
		in->bad = true;
	if (in->bad || text.p == NULL)
		return;
	copy = files_secret_alloc(arena, text.n + 1);
	memcpy(copy, text.p, text.n);
	file->bytes = copy;
	file->size = text.n;
}

static void
unpack_file(struct unpacker *in, struct files *files)
{
	struct file *file = arena_alloc(files->arena, sizeof(*file));

	file->path = unpack_str(in, files->arena);
	file->error = (int)unpack_u32(in);
	file->mode = unpack_u32(in);
	file->uid = unpack_u32(in);
	file->gid = unpack_u32(in);
	file->unsafe = unpack_str_or_null(in, files->arena);
	unpack_bytes(in, files->arena, file);
	if (map_get(files->by_path, file->path) != NULL)
		in->bad = true;
	if (!in->bad)
		map_set(files->by_path, file->path, file);
}

static void
unpack_matches(struct unpacker *in, struct files *files)
{
	struct matches *matches = arena_alloc(files->arena, sizeof(*matches));
	uint64_t n;

	matches->template_path = unpack_str(in, files->arena);
	n = unpack_u64(in);
	/* A match takes at least its two sizes. */
	if (n > FILES_MATCHES_MAX || n > in->left / (2 * sizeof(uint64_t)))
		in->bad = true;
	if (in->bad || map_get(files->by_template, matches->template_path) != NULL) {
		in->bad = true;
		return;
	}
	matches->p = arena_array(files->arena, (size_t)n, sizeof(*matches->p));
	for (matches->n = 0; matches->n < n && !in->bad; matches->n++) {
		matches->p[matches->n].path = unpack_str(in, files->arena);
		matches->p[matches->n].domain = unpack_str(in, files->arena);
	}
	map_set(files->by_template, matches->template_path, matches);
}

struct files *
files_unpack(const void *bytes, size_t size)
{
	struct unpacker in = { bytes, size, size > FILES_PACKED_MAX };
	struct files *files = files_new_empty(false);
	const unsigned char *head = unpack_raw(&in, sizeof(magic));
	uint64_t n;

	if (head == NULL || memcmp(head, magic, sizeof(magic)) != 0)
		in.bad = true;
	for (n = unpack_u64(&in); n > 0 && !in.bad; n--)
		unpack_file(&in, files);
	for (n = unpack_u64(&in); n > 0 && !in.bad; n--)
		unpack_matches(&in, files);
	if (in.bad || in.left > 0)
		files_free(&files);
	return files;
}
