/* setting.c - server-wide values. Put only when absent, so that two starts agree on one value. */
/* This module. */
#include "service/store/store_core.h"

static enum result read_setting(struct store_work *work, struct store_setting *req)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT value FROM setting WHERE name = $1", SQL_TEXT(req->name));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL, "no such setting: put it first");
    req->value = sql_blob_copy(query, 0, request_arena(&req->request));
    return RESULT_OK;
}

STORE_READ(setting_get, store_setting)
{
    return read_setting(work, req);
}

STORE_WRITE(setting_put, store_setting)
{
    sql_exec(work->sql,
             "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
             SQL_TEXT(req->name), SQL_BLOB(req->value.data, req->value.length));
    return read_setting(work, req);
}

STORE_WRITE(configured, store_configured)
{
    req->changed = sql_exec(work->sql,
                            "INSERT INTO setting (name, value) VALUES ($1, $2)"
                            " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
                            " WHERE setting.value <> excluded.value",
                            SQL_TEXT(req->name), SQL_BLOB(req->value.data, req->value.length)) > 0;
    if (req->changed)
        receipt_row_put(work, req->receipts);
    return RESULT_OK;
}
