/* request.c - requests for a written notice. Happy path: put, then moved by compare-and-set on the
 * state; with a chunk, a wave of one that mails it begins in the same transaction. Failure modes:
 * EXISTS with `existing` when this person has an open or mailed request in this incident; CONFLICT
 * when the request is in another state; an illegal pair of states aborts. `received_at` is the
 * cursor of the list, so that a second one of the same millisecond is moved on by one. */
/* This module. */
#include "service/store/store_core.h"

/* Another open or mailed request of the same person; 0: none. */
static id open_twin(struct store_work *work, const struct request_row *row)
{
    if (row->number < 0 || row->state > REQUEST_MAILED)
        return 0;
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT id FROM written_request WHERE incident = $1 AND number = $2"
                  " AND number >= 0 AND state IN (0, 1, 2, 3, 4) AND id <> $3",
                  SQL_INT(row->incident), SQL_INT(row->number), SQL_INT(row->id));
    id twin = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    return twin;
}

static enum result check_twin(struct store_work *work, struct store_written_request *req,
                              const struct request_row *row)
{
    req->existing = open_twin(work, row);
    if (req->existing == 0)
        return RESULT_OK;
    return error_set(work->error, RESULT_EXISTS, NULL,
                     "this person has an open or mailed request: see that one");
}

static int64_t free_moment(struct store_work *work, int64_t at)
{
    struct sql_query *query;
    while (sql_step(query =
                        sql_start(work->sql, "SELECT 1 FROM written_request WHERE received_at = $1",
                                  SQL_INT(at)))) {
        sql_end(query);
        at++;
    }
    return at;
}

static void begin_mailing(struct store_work *work, struct store_written_request *req, time_ms at)
{
    if (req->chunk == NULL)
        return;
    struct chunk_row chunk = *req->chunk;
    chunk.incident = req->row.incident;
    req->row.wave = wave_of_one(work, &chunk, req->policy, at);
}

STORE_WRITE(written_request_put, store_written_request)
{
    struct request_row *row = &req->row;
    if (!idempotency_row_put(work, req->idempotency))
        return RESULT_EXISTS;
    enum result result = check_twin(work, req, row);
    if (result != RESULT_OK)
        return result;
    begin_mailing(work, req, row->received_at);
    row->received_at = free_moment(work, row->received_at);
    sql_exec(work->sql,
             "INSERT INTO written_request (id, incident, number, state, channel_received, body,"
             " wave, received_at, changed_at, due_at, duplicate_of)"
             " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
             SQL_INT(row->id), SQL_INT(row->incident), SQL_INT(row->number), SQL_INT(row->state),
             SQL_TEXT(row->channel_received), SQL_BLOB(row->body.data, row->body.length),
             SQL_INT(row->wave), SQL_INT(row->received_at), SQL_INT(row->changed_at),
             SQL_TIME(row->due_at), SQL_INT(row->duplicate_of));
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

/* What is stored: incident and state decide, the rest is kept where the change names nothing. */
static enum result stored(struct store_work *work, struct store_written_request *req,
                          struct request_row *ret_row)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT incident, number, state, wave FROM written_request WHERE id = $1",
        SQL_INT(req->row.id));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no such request: look at the list of requests");
    *ret_row = (struct request_row){.id = req->row.id,
                                    .incident = sql_int(query, 0),
                                    .number = sql_int(query, 1),
                                    .state = (enum request_state)sql_int(query, 2),
                                    .wave = sql_int(query, 3)};
    sql_end(query);
    if (ret_row->state == req->from)
        return RESULT_OK;
    return error_set(work->error, RESULT_CONFLICT, NULL,
                     "the request is %s meanwhile: read it again",
                     sm_name(&request_states, ret_row->state));
}

static void write_change(struct store_work *work, const struct request_row *row)
{
    sql_exec(work->sql,
             "UPDATE written_request SET number = $2, state = $3, wave = $4, changed_at = $5,"
             " due_at = $6, duplicate_of = $7 WHERE id = $1",
             SQL_INT(row->id), SQL_INT(row->number), SQL_INT(row->state), SQL_INT(row->wave),
             SQL_INT(row->changed_at), SQL_TIME(row->due_at), SQL_INT(row->duplicate_of));
    if (row->body.data != NULL)
        sql_exec(work->sql, "UPDATE written_request SET body = $2 WHERE id = $1", SQL_INT(row->id),
                 SQL_BLOB(row->body.data, row->body.length));
}

STORE_WRITE(written_request_change, store_written_request)
{
    struct request_row *row = &req->row, was = {0};
    require(row->state == req->from || sm_allowed(&request_states, req->from, row->state));
    enum result result = stored(work, req, &was);
    if (result != RESULT_OK)
        return result;
    row->incident = was.incident;
    row->number = row->number >= 0 ? row->number : was.number;
    row->wave = row->wave != 0 ? row->wave : was.wave;
    result = check_twin(work, req, row);
    if (result != RESULT_OK)
        return result;
    if (!idempotency_row_put(work, req->idempotency))
        return RESULT_EXISTS;
    begin_mailing(work, req, row->changed_at);
    write_change(work, row);
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}
