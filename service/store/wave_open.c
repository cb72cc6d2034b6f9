/* wave_open.c - one more wave of an incident, as a draft. It names a notice version that is there,
 * or none: then it sends the one that is the newest when it is released. */
/* This module. */
#include "service/store/store_core.h"

static enum result check(struct store_work *work, const struct wave_row *row)
{
    enum result result = wave_check_open(work, row->incident);
    if (result != RESULT_OK || row->notice == 0)
        return result;
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM notice_version WHERE incident = $1 AND version = $2",
                  SQL_INT(row->incident), SQL_INT(row->notice));
    bool there = sql_step(query);
    sql_end(query);
    if (!there)
        return error_set(work->error, RESULT_NOT_FOUND, "/notice_version",
                         "the incident has no such notice version: read its list");
    if (notice_is_withdrawn(work, row->incident, row->notice))
        return error_set(work->error, RESULT_CONFLICT, "/notice_version",
                         "this notice version is withdrawn: send a newer one");
    return RESULT_OK;
}

static int64_t insert(struct store_work *work, const struct wave_row *row)
{
    struct sql_query *query = sql_start(
        work->sql,
        "INSERT INTO wave (incident, ordinal, kind, state, author, notice, not_before, spec, caps)"
        " SELECT $1, max(ordinal) + 1, $2, $3, $4, $5, $6, $7, $8 FROM wave WHERE incident = $1"
        " RETURNING id",
        SQL_INT(row->incident), SQL_INT(row->kind), SQL_INT(WAVE_DRAFT), SQL_INT(row->author),
        SQL_INT(row->notice), SQL_TIME(row->not_before), SQL_BLOB(row->spec.data, row->spec.length),
        SQL_TEXT(row->caps));
    int64_t wave = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    return wave;
}

STORE_WRITE(wave_open, store_wave_open)
{
    struct wave_row *row = &req->row;
    require(row->kind != WAVE_WRITTEN_NOTICE && wave_kind_name(row->kind) != NULL);
    if (!idempotency_row_put(work, req->idempotency))
        return RESULT_EXISTS;
    enum result result = check(work, row);
    if (result != RESULT_OK)
        return result;
    int64_t wave = insert(work, row);
    receipt_row_put(work, req->receipts);
    return wave_row_get(work, wave, req->request.arena, row);
}
