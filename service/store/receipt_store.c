/* receipt_store.c - batches of receipts in the order of commit, each with a `pending` row that the
 * sequencer deletes once it has given its leaves their place in the log. A batch whose id is stored
 * already fails its request with EXISTS: the earlier write happened. */
/* This module. */
#include "service/store/store_core.h"

enum { LIST_MOST = 1000 };
#define RECEIPT_COLUMNS "seq, id, incident, wave, chunk, n, leaves, details, late"

static void put(struct store_work *work, const struct receipt_batch *batch, bool late)
{
    if (batch == NULL || batch->n == 0)
        return;
    struct sql_query *query = sql_start(
        work->sql,
        "INSERT INTO receipt_batch (id, incident, wave, chunk, n, late, leaves, details)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING seq",
        SQL_INT(batch->id), SQL_INT(batch->incident), SQL_INT(batch->wave), SQL_INT(batch->chunk),
        SQL_INT(batch->n), SQL_INT(late), SQL_BLOB(batch->leaves.data, batch->leaves.length),
        SQL_BLOB(batch->details.data, batch->details.length));
    if (!sql_step(query))
        return;
    int64_t seq = sql_int(query, 0);
    sql_end(query);
    sql_exec(work->sql, "INSERT INTO pending (seq) VALUES ($1)", SQL_INT(seq));
}

void receipt_row_put(struct store_work *work, const struct receipt_batch *batch)
{
    put(work, batch, false);
}

void receipt_row_put_late(struct store_work *work, const struct receipt_batch *batch)
{
    put(work, batch, true);
}

STORE_WRITE(receipt_append, store_receipt_append)
{
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

/* One statement for each way to ask, so that each has its index. */
static struct sql_query *select_batches(struct store_work *work,
                                        const struct store_receipt_list *req)
{
    struct sql_value after = SQL_INT(req->after),
                     limit = SQL_INT(rows_limit(req->limit, LIST_MOST));
    if (req->batch > 0)
        return sql_start(work->sql,
                         "SELECT " RECEIPT_COLUMNS " FROM receipt_batch WHERE id = $1 AND seq > $2"
                         " AND ($3 = 0 OR incident = $3) LIMIT $4",
                         SQL_INT(req->batch), after, SQL_INT(req->incident), limit);
    if (req->chunk > 0)
        return sql_start(work->sql,
                         "SELECT " RECEIPT_COLUMNS " FROM receipt_batch"
                         " WHERE chunk = $1 AND chunk > 0 AND seq > $2"
                         " AND ($3 = 0 OR incident = $3) ORDER BY seq LIMIT $4",
                         SQL_INT(req->chunk), after, SQL_INT(req->incident), limit);
    if (req->incident != 0)
        return sql_start(work->sql,
                         "SELECT " RECEIPT_COLUMNS " FROM receipt_batch"
                         " WHERE incident = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                         SQL_INT(req->incident), after, limit);
    return sql_start(work->sql,
                     "SELECT " RECEIPT_COLUMNS
                     " FROM receipt_batch WHERE seq > $1 ORDER BY seq LIMIT $2",
                     after, limit);
}

STORE_READ(receipt_list, store_receipt_list)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = select_batches(work, req);
    req->rows = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        struct receipt_row *row = &req->rows[req->n++];
        row->order = sql_int(query, 0);
        row->batch = sql_int(query, 1);
        row->incident = sql_int(query, 2);
        row->wave = sql_int(query, 3);
        row->chunk = sql_int(query, 4);
        row->n = (unsigned)sql_int(query, 5);
        row->leaves = sql_blob_copy(query, 6, arena);
        row->details = sql_blob_copy(query, 7, arena);
        row->late = sql_int(query, 8) != 0;
    }
    return RESULT_OK;
}
