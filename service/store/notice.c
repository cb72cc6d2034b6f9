/* notice.c - facts that change, and the versions of the notice that they make. Happy path: a patch
 * is a compare-and-set on the incident's version; where something that is sent changed, the new
 * whole is kept as one more notice version and the approvals of waves that are not released are
 * void. Old versions are never touched: a wave keeps what it was released with. */
/* This module. */
#include "service/store/store_core.h"

void notice_version_put(struct store_work *work, const struct incident_row *row, id author)
{
    sql_exec(work->sql,
             "INSERT INTO notice_version (incident, version, document, author, at)"
             " VALUES ($1, $2, $3, $4, $5)",
             SQL_INT(row->id), SQL_INT(row->notice > 0 ? row->notice : 1),
             SQL_BLOB(row->document.data, row->document.length), SQL_INT(author),
             SQL_INT(row->created_at));
}

bool notice_is_withdrawn(struct store_work *work, id incident, int64_t notice)
{
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT 1 FROM notice_version WHERE incident = $1 AND version = $2 AND withdrawn <> 0",
        SQL_INT(incident), SQL_INT(notice));
    bool is = sql_step(query);
    sql_end(query);
    return is;
}

static void read_now(struct store_work *work, struct store_incident_patch *req)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT version, notice FROM incident WHERE id = $1", SQL_INT(req->incident));
    if (sql_step(query)) {
        req->version = sql_int(query, 0);
        req->notice = sql_int(query, 1);
    }
    sql_end(query);
}

static enum result refused(struct store_work *work, const struct store_incident_patch *req)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM incident WHERE id = $1", SQL_INT(req->incident));
    bool there = sql_step(query);
    sql_end(query);
    if (!there)
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no such incident: look at the list of incidents");
    return error_set(work->error, RESULT_CONFLICT, "version",
                     "the incident changed meanwhile: read it again, then send the change anew");
}

STORE_WRITE(incident_patch, store_incident_patch)
{
    int64_t n = sql_exec(work->sql,
                         "UPDATE incident SET document = $3, title = $4, notice = notice + $5"
                         " WHERE id = $1 AND version = $2",
                         SQL_INT(req->incident), SQL_INT(req->version),
                         SQL_BLOB(req->document.data, req->document.length),
                         SQL_BLOB(req->title.data, req->title.length), SQL_INT(req->said));
    if (n == 0)
        return refused(work, req);
    if (req->said) {
        req->voided = wave_void_all(work, req->incident);
    } else { /* nobody is sent it: what is approved stays so */
        req->voided = 0;
        sql_exec(work->sql, "UPDATE incident SET version = version + 1 WHERE id = $1",
                 SQL_INT(req->incident));
        sql_exec(work->sql,
                 "UPDATE approval SET version = version + 1"
                 " WHERE version = $2 AND wave IN"
                 " (SELECT id FROM wave WHERE incident = $1)",
                 SQL_INT(req->incident), SQL_INT(req->version));
    }
    read_now(work, req);
    if (req->said)
        notice_version_put(work,
                           &(struct incident_row){.id = req->incident,
                                                  .notice = req->notice,
                                                  .document = req->document,
                                                  .created_at = req->at},
                           req->principal);
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

STORE_READ(notice_list, store_notice_list)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = sql_start(work->sql,
                                        "SELECT version, author, at, withdrawn FROM notice_version"
                                        " WHERE incident = $1 ORDER BY version",
                                        SQL_INT(req->incident));
    req->rows = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        req->rows[req->n++] = (struct notice_version){.version = sql_int(query, 0),
                                                      .author = sql_int(query, 1),
                                                      .at = sql_int(query, 2),
                                                      .withdrawn = sql_int(query, 3)};
    }
    return RESULT_OK;
}
