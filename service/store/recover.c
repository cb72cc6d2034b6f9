/* recover.c - after a start: what a crash left behind. Leases of other owners are due now (their
 * intents say what may have left), uploads left open are forgotten, old replay keys go. */
/* This module. */
#include "service/store/store_core.h"
#include "service/store/upload.h"

#define EVENTS_KEEP_MS (INT64_C(90) * 24 * 3600 * 1000)

static void forget_uploads(struct store_work *work)
{
    int64_t incident, upload;
    do {
        struct sql_query *query = sql_start(
            work->sql, "SELECT incident, id FROM upload WHERE state = 0 ORDER BY id LIMIT 1");
        bool any = sql_step(query);
        incident = any ? sql_int(query, 0) : 0;
        upload = any ? sql_int(query, 1) : 0;
        sql_end(query);
        if (any)
            upload_forget(work, incident, upload);
    } while (upload != 0 && sql_status(work->sql) == RESULT_OK);
}

STORE_WRITE(recover, store_recover)
{
    req->chunks = (size_t)sql_exec(
        work->sql,
        "UPDATE chunk SET state = $1, due_at = $2, wake_at = $2, owner = 0, attention_at = NULL"
        " WHERE wake_at IS NOT NULL AND state = $3 AND owner <> $4",
        SQL_INT(CHUNK_READY), SQL_INT(req->now), SQL_INT(CHUNK_LEASED), SQL_INT(req->owner));
    forget_uploads(work);
    sql_exec(work->sql, "DELETE FROM fact_event WHERE at < $1", SQL_INT(req->now - EVENTS_KEEP_MS));
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}
