/* manifest.c - see the header. Happy path: a new file, synced, put into its place, the directory
 * synced. Failure mode: false, and no manifest: the copy does not count. */
/* System. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/backup/manifest.h"

enum { BYTES_MAX = 65536 };

static void add_int(struct json_object *to, const char *name, int64_t value)
{
    json_object_object_add(to, name, json_object_new_int64(value));
}

static void add_text(struct json_object *to, const char *name, const char *text)
{
    json_object_object_add(to, name, json_object_new_string(text));
}

struct json_object *manifest_make(const char *file, const struct store_backup *backup)
{
    struct json_object *json = json_object_new_object();
    char digest[DIGEST_TEXT_SIZE], at[TIME_TEXT_SIZE];

    hex_encode(digest, backup->digest, DIGEST_SIZE);
    add_text(json, "at", time_format(at, backup->at));
    add_int(json, "erasures", backup->erasures);
    add_text(json, "file", file);
    add_int(json, "incidents", backup->incidents);
    add_int(json, "log_size", backup->log_size);
    add_int(json, "receipts", backup->receipts);
    add_int(json, "schema", backup->schema);
    add_text(json, "sha256", digest);
    add_int(json, "size", backup->size);
    add_int(json, "v", 1);
    add_text(json, "version", TOCSIN_VERSION);
    return json;
}

static bool sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? mem_strdup(".")
                   : slash == path ? mem_strdup("/")
                                   : mem_strndup(path, (size_t)(slash - path));
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool ok = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    mem_free(folder);
    return ok;
}

static bool write_file(const char *path, const struct buf *text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text->data, text->length) == (ssize_t)text->length;

    ok = ok && fsync(fd) == 0;
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    return ok;
}

bool manifest_write(const char *path, struct json_object *manifest)
{
    struct buf fresh, text;
    bool ok;

    buf_init(&fresh, SIZE_MAX);
    buf_init(&text, SIZE_MAX);
    buf_printf(&fresh, "%s.new", path);
    json_write(&text, manifest);
    buf_puts(&text, "\n");
    ok = write_file(fresh.data, &text) && rename(fresh.data, path) == 0 && sync_folder_of(path);
    buf_free(&fresh);
    buf_free(&text);
    return ok;
}

struct json_object *manifest_read(const char *path)
{
    struct json_object *json = NULL;
    char *bytes = mem_alloc(BYTES_MAX, 1);
    FILE *file = fopen(path, "re");
    const size_t n = file == NULL ? 0 : fread(bytes, 1, BYTES_MAX, file);

    if (file != NULL)
        fclose(file);
    if (n > 0 && n < BYTES_MAX)
        json_read(bytes, n, &json, NULL);
    mem_free(bytes);
    if (json != NULL && !json_object_is_type(json, json_type_object)) {
        json_object_put(json);
        json = NULL;
    }
    return json;
}
