/* roster_list.c - what is known of uploads and of their rows: uploads, rejected rows and what was
 * decided about them, warnings, and what a pass over the roster found. Rows of discarded uploads
 * are out of sight; the uploads themselves stay, so that every row can be accounted for. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/store_core.h"

enum { ROWS_MOST = 1000, COUNTS_MOST = 100 };

static void text_into(char *to, size_t size, struct blob text)
{
    size_t length = text.length < size ? text.length : size - 1;
    if (length > 0)
        memcpy(to, text.data, length);
    to[length] = 0;
}

/* ---- Rejected rows. ---- */

static bool grow_rejects(struct store_work *work, struct store_reject_list *req)
{
    struct arena *arena = request_arena(&req->request);
    req->rejects = rows_grow(work, arena, req->rejects, req->n, sizeof(*req->rejects));
    req->parts = rows_grow(work, arena, req->parts, req->n, sizeof(*req->parts));
    req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
    req->uploads = rows_grow(work, arena, req->uploads, req->n, sizeof(*req->uploads));
    req->states = rows_grow(work, arena, req->states, req->n, sizeof(*req->states));
    return req->rejects != NULL && req->parts != NULL && req->rows != NULL &&
           req->uploads != NULL && req->states != NULL;
}

STORE_READ(reject_list, store_reject_list)
{
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT r.id, r.part, r.line, r.field, r.reason, r.upload, r.state"
        " FROM roster_reject r JOIN upload u ON u.id = r.upload AND u.state <> 3"
        " WHERE r.incident = $1 AND r.id > $2 AND r.state <= $4 ORDER BY r.id LIMIT $3",
        SQL_INT(req->incident), SQL_INT(req->after), SQL_INT(rows_limit(req->limit, ROWS_MOST)),
        SQL_INT(req->undecided ? REJECT_UNDECIDED : REJECT_WAIVED));
    req->rejects = NULL;
    req->parts = NULL;
    req->rows = req->uploads = NULL;
    req->states = NULL;
    req->n = 0;
    req->next = req->after;
    while (sql_step(query) && grow_rejects(work, req)) {
        struct roster_reject *reject = &req->rejects[req->n];
        req->next = req->rows[req->n] = sql_int(query, 0);
        req->parts[req->n] = (unsigned)sql_int(query, 1);
        req->uploads[req->n] = sql_int(query, 5);
        req->states[req->n++] = (uint8_t)sql_int(query, 6);
        reject->line = sql_int(query, 2);
        text_into(reject->field, sizeof(reject->field), sql_blob(query, 3));
        text_into(reject->reason, sizeof(reject->reason), sql_blob(query, 4));
    }
    return RESULT_OK;
}

/* May this person waive this row? */
static enum result check_waiver(struct store_work *work, const struct store_reject_waive *req,
                                int64_t row)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT r.state, u.state, u.principal FROM roster_reject r JOIN upload u"
                  " ON u.id = r.upload WHERE r.id = $1 AND r.incident = $2",
                  SQL_INT(row), SQL_INT(req->incident));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, "row",
                         "this incident has no rejected row %lld: list them", (long long)row);
    int64_t state = sql_int(query, 0), upload = sql_int(query, 1), principal = sql_int(query, 2);
    sql_end(query);
    if (state != REJECT_UNDECIDED || upload == UPLOAD_DISCARDED)
        return error_set(work->error, RESULT_CONFLICT, "row",
                         "row %lld is decided already: list the undecided ones again",
                         (long long)row);
    if (principal == req->principal)
        return error_set(work->error, RESULT_DENIED, NULL,
                         "who uploaded a row cannot waive it: ask another person");
    return RESULT_OK;
}

STORE_WRITE(reject_waive, store_reject_waive)
{
    for (size_t i = 0; i < req->n; i++) {
        enum result result = check_waiver(work, req, req->rows[i]);
        if (result != RESULT_OK)
            return result;
        sql_exec(work->sql, "UPDATE roster_reject SET state = 2, principal = $2 WHERE id = $1",
                 SQL_INT(req->rows[i]), SQL_INT(req->principal));
    }
    struct sql_query *query = sql_start(
        work->sql,
        "UPDATE incident SET undecided = undecided - $2 WHERE id = $1 RETURNING undecided",
        SQL_INT(req->incident), SQL_INT(req->n));
    req->undecided = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}

/* ---- Warnings. ---- */

STORE_READ(warning_list, store_warning_list)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT w.id, w.part, w.line, w.repaired, w.field, w.reason, w.upload"
        " FROM roster_warning w JOIN upload u ON u.id = w.upload AND u.state <> 3"
        " WHERE w.incident = $1 AND w.id > $2 ORDER BY w.id LIMIT $3",
        SQL_INT(req->incident), SQL_INT(req->after), SQL_INT(rows_limit(req->limit, ROWS_MOST)));
    req->warnings = NULL;
    req->parts = NULL;
    req->uploads = NULL;
    req->n = 0;
    req->next = req->after;
    while (sql_step(query)) {
        req->warnings = rows_grow(work, arena, req->warnings, req->n, sizeof(*req->warnings));
        req->parts = rows_grow(work, arena, req->parts, req->n, sizeof(*req->parts));
        req->uploads = rows_grow(work, arena, req->uploads, req->n, sizeof(*req->uploads));
        if (req->warnings == NULL || req->parts == NULL || req->uploads == NULL)
            break;
        struct roster_warning *warning = &req->warnings[req->n];
        req->next = sql_int(query, 0);
        req->uploads[req->n] = sql_int(query, 6);
        req->parts[req->n++] = (unsigned)sql_int(query, 1);
        warning->line = sql_int(query, 2);
        warning->repaired = sql_int(query, 3) != 0;
        text_into(warning->field, sizeof(warning->field), sql_blob(query, 4));
        text_into(warning->reason, sizeof(warning->reason), sql_blob(query, 5));
    }
    return RESULT_OK;
}

STORE_READ(warning_count, store_warning_count)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query =
        sql_start(work->sql,
                  "SELECT w.field, w.reason, w.repaired, count(*) AS n FROM roster_warning w"
                  " JOIN upload u ON u.id = w.upload AND u.state = 2 WHERE w.incident = $1"
                  " GROUP BY w.field, w.reason, w.repaired ORDER BY n DESC, w.field, w.reason"
                  " LIMIT $2",
                  SQL_INT(req->incident), SQL_INT(COUNTS_MOST));
    req->counts = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->counts = rows_grow(work, arena, req->counts, req->n, sizeof(*req->counts));
        if (req->counts == NULL)
            break;
        struct warning_count *count = &req->counts[req->n++];
        text_into(count->field, sizeof(count->field), sql_blob(query, 0));
        text_into(count->reason, sizeof(count->reason), sql_blob(query, 1));
        count->repaired = sql_int(query, 2) != 0;
        count->n = sql_int(query, 3);
    }
    return RESULT_OK;
}

/* ---- Uploads. ---- */

static void read_upload(struct sql_query *query, struct arena *arena, struct upload_info *info)
{
    memset(info, 0, sizeof(*info));
    info->upload = sql_int(query, 0);
    info->part = (unsigned)sql_int(query, 1);
    info->mode = (enum upload_mode)sql_int(query, 2);
    info->state = (enum upload_state)sql_int(query, 3);
    info->first_block = sql_int(query, 4);
    info->accepted = sql_int(query, 5);
    info->duplicates = sql_int(query, 6);
    info->rejected = sql_int(query, 7);
    info->warnings = sql_int(query, 8);
    info->expected = sql_int(query, 9);
    struct blob digest = sql_blob(query, 10);
    if (digest.length == DIGEST_SIZE)
        memcpy(info->digest, digest.data, DIGEST_SIZE);
    info->at = sql_time(query, 11);
    info->discarded_at = sql_time(query, 12);
    info->principal = sql_int(query, 13);
    info->discarded_by = sql_int(query, 14);
    info->shape = sql_blob_copy(query, 15, arena);
    info->undecided = sql_int(query, 16);
    info->repaired = sql_int(query, 17);
    info->waived = sql_int(query, 18);
    info->wave = sql_int(query, 19);
}

STORE_READ(upload_list, store_upload_list)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT u.id, u.part, u.mode, u.state, u.first_block, u.accepted, u.duplicates, u.rejected,"
        " u.warnings, u.expected, u.digest, u.at, u.discarded_at, u.principal, u.discarded_by,"
        " u.shape, coalesce(r.undecided, 0), coalesce(r.repaired, 0), coalesce(r.waived, 0), u.wave"
        " FROM upload u LEFT JOIN (SELECT upload,"
        "   sum(CASE WHEN state = 0 THEN 1 ELSE 0 END) AS undecided,"
        "   sum(CASE WHEN state = 1 THEN 1 ELSE 0 END) AS repaired,"
        "   sum(CASE WHEN state = 2 THEN 1 ELSE 0 END) AS waived"
        "   FROM roster_reject WHERE incident = $1 GROUP BY upload) r ON r.upload = u.id"
        " WHERE u.incident = $1 AND u.state <> 0 ORDER BY u.first_block, u.part, u.at",
        SQL_INT(req->incident));
    req->uploads = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->uploads = rows_grow(work, arena, req->uploads, req->n, sizeof(*req->uploads));
        if (req->uploads == NULL)
            break;
        read_upload(query, arena, &req->uploads[req->n++]);
    }
    return RESULT_OK;
}

/* ---- Surveys. ---- */

STORE_WRITE(survey_put, store_survey)
{
    sql_exec(work->sql,
             "INSERT INTO roster_survey (incident, kind, version, at, body)"
             " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (incident, kind) DO UPDATE SET"
             " version = excluded.version, at = excluded.at, body = excluded.body",
             SQL_INT(req->incident), SQL_INT(req->kind), SQL_INT(req->version), SQL_TIME(req->at),
             SQL_BLOB(req->body.data, req->body.length));
    return RESULT_OK;
}

STORE_READ(survey_get, store_survey)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT version, at, body FROM roster_survey WHERE incident = $1 AND kind = $2",
        SQL_INT(req->incident), SQL_INT(req->kind));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL, "nothing was found yet: ask again");
    req->version = sql_int(query, 0);
    req->at = sql_time(query, 1);
    req->body = sql_blob_copy(query, 2, request_arena(&req->request));
    return RESULT_OK;
}
