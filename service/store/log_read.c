/* log_read.c - tiles, entries and places, as proofs and auditors ask for them. Failure modes: what
 * is not there is said as such; nothing here writes. */
/* This module. */
#include "service/store/log.h"

enum { ENTRIES_MOST = 65536 };

STORE_READ(log_tiles, store_log_tiles)
{
    struct arena *arena = request_arena(&req->request);
    const int64_t shard = log_shard_of(work, req->shard);
    for (size_t i = 0; i < req->n; i++) {
        struct sql_query *query = sql_start(
            work->sql, "SELECT hashes FROM log_tile WHERE shard = $1 AND level = $2 AND tile = $3",
            SQL_INT(shard), SQL_INT(req->tiles[i].level), SQL_INT(req->tiles[i].index));
        req->tiles[i].hashes = (struct blob){NULL, 0};
        if (sql_step(query))
            req->tiles[i].hashes = sql_blob_copy(query, 0, arena);
        sql_end(query);
    }
    return RESULT_OK;
}

/* Ranges do not overlap: the one that holds `first` is the last that begins at or before it. */
static int64_t begin_of(struct store_work *work, int64_t shard, uint64_t first)
{
    struct sql_query *query = sql_start(work->sql,
                                        "SELECT first_index FROM leaf_range"
                                        " WHERE shard = $1 AND first_index <= $2"
                                        " ORDER BY first_index DESC LIMIT 1",
                                        SQL_INT(shard), SQL_INT(first));
    int64_t begin = sql_step(query) ? sql_int(query, 0) : INT64_MAX;
    sql_end(query);
    return begin;
}

STORE_READ(log_entries, store_log_entries)
{
    struct arena *arena = request_arena(&req->request);
    const int64_t shard = log_shard_of(work, req->shard);
    int64_t n = rows_limit(req->n, ENTRIES_MOST);
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT r.first_index, r.batch, r.n, b.leaves FROM leaf_range r"
                  " JOIN receipt_batch b ON b.seq = r.batch"
                  " WHERE r.shard = $1 AND r.first_index >= $2 AND r.first_index < $3"
                  " ORDER BY r.first_index",
                  SQL_INT(shard), SQL_INT(begin_of(work, shard, req->first)),
                  SQL_INT((int64_t)req->first + n));
    req->rows = NULL;
    req->n_rows = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n_rows, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        struct log_entry_row *row = &req->rows[req->n_rows++];
        row->range.first = (uint64_t)sql_int(query, 0);
        row->range.order = sql_int(query, 1);
        row->range.n = (unsigned)sql_int(query, 2);
        row->leaves = sql_blob_copy(query, 3, arena);
    }
    return RESULT_OK;
}

STORE_READ(log_find, store_log_find)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = sql_start(work->sql,
                                        "SELECT b.seq, b.n, r.first_index, b.leaves, r.shard"
                                        " FROM receipt_batch b"
                                        " LEFT JOIN leaf_range r ON r.batch = b.seq"
                                        " WHERE b.id = $1",
                                        SQL_INT(req->batch));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "there is no such receipt: list them with GET /v1/receipts");
    req->range.order = sql_int(query, 0);
    req->range.n = (unsigned)sql_int(query, 1);
    req->placed = !sql_is_null(query, 2);
    req->range.first = (uint64_t)sql_int(query, 2);
    req->leaves = sql_blob_copy(query, 3, arena);
    req->shard = (unsigned)sql_int(query, 4);
    sql_end(query);
    log_head_read(work, arena, &req->head);
    log_newest_read(work, req->shard, arena, &req->checkpoint);
    return RESULT_OK;
}
