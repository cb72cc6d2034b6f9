/* rewrap.c - every key that the master key wraps is wrapped by another one, in one transaction.
 * Failure mode: one key that does not open ends it, and nothing has changed. */
/* System. */
#include <string.h>

/* Base. */
#include "base/buf.h"

/* Interfaces. */
#include "tocsin/store_erase.h"

/* This module. */
#include "service/store/store_core.h"

struct wraps {
    struct store_work *work;
    struct store_rewrap *req;
    struct buf fresh, gone;
};

static enum result wrap_one(struct wraps *wraps, bool service, struct blob old)
{
    buf_clear(&wraps->fresh);
    if (old.length < NEEDLE_SIZE ||
        !wraps->req->rewrap(wraps->req->context, service, old, &wraps->fresh))
        return error_set(wraps->work->error, RESULT_INVALID, "master_key",
                         "a key in the store does not open with the old master key: name the key "
                         "that is configured now");
    buf_add(&wraps->gone, old.data, NEEDLE_SIZE);
    return RESULT_OK;
}

static enum result wrap_service(struct wraps *wraps)
{
    struct sql *sql = wraps->work->sql;
    const char *name = wraps->req->service_setting;
    struct sql_query *query =
        sql_start(sql, "SELECT value FROM setting WHERE name = $1", SQL_TEXT(name));
    if (!sql_step(query))
        return RESULT_OK; /* a store that was never served */
    enum result result = wrap_one(wraps, true, sql_blob(query, 0));
    sql_end(query);
    if (result == RESULT_OK)
        sql_exec(sql, "UPDATE setting SET value = $2 WHERE name = $1", SQL_TEXT(name),
                 SQL_BLOB(wraps->fresh.data, wraps->fresh.length));
    return result;
}

/* One incident after the other, by id: no query stays open over an update. */
static enum result wrap_incidents(struct wraps *wraps)
{
    struct sql *sql = wraps->work->sql;
    enum result result = RESULT_OK;
    int64_t last = INT64_MIN;
    while (result == RESULT_OK) {
        struct sql_query *query = sql_start(sql,
                                            "SELECT id, key FROM incident WHERE id > $1"
                                            " AND length(key) > 0 ORDER BY id LIMIT 1",
                                            SQL_INT(last));
        if (!sql_step(query))
            return sql_status(sql);
        last = sql_int(query, 0);
        result = wrap_one(wraps, false, sql_blob(query, 1));
        sql_end(query);
        if (result != RESULT_OK)
            return result;
        sql_exec(sql, "UPDATE incident SET key = $2 WHERE id = $1", SQL_INT(last),
                 SQL_BLOB(wraps->fresh.data, wraps->fresh.length));
        wraps->req->keys++;
    }
    return result;
}

STORE_WRITE(rewrap, store_rewrap)
{
    struct arena *arena = request_arena(&req->request);
    struct wraps wraps = {.work = work, .req = req};
    buf_init(&wraps.fresh, SIZE_MAX);
    buf_init(&wraps.gone, SIZE_MAX);
    req->keys = 0;
    enum result result = wrap_service(&wraps);
    if (result == RESULT_OK)
        result = wrap_incidents(&wraps);
    receipt_row_put(work, req->receipts);
    req->n_needles = wraps.gone.length / NEEDLE_SIZE;
    req->needles = arena_alloc(arena, wraps.gone.length + 1);
    if (req->needles == NULL)
        result = result == RESULT_OK ? RESULT_TOO_LARGE : result;
    else
        memcpy(req->needles, wraps.gone.data, wraps.gone.length);
    buf_wipe(&wraps.fresh);
    buf_wipe(&wraps.gone);
    return result;
}
