/* log.c - the log's head, its lease, and appending. Happy path: the head moves from one size to the
 * next in the transaction that gives batches their places and stores the tiles. Failure modes: a
 * stale epoch or another size changes nothing (CONFLICT); a batch never has two places (unique). */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/log.h"

enum { PENDING_MOST = 4096, RECEIPTS_MOST = 65536, BYTES_MOST = 16 << 20 };

void log_head_read(struct store_work *work, struct arena *arena, struct log_head *head)
{
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT size, root, epoch, owner, until_at, origin, shard FROM log_head WHERE one = 1");
    memset(head, 0, sizeof(*head));
    head->origin = "";
    head->shard = 1;
    if (!sql_step(query))
        return;
    struct blob root = sql_blob(query, 1);
    head->size = (uint64_t)sql_int(query, 0);
    if (root.length == DIGEST_SIZE)
        memcpy(head->root, root.data, DIGEST_SIZE);
    head->epoch = sql_int(query, 2);
    head->owner = sql_int(query, 3);
    head->until = sql_time(query, 4);
    head->shard = (unsigned)sql_int(query, 6);
    if (arena != NULL)
        head->origin = sql_text_copy(query, 5, arena);
    sql_end(query);
}

int64_t log_shard_of(struct store_work *work, unsigned shard)
{
    struct log_head head;
    if (shard != 0)
        return shard;
    log_head_read(work, NULL, &head);
    return head.shard;
}

STORE_READ(log_head, store_log_head)
{
    log_head_read(work, request_arena(&req->request), &req->head);
    return RESULT_OK;
}

STORE_WRITE(log_lease, store_log_lease)
{
    uint8_t nothing[DIGEST_SIZE];
    sha256(nothing, "", 0); /* the root of no leaves (RFC 6962 section 2.1) */
    sql_exec(work->sql,
             "INSERT INTO log_head (one, size, root, epoch, owner, until_at, origin)"
             " VALUES (1, 0, $1, 0, 0, 0, '') ON CONFLICT (one) DO NOTHING",
             SQL_BLOB(nothing, sizeof(nothing)));
    int64_t led =
        sql_exec(work->sql,
                 "UPDATE log_head SET epoch = epoch + (owner <> $1), owner = $1,"
                 " until_at = $2 WHERE one = 1"
                 " AND (owner = $1 OR until_at <= $3 OR $4 <> 0)",
                 SQL_INT(req->owner), SQL_INT(req->until), SQL_INT(req->now), SQL_INT(req->alone));
    if (led == 0)
        return error_set(work->error, RESULT_CONFLICT, "log",
                         "another process leads the log: wait until its lease ends");
    log_head_read(work, request_arena(&req->request), &req->head);
    return RESULT_OK;
}

static void take_pending(struct store_work *work, struct store_log_pending *req,
                         struct sql_query *query)
{
    struct arena *arena = request_arena(&req->request);
    size_t receipts = 0, bytes = 0;
    while (receipts < RECEIPTS_MOST && bytes < BYTES_MOST && sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        struct receipt_row *row = &req->rows[req->n++];
        row->order = sql_int(query, 0);
        row->batch = sql_int(query, 1);
        row->n = (unsigned)sql_int(query, 2);
        row->leaves = sql_blob_copy(query, 3, arena);
        receipts += row->n;
        bytes += row->leaves.length;
    }
    sql_end(query);
}

STORE_READ(log_pending, store_log_pending)
{
    req->rows = NULL;
    req->n = 0;
    /* The first leaf of a log stands before all others, and alone. */
    take_pending(work, req,
                 sql_start(work->sql, "SELECT b.seq, b.id, b.n, b.leaves FROM pending p"
                                      " JOIN receipt_batch b ON b.seq = p.seq WHERE p.rank < 0"));
    if (req->n == 0)
        take_pending(work, req,
                     sql_start(work->sql,
                               "SELECT b.seq, b.id, b.n, b.leaves FROM pending p"
                               " JOIN receipt_batch b ON b.seq = p.seq ORDER BY p.seq LIMIT $1",
                               SQL_INT(rows_limit(req->limit, PENDING_MOST))));
    return RESULT_OK;
}

static void put_tile(struct store_work *work, const struct log_tile *tile)
{
    sql_exec(work->sql,
             "INSERT INTO log_tile (shard, level, tile, hashes)"
             " SELECT shard, $1, $2, $3 FROM log_head WHERE one = 1"
             " ON CONFLICT (shard, level, tile) DO UPDATE SET hashes = excluded.hashes"
             " WHERE length(excluded.hashes) > length(log_tile.hashes)",
             SQL_INT(tile->level), SQL_INT(tile->index),
             SQL_BLOB(tile->hashes.data, tile->hashes.length));
}

STORE_WRITE(log_append, store_log_append)
{
    int64_t moved = sql_exec(work->sql,
                             "UPDATE log_head SET size = $1, root = $2"
                             " WHERE one = 1 AND size = $3 AND epoch = $4",
                             SQL_INT(req->size), SQL_BLOB(req->root, DIGEST_SIZE),
                             SQL_INT(req->size_from), SQL_INT(req->epoch));
    if (moved == 0)
        return error_set(work->error, RESULT_CONFLICT, "log",
                         "another process has led the log on: read its head again");
    for (size_t i = 0; i < req->n_ranges; i++) {
        const struct log_range *range = &req->ranges[i];
        sql_exec(work->sql,
                 "INSERT INTO leaf_range (shard, first_index, batch, n)"
                 " SELECT shard, $1, $2, $3 FROM log_head WHERE one = 1",
                 SQL_INT(range->first), SQL_INT(range->order), SQL_INT(range->n));
        if (sql_exec(work->sql, "DELETE FROM pending WHERE seq = $1", SQL_INT(range->order)) == 0)
            return error_set(work->error, RESULT_CONFLICT, "log",
                             "a batch has its place already: read the head again");
    }
    for (size_t i = 0; i < req->n_tiles; i++)
        put_tile(work, &req->tiles[i]);
    return RESULT_OK;
}
