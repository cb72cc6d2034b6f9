/* request_list.c - written-notice requests read back, newest first. */
/* This module. */
#include "service/store/store_core.h"

enum { LIST_MOST = 500 };
#define REQUEST_COLUMNS                                                                            \
    "r.id, r.incident, r.number, r.state, r.channel_received, r.body, r.wave, r.received_at,"      \
    " r.changed_at, r.due_at, r.duplicate_of, i.key"
#define REQUEST_TABLES " FROM written_request r LEFT JOIN incident i ON i.id = r.incident"

static void read_request(struct sql_query *query, struct arena *arena, struct request_row *row)
{
    row->id = sql_int(query, 0);
    row->incident = sql_int(query, 1);
    row->number = sql_int(query, 2);
    row->state = (enum request_state)sql_int(query, 3);
    row->channel_received = sql_text_copy(query, 4, arena);
    row->body = sql_blob_copy(query, 5, arena);
    row->wave = sql_int(query, 6);
    row->received_at = sql_time(query, 7);
    row->changed_at = sql_time(query, 8);
    row->due_at = sql_time(query, 9);
    row->duplicate_of = sql_int(query, 10);
    row->incident_key = sql_blob_copy(query, 11, arena);
}

STORE_READ(written_request_get, store_written_request)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT " REQUEST_COLUMNS REQUEST_TABLES " WHERE r.id = $1",
                  SQL_INT(req->row.id));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no such request: look at the list of requests");
    read_request(query, request_arena(&req->request), &req->row);
    return RESULT_OK;
}

static struct sql_query *select_requests(struct store_work *work,
                                         const struct store_written_request_list *req)
{
    struct sql_value before = SQL_INT(req->after != 0 ? req->after : INT64_MAX);
    struct sql_value limit = SQL_INT(rows_limit(req->limit, LIST_MOST));
    if (req->incident != 0)
        return sql_start(work->sql,
                         "SELECT " REQUEST_COLUMNS REQUEST_TABLES
                         " WHERE r.incident = $1 AND r.received_at < $2"
                         " ORDER BY r.received_at DESC LIMIT $3",
                         SQL_INT(req->incident), before, limit);
    return sql_start(work->sql,
                     "SELECT " REQUEST_COLUMNS REQUEST_TABLES
                     " WHERE r.received_at < $1 ORDER BY r.received_at DESC LIMIT $2",
                     before, limit);
}

STORE_READ(written_request_list, store_written_request_list)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = select_requests(work, req);
    req->rows = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        read_request(query, arena, &req->rows[req->n++]);
    }
    return RESULT_OK;
}
