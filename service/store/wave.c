/* wave.c - waves and their moves. Happy path: a compare-and-set on the state (and the incident's
 * version), with what the move sets. Failure modes: CONFLICT when the wave or the incident moved
 * on; an illegal pair of states is a bug and aborts. Banners need no touch: whether one is hidden
 * follows from the state of its wave when it is read. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/store_core.h"

void wave_row_read(struct sql_query *query, int column, struct arena *arena, struct wave_row *row)
{
    row->id = sql_int(query, column);
    row->incident = sql_int(query, column + 1);
    row->ordinal = (int)sql_int(query, column + 2);
    row->kind = (int)sql_int(query, column + 3);
    row->state = (enum wave_state)sql_int(query, column + 4);
    row->held_from = (enum wave_state)sql_int(query, column + 5);
    row->policy = (struct blob){NULL, 0};
    if (arena != NULL)
        row->policy = sql_blob_copy(query, column + 6, arena);
    struct blob hash = sql_blob(query, column + 7);
    memset(row->approved_hash, 0, DIGEST_SIZE);
    if (hash.length == DIGEST_SIZE)
        memcpy(row->approved_hash, hash.data, DIGEST_SIZE);
    row->approvals = (int)sql_int(query, column + 8);
    row->plan_cursor = sql_int(query, column + 9);
    row->released_at = sql_time(query, column + 10);
    row->settled_at = sql_time(query, column + 11);
    row->hold_until = sql_time(query, column + 12);
    row->people = sql_int(query, column + 13);
}

enum result wave_row_get(struct store_work *work, int64_t wave, struct arena *arena,
                         struct wave_row *ret_row)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT " WAVE_COLUMNS " FROM wave w WHERE w.id = $1", SQL_INT(wave));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no such wave: read the incident again");
    wave_row_read(query, 0, arena, ret_row);
    sql_end(query);
    return RESULT_OK;
}

/* ---- The first wave and the roster. ---- */
enum result wave_check_open(struct store_work *work, id incident)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT state FROM wave WHERE incident = $1 AND ordinal = 1", SQL_INT(incident));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no such incident: look at the list of incidents");
    int64_t state = sql_int(query, 0);
    sql_end(query);
    if (state == WAVE_DRAFT || state == WAVE_APPROVED)
        return RESULT_OK;
    return error_set(work->error, RESULT_CONFLICT, NULL,
                     "the first wave is %s: its roster is closed, open a new incident for more "
                     "people",
                     sm_name(&wave_states, (unsigned)state));
}

enum result wave_reopen(struct store_work *work, id incident)
{
    enum result result = wave_check_open(work, incident);
    if (result != RESULT_OK)
        return result;
    sql_exec(work->sql, "UPDATE incident SET version = version + 1 WHERE id = $1",
             SQL_INT(incident));
    sql_exec(work->sql,
             "UPDATE wave SET state = $2, approvals = 0, approved_hash = NULL"
             " WHERE incident = $1 AND ordinal = 1",
             SQL_INT(incident), SQL_INT(WAVE_DRAFT));
    return RESULT_OK;
}

/* ---- Moves. ---- */
static bool version_holds(struct store_work *work, const struct store_wave_move *req, id incident)
{
    if (req->version == 0)
        return true;
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM incident WHERE id = $1 AND version = $2",
                  SQL_INT(incident), SQL_INT(req->version));
    bool holds = sql_step(query);
    sql_end(query);
    return holds;
}

static bool any_chunk_open(struct store_work *work, int64_t wave)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM chunk WHERE wave = $1 AND wake_at IS NOT NULL LIMIT 1",
                  SQL_INT(wave));
    bool open = sql_step(query);
    sql_end(query);
    return open;
}

static enum result check_move(struct store_work *work, const struct store_wave_move *req,
                              const struct wave_row *row)
{
    if (row->state != req->from)
        return error_set(work->error, RESULT_CONFLICT, NULL,
                         "the wave is %s meanwhile: read it again",
                         sm_name(&wave_states, row->state));
    if (req->from == WAVE_DRAFT && req->to == WAVE_PLANNING && req->break_glass == 0)
        return error_set(work->error, RESULT_CONFLICT, NULL,
                         "nobody has approved this wave: have it approved first");
    if (req->from == WAVE_HELD && req->to != WAVE_CANCELED && req->to != row->held_from)
        return error_set(work->error, RESULT_CONFLICT, NULL,
                         "the wave was held while %s: resume it to there",
                         sm_name(&wave_states, row->held_from));
    /* A bounce that came between the last claim and this move must not be buried. */
    if (req->to == WAVE_SETTLED && any_chunk_open(work, req->wave))
        return error_set(work->error, RESULT_CONFLICT, NULL,
                         "a chunk of the wave is open again: claim it first");
    if (!version_holds(work, req, row->incident))
        return error_set(work->error, RESULT_CONFLICT, NULL,
                         "the incident changed meanwhile: read it and approve again");
    return RESULT_OK;
}

static void void_approvals(struct store_work *work, const struct store_wave_move *req)
{
    sql_exec(work->sql, "UPDATE wave SET approvals = 0, approved_hash = NULL WHERE id = $1",
             SQL_INT(req->wave));
    sql_exec(work->sql, "UPDATE approval SET voided_at = $2 WHERE wave = $1 AND voided_at IS NULL",
             SQL_INT(req->wave), SQL_TIME(req->at));
}

static void write_move(struct store_work *work, const struct store_wave_move *req,
                       const struct wave_row *row)
{
    bool alone = req->from == WAVE_DRAFT && req->to == WAVE_PLANNING;
    bool release = alone || (req->from == WAVE_APPROVED && req->to == WAVE_PLANNING);
    struct blob policy = req->policy != NULL ? *req->policy : row->policy;
    sql_exec(work->sql,
             "UPDATE wave SET state = $3, held_from = $4, policy = $5, released_at = $6,"
             " settled_at = $7, hold_until = $8 WHERE id = $1 AND state = $2",
             SQL_INT(req->wave), SQL_INT(req->from), SQL_INT(req->to),
             SQL_INT(req->to == WAVE_HELD ? req->from : row->held_from),
             SQL_BLOB(policy.data, policy.length), SQL_TIME(release ? req->at : row->released_at),
             SQL_TIME(req->to == WAVE_SETTLED ? req->at : TIME_NONE),
             SQL_TIME(req->to == WAVE_HELD ? req->hold_until : TIME_NONE));
    if (alone && req->document.length > 0)
        sql_exec(work->sql,
                 "INSERT INTO approval_document (wave, hash, document, at)"
                 " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                 SQL_INT(req->wave), SQL_BLOB(req->hash, DIGEST_SIZE),
                 SQL_BLOB(req->document.data, req->document.length), SQL_TIME(req->at));
    if (alone)
        sql_exec(work->sql,
                 "INSERT INTO break_glass (wave, incident, principal, at) VALUES ($1, $2, $3, $4)",
                 SQL_INT(req->wave), SQL_INT(row->incident), SQL_INT(req->break_glass),
                 SQL_TIME(req->at));
    if (req->to == WAVE_DRAFT && req->from == WAVE_APPROVED) /* what was approved is void */
        void_approvals(work, req);
}

STORE_WRITE(wave_move, store_wave_move)
{
    struct arena *arena = req->request.arena;
    struct wave_row row;
    require(sm_allowed(&wave_states, req->from, req->to));
    if (req->break_glass != 0 && people_check(work, req->break_glass) != RESULT_OK)
        return RESULT_DENIED;
    struct arena *own = arena == NULL ? arena_create(SIZE_MAX) : NULL;
    enum result result = wave_row_get(work, req->wave, arena != NULL ? arena : own, &row);
    if (result == RESULT_OK)
        result = check_move(work, req, &row);
    if (result == RESULT_OK) {
        write_move(work, req, &row);
        receipt_row_put(work, req->receipts);
        result = wave_row_get(work, req->wave, arena, &row);
        req->row = row;
    }
    arena_destroy(&own);
    return result;
}

STORE_READ(wave_list, store_wave_list)
{
    struct arena *arena = request_arena(&req->request);
    req->waves = NULL;
    req->keys = NULL;
    req->tests = NULL;
    req->n = 0;
    for (unsigned state = 0; state < WAVE_STATES_N; state++) {
        if ((req->states >> state & 1) == 0)
            continue;
        struct sql_query *query =
            sql_start(work->sql,
                      "SELECT " WAVE_COLUMNS ", i.key, i.test FROM wave w"
                      " JOIN incident i ON i.id = w.incident WHERE w.state = $1 ORDER BY w.id",
                      SQL_INT(state));
        while (sql_step(query)) {
            req->waves = rows_grow(work, arena, req->waves, req->n, sizeof(*req->waves));
            req->keys = rows_grow(work, arena, req->keys, req->n, sizeof(*req->keys));
            req->tests = rows_grow(work, arena, req->tests, req->n, sizeof(*req->tests));
            if (req->waves == NULL || req->keys == NULL || req->tests == NULL)
                return RESULT_TOO_LARGE;
            wave_row_read(query, 0, arena, &req->waves[req->n]);
            req->keys[req->n] = sql_blob_copy(query, WAVE_COLUMNS_N, arena);
            req->tests[req->n++] = sql_int(query, WAVE_COLUMNS_N + 1) != 0;
        }
    }
    return RESULT_OK;
}

/* ---- A wave of one: a written notice. ---- */
int64_t wave_of_one(struct store_work *work, const struct chunk_row *chunk, struct blob policy,
                    time_ms at)
{
    struct sql_query *query =
        sql_start(work->sql,
                  "INSERT INTO wave (incident, ordinal, kind, state, policy, released_at, people)"
                  " SELECT $1, max(ordinal) + 1, $2, $3, $4, $5, $6 FROM wave WHERE incident = $1"
                  " RETURNING id",
                  SQL_INT(chunk->incident), SQL_INT(WAVE_WRITTEN_NOTICE), SQL_INT(WAVE_SENDING),
                  SQL_BLOB(policy.data, policy.length), SQL_TIME(at), SQL_INT(chunk->n));
    int64_t wave = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    struct chunk_row row = *chunk;
    row.wave = wave;
    chunk_row_put(work, &row);
    counter_add(work, wave, COUNTER_PEOPLE, PEOPLE_PLANNED, chunk->n);
    return wave;
}
