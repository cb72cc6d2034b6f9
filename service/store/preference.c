/* preference.c - what is known of people beyond one incident, under blind keys. Failure modes:
 * CONFLICT when a row changed since it was read. */
/* System. */
#include <string.h>

/* Interfaces. */
#include "tocsin/store_preference.h"

/* This module. */
#include "service/store/needles.h"
#include "service/store/store_core.h"

static bool any_row(struct store_work *work)
{
    struct sql_query *query = sql_start(work->sql, "SELECT 1 FROM preference LIMIT 1");
    bool any = sql_step(query);
    sql_end(query);
    return any;
}

static struct sql_query *row_start(struct store_work *work, const struct preference_key *key)
{
    return sql_start(work->sql, "SELECT body FROM preference WHERE kind = $1 AND blind = $2",
                     SQL_INT(key->kind), SQL_BLOB(key->blind, BLIND_SIZE));
}

STORE_READ(preference_find, store_preference_find)
{
    struct arena *arena = request_arena(&req->request);
    req->hits = NULL;
    req->n = 0;
    req->any = any_row(work);
    for (size_t i = 0; req->any && i < req->n_keys; i++) {
        struct sql_query *query = row_start(work, &req->keys[i]);
        if (sql_step(query)) {
            req->hits = rows_grow(work, arena, req->hits, req->n, sizeof(*req->hits));
            if (req->hits == NULL)
                break;
            req->hits[req->n++] = (struct preference_hit){i, sql_blob_copy(query, 0, arena)};
        }
        sql_end(query);
    }
    return RESULT_OK;
}

static bool is_still(struct store_work *work, const struct store_preference_put *req)
{
    struct sql_query *query = row_start(work, &req->key);
    bool there = sql_step(query);
    struct blob now = there ? sql_blob(query, 0) : (struct blob){NULL, 0};
    bool same = now.length == req->was.length &&
                (now.length == 0 || memcmp(now.data, req->was.data, now.length) == 0);
    sql_end(query);
    return same;
}

static void row_drop(struct store_work *work, const struct preference_key *key)
{
    sql_exec(work->sql, "DELETE FROM preference WHERE kind = $1 AND blind = $2", SQL_INT(key->kind),
             SQL_BLOB(key->blind, BLIND_SIZE));
}

STORE_WRITE(preference_put, store_preference_put)
{
    if (!is_still(work, req))
        return error_set(work->error, RESULT_CONFLICT, NULL,
                         "the preference was changed meanwhile: read it again");
    if (req->body.length == 0)
        row_drop(work, &req->key);
    else
        sql_exec(work->sql,
                 "INSERT INTO preference (kind, blind, body, changed_at) VALUES ($1, $2, $3, $4)"
                 " ON CONFLICT (kind, blind) DO UPDATE SET body = $3, changed_at = $4",
                 SQL_INT(req->key.kind), SQL_BLOB(req->key.blind, BLIND_SIZE),
                 SQL_BLOB(req->body.data, req->body.length), SQL_INT(req->at));
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

size_t preferences_drop(struct store_work *work, const struct preference_key *keys, size_t n,
                        struct buf *gone)
{
    size_t rows = 0;
    for (size_t i = 0; i < n; i++) {
        struct sql_query *query = row_start(work, &keys[i]);
        bool there = sql_step(query);
        if (there)
            needle_add(gone, sql_blob(query, 0));
        sql_end(query);
        if (there)
            row_drop(work, &keys[i]);
        rows += there;
    }
    return rows;
}

STORE_WRITE(preference_erase, store_preference_erase)
{
    struct buf gone;
    buf_init(&gone, SIZE_MAX);
    req->rows = preferences_drop(work, req->keys, req->n_keys, &gone);
    if (req->rows > 0)
        receipt_row_put(work, req->receipts);
    req->needles = needles_keep(work, request_arena(&req->request), &gone, &req->n_needles);
    return RESULT_OK;
}
