/* incident.c - incidents with their waves. Happy path: an incident, its first wave (draft), the
 * stored reply and the receipts come in one transaction. Failure modes: EXISTS for a used
 * idempotency key or id. `created_at` is the cursor of the list, so that a second incident of the
 * same millisecond is moved on by one. */
/* This module. */
#include "service/store/store_core.h"

enum { LIST_MOST = 500 };
#define INCIDENT_COLUMNS                                                                           \
    "i.id, i.version, i.test, i.created_at, i.author, i.key, i.document, i.title, i.accepted,"     \
    " i.duplicates, i.rejected, i.blocks, i.notice, i.undecided"
enum { INCIDENT_COLUMNS_N = 14 };

static void read_incident(struct sql_query *query, struct arena *arena, struct incident_row *row)
{
    row->id = sql_int(query, 0);
    row->version = sql_int(query, 1);
    row->test = sql_int(query, 2) != 0;
    row->created_at = sql_int(query, 3);
    row->author = sql_int(query, 4);
    row->key = sql_blob_copy(query, 5, arena);
    row->document = sql_blob_copy(query, 6, arena);
    row->title = sql_blob_copy(query, 7, arena);
    row->accepted = sql_int(query, 8);
    row->duplicates = sql_int(query, 9);
    row->rejected = sql_int(query, 10);
    row->blocks = sql_int(query, 11);
    row->notice = sql_int(query, 12);
    row->undecided = sql_int(query, 13);
}

static int64_t free_moment(struct store_work *work, int64_t at)
{
    struct sql_query *query;
    while (sql_step(query = sql_start(work->sql, "SELECT 1 FROM incident WHERE created_at = $1",
                                      SQL_INT(at)))) {
        sql_end(query);
        at++;
    }
    return at;
}

static int64_t first_wave(struct store_work *work, const struct incident_row *row)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "INSERT INTO wave (incident, ordinal, kind, state, author)"
                  " VALUES ($1, 1, $2, $3, $4) RETURNING id",
                  SQL_INT(row->id), SQL_INT(WAVE_FIRST), SQL_INT(WAVE_DRAFT), SQL_INT(row->author));
    int64_t wave = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    return wave;
}

STORE_WRITE(incident_put, store_incident_put)
{
    struct incident_row *row = &req->incident;
    if (!idempotency_row_put(work, req->idempotency))
        return RESULT_EXISTS;
    row->created_at = free_moment(work, row->created_at);
    row->version = row->version > 0 ? row->version : 1;
    int64_t n = sql_exec(
        work->sql,
        "INSERT INTO incident (id, version, test, created_at, author, key, document, title)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        SQL_INT(row->id), SQL_INT(row->version), SQL_INT(row->test), SQL_INT(row->created_at),
        SQL_INT(row->author), SQL_BLOB(row->key.data, row->key.length),
        SQL_BLOB(row->document.data, row->document.length),
        SQL_BLOB(row->title.data, row->title.length));
    if (n == 0)
        return error_set(work->error, RESULT_EXISTS, "id",
                         "this incident is stored already: read it");
    notice_version_put(work, row, row->author);
    req->wave = first_wave(work, row);
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

/* The document as it was in the version asked for; the newest when none is. */
static enum result old_document(struct store_work *work, struct store_incident_get *req)
{
    int64_t notice = req->notice;
    for (size_t i = 0; notice == 0 && i < req->n_waves; i++)
        if (req->wave != 0 ? req->waves[i].id == req->wave : req->waves[i].ordinal == req->ordinal)
            notice = req->waves[i].notice;
    if (notice <= 0)
        return RESULT_OK;
    struct sql_query *query = sql_start(
        work->sql, "SELECT document FROM notice_version WHERE incident = $1 AND version = $2",
        SQL_INT(req->incident), SQL_INT(notice));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, "notice_version",
                         "this incident has no such notice version: read its list");
    req->row.document = sql_blob_copy(query, 0, request_arena(&req->request));
    sql_end(query);
    return RESULT_OK;
}

STORE_READ(incident_get, store_incident_get)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT " INCIDENT_COLUMNS " FROM incident i WHERE i.id = $1",
                  SQL_INT(req->incident));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no such incident: look at the list of incidents");
    read_incident(query, request_arena(&req->request), &req->row);
    sql_end(query);
    req->waves = wave_rows(work, req->incident, request_arena(&req->request), &req->n_waves);
    return old_document(work, req);
}

STORE_READ(incident_list, store_incident_list)
{
    struct arena *arena = request_arena(&req->request);
    int64_t before = req->after != 0 ? req->after : INT64_MAX;
    int64_t limit = rows_limit(req->limit, LIST_MOST);
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT " INCIDENT_COLUMNS ", " WAVE_COLUMNS
                  " FROM incident i JOIN wave w ON w.incident = i.id AND w.ordinal = 1"
                  " WHERE i.created_at < $1 ORDER BY i.created_at DESC LIMIT $2",
                  SQL_INT(before), SQL_INT(limit));
    req->rows = arena_alloc(arena, (size_t)limit * sizeof(*req->rows));
    req->waves = arena_alloc(arena, (size_t)limit * sizeof(*req->waves));
    req->n = 0;
    if (req->rows == NULL || req->waves == NULL)
        return RESULT_TOO_LARGE;
    while (sql_step(query)) {
        read_incident(query, arena, &req->rows[req->n]);
        wave_row_read(query, INCIDENT_COLUMNS_N, arena, &req->waves[req->n]);
        req->n++;
    }
    return RESULT_OK;
}
