/* replay.c - stands in for libFuzzer in ordinary builds: runs a target over every file of a corpus
 * folder, and over 200 fixed mutations of each. Fails (by abort) when the target does, or when the
 * corpus is missing or empty. */

/* System. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 20, MUTATIONS = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t state = 1;

/* xorshift: the same mutations in every run. */
static uint32_t next(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* A heap copy of the exact size, so that a sanitizer sees reads past its end. */
static void run_exact(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void mutate(uint8_t *data, size_t size)
{
    static const uint8_t bytes[] = {0, '\n', '\r', '"', '\\', ',', '{', '}', '[', 0xff, 0x80, '='};

    for (unsigned n = 1 + next() % 3; n > 0; n--) {
        size_t at = next() % size;

        data[at] = next() % 2 ? bytes[next() % sizeof(bytes)] : (uint8_t)next();
    }
}

static void run_file(const char *path)
{
    static uint8_t input[INPUT_MAX], changed[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL)
        abort();
    size = fread(input, 1, sizeof(input), file);
    (void)fclose(file);
    run_exact(input, size);
    for (int i = 0; i < MUTATIONS && size > 0; i++) {
        memcpy(changed, input, size);
        mutate(changed, size);
        run_exact(changed, i % 4 == 0 ? next() % size : size);
    }
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    unsigned files = 0;

    if (dir == NULL) {
        (void)fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[1024];

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        run_file(path);
        files++;
    }
    (void)closedir(dir);
    (void)printf("%u files\n", files);
    return files > 0 ? 0 : 1;
}
