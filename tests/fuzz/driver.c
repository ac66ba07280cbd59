/*
 * Runs a fuzz harness over files where libFuzzer is not there: each argument is
 * a file or a folder of files.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;
	long n;

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	fseek(file, 0, SEEK_END);
	n = ftell(file);
	rewind(file);
	bytes = malloc(n > 0 ? (size_t)n : 1);
	if (fread(bytes, 1, (size_t)n, file) != (size_t)n) {
		perror(path);
		exit(2);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, (size_t)n);
	free(bytes);
}

static void
run_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[4096];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		run_file(name);
	}
	if (dir != NULL)
		closedir(dir);
}

int
main(int argc, char **argv)
{
	struct stat st;
	int i;

	for (i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;	/* an option of libFuzzer */
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			run_folder(argv[i]);
		else
			run_file(argv[i]);
	}
	return 0;
}
