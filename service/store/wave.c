/* wave.c - waves and their moves. Happy path: a compare-and-set on the state (and the incident's
 * version), with what the move sets. Failure modes: CONFLICT when the wave or the incident moved
 * on; an illegal pair of states is a bug and aborts. Banners need no touch: whether one is hidden
 * follows from the state of its wave when it is read. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/hold.h"

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
    row->author = sql_int(query, column + 14);
    row->notice = sql_int(query, column + 15);
    row->notice_first = sql_int(query, column + 16);
    row->not_before = sql_time(query, column + 17);
    row->spec = (struct blob){NULL, 0};
    row->caps = NULL;
    if (arena != NULL) {
        row->spec = sql_blob_copy(query, column + 18, arena);
        row->caps =
            sql_is_null(query, column + 19) ? NULL : sql_text_copy(query, column + 19, arena);
    }
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

struct wave_row *wave_rows(struct store_work *work, id incident, struct arena *arena, size_t *ret_n)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT " WAVE_COLUMNS " FROM wave w WHERE w.incident = $1 ORDER BY w.ordinal",
        SQL_INT(incident));
    struct wave_row *waves = NULL;
    *ret_n = 0;
    while (sql_step(query)) {
        waves = rows_grow(work, arena, waves, *ret_n, sizeof(*waves));
        if (waves == NULL)
            break;
        wave_row_read(query, 0, arena, &waves[(*ret_n)++]);
    }
    return waves;
}

/* ---- Waves and the roster. ---- */
enum result wave_check_open(struct store_work *work, id incident)
{
    struct sql_query *query = sql_start(
        work->sql, "SELECT state FROM wave WHERE incident = $1 AND ordinal = 1", SQL_INT(incident));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL,
                         "no such incident: look at the list of incidents");
    int64_t state = sql_int(query, 0);
    sql_end(query);
    if (state != WAVE_CANCELED)
        return RESULT_OK;
    return error_set(work->error, RESULT_CONFLICT, NULL,
                     "the first wave is canceled: open a new incident for these people");
}

enum result wave_check_there(struct store_work *work, id incident)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM incident WHERE id = $1", SQL_INT(incident));
    bool there = sql_step(query);
    sql_end(query);
    if (there)
        return RESULT_OK;
    return error_set(work->error, RESULT_NOT_FOUND, NULL,
                     "no such incident: look at the list of incidents");
}

int wave_void_all(struct store_work *work, id incident)
{
    sql_exec(work->sql, "UPDATE incident SET version = version + 1 WHERE id = $1",
             SQL_INT(incident));
    int64_t n = sql_exec(work->sql,
                         "UPDATE wave SET approvals = 0, approved_hash = NULL,"
                         " state = CASE WHEN state = $2 THEN $3 ELSE state END,"
                         " held_from = CASE WHEN held_from = $2 THEN $3 ELSE held_from END"
                         " WHERE incident = $1 AND approvals > 0"
                         " AND (state IN ($2, $3) OR state = $4)",
                         SQL_INT(incident), SQL_INT(WAVE_APPROVED), SQL_INT(WAVE_DRAFT),
                         SQL_INT(WAVE_HELD));
    return (int)n;
}

enum result wave_reopen(struct store_work *work, id incident)
{
    enum result result = wave_check_open(work, incident);
    if (result == RESULT_OK)
        wave_void_all(work, incident);
    return result;
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

/* ---- Release: what is frozen, taken in and withdrawn. ---- */
static bool is_release(const struct store_wave_move *req)
{
    return req->to == WAVE_PLANNING && (req->from == WAVE_APPROVED || req->from == WAVE_DRAFT);
}

static int64_t newest_notice(struct store_work *work, id incident)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT notice FROM incident WHERE id = $1", SQL_INT(incident));
    int64_t notice = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    return notice;
}

static int64_t take_uploads(struct store_work *work, const struct store_wave_move *req,
                            const struct wave_row *row)
{
    int64_t n = 0;
    for (size_t i = 0; i < req->n_parts; i++)
        n += sql_exec(work->sql,
                      "UPDATE upload SET wave = $2 WHERE incident = $1 AND state = 2 AND wave = 0"
                      " AND part = $3",
                      SQL_INT(row->incident), SQL_INT(row->id), SQL_INT(req->parts[i]));
    if (req->n_parts == 0)
        n = sql_exec(work->sql,
                     "UPDATE upload SET wave = $2 WHERE incident = $1 AND state = 2 AND wave = 0",
                     SQL_INT(row->incident), SQL_INT(row->id));
    return n;
}

/* What a correction corrects must go to nobody else: then the set of those who got it stands. */
static enum result withdraw(struct store_work *work, const struct store_wave_move *req,
                            const struct wave_row *row)
{
    for (size_t i = 0; i < req->n_withdraws; i++) {
        struct sql_query *query =
            sql_start(work->sql,
                      "SELECT ordinal FROM wave WHERE incident = $1 AND notice = $2"
                      " AND state IN ($3, $4) ORDER BY ordinal LIMIT 1",
                      SQL_INT(row->incident), SQL_INT(req->withdraws[i]), SQL_INT(WAVE_PLANNING),
                      SQL_INT(WAVE_SENDING));
        int64_t ordinal = sql_step(query) ? sql_int(query, 0) : 0;
        sql_end(query);
        if (ordinal != 0)
            return error_set(work->error, RESULT_CONFLICT, "notice_version",
                             "wave %lld still sends notice version %lld: hold it, then release "
                             "the correction",
                             (long long)ordinal, (long long)req->withdraws[i]);
        sql_exec(work->sql,
                 "UPDATE notice_version SET withdrawn = $3"
                 " WHERE incident = $1 AND version = $2 AND withdrawn = 0",
                 SQL_INT(row->incident), SQL_INT(req->withdraws[i]), SQL_INT(row->id));
    }
    return RESULT_OK;
}

static enum result release(struct store_work *work, const struct store_wave_move *req,
                           const struct wave_row *row)
{
    const int64_t notice = row->notice != 0 ? row->notice : newest_notice(work, row->incident);
    if (hold_covers_wave(work, row->incident, row->id))
        return error_set(work->error, RESULT_CONFLICT, "state",
                         "the incident is held: lift the hold, then release");
    enum result result = withdraw(work, req, row);
    if (result != RESULT_OK)
        return result;
    if (notice_is_withdrawn(work, row->incident, notice))
        return error_set(work->error, RESULT_CONFLICT, "notice_version",
                         "notice version %lld is withdrawn: send a newer one", (long long)notice);
    if (wave_kind_takes(row->kind) && take_uploads(work, req, row) == 0 &&
        row->kind == WAVE_LATE_ADDITION)
        return error_set(work->error, RESULT_CONFLICT, "recipients",
                         "nobody was added since the last wave took people in: upload them first");
    sql_exec(work->sql, "UPDATE wave SET notice = $2, notice_first = $2 WHERE id = $1",
             SQL_INT(row->id), SQL_INT(notice));
    return RESULT_OK;
}

static void write_move(struct store_work *work, const struct store_wave_move *req,
                       const struct wave_row *row)
{
    bool alone = req->from == WAVE_DRAFT && req->to == WAVE_PLANNING;
    bool released = is_release(req);
    struct blob policy = req->policy != NULL ? *req->policy : row->policy;
    sql_exec(work->sql,
             "UPDATE wave SET state = $3, held_from = $4, policy = $5, released_at = $6,"
             " settled_at = $7, hold_until = $8 WHERE id = $1 AND state = $2",
             SQL_INT(req->wave), SQL_INT(req->from), SQL_INT(req->to),
             SQL_INT(req->to == WAVE_HELD ? req->from : row->held_from),
             SQL_BLOB(policy.data, policy.length), SQL_TIME(released ? req->at : row->released_at),
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
    if (req->break_glass != 0 && people_check(work, req->break_glass, false) != RESULT_OK)
        return RESULT_DENIED;
    struct arena *own = arena == NULL ? arena_create(SIZE_MAX) : NULL;
    enum result result = wave_row_get(work, req->wave, arena != NULL ? arena : own, &row);
    if (result == RESULT_OK)
        result = check_move(work, req, &row);
    if (result == RESULT_OK && is_release(req))
        result = release(work, req, &row);
    if (result == RESULT_OK) {
        write_move(work, req, &row);
        if (req->notices_digest != NULL)
            notice_text_put(work, req->notices_digest, req->notices);
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
    bool held = hold_covers_wave(work, chunk->incident, 0);
    struct sql_query *query = sql_start(
        work->sql,
        "INSERT INTO wave (incident, ordinal, kind, state, policy, released_at, people, held_from,"
        " notice, notice_first)"
        " SELECT $1, (SELECT max(ordinal) + 1 FROM wave WHERE incident = $1), $2, $3, $4, $5, $6,"
        " $7, i.notice, i.notice FROM incident i WHERE i.id = $1 RETURNING id",
        SQL_INT(chunk->incident), SQL_INT(WAVE_WRITTEN_NOTICE),
        SQL_INT(held ? WAVE_HELD : WAVE_SENDING), SQL_BLOB(policy.data, policy.length),
        SQL_TIME(at), SQL_INT(chunk->n), SQL_INT(held ? WAVE_SENDING : WAVE_DRAFT));
    int64_t wave = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    struct chunk_row row = *chunk;
    row.wave = wave;
    chunk_row_put(work, &row);
    counter_add(work, wave, COUNTER_PEOPLE, PEOPLE_PLANNED, chunk->n);
    return wave;
}
