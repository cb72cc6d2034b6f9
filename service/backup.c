/* backup.c - tocsind --backup: a copy of the store, also while a daemon serves it, and beside it a
 * manifest that says what it is. Both are synced before the exit code says 0. */

/* System. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/clock.h"
#include "tocsin/store_backup.h"

/* This module. */
#include "service/daemon.h"

static struct json_object *manifest_of(const char *target, const struct store_backup *backup)
{
    const char *slash = strrchr(target, '/');
    struct json_object *json = json_object_new_object();
    char digest[DIGEST_TEXT_SIZE], at[TIME_TEXT_SIZE];

    hex_encode(digest, backup->digest, DIGEST_SIZE);
    json_object_object_add(json, "at", json_object_new_string(time_format(at, backup->at)));
    json_object_object_add(json, "erasures", json_object_new_int64(backup->erasures));
    json_object_object_add(json, "file", json_object_new_string(slash ? slash + 1 : target));
    json_object_object_add(json, "incidents", json_object_new_int64(backup->incidents));
    json_object_object_add(json, "log_size", json_object_new_int64(backup->log_size));
    json_object_object_add(json, "receipts", json_object_new_int64(backup->receipts));
    json_object_object_add(json, "schema", json_object_new_int64(backup->schema));
    json_object_object_add(json, "sha256", json_object_new_string(digest));
    json_object_object_add(json, "size", json_object_new_int64(backup->size));
    json_object_object_add(json, "v", json_object_new_int64(1));
    json_object_object_add(json, "version", json_object_new_string(TOCSIN_VERSION));
    return json;
}

static bool write_manifest(const char *target, const struct store_backup *backup)
{
    struct json_object *json = manifest_of(target, backup);
    struct buf path, text;
    int fd;
    bool ok;

    buf_init(&path, SIZE_MAX);
    buf_init(&text, SIZE_MAX);
    buf_printf(&path, "%s.json", target);
    json_write(&text, json);
    buf_puts(&text, "\n");
    fd = open(path.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ok = fd >= 0 && write(fd, text.data, text.length) == (ssize_t)text.length && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    if (ok)
        fputs(text.data, stdout);
    json_object_put(json);
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
    if (write_manifest(target, &backup))
        return EXIT_DONE;
    fprintf(stderr, "tocsind: the copy is whole, but its manifest cannot be written: look at the "
                    "disk\n");
    return EXIT_UNAVAILABLE;
}
