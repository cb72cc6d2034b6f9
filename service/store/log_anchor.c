/* log_anchor.c - what others outside attested of checkpoints. Failure modes: a checkpoint that is
 * not there has no anchor (NOT_FOUND). */
/* This module. */
#include "service/store/log.h"

enum { ANCHORS_MOST = 1024 };

STORE_WRITE(log_anchor, store_log_anchor)
{
    const struct log_anchor_row *row = &req->row;
    if (sql_exec(work->sql,
                 "INSERT INTO log_anchor (shard, size, name, kind, proof, at)"
                 " SELECT l.shard, l.size, $2, $3, $4, $5 FROM log_checkpoint l"
                 " JOIN log_head h ON h.shard = l.shard WHERE l.size = $1"
                 " ON CONFLICT (shard, name, size) DO UPDATE"
                 " SET proof = excluded.proof, at = excluded.at",
                 SQL_INT(row->size), SQL_TEXT(row->name), SQL_INT(row->kind),
                 SQL_BLOB(row->proof.length > 0 ? row->proof.data : "", row->proof.length),
                 SQL_TIME(row->at)) == 0)
        return error_set(work->error, RESULT_NOT_FOUND, "log",
                         "there is no checkpoint of this size: sign it first");
    return RESULT_OK;
}

static struct sql_query *select_anchors(struct store_work *work,
                                        const struct store_log_anchors *req)
{
    const int64_t most = req->most > INT64_MAX ? INT64_MAX : (int64_t)req->most;
    const int64_t limit = rows_limit(req->limit, ANCHORS_MOST);
#define SELECT_ANCHORS                                                                             \
    "SELECT a.size, a.name, a.kind, a.proof, a.at, l.note FROM log_anchor a"                       \
    " JOIN log_checkpoint l ON l.shard = a.shard AND l.size = a.size"                              \
    " WHERE a.shard = $7 AND a.size > $1 AND a.size <= $2 AND ((a.name = $3 AND $4 <> 0) OR "      \
    "(a.kind = $5 AND $4 = "                                                                       \
    "0))"                                                                                          \
    " ORDER BY a.size "
    return sql_start(work->sql,
                     req->newest ? SELECT_ANCHORS "DESC, a.name LIMIT $6"
                                 : SELECT_ANCHORS "ASC, a.name LIMIT $6",
                     SQL_INT(req->after), SQL_INT(most), SQL_TEXT(req->name ? req->name : ""),
                     SQL_INT(req->name != NULL), SQL_INT(req->kind), SQL_INT(limit),
                     SQL_INT(log_shard_of(work, req->shard)));
#undef SELECT_ANCHORS
}

STORE_READ(log_anchors, store_log_anchors)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = select_anchors(work, req);
    req->rows = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        struct log_anchor_row *row = &req->rows[req->n++];
        row->size = (uint64_t)sql_int(query, 0);
        row->name = sql_text_copy(query, 1, arena);
        row->kind = (enum log_anchor_kind)sql_int(query, 2);
        row->proof = sql_blob_copy(query, 3, arena);
        row->at = sql_time(query, 4);
        row->note = sql_text_copy(query, 5, arena);
    }
    return RESULT_OK;
}
