/* fact.c - late facts: a callback, a bounce, a returned letter, whoever has the lease. Happy path:
 * the member's byte is merged, counters move, the receipt is stored if anything changed. When the
 * fact is negative, or the last one that was waited for, the engine must look at the chunk: a
 * waiting one is due now; a leased one is due as soon as its step is recorded; a done one is opened
 * again for a negative fact, and its settled wave goes back to sending, so that a late bounce
 * escalates. Failure modes: EXISTS for an event seen before; NOT_FOUND; INVALID position. */
/* System. */
#include <string.h>

/* Base. */
#include "base/hash.h"

/* This module. */
#include "service/store/chunk.h"

enum { EVENT_SIZE = 16 };

/* False: seen before. */
static bool event_new(struct store_work *work, const struct store_fact *req)
{
    uint8_t digest[DIGEST_SIZE];
    if (req->event == NULL)
        return true;
    sha256(digest, req->event, strlen(req->event));
    return sql_exec(work->sql,
                    "INSERT INTO fact_event (event, at) VALUES ($1, $2)"
                    " ON CONFLICT (event) DO NOTHING",
                    SQL_BLOB(digest, EVENT_SIZE), SQL_INT(req->at)) == 1;
}

/* What is held, or whose text is withdrawn, is opened but not sent. */
static bool reopen_wave(struct store_work *work, int64_t wave, time_ms at)
{
    struct wave_row row;
    if (wave_row_get(work, wave, NULL, &row) != RESULT_OK || row.state != WAVE_SETTLED)
        return false;
    bool withdrawn = notice_is_withdrawn(work, row.incident, row.notice);
    bool held = hold_covers_wave(work, row.incident, wave);
    if (withdrawn && !held)
        hold_withdrawn(work, row.incident, wave, at);
    sql_exec(work->sql,
             "UPDATE wave SET state = $2, held_from = $3, settled_at = NULL WHERE id = $1",
             SQL_INT(wave), SQL_INT(withdrawn || held ? WAVE_HELD : WAVE_SENDING),
             SQL_INT(WAVE_SENDING));
    return !withdrawn && !held;
}

static void write_progress(struct store_work *work, const struct chunk_hot *hot)
{
    sql_exec(work->sql, "UPDATE chunk SET progress = $2 WHERE id = $1", SQL_INT(hot->id),
             SQL_BLOB(hot->progress, hot->n));
}

/* Does nobody of the chunk wait for evidence any more? Then it can end; else its own time comes, so
 * that a thousand callbacks do not wake it a thousand times. */
static bool nobody_waits(const struct chunk_hot *hot)
{
    for (unsigned i = 0; i < hot->n; i++)
        if (!(hot->progress[i] & (MEMBER_TOLD | MEMBER_PASSED_ON)))
            return false;
    return true;
}

static void wake(struct store_work *work, struct store_fact *req, const struct chunk_hot *hot,
                 const struct chunk_moves *moves)
{
    bool matters = req->wake || moves->negative || (moves->told > 0 && nobody_waits(hot));
    if (!matters || (hot->state == CHUNK_DONE && !moves->negative && !req->wake))
        return;
    if (hot->state == CHUNK_LEASED) {
        sql_exec(work->sql, "UPDATE chunk SET attention_at = $2 WHERE id = $1", SQL_INT(hot->id),
                 SQL_INT(req->at));
        return;
    }
    time_ms due_at = req->at;
    if (hot->state == CHUNK_READY && hot->due_at < due_at)
        due_at = hot->due_at;
    sql_exec(work->sql, "UPDATE chunk SET state = $2, due_at = $3, wake_at = $3 WHERE id = $1",
             SQL_INT(hot->id), SQL_INT(CHUNK_READY), SQL_INT(due_at));
    req->reopened = reopen_wave(work, hot->wave, req->at);
}

STORE_WRITE(fact_put, store_fact)
{
    struct chunk_hot hot;
    struct chunk_moves moves = {0};
    req->changed = req->reopened = false;
    enum result result = chunk_hot_get(work, req->chunk, &hot);
    if (result != RESULT_OK)
        return result;
    req->wave = hot.wave;
    if (req->position >= hot.n)
        return error_set(work->error, RESULT_INVALID, "position",
                         "the chunk has %u members: drop the report", hot.n);
    if (!event_new(work, req))
        return error_set(work->error, RESULT_EXISTS, "event",
                         "this event was recorded before: answer OK to its sender");
    chunk_merge(&hot, req->position, req->state, &moves);
    if (!moves.changed)
        return RESULT_OK;
    write_progress(work, &hot);
    chunk_count(work, &hot, &moves, req->at);
    wake(work, req, &hot, &moves);
    receipt_row_put(work, req->receipts);
    req->changed = true;
    return brake_draws_put(work, req->draws, req->n_draws);
}
