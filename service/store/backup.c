/* backup.c - a copy of the database while it is in use. Happy path: a reader's snapshot is written
 * into a new file (VACUUM INTO: only what lives, no freed pages), the copy is marked as one, synced
 * and described. Failure modes: a file of that name is there; no space: what was written is
 * removed. The writer goes on meanwhile; only the log cannot be emptied.
 *
 * Runs on the caller's thread and needs no running store. */
/* System. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/buf.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store_backup.h"

/* This module. */
#include "service/store/store_core.h"

/* The directory entry is part of the promise. */
static bool sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = slash == NULL   ? mem_strdup(".")
                 : slash == path ? mem_strdup("/")
                                 : mem_strndup(path, (size_t)(slash - path));
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    mem_free(name);
    return ok;
}

static bool digest_and_sync(const char *path, struct store_backup *ret)
{
    uint8_t block[65536];
    struct sha256_stream *stream = sha256_begin();
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    ret->size = 0;
    while (fd >= 0 && (n = read(fd, block, sizeof(block))) > 0) {
        sha256_add(stream, block, (size_t)n);
        ret->size += n;
    }
    sha256_end(&stream, ret->digest);
    bool ok = fd >= 0 && n == 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok && sync_directory(path);
}

static int64_t number_of(struct sql *sql, struct sql_query *query)
{
    int64_t value = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end_all(sql);
    return value;
}

/* The copy says that it is one, and so does not send by itself when it is put in place. */
static void mark(struct sql *sql, const char *name, struct store_backup *ret)
{
    struct buf value;
    buf_init(&value, SIZE_MAX);
    buf_printf(&value, "{\"at\":%lld,\"backup\":\"%s\"}", (long long)ret->at, name);
    sql_exec(sql,
             "INSERT INTO setting (name, value) VALUES ('" STORE_RESTORED_FROM "', $1)"
             " ON CONFLICT (name) DO UPDATE SET value = $1",
             SQL_BLOB(value.data, value.length));
    buf_free(&value);
    sql_exec(sql, "DELETE FROM setting WHERE name = '" STORE_RESTORED_MARKED "'");
    ret->schema = number_of(sql, sql_start(sql, "PRAGMA user_version"));
    ret->incidents = number_of(sql, sql_start(sql, "SELECT count(*) FROM incident"));
    ret->receipts = number_of(sql, sql_start(sql, "SELECT coalesce(sum(n), 0) FROM receipt_batch"));
    ret->log_size = number_of(sql, sql_start(sql, "SELECT coalesce(max(size), 0) FROM log_head"));
    ret->erasures = number_of(sql, sql_start(sql, "SELECT coalesce(max(seq), 0) FROM erased"));
    sql_checkpoint(sql, true);
}

static enum result describe(const char *target, struct store_backup *ret, struct error *error)
{
    const char *slash = strrchr(target, '/');
    struct sql_config config = {.path = target, .cache_kib = 1024};
    struct sql *sql = NULL;
    char side[4096];
    enum result result = sql_open(&config, &sql, error);
    if (result != RESULT_OK)
        return result;
    snprintf(side, sizeof(side), "%s", slash == NULL ? target : slash + 1);
    char *partial = strstr(side, ".partial"); /* the caller renames it when it is whole */
    if (partial != NULL)
        *partial = 0;
    mark(sql, side, ret);
    result = sql_status(sql);
    sql_close(&sql);
    for (int i = 0; i < 2; i++) { /* empty: everything is in the file itself */
        snprintf(side, sizeof(side), "%s%s", target, i == 0 ? "-wal" : "-shm");
        unlink(side);
    }
    if (result == RESULT_OK && !digest_and_sync(target, ret))
        result = RESULT_IO;
    return result == RESULT_OK ? RESULT_OK
                               : error_set(error, result, "backup",
                                           "the copy could not be finished (%s): look at the disk",
                                           result_name(result));
}

static enum result copy(const char *path, const char *target, struct error *error)
{
    struct sql_config config = {.path = path, .read_only = true, .cache_kib = 1024};
    struct sql *sql = NULL;
    enum result result = sql_open(&config, &sql, error);
    if (result != RESULT_OK)
        return result;
    if (!sql_copy(sql, target))
        result = error_set(error, sql_status(sql), "backup",
                           "the copy could not be written (%s): look at the disk",
                           result_name(sql_status(sql)));
    sql_close(&sql);
    return result;
}

enum result store_backup(const char *path, const char *target, struct store_backup *ret,
                         struct error *error)
{
    if (access(path, R_OK | W_OK) != 0)
        return error_set(error, RESULT_NOT_FOUND, "store.path",
                         "the database cannot be opened (%s): look at the path", strerror(errno));
    if (strlen(target) > 4000 || access(target, F_OK) == 0)
        return error_set(error, RESULT_EXISTS, "backup",
                         "a file of this name is there already: name another");
    enum result result = copy(path, target, error);
    if (result == RESULT_OK)
        result = describe(target, ret, error);
    if (result != RESULT_OK)
        unlink(target);
    return result;
}
