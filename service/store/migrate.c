/* migrate.c - brings the file to this program's schema. Happy path: the steps above the file's
 * user_version run, each in a transaction of its own. Failure modes: a file of another program
 * (application_id) or of a newer version is refused untouched, with the cure. */
/* System. */
#include <stdio.h>

/* Base. */
#include "base/log.h"

/* This module. */
#include "service/store/schema_sqlite.h"
#include "service/store/store_private.h"

enum { APPLICATION_ID = 0x746f6373 }; /* "tocs" */

static int64_t number(struct sql *sql, struct sql_query *query)
{
    int64_t value = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end_all(sql);
    return value;
}

static enum result failed(struct sql *sql, struct error *error)
{
    enum result result = sql_status(sql);
    sql_rollback(sql);
    sql_clear(sql);
    return error_set(error, result == RESULT_OK ? RESULT_IO : result, "store.path",
                     "the schema could not be brought up to date: look at the disk, then restart");
}

static enum result step(struct sql *sql, int version, struct error *error)
{
    char mark[128];
    snprintf(mark, sizeof(mark), "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             APPLICATION_ID, version);
    if (!sql_begin(sql, true) || !sql_script(sql, schema_sqlite[version - 1]) ||
        !sql_script(sql, mark) || !sql_commit(sql))
        return failed(sql, error);
    log_info("store_migrated", LOG_INT("version", version));
    return RESULT_OK;
}

enum result migrate(struct sql *sql, struct error *error)
{
    int64_t owner = number(sql, sql_start(sql, "PRAGMA application_id"));
    int64_t version = number(sql, sql_start(sql, "PRAGMA user_version"));
    int64_t tables = number(sql, sql_start(sql, "SELECT count(*) FROM sqlite_master"));
    if (sql_status(sql) != RESULT_OK)
        return failed(sql, error);
    if (owner != APPLICATION_ID && (owner != 0 || version != 0 || tables != 0))
        return error_set(error, RESULT_INVALID, "store.path",
                         "the file is a database of another program: name another path");
    if (version > schema_sqlite_n)
        return error_set(error, RESULT_INVALID, "store.path",
                         "the database has schema %lld, this program knows up to %d: install the "
                         "newer version, or restore the copy made before its upgrade",
                         (long long)version, schema_sqlite_n);
    for (int next = (int)version + 1; next <= schema_sqlite_n; next++) {
        enum result result = step(sql, next, error);
        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}
