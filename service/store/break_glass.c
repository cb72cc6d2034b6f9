/* break_glass.c - waves that one person released alone, and the second one's look at it afterwards.
 * The row itself is written by the move of the wave (wave.c). */
/* This module. */
#include "service/store/store_core.h"

STORE_READ(break_glass_list, store_break_glass_list)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT wave, incident, principal, at, reviewed_by, reviewed_at FROM break_glass"
                  " WHERE incident = $1 OR ($1 = 0 AND reviewed_by = 0) ORDER BY wave",
                  SQL_INT(req->incident));
    req->rows = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        req->rows[req->n++] = (struct break_glass_row){.wave = sql_int(query, 0),
                                                       .incident = sql_int(query, 1),
                                                       .principal = sql_int(query, 2),
                                                       .at = sql_time(query, 3),
                                                       .reviewed_by = sql_int(query, 4),
                                                       .reviewed_at = sql_time(query, 5)};
    }
    return RESULT_OK;
}

STORE_WRITE(break_glass_review, store_break_glass_review)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT principal, reviewed_by FROM break_glass WHERE wave = $1",
                  SQL_INT(req->wave));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "this wave was not released by one person alone: nothing is to review");
    id released_by = sql_int(query, 0), reviewed_by = sql_int(query, 1);
    sql_end(query);
    if (reviewed_by != 0)
        return error_set(work->error, RESULT_EXISTS, NULL,
                         "this was reviewed already: nothing is left to do");
    enum result result = people_check(work, req->principal, false);
    if (result != RESULT_OK)
        return result;
    if (!people_apart(work, released_by, req->principal))
        return error_set(work->error, RESULT_DENIED, "principal",
                         "who released it alone cannot review it: ask another person");
    sql_exec(work->sql, "UPDATE break_glass SET reviewed_by = $2, reviewed_at = $3 WHERE wave = $1",
             SQL_INT(req->wave), SQL_INT(req->principal), SQL_INT(req->at));
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}
