/* backup_once.c - tocsind --backup: a copy of the store, also while a daemon serves it, and beside
 * it a manifest that says what it is. Both are synced before the exit code says 0. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Interfaces. */
#include "tocsin/clock.h"

/* This module. */
#include "service/backup/manifest.h"
#include "service/daemon.h"

static bool describe(const char *target, const struct store_backup *backup)
{
    const char *slash = strrchr(target, '/');
    struct json_object *manifest = manifest_make(slash ? slash + 1 : target, backup);
    struct buf path, text;
    bool ok;

    buf_init(&path, SIZE_MAX);
    buf_init(&text, SIZE_MAX);
    buf_printf(&path, "%s.json", target);
    ok = manifest_write(path.data, manifest);
    json_write(&text, manifest);
    if (ok)
        puts(text.data);
    json_object_put(manifest);
    buf_free(&path);
    buf_free(&text);
    return ok;
}

int daemon_backup(const struct config *config, const char *target)
{
    struct store_backup backup = {.at = clock_now(clock_system())};
    struct error error = {0};

    if (store_backup(config->store_path, target, &backup, &error) != RESULT_OK) {
        fprintf(stderr, "tocsind: %s%s%s\n", error.field, *error.field ? ": " : "", error.text);
        return EXIT_UNAVAILABLE;
    }
    if (describe(target, &backup))
        return EXIT_DONE;
    fprintf(stderr, "tocsind: the copy is whole, but its manifest cannot be written: look at the "
                    "disk\n");
    return EXIT_UNAVAILABLE;
}
