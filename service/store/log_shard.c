/* log_shard.c - the end of a log and the begin of the next. Happy path: one transaction keeps the
 * last checkpoint, gives back what was appended behind it, and sets the head to an empty log whose
 * first leaf is on its way. Failure modes: a checkpoint that is not the newest, an origin that was
 * used before: nothing has changed. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/store/log.h"

enum { SHARDS_MOST = 1000 };

static enum result check_end(struct store_work *work, struct store_log_end *req,
                             const struct log_head *head, struct log_checkpoint *last)
{
    struct arena *arena = request_arena(&req->request);
    if (!log_newest_read(work, head->shard, arena, last))
        return error_set(work->error, RESULT_NOT_FOUND, "log",
                         "nothing was signed yet: there is no log to end");
    if (head->shard != req->shard || last->size != req->size)
        return error_set(work->error, RESULT_CONFLICT, "log",
                         "the log has moved on: is a daemon running? Stop it, and try again");
    struct sql_query *query = sql_start(work->sql,
                                        "SELECT 1 FROM log_shard WHERE origin = $1"
                                        " UNION ALL SELECT 1 FROM log_head WHERE origin = $1",
                                        SQL_TEXT(req->origin));
    bool used = sql_step(query);
    sql_end(query);
    return used ? error_set(work->error, RESULT_CONFLICT, "log.origin",
                            "an origin names one log for ever: take another one, and a new key of "
                            "that name")
                : RESULT_OK;
}

static void begin_next(struct store_work *work, const struct store_log_end *req)
{
    uint8_t nothing[DIGEST_SIZE];
    sha256(nothing, "", 0); /* the root of no leaves (RFC 6962 section 2.1) */
    receipt_row_put(work, req->begun);
    sql_exec(work->sql,
             "UPDATE pending SET rank = -1"
             " WHERE seq = (SELECT seq FROM receipt_batch WHERE id = $1)",
             SQL_INT(req->begun->id));
    sql_exec(work->sql,
             "UPDATE log_head SET shard = shard + 1, size = 0, root = $1, epoch = epoch + 1,"
             " owner = 0, until_at = 0, origin = '' WHERE one = 1",
             SQL_BLOB(nothing, sizeof(nothing)));
}

STORE_WRITE(log_end, store_log_end)
{
    struct log_head head;
    struct log_checkpoint last;
    log_head_read(work, request_arena(&req->request), &head);
    enum result result = check_end(work, req, &head, &last);
    if (result != RESULT_OK)
        return result;
    sql_exec(work->sql,
             "INSERT INTO log_shard (shard, origin, size, root, note, reason, ended_at, begun)"
             " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
             SQL_INT(head.shard), SQL_TEXT(head.origin), SQL_INT(last.size),
             SQL_BLOB(last.root, DIGEST_SIZE), SQL_TEXT(last.note), SQL_TEXT(req->reason),
             SQL_TIME(req->at), SQL_INT(req->begun->id));
    sql_exec(work->sql,
             "INSERT INTO pending (seq) SELECT batch FROM leaf_range"
             " WHERE shard = $1 AND first_index >= $2",
             SQL_INT(head.shard), SQL_INT(last.size));
    sql_exec(work->sql, "DELETE FROM leaf_range WHERE shard = $1 AND first_index >= $2",
             SQL_INT(head.shard), SQL_INT(last.size));
    begin_next(work, req);
    return RESULT_OK;
}

STORE_READ(log_shards, store_log_shards)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT s.shard, s.origin, s.note, s.reason, s.size, s.root, s.ended_at, s.begun,"
                  " b.leaves FROM log_shard s JOIN receipt_batch b ON b.id = s.begun"
                  " ORDER BY s.shard LIMIT $1",
                  SQL_INT(SHARDS_MOST));
    req->rows = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        struct log_shard_row *row = &req->rows[req->n++];
        struct blob root = sql_blob(query, 5);
        row->shard = (unsigned)sql_int(query, 0);
        row->origin = sql_text_copy(query, 1, arena);
        row->note = sql_text_copy(query, 2, arena);
        row->reason = sql_text_copy(query, 3, arena);
        row->size = (uint64_t)sql_int(query, 4);
        if (root.length == DIGEST_SIZE)
            memcpy(row->root, root.data, DIGEST_SIZE);
        row->ended_at = sql_time(query, 6);
        row->begun = sql_int(query, 7);
        row->leaves = sql_blob_copy(query, 8, arena);
    }
    return RESULT_OK;
}
