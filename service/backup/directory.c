/* directory.c - see the header. */
/* System. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/backup/directory.h"
#include "service/backup/manifest.h"

static const char prefix[] = "tocsin-", suffix[] = ".db";
_Static_assert(sizeof(prefix) + TIME_TEXT_SIZE + sizeof(suffix) <= BACKUP_NAME_SIZE, "name");

void backup_name(char to[BACKUP_NAME_SIZE], time_ms at)
{
    char text[TIME_TEXT_SIZE], *end = to + sizeof(prefix) - 1;

    time_format(text, at);
    memcpy(to, prefix, sizeof(prefix) - 1);
    for (const char *c = text; *c != 0; c++)
        if (*c != '-' && *c != ':')
            *end++ = *c;
    memcpy(end, suffix, sizeof(suffix));
}

bool backup_name_ok(const char *name)
{
    const size_t n = strnlen(name, BACKUP_NAME_SIZE), head = sizeof(prefix) - 1,
                 tail = sizeof(suffix) - 1;

    if (n >= BACKUP_NAME_SIZE || n <= head + tail || !str_starts(name, prefix) ||
        !str_equal(name + n - tail, suffix))
        return false;
    return strspn(name + head, "0123456789TZ.") == n - head - tail + 1; /* and the suffix's dot */
}

static void path_of(struct buf *to, const char *directory, const char *name, const char *end)
{
    buf_clear(to);
    buf_printf(to, "%s/%s%s", directory, name, end);
}

/* When it was made, as its manifest says; TIME_NONE: it has none. */
static time_ms made_at(const char *directory, const char *name)
{
    struct buf path;
    time_ms at = TIME_NONE;
    struct json_object *manifest;

    buf_init(&path, SIZE_MAX);
    path_of(&path, directory, name, ".json");
    manifest = manifest_read(path.data);
    if (manifest != NULL && !time_parse(str_or(json_get_string(manifest, "at"), ""), &at))
        at = TIME_NONE;
    json_object_put(manifest);
    buf_free(&path);
    return at;
}

static int newest_first(const void *a, const void *b)
{
    const struct backup_entry *x = a, *y = b;
    return x->at < y->at ? 1 : -(x->at > y->at);
}

bool directory_list(const char *directory, struct backup_entry **ret_entries, size_t *ret_n)
{
    struct backup_entry *entries = NULL;
    size_t n = 0;
    DIR *dir = opendir(directory);

    if (dir == NULL)
        return false;
    for (const struct dirent *file; (file = readdir(dir)) != NULL;) {
        const time_ms at =
            backup_name_ok(file->d_name) ? made_at(directory, file->d_name) : TIME_NONE;
        if (at == TIME_NONE)
            continue;
        entries = mem_resize(entries, n + 1, sizeof(*entries));
        str_copy(entries[n].name, sizeof(entries[n].name), file->d_name);
        entries[n++].at = at;
    }
    closedir(dir);
    if (n > 0)
        qsort(entries, n, sizeof(*entries), newest_first);
    *ret_entries = entries;
    *ret_n = n;
    return true;
}

/* The manifest first: what is left of a removal that was cut short is no copy. */
static void remove_copy(const char *directory, const char *name)
{
    struct buf path;

    buf_init(&path, SIZE_MAX);
    path_of(&path, directory, name, ".json");
    unlink(path.data);
    path_of(&path, directory, name, "");
    unlink(path.data);
    buf_free(&path);
}

/* Half made: "<name>.partial". A manifest that lacks: the copy came too late for its crash. */
static void remove_halves(const char *directory)
{
    static const char partial[] = ".partial";
    DIR *dir = opendir(directory);
    struct buf path;

    buf_init(&path, SIZE_MAX);
    for (const struct dirent *file; dir != NULL && (file = readdir(dir)) != NULL;) {
        char name[256];
        const char *end = strstr(file->d_name, partial);
        str_copy(name, sizeof(name), file->d_name);
        if (end != NULL)
            name[end - file->d_name] = 0;
        if (!backup_name_ok(name) || (end == NULL && made_at(directory, name) != TIME_NONE))
            continue;
        path_of(&path, directory, file->d_name, "");
        unlink(path.data);
    }
    if (dir != NULL)
        closedir(dir);
    buf_free(&path);
}

void directory_prune(const char *directory, size_t keep)
{
    struct backup_entry *entries = NULL;
    size_t n = 0;

    remove_halves(directory);
    if (keep == 0 || !directory_list(directory, &entries, &n))
        return;
    for (size_t i = keep; i < n; i++)
        remove_copy(directory, entries[i].name);
    mem_free(entries);
}
