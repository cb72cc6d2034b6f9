/* keeping.c - how long incidents are kept, and which a legal hold keeps beyond that. */
/* Interfaces. */
#include "tocsin/store_erase.h"

/* This module. */
#include "service/store/store_core.h"

enum { LIST_MOST = 1000 };

static enum result read_keep(struct store_work *work, struct store_keep *req)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT coalesce(k.months, 0), coalesce(k.legal_hold, 0), e.at FROM incident i"
                  " LEFT JOIN keeping k ON k.incident = i.id"
                  " LEFT JOIN erased e ON e.incident = i.id AND e.number = -1 WHERE i.id = $1",
                  SQL_INT(req->incident));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no such incident: look at the list of incidents");
    req->months = (int)sql_int(query, 0);
    req->legal_hold = (int)sql_int(query, 1);
    req->erased_at = sql_time(query, 2);
    sql_end(query);
    return RESULT_OK;
}

STORE_READ(keep_get, store_keep)
{
    return read_keep(work, req);
}

STORE_WRITE(keep_put, store_keep)
{
    const int months = req->months, legal_hold = req->legal_hold;
    enum result result = read_keep(work, req);
    if (result != RESULT_OK)
        return result;
    if (req->erased_at != TIME_NONE)
        return error_set(work->error, RESULT_CONFLICT, NULL,
                         "this incident is erased already: its receipts are kept");
    if (months >= 0)
        req->months = months;
    if (legal_hold >= 0)
        req->legal_hold = legal_hold;
    sql_exec(work->sql,
             "INSERT INTO keeping (incident, months, legal_hold) VALUES ($1, $2, $3)"
             " ON CONFLICT (incident) DO UPDATE SET months = $2, legal_hold = $3",
             SQL_INT(req->incident), SQL_INT(req->months), SQL_INT(req->legal_hold));
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

STORE_READ(keep_list, store_keep_list)
{
    struct arena *arena = request_arena(&req->request);
    /* 5 settled, 6 cancelled: enum wave_state, frozen. */
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT i.id, coalesce(k.months, 0), max(coalesce(w.settled_at, i.created_at)) AS done"
        " FROM incident i JOIN wave w ON w.incident = i.id"
        " LEFT JOIN keeping k ON k.incident = i.id"
        " LEFT JOIN erased e ON e.incident = i.id AND e.number = -1"
        " WHERE e.seq IS NULL AND coalesce(k.legal_hold, 0) = 0"
        " GROUP BY i.id HAVING min(w.state IN (5, 6)) = 1 ORDER BY done LIMIT $1",
        SQL_INT(rows_limit(req->limit, LIST_MOST)));
    req->rows = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        req->rows[req->n++] = (struct keep_row){.incident = sql_int(query, 0),
                                                .months = (int)sql_int(query, 1),
                                                .settled_at = sql_time(query, 2)};
    }
    return RESULT_OK;
}
