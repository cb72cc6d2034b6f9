/* hold.c - holds. Happy path: a hold of the whole moves waves to HELD, a narrower one marks the
 * chunks it covers; both in the transaction that keeps the hold, so that no claim comes between.
 * What is cut later asks hold_covers() as it is inserted. Lifting takes two people: one asks,
 * another agrees; then what no other hold covers goes on from where it was. Failure modes: see
 * store_hold.h. */
/* System. */
#include <string.h>

/* Base. */
#include "base/id.h"

/* This module. */
#include "service/store/hold.h"

enum { HOLDS_MOST = 1000 };

void hold_row_read(struct sql_query *query, struct arena *arena, struct hold_row *row)
{
    *row = (struct hold_row){
        .id = sql_int(query, 0),
        .incident = sql_int(query, 1),
        .wave = sql_int(query, 2),
        .jurisdiction = sql_is_null(query, 3) ? NULL : sql_text_copy(query, 3, arena),
        .channel = sql_is_null(query, 4) ? NULL : sql_text_copy(query, 4, arena),
        .number = sql_int(query, 5),
        .kind = (enum hold_kind)sql_int(query, 6),
        .state = (enum hold_state)sql_int(query, 7),
        .body = sql_blob_copy(query, 8, arena),
        .until = sql_time(query, 9),
        .placed_by = sql_int(query, 10),
        .placed_at = sql_int(query, 11),
        .asked_by = sql_int(query, 12),
        .asked_notice = sql_int(query, 13),
        .lifted_by = sql_int(query, 14),
        .lifted_at = sql_time(query, 15),
    };
}

bool hold_is_whole(const struct hold_row *hold)
{
    return hold->jurisdiction == NULL && hold->channel == NULL && hold->number < 0;
}

/* ---- What is covered. ---- */
static bool any(struct sql_query *query)
{
    bool found = sql_step(query);
    sql_end(query);
    return found;
}

bool hold_covers(struct store_work *work, const struct chunk_row *chunk)
{
    char jurisdiction[32];
    hold_jurisdiction(jurisdiction, chunk->cohort);
    return any(sql_start(work->sql,
                         "SELECT 1 FROM hold WHERE incident = $1 AND state < 2"
                         " AND (wave = 0 OR wave = $2)"
                         " AND (jurisdiction IS NULL OR jurisdiction = $3)"
                         " AND (channel IS NULL OR channel = $4) AND number < 0"
                         " AND (jurisdiction IS NOT NULL OR channel IS NOT NULL)",
                         SQL_INT(chunk->incident), SQL_INT(chunk->wave), SQL_TEXT(jurisdiction),
                         SQL_TEXT(chunk->channel_name != NULL ? chunk->channel_name : "")));
}

bool hold_covers_wave(struct store_work *work, id incident, int64_t wave)
{
    return any(sql_start(work->sql,
                         "SELECT 1 FROM hold WHERE incident = $1 AND state < 2"
                         " AND (wave = 0 OR wave = $2)"
                         " AND jurisdiction IS NULL AND channel IS NULL AND number < 0",
                         SQL_INT(incident), SQL_INT(wave)));
}

const uint32_t *hold_people(struct store_work *work, id incident, struct arena *arena,
                            size_t *ret_n)
{
    uint32_t *numbers = NULL;
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT DISTINCT number FROM hold WHERE incident = $1 AND state < 2 AND number >= 0"
        " ORDER BY number",
        SQL_INT(incident));
    *ret_n = 0;
    while (sql_step(query)) {
        numbers = rows_grow(work, arena, numbers, *ret_n, sizeof(*numbers));
        if (numbers == NULL)
            break;
        numbers[(*ret_n)++] = (uint32_t)sql_int(query, 0);
    }
    return numbers;
}

void hold_jurisdiction(char to[32], const char *cohort)
{
    size_t n = cohort == NULL ? 0 : strcspn(cohort, "|");
    n = n < 31 ? n : 31;
    if (n > 0)
        memcpy(to, cohort, n);
    to[n] = 0;
}

/* ---- Place. ---- */
/* A settled wave may be opened again by a bounce, and letters may be asked for. */
static enum result check_incident(struct store_work *work, id incident)
{
    enum result result = wave_check_there(work, incident);
    if (result != RESULT_OK ||
        any(sql_start(work->sql, "SELECT 1 FROM wave WHERE incident = $1 AND state <> $2 LIMIT 1",
                      SQL_INT(incident), SQL_INT(WAVE_CANCELED))))
        return result;
    return error_set(work->error, RESULT_CONFLICT, "state",
                     "everything is canceled: there is nothing to hold");
}

static enum result check_wave(struct store_work *work, const struct hold_row *hold)
{
    struct wave_row wave;
    if (hold->wave == 0)
        return check_incident(work, hold->incident);
    enum result result = wave_row_get(work, hold->wave, NULL, &wave);
    if (result != RESULT_OK || wave.incident != hold->incident)
        return error_set(work->error, RESULT_NOT_FOUND, "wave",
                         "the incident has no such wave: list them");
    if (wave.state != WAVE_SETTLED && wave.state != WAVE_CANCELED)
        return RESULT_OK;
    return error_set(work->error, RESULT_CONFLICT, "state",
                     "the wave is %s: there is nothing to hold", sm_name(&wave_states, wave.state));
}

static void insert(struct store_work *work, const struct hold_row *row)
{
    sql_exec(work->sql,
             "INSERT INTO hold (id, incident, wave, jurisdiction, channel, number, kind, state,"
             " body, until, placed_by, placed_at)"
             " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
             SQL_INT(row->id), SQL_INT(row->incident), SQL_INT(row->wave),
             SQL_TEXT(row->jurisdiction), SQL_TEXT(row->channel), SQL_INT(row->number),
             SQL_INT(row->kind), SQL_INT(HOLD_PLACED), SQL_BLOB(row->body.data, row->body.length),
             SQL_TIME(row->until), SQL_INT(row->placed_by), SQL_INT(row->placed_at));
}

static void hold_waves(struct store_work *work, const struct hold_row *row)
{
    sql_exec(work->sql,
             "UPDATE wave SET held_from = CASE WHEN state = $3 THEN held_from ELSE state END,"
             " hold_until = CASE WHEN state = $3 AND hold_until < $4 THEN hold_until"
             " ELSE coalesce($4, hold_until) END, state = $3"
             " WHERE incident = $1 AND ($2 = 0 OR id = $2) AND state <> $5 AND state <> $6",
             SQL_INT(row->incident), SQL_INT(row->wave), SQL_INT(WAVE_HELD), SQL_TIME(row->until),
             SQL_INT(WAVE_SETTLED), SQL_INT(WAVE_CANCELED));
}

static int64_t hold_chunks(struct store_work *work, const struct hold_row *row)
{
    if (hold_is_whole(row) || row->number >= 0)
        return 0;
    return sql_exec(work->sql,
                    "UPDATE chunk SET held = 1 WHERE wave IN (SELECT id FROM wave"
                    " WHERE incident = $1 AND ($2 = 0 OR id = $2))"
                    " AND ($3 IS NULL OR jurisdiction = $3)"
                    " AND ($4 IS NULL OR channel_name = $4)",
                    SQL_INT(row->incident), SQL_INT(row->wave), SQL_TEXT(row->jurisdiction),
                    SQL_TEXT(row->channel));
}

STORE_WRITE(hold_put, store_hold_put)
{
    const struct hold_row *row = &req->row;
    enum result result = check_wave(work, row);
    if (result != RESULT_OK)
        return result;
    insert(work, row);
    if (hold_is_whole(row))
        hold_waves(work, row);
    req->chunks = hold_chunks(work, row);
    receipt_row_put(work, req->receipts);
    req->waves = wave_rows(work, row->incident, request_arena(&req->request), &req->n_waves);
    return RESULT_OK;
}

void hold_withdrawn(struct store_work *work, id incident, int64_t wave, time_ms at)
{
    const struct hold_row row = {.id = id_new(),
                                 .incident = incident,
                                 .wave = wave,
                                 .number = -1,
                                 .kind = HOLD_WITHDRAWN,
                                 .until = TIME_NONE,
                                 .placed_at = at};
    insert(work, &row);
}

STORE_READ(hold_list, store_hold_list)
{
    struct arena *arena = request_arena(&req->request);
    struct sql_query *query =
        req->incident != 0
            ? sql_start(work->sql,
                        "SELECT " HOLD_COLUMNS " FROM hold WHERE incident = $1 AND"
                        " ($2 = 0 OR state < 2) ORDER BY placed_at DESC, id LIMIT $3",
                        SQL_INT(req->incident), SQL_INT(req->active), SQL_INT(HOLDS_MOST))
            : sql_start(work->sql,
                        "SELECT " HOLD_COLUMNS " FROM hold WHERE ($1 = 0 OR state < 2)"
                        " ORDER BY placed_at DESC, id LIMIT $2",
                        SQL_INT(req->active), SQL_INT(HOLDS_MOST));
    req->rows = NULL;
    req->n = 0;
    while (sql_step(query)) {
        req->rows = rows_grow(work, arena, req->rows, req->n, sizeof(*req->rows));
        if (req->rows == NULL)
            break;
        hold_row_read(query, arena, &req->rows[req->n++]);
    }
    return RESULT_OK;
}
