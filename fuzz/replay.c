/* Stands in for libFuzzer: runs the target once on each file given, and on each file of each folder given. Status 1
   when there was none. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int run_file(const char *path, size_t size) {
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = fuzz_memory(size);
    size_t got = file != NULL ? fread(bytes, 1, size, file) : 0;
    bool whole = file != NULL && got == size;
    if (file != NULL)
        fclose(file);
    if (whole) {
        /* A crash ends the program: its last line names the input. */
        printf("%s\n", path);
        fflush(stdout);
        LLVMFuzzerTestOneInput(bytes, size);
    } else {
        perror(path);
    }
    free(bytes);
    return whole;
}

/* Returns how many inputs were run, -1 when one could not be read. */
static int run(const char *path) {
    struct stat found;
    if (stat(path, &found) != 0) {
        perror(path);
        return -1;
    }
    if (!S_ISDIR(found.st_mode))
        return run_file(path, (size_t)found.st_size) ? 1 : -1;
    int count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL)
        return -1;
    for (const struct dirent *entry; count >= 0 && (entry = readdir(folder)) != NULL;) {
        char inner[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        int one = run(inner);
        count = one < 0 ? -1 : count + one;
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv) {
    int count = 0;
    for (int n = 1; n < argc; n++) {
        int one = run(argv[n]);
        if (one < 0)
            return 1;
        count += one;
    }
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
