/* chunk_record.c - everything one step of the engine writes about a chunk, in one transaction.
 * Happy path: the generation holds; progress is merged, counters move by the difference, intents
 * come and go, the next rung's chunks and the receipts are inserted. Failure modes: a stale
 * generation changes nothing but appends the receipts, marked late (what was sent was sent), and
 * answers CONFLICT; a position past the members is INVALID and leaves everything as it was. */
/* This module. */
#include "service/store/notice_mark.h"
#include "service/store/varint.h"

static enum result merge(struct store_work *work, const struct store_chunk_record *req,
                         struct chunk_hot *hot, struct chunk_moves *moves)
{
    for (size_t i = 0; i < req->n_changes; i++) {
        if (req->changes[i].position >= hot->n)
            return error_set(work->error, RESULT_INVALID, "position",
                             "the chunk has %u members: send positions below that", hot->n);
        chunk_merge(hot, req->changes[i].position, req->changes[i].state, moves);
    }
    return RESULT_OK;
}

static void put_intents(struct store_work *work, const struct store_chunk_record *req)
{
    struct buf positions;
    buf_init(&positions, SIZE_MAX);
    for (size_t i = 0; i < req->n_intents_put; i++) {
        const struct chunk_intent *intent = &req->intents_put[i];
        buf_clear(&positions);
        positions_pack(&positions, intent->positions, intent->n);
        sql_exec(work->sql,
                 "INSERT INTO intent (chunk, seq, gen, attempt, positions, notice)"
                 " VALUES ($1, $2, $3, $4, $5, $6)",
                 SQL_INT(req->chunk), SQL_INT(intent->seq), SQL_INT(req->gen),
                 SQL_INT(intent->attempt), SQL_BLOB(positions.data, positions.length),
                 SQL_INT(intent->notice));
    }
    buf_free(&positions);
}

static void drop_intents(struct store_work *work, const struct store_chunk_record *req)
{
    for (size_t i = 0; i < req->n_intents_drop; i++)
        sql_exec(work->sql, "DELETE FROM intent WHERE chunk = $1 AND seq = $2", SQL_INT(req->chunk),
                 SQL_INT(req->intents_drop[i]));
}

/* Where the chunk goes. A fact that came during the lease wants it back at once. */
struct target {
    enum chunk_state state;
    time_ms due_at;
    struct sql_value wake_at;
};

static struct target target_of(const struct store_chunk_record *req, const struct chunk_hot *hot)
{
    if (req->state < 0 || req->state == CHUNK_LEASED)
        return (struct target){CHUNK_LEASED, hot->due_at, SQL_TIME(req->lease_until)};
    if (hot->attention_at != TIME_NONE)
        return (struct target){CHUNK_READY, hot->attention_at, SQL_TIME(hot->attention_at)};
    if (req->state == CHUNK_DONE)
        return (struct target){CHUNK_DONE, hot->due_at, SQL_TIME(TIME_NONE)};
    return (struct target){(enum chunk_state)req->state, req->due_at, SQL_TIME(req->due_at)};
}

static void write_row(struct store_work *work, const struct store_chunk_record *req,
                      const struct chunk_hot *hot)
{
    struct target target = target_of(req, hot);
    bool leased = target.state == CHUNK_LEASED;
    sql_exec(work->sql,
             "UPDATE chunk SET progress = $3, state = $4, due_at = $5, wake_at = $6,"
             " attention_at = $7 WHERE id = $1 AND gen = $2",
             SQL_INT(req->chunk), SQL_INT(req->gen), SQL_BLOB(hot->progress, hot->n),
             SQL_INT(target.state), SQL_INT(target.due_at), target.wake_at,
             SQL_TIME(leased ? hot->attention_at : TIME_NONE));
    if (req->retries != NULL)
        sql_exec(work->sql, "UPDATE chunk SET retries = $2 WHERE id = $1", SQL_INT(req->chunk),
                 SQL_BLOB(req->retries->data, req->retries->length));
    if (!leased)
        sql_exec(work->sql, "UPDATE chunk SET owner = 0 WHERE id = $1", SQL_INT(req->chunk));
    if (target.state == CHUNK_DONE)
        sql_exec(work->sql, "DELETE FROM intent WHERE chunk = $1", SQL_INT(req->chunk));
}

static enum result stale(struct store_work *work, const struct store_chunk_record *req)
{
    /* What was sent was sent. A judgement (it counts people) is made again by whoever has the
     * lease: its receipts would tell a second time what is decided once. */
    if (req->n_people == 0)
        receipt_row_put_late(work, req->receipts);
    work->keep = true;
    return error_set(work->error, RESULT_CONFLICT, NULL,
                     "the lease is lost: drop the chunk; its receipts are stored as late");
}

/* Claimed before somebody said hold. */
static bool wave_is_stopped(struct store_work *work, int64_t wave)
{
    struct sql_query *query =
        sql_start(work->sql, "SELECT 1 FROM wave WHERE id = $1 AND (state = $2 OR state = $3)",
                  SQL_INT(wave), SQL_INT(WAVE_HELD), SQL_INT(WAVE_CANCELED));
    bool stopped = sql_step(query);
    sql_end(query);
    return stopped;
}

STORE_WRITE(chunk_record, store_chunk_record)
{
    struct chunk_hot hot;
    struct chunk_moves moves = {0};
    require(req->state == -1 || (req->state >= CHUNK_READY && req->state <= CHUNK_DONE));
    enum result result = chunk_hot_get(work, req->chunk, &hot);
    if (result != RESULT_OK)
        return result;
    if (hot.gen != req->gen || hot.state != CHUNK_LEASED)
        return stale(work, req);
    if (req->n_intents_put > 0 && (hot.held || wave_is_stopped(work, hot.wave)))
        return error_set(work->error, RESULT_DENIED, NULL,
                         "the chunk is held: send nothing of it, give it back");
    result = merge(work, req, &hot, &moves);
    if (result == RESULT_OK)
        result = brake_draws_put(work, req->draws, req->n_draws);
    if (result != RESULT_OK)
        return result;
    if (hot.marked && req->n_intents_drop > 0)
        mark_record(work, req);
    drop_intents(work, req);
    put_intents(work, req);
    write_row(work, req, &hot);
    chunk_count(work, &hot, &moves, req->at);
    counters_people(work, hot.wave, req->people, req->n_people);
    for (size_t i = 0; i < req->n_next; i++) {
        struct chunk_row next = req->next[i];
        next.wave = hot.wave;
        next.incident = hot.incident;
        chunk_row_put(work, &next);
    }
    receipt_row_put(work, req->receipts);
    return RESULT_OK;
}
