/* duty.c - duties beside the notices. Happy path: each plan of an incident puts its list in the
 * place of the one before, in the transaction of its receipt; people decide about single ones.
 * Failure modes: see store_duty.h. */
/* System. */
#include <string.h>

/* Base. */
#include "base/sm.h"

/* Interfaces. */
#include "tocsin/store_duty.h"

/* This module. */
#include "service/store/hold.h"

enum { DUTIES_MOST = 4000 };
#define DUTY_COLUMNS                                                                               \
    "incident, key, jurisdiction, addressee, state, blocks, due_at, told_at, body, decided_by,"    \
    " decided_at"

static void row_read(struct sql_query *query, struct arena *arena, struct duty_row *row)
{
    *row = (struct duty_row){.incident = sql_int(query, 0),
                             .key = sql_text_copy(query, 1, arena),
                             .jurisdiction = sql_text_copy(query, 2, arena),
                             .addressee = (int)sql_int(query, 3),
                             .state = (enum duty_state)sql_int(query, 4),
                             .blocks = sql_int(query, 5) != 0,
                             .due_at = sql_time(query, 6),
                             .told_at = sql_time(query, 7),
                             .body = sql_text_copy(query, 8, arena),
                             .decided_by = sql_int(query, 9),
                             .decided_at = sql_time(query, 10)};
}

static bool row_get(struct store_work *work, id incident, const char *key, struct arena *arena,
                    struct duty_row *row)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT " DUTY_COLUMNS " FROM duty WHERE incident = $1 AND key = $2",
                  SQL_INT(incident), SQL_TEXT(key));
    bool there = sql_step(query);
    if (there)
        row_read(query, arena, row);
    sql_end(query);
    return there;
}

/* ---- A plan. ---- */

STORE_WRITE(duty_plan, store_duty_plan)
{
    enum result result = wave_check_there(work, req->incident);
    if (result != RESULT_OK)
        return result;
    sql_exec(work->sql, "UPDATE duty SET state = $2 WHERE incident = $1 AND state = $3",
             SQL_INT(req->incident), SQL_INT(DUTY_GONE), SQL_INT(DUTY_OPEN));
    for (size_t i = 0; i < req->n; i++) {
        const struct duty_row *row = &req->rows[i];
        sql_exec(work->sql,
                 "INSERT INTO duty (incident, key, jurisdiction, addressee, state, blocks, due_at,"
                 " body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                 " ON CONFLICT (incident, key) DO UPDATE SET blocks = $6, due_at = $7, body = $8,"
                 " state = CASE WHEN duty.state = $9 THEN $5 ELSE duty.state END",
                 SQL_INT(req->incident), SQL_TEXT(row->key), SQL_TEXT(row->jurisdiction),
                 SQL_INT(row->addressee), SQL_INT(DUTY_OPEN), SQL_INT(row->blocks),
                 SQL_TIME(row->due_at), SQL_TEXT(row->body), SQL_INT(DUTY_GONE));
    }
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

/* ---- One of them. ---- */

static bool others_wait(struct store_work *work, const struct duty_row *row)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT 1 FROM duty WHERE incident = $1 AND jurisdiction = $2 AND state = $3"
                  " AND blocks = 1 LIMIT 1",
                  SQL_INT(row->incident), SQL_TEXT(row->jurisdiction), SQL_INT(DUTY_OPEN));
    bool any = sql_step(query);
    sql_end(query);
    return any;
}

STORE_WRITE(duty_decide, store_duty_decide)
{
    struct arena *arena = request_arena(&req->request);
    if (!row_get(work, req->incident, req->key, arena, &req->row))
        return error_set(work->error, RESULT_NOT_FOUND, "key",
                         "the plan has no such duty: make the plan and read its keys");
    req->changed = req->row.state != req->to;
    if (req->changed && !sm_allowed(&duty_states, req->row.state, req->to))
        return error_set(work->error, RESULT_CONFLICT, "state",
                         "this duty is %s already: read the plan again",
                         sm_name(&duty_states, req->row.state));
    if (req->changed) {
        sql_exec(work->sql,
                 "UPDATE duty SET state = $3, told_at = $4, decided_by = $5, decided_at = $6"
                 " WHERE incident = $1 AND key = $2",
                 SQL_INT(req->incident), SQL_TEXT(req->key), SQL_INT(req->to),
                 SQL_TIME(req->told_at), SQL_INT(req->principal), SQL_INT(req->at));
        receipt_row_put(work, req->receipts);
        row_get(work, req->incident, req->key, arena, &req->row);
    }
    req->waits = others_wait(work, &req->row);
    return RESULT_OK;
}

/* ---- Lists. ---- */

static void read_begun(struct store_work *work, struct store_duty_list *req)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT c.jurisdiction, min(w.released_at) FROM chunk c JOIN wave w"
                  " ON w.id = c.wave WHERE w.incident = $1 AND w.kind = $2 AND c.state >= $3"
                  " AND w.released_at IS NOT NULL GROUP BY c.jurisdiction",
                  SQL_INT(req->incident), SQL_INT(WAVE_FIRST), SQL_INT(CHUNK_WAITING));
    while (sql_step(query)) {
        req->begun = rows_grow(work, arena, req->begun, req->n_begun, sizeof(*req->begun));
        if (req->begun == NULL)
            break;
        req->begun[req->n_begun++] =
            (struct duty_begun){sql_text_copy(query, 0, arena), sql_int(query, 1)};
    }
    sql_end(query);
}

STORE_READ(duty_list, store_duty_list)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query =
        req->incident != 0
            ? sql_start(work->sql,
                        "SELECT " DUTY_COLUMNS " FROM duty WHERE incident = $1 ORDER BY key",
                        SQL_INT(req->incident))
            : sql_start(work->sql,
                        "SELECT " DUTY_COLUMNS " FROM duty WHERE state = $1"
                        " ORDER BY due_at IS NULL, due_at, incident, key LIMIT $2",
                        SQL_INT(DUTY_OPEN), SQL_INT(rows_limit(req->limit, DUTIES_MOST)));
    req->rows = NULL;
    req->begun = NULL;
    req->n = req->n_begun = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        row_read(query, arena, &req->rows[req->n++]);
    }
    sql_end(query);
    if (req->incident != 0)
        read_begun(work, req);
    return RESULT_OK;
}
