/* chunk.c - chunk rows: up to 1,000 members of one cohort on one rung. Members lie in a table of
 * their own, because they never change; the row that changes with every step is about 1.1 kB.
 * Failure modes: INVALID for descending members, bad states or too many. */
/* System. */
#include <string.h>

/* This module. */
#include "service/store/chunk.h"
#include "service/store/hold.h"
#include "service/store/varint.h"

#define CHUNK_ID_MAX (INT64_C(1) << 40) /* the token has 40 bits for it */

static void count_members(struct store_work *work, const struct chunk_row *chunk,
                          const uint8_t *progress)
{
    int64_t states[MEMBER_STATES_N] = {0};
    for (unsigned i = 0; i < chunk->n; i++)
        states[progress[i] & MEMBER_STATE_MASK]++;
    for (unsigned state = 0; state < MEMBER_STATES_N; state++)
        counter_add(work, chunk->wave, chunk->channel, state, states[state]);
}

static bool valid(const struct chunk_row *chunk, const uint8_t *progress)
{
    if (chunk->n == 0 || chunk->n > CHUNK_MEMBERS || chunk->members == NULL ||
        (chunk->state != CHUNK_READY && chunk->state != CHUNK_WAITING))
        return false;
    for (unsigned i = 0; i < chunk->n; i++)
        if ((progress[i] & MEMBER_STATE_MASK) >= MEMBER_STATES_N)
            return false;
    return true;
}

static int64_t insert(struct store_work *work, const struct chunk_row *chunk,
                      const uint8_t *progress)
{
    char jurisdiction[32];
    const bool held = hold_covers(work, chunk);
    hold_jurisdiction(jurisdiction, chunk->cohort);
    struct sql_query *query = sql_start(
        work->sql,
        "INSERT INTO chunk (incident, wave, rung, channel, cohort, n, state, due_at, wake_at,"
        " progress, retries, jurisdiction, channel_name, held, marked, address)"
        " SELECT $1, w.id, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13,"
        " CASE WHEN w.notice <> w.notice_first THEN 1 ELSE 0 END, $14"
        " FROM wave w WHERE w.id = $2 RETURNING id",
        SQL_INT(chunk->incident), SQL_INT(chunk->wave), SQL_INT(chunk->rung),
        SQL_INT(chunk->channel), SQL_TEXT(chunk->cohort != NULL ? chunk->cohort : ""),
        SQL_INT(chunk->n), SQL_INT(chunk->state),
        SQL_INT(chunk->due_at == TIME_NONE ? 0 : chunk->due_at), SQL_BLOB(progress, chunk->n),
        SQL_BLOB(chunk->retries.data, chunk->retries.length), SQL_TEXT(jurisdiction),
        SQL_TEXT(chunk->channel_name != NULL ? chunk->channel_name : ""), SQL_INT(held),
        SQL_INT(chunk->address));
    int64_t chunk_id = sql_step(query) ? sql_int(query, 0) : 0;
    sql_end(query);
    return chunk_id;
}

int64_t chunk_row_put(struct store_work *work, const struct chunk_row *chunk)
{
    static const uint8_t pending[CHUNK_MEMBERS];
    const uint8_t *progress = chunk->progress != NULL ? chunk->progress : pending;
    struct buf members;
    if (!valid(chunk, progress)) {
        sql_fail(work->sql, RESULT_INVALID);
        return 0;
    }
    int64_t chunk_id = insert(work, chunk, progress);
    if (chunk_id >= CHUNK_ID_MAX)
        sql_fail(work->sql, RESULT_TOO_LARGE);
    buf_init(&members, SIZE_MAX);
    if (!numbers_pack(&members, chunk->members, chunk->n))
        sql_fail(work->sql, RESULT_INVALID);
    sql_exec(work->sql, "INSERT INTO chunk_members (chunk, members) VALUES ($1, $2)",
             SQL_INT(chunk_id), SQL_BLOB(members.data, members.length));
    buf_free(&members);
    count_members(work, chunk, progress);
    if (chunk->maybe_sent)
        chunk_doubt(work, chunk_id, chunk->due_at == TIME_NONE ? 0 : chunk->due_at);
    return chunk_id;
}

/* ---- The part that changes. ---- */
enum result chunk_hot_get(struct store_work *work, int64_t chunk, struct chunk_hot *ret_hot)
{
    struct sql_query *query = sql_start(
        work->sql,
        "SELECT incident, wave, gen, rung, channel, n, state, due_at, attention_at, progress, held,"
        " marked"
        " FROM chunk WHERE id = $1",
        SQL_INT(chunk));
    if (!sql_step(query))
        return error_set(work->error, RESULT_NOT_FOUND, NULL, "no such chunk: drop the report");
    struct blob progress = sql_blob(query, 9);
    ret_hot->id = chunk;
    ret_hot->incident = sql_int(query, 0);
    ret_hot->wave = sql_int(query, 1);
    ret_hot->gen = sql_int(query, 2);
    ret_hot->rung = (unsigned)sql_int(query, 3);
    ret_hot->channel = (unsigned)sql_int(query, 4);
    ret_hot->n = (unsigned)sql_int(query, 5);
    ret_hot->state = (enum chunk_state)sql_int(query, 6);
    ret_hot->due_at = sql_int(query, 7);
    ret_hot->attention_at = sql_time(query, 8);
    ret_hot->held = sql_int(query, 10) != 0;
    ret_hot->marked = sql_int(query, 11) != 0;
    if (progress.length != ret_hot->n || ret_hot->n > CHUNK_MEMBERS) {
        sql_fail(work->sql, RESULT_IO);
        return RESULT_IO;
    }
    memcpy(ret_hot->progress, progress.data, progress.length);
    sql_end(query);
    return RESULT_OK;
}

static bool negative(unsigned state)
{
    return state == MEMBER_FAILED || state == MEMBER_BOUNCED || state == MEMBER_RETURNED;
}

void chunk_merge(struct chunk_hot *hot, unsigned position, uint8_t state, struct chunk_moves *moves)
{
    uint8_t old = hot->progress[position], merged = member_merge(old, state);
    if (merged == old)
        return;
    unsigned from = old & MEMBER_STATE_MASK, to = merged & MEMBER_STATE_MASK;
    hot->progress[position] = merged;
    moves->changed = true;
    if (from != to) {
        moves->states[from]--;
        moves->states[to]++;
        moves->negative = moves->negative || negative(to);
    }
    moves->told += ((merged & MEMBER_TOLD) != 0) - ((old & MEMBER_TOLD) != 0);
}

void chunk_count(struct store_work *work, const struct chunk_hot *hot,
                 const struct chunk_moves *moves, time_ms at)
{
    for (unsigned state = 0; state < MEMBER_STATES_N; state++) {
        counter_add(work, hot->wave, hot->channel, state, moves->states[state]);
        if (at > 0 && moves->states[state] > 0)
            counter_hour_add(work,
                             &(struct wave_counter){.wave = hot->wave,
                                                    .channel = (uint8_t)hot->channel,
                                                    .key = (uint8_t)state,
                                                    .value = moves->states[state]},
                             at);
    }
    if ((hot->rung & RUNG_BESIDE) == 0) /* beside the ladder nobody is told for the first time */
        counter_add(work, hot->wave, COUNTER_PEOPLE, PEOPLE_TOLD, moves->told);
}

/* ---- The plan. ---- */
static enum result move_cursor(struct store_work *work, const struct store_plan_append *req)
{
    int64_t people = 0;
    for (size_t i = 0; i < req->n_people; i++)
        people += req->people[i].key == PEOPLE_PLANNED ? req->people[i].value : 0;
    int64_t n = sql_exec(work->sql,
                         "UPDATE wave SET plan_cursor = $3, people = people + $4, state = $5"
                         " WHERE id = $1 AND plan_cursor = $2 AND state = $6",
                         SQL_INT(req->wave), SQL_INT(req->cursor_from), SQL_INT(req->cursor),
                         SQL_INT(people), SQL_INT(req->done ? WAVE_SENDING : WAVE_PLANNING),
                         SQL_INT(WAVE_PLANNING));
    if (n == 1)
        return RESULT_OK;
    return error_set(work->error, RESULT_CONFLICT, NULL,
                     "the plan went on elsewhere, or the wave is not being planned: read it again");
}

STORE_WRITE(plan_append, store_plan_append)
{
    struct arena *arena = req->request.arena;
    enum result result = move_cursor(work, req);
    if (result != RESULT_OK)
        return result;
    req->chunk_ids = NULL;
    if (arena != NULL) {
        req->chunk_ids = arena_alloc(arena, (req->n_chunks + 1) * sizeof(*req->chunk_ids));
        if (req->chunk_ids == NULL)
            return RESULT_TOO_LARGE;
    }
    for (size_t i = 0; i < req->n_chunks; i++) {
        struct chunk_row row = req->chunks[i];
        row.wave = req->wave;
        int64_t chunk_id = chunk_row_put(work, &row);
        if (req->chunk_ids != NULL)
            req->chunk_ids[i] = chunk_id;
    }
    counters_people(work, req->wave, req->people, req->n_people);
    for (size_t i = 0; i < req->n_receipts; i++)
        receipt_row_put(work, req->receipts[i]);
    return RESULT_OK;
}
