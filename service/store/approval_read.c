/* approval_read.c - who approved a wave, and the document that was approved. An approval is valid
 * for the hash that counts now, of the incident's version of now. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/store_core.h"

enum { ROWS_MOST = 100 };

static void read_rows(struct store_work *work, struct store_approvals *req)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT a.hash, a.principal, coalesce(t.name, ''), a.at,"
        " a.voided_at IS NULL AND a.version = i.version AND (w.approved_hash IS NULL OR "
        "w.approved_hash = a.hash)"
        " FROM approval a JOIN wave w ON w.id = a.wave JOIN incident i ON i.id = w.incident"
        " LEFT JOIN token t ON t.id = a.principal WHERE a.wave = $1 ORDER BY a.at DESC LIMIT $2",
        SQL_INT(req->wave), SQL_INT(ROWS_MOST));
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            return;
        struct approval_row *row = &req->rows[req->n++];
        struct blob hash = sql_blob(query, 0);
        row->wave = req->wave;
        if (hash.length == DIGEST_SIZE)
            memcpy(row->hash, hash.data, DIGEST_SIZE);
        row->principal = sql_int(query, 1);
        row->name = sql_text_copy(query, 2, arena);
        row->at = sql_time(query, 3);
        row->valid = sql_int(query, 4) != 0;
    }
}

static void read_document(struct store_work *work, struct store_approvals *req)
{
    const uint8_t *other = req->other, *want = req->want;
    struct sql_query *query =
        want != NULL
            ? sql_start(work->sql,
                        "SELECT wave, hash, at, document FROM approval_document"
                        " WHERE wave = $1 AND hash = $2",
                        SQL_INT(req->wave), SQL_BLOB(want, DIGEST_SIZE))
            : sql_start(work->sql,
                        "SELECT d.wave, d.hash, d.at, d.document FROM approval_document d"
                        " JOIN wave w ON w.id = d.wave WHERE w.incident = $1 AND d.hash <> $2"
                        " ORDER BY d.at DESC LIMIT 1",
                        SQL_INT(req->incident), SQL_BLOB(other, other != NULL ? DIGEST_SIZE : 0));
    if (!sql_step(query))
        return;
    struct blob hash = sql_blob(query, 1);
    req->document.wave = sql_int(query, 0);
    if (hash.length == DIGEST_SIZE)
        memcpy(req->document.hash, hash.data, DIGEST_SIZE);
    req->document.at = sql_time(query, 2);
    req->document.sealed = sql_blob_copy(query, 3, request_arena(&req->request));
    sql_end(query);
}

STORE_READ(approvals_get, store_approvals)
{
    req->rows = NULL;
    req->n = 0;
    memset(&req->document, 0, sizeof(req->document));
    read_rows(work, req);
    read_document(work, req);
    return RESULT_OK;
}
